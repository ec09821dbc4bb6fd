"""What can be seen of the bot's work at its borders: how long each thing took, and what came of it.

The rooms tell it to whoever watches (`Observer`); they know neither who that is nor what is made of it. Every word that
is told is one of a few that stand in the program: never an id, a name or a sentence of others.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

OK = "ok"
"""The outcome of what went well."""

UNEXPECTED = "unexpected"
"""The outcome of what ended otherwise than anybody thought of, or was cut off."""


class Activity(StrEnum):
    """A kind of thing that takes time."""

    SLACK_REQUEST = "slack_request"
    """Slack asks the bot: from the request to its answer, which is the acknowledgement."""
    SLACK_CALL = "slack_call"
    """The bot asks Slack: one method, with whatever repetitions it takes."""
    CLOUD_CALL = "cloud_call"
    """The bot asks Cloud Databases or Identity: one request."""


@dataclass(slots=True)
class Seen:
    """One thing that is being done.

    Attributes:
        what: exactly: the kind of request, the method, the kind of call.
        region: that is asked; empty where there is none.
        outcome: said by whoever does it, before it is done.
    """

    activity: Activity
    what: str
    region: str = ""
    outcome: str = UNEXPECTED


class Observer(Protocol):
    """Watches. It is called on the event loop and returns at once."""

    def watching(self, seen: Seen) -> AbstractContextManager[Seen]:
        """Entered when something begins, left when it ends, which is when its outcome is known."""
        ...

    def rate_limited(self) -> None:
        """Slack answered a call with 429."""
        ...


class Nobody:
    """Where nobody watches."""

    def watching(self, seen: Seen) -> AbstractContextManager[Seen]:
        """Nothing is made of it."""
        return nullcontext(seen)

    def rate_limited(self) -> None:
        """Nothing is made of it."""


class Several:
    """Where several watch."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    @contextmanager
    def watching(self, seen: Seen) -> Iterator[Seen]:
        """All of them watch."""
        with ExitStack() as watching:
            for observer in self._observers:
                watching.enter_context(observer.watching(seen))
            yield seen

    def rate_limited(self) -> None:
        """All of them hear of it."""
        for observer in self._observers:
            observer.rate_limited()


@dataclass(frozen=True, slots=True)
class BudgetState:
    """How one kind of call to one region stands.

    Attributes:
        call: the kind.
        left: calls that could be made now.
        waiting: calls that wait for their turn.
    """

    region: str
    call: str
    left: int
    waiting: int
