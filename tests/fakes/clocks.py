"""Clocks that do not make a test wait."""

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class JumpingClock:
    """True time, but whoever sleeps has slept at once: the clock jumps ahead. For tests over real sockets.

    Attributes:
        slept: the seconds of every sleep so far.
    """

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.jump(seconds)
        await asyncio.sleep(0)

    def jump(self, seconds: float) -> None:
        """Let time go by; a negative number sets the clock back."""
        self._ahead += timedelta(seconds=seconds)


class TurnedClock:
    """Time stands still until a test turns it; who sleeps is woken at the right moment on the way."""

    def __init__(self) -> None:
        self.time = START
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._number = count()

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.time + timedelta(seconds=seconds), next(self._number), woken))
        await woken

    async def turn(self, seconds: float) -> None:
        """Let time go by, and everybody do what they do meanwhile."""
        until = self.time + timedelta(seconds=seconds)
        await settled()
        while self._sleepers and self._sleepers[0][0] <= until:
            self.time, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)
            await settled()
        self.time = until
        await settled()


async def settled() -> None:
    """Let everything that can happen now happen."""
    for _ in range(5):
        await asyncio.sleep(0)
