"""Who waits for a turn to call the cloud: those for whom a person waits go first, each kind in its order. Pure."""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True, eq=False)
class Waiter:
    """Somebody in the line.

    Attributes:
        urgent: whether a person waits for it.
        patience: seconds for which it would wait for a region that is closed.
        turn: 0 when the turn has come; otherwise the seconds for which the region is closed.
        spent_at: when the call was counted, where that can be taken back.
    """

    urgent: bool
    patience: float
    turn: asyncio.Future[float]
    spent_at: datetime | None = None


class Line:
    """Those who wait. Whoever has got an answer, or was cancelled, waits no more."""

    def __init__(self) -> None:
        self._waiting: dict[bool, deque[Waiter]] = {True: deque(), False: deque()}

    def __len__(self) -> int:
        """How many wait."""
        return sum(not waiter.turn.done() for waiting in self._waiting.values() for waiter in waiting)

    def join(self, *, urgent: bool, patience: float) -> Waiter:
        """Come last of one's kind."""
        waiter = Waiter(urgent, patience, asyncio.get_running_loop().create_future())
        self._waiting[urgent].append(waiter)
        return waiter

    def first(self) -> Waiter | None:
        """Whose turn is the next; ``None`` if nobody waits."""
        for waiting in self._waiting.values():
            while waiting and waiting[0].turn.done():
                waiting.popleft()
            if waiting:
                return waiting[0]
        return None

    def send_away(self, closed_for: float) -> None:
        """Tell those who would not wait for so many seconds."""
        for waiter in self._all():
            if waiter.patience < closed_for:
                waiter.turn.set_result(closed_for)

    def lose_patience(self, seconds: float, error: Exception) -> None:
        """Everybody has waited for so many seconds because of an error, which ends the waiting of those who would not
        wait longer.
        """
        for waiter in self._all():
            waiter.patience -= seconds
            if waiter.patience < 0:
                waiter.turn.set_exception(error)

    def fail(self, error: Exception) -> None:
        """Nobody waits any more, because of an error."""
        for waiter in self._all():
            waiter.turn.set_exception(error)

    def _all(self) -> list[Waiter]:
        """Those who wait; the others are forgotten."""
        for urgent, waiting in self._waiting.items():
            self._waiting[urgent] = deque(waiter for waiter in waiting if not waiter.turn.done())
        return [waiter for waiting in self._waiting.values() for waiter in waiting]
