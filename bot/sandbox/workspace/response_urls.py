"""`response_url`: an address that answers one interaction, five times within thirty minutes."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.workspace.messages import StoredMessage
from bot.sandbox.workspace.refusals import SlackError

LIFETIME = 30 * 60.0
"""Seconds that an address lives (slack-platform.md, Time)."""
USES = 5
"""How often it can be used (the same section)."""
_KEPT = 50_000


@dataclass(slots=True)
class ResponseUrl:
    """What an address answers to: who did something where, and at which message."""

    user_id: str
    channel_id: str
    issued: float
    origin: StoredMessage | None = None
    uses: int = 0


class ResponseUrls:
    """The addresses that were given out lately."""

    def __init__(self, clock: Callable[[], float], numbers: random.Random) -> None:
        """Starts with none.

        Args:
            clock: The time in seconds since 1970.
            numbers: Where the secret part of an address comes from.
        """
        self._clock = clock
        self._numbers = numbers
        self._issued: dict[str, ResponseUrl] = {}
        self.base = ""

    def issue(self, user_id: str, channel_id: str, origin: StoredMessage | None = None) -> str:
        """Gives out an address.

        Args:
            user_id: Who did something.
            channel_id: Where.
            origin: The message whose button was pressed.
        """
        secret = f"{self._numbers.getrandbits(96):024x}"
        self._issued[secret] = ResponseUrl(user_id, channel_id, self._clock(), origin)
        if len(self._issued) > _KEPT:
            del self._issued[next(iter(self._issued))]
        return f"{self.base}/response/{secret}"

    def use(self, secret: str) -> ResponseUrl:
        """Uses an address once.

        Raises:
            SlackError: `no_active_hooks`, `expired_url` or `used_url`.
        """
        known = self._issued.get(secret)
        if known is None:
            raise SlackError("no_active_hooks")
        if self._clock() - known.issued > LIFETIME:
            raise SlackError("expired_url")
        if known.uses >= USES:
            raise SlackError("used_url")
        known.uses += 1
        return known
