"""A clock that stands still until a test turns it."""

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

TURNS_OF_THE_LOOP = 25
"""How often everybody may go on before time does: more than any chain of awaits in the bot is long."""


class FakeClock:
    """The port `Clock`. Whoever sleeps is woken by `advance`, each at the moment they asked for, in order."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._asleep: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._number = count()

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._asleep, (self._now + timedelta(seconds=seconds), next(self._number), woken))
        await woken

    @property
    def sleepers(self) -> int:
        """How many sleep now."""
        return sum(not woken.done() for _, _, woken in self._asleep)

    async def advance(self, seconds: float) -> None:
        """Let time go by, and everybody do what they do meanwhile."""
        until = self._now + timedelta(seconds=seconds)
        await settle()
        while self._asleep and self._asleep[0][0] <= until:
            at, _, woken = heapq.heappop(self._asleep)
            if woken.done():
                continue
            self._now = max(self._now, at)
            woken.set_result(None)
            await settle()
        self._now = until
        await settle()

    def set_back(self, seconds: float) -> None:
        """Set the clock back, as an administrator or a time server does; nobody is woken later for it."""
        self._now -= timedelta(seconds=seconds)


async def settle() -> None:
    """Let everything happen that can happen without time going by."""
    for _ in range(TURNS_OF_THE_LOOP):
        await asyncio.sleep(0)
