"""The one place where every change of the workspace is published, and where everything waits."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from bot.sandbox.workspace.refusals import NotShownError, Payload

_Seen = TypeVar("_Seen")

ChangeKind = Literal[
    "message_posted",
    "message_changed",
    "message_deleted",
    "ephemeral_changed",
    "view_opened",
    "view_changed",
    "view_closed",
    "home_published",
    "conversation_changed",
    "app_installed",
    "socket_changed",
    "request",
    "delivery",
]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened: what, to whom or what (ids), as JSON."""

    kind: ChangeKind
    subject: Payload = field(default_factory=dict)


class ChangeStream:
    """Tells all who wait or listen. Everything happens in one event loop, so there are no locks."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()
        self._listeners: set[asyncio.Queue[Change]] = set()

    def publish(self, kind: ChangeKind, **subject: object) -> None:
        """Tells everybody that something changed."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()
        if self._listeners:
            change = Change(kind, subject)
            for listener in self._listeners:
                listener.put_nowait(change)

    async def listen(self) -> AsyncGenerator[Change, None]:
        """Every change from now on, without end."""
        queue: asyncio.Queue[Change] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._listeners.discard(queue)

    async def until(
        self, look: Callable[[], _Seen | None], *, patience: float, waited_for: str, instead: Callable[[], str]
    ) -> _Seen:
        """Waits until `look` sees something; it is asked now and after each change.

        Args:
            look: Gives what was waited for, or None.
            patience: How long to wait, in seconds.
            waited_for: What was waited for, for the error.
            instead: What is there now, for the error.

        Raises:
            NotShownError: It did not come in time.
        """
        try:
            async with asyncio.timeout(patience):
                while (seen := look()) is None:
                    future = asyncio.get_running_loop().create_future()
                    self._waiting.add(future)
                    try:
                        await future
                    finally:
                        self._waiting.discard(future)
                return seen
        except TimeoutError:
            message = f"Waited {patience:g} s for {waited_for}. What is there instead:\n{instead()}"
            raise NotShownError(message) from None
