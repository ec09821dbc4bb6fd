"""`trigger_id`: the right to open one view, for three seconds after a person did something."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.workspace.refusals import SlackError

LIFETIME = 3.0
"""Seconds that a trigger lives (slack-platform.md, Time)."""
_KEPT = 100_000


@dataclass(slots=True)
class Trigger:
    """A person's permission to show them a view: whose, from which conversation, since when, and whether it is used."""

    user_id: str
    conversation: str | None
    issued: float
    exchanged: bool = False


class Triggers:
    """The triggers that were given out lately."""

    def __init__(self, clock: Callable[[], float], numbers: random.Random) -> None:
        """Starts with none.

        Args:
            clock: The time in seconds since 1970.
            numbers: Where the ids come from.
        """
        self._clock = clock
        self._numbers = numbers
        self._issued: dict[str, Trigger] = {}

    def issue(self, user_id: str, conversation: str | None) -> str:
        """Gives out a trigger.

        Args:
            user_id: Who acted.
            conversation: Where they were; None for App Home and global shortcuts.
        """
        now = self._clock()
        trigger_id = f"{int(now * 1000)}.{self._numbers.randrange(10**12)}.{self._numbers.getrandbits(128):032x}"
        self._issued[trigger_id] = Trigger(user_id, conversation, now)
        if len(self._issued) > _KEPT:
            del self._issued[next(iter(self._issued))]
        return trigger_id

    def exchange(self, trigger_id: str) -> Trigger:
        """Uses a trigger up.

        Raises:
            SlackError: `invalid_trigger_id`, `exchanged_trigger_id` or `expired_trigger_id`.
        """
        trigger = self._issued.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.exchanged:
            raise SlackError("exchanged_trigger_id")
        if self._clock() - trigger.issued > LIFETIME:
            raise SlackError("expired_trigger_id")
        trigger.exchanged = True
        return trigger
