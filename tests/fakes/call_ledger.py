"""A ledger of calls in memory, by a clock that a test may turn."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.operations.call_ledger import Spending, Spent
from bot.operations.ports import Clock, StoreTroubleError

Lane = tuple[str, str]


class MemoryCallLedger:
    """The port `bot.operations.call_ledger.CallLedger`.

    Attributes:
        is_away: whether it does not answer.
        answers: while it is not set, questions stay under way.
        questions: how often somebody wanted to spend a call.
        under_way: questions that are not answered yet.
    """

    def __init__(self, clock: Clock, window: float = 63.0) -> None:
        self.is_away = False
        self.answers = asyncio.Event()
        self.answers.set()
        self.questions = 0
        self.under_way = 0
        self._clock = clock
        self._window = timedelta(seconds=window)
        self._spent: dict[Lane, list[datetime]] = defaultdict(list)
        self._closed_until: dict[Lane, datetime] = {}

    async def spend(self, region: str, call: str, *, most: int) -> Spending:
        self.questions += 1
        self.under_way += 1
        try:
            await self.answers.wait()
            self._fail_if_away()
            return self._spend((region, call), most)
        finally:
            self.under_way -= 1

    async def close(self, region: str, call: str, seconds: float) -> None:
        self._fail_if_away()
        until = self._clock.now() + timedelta(seconds=seconds)
        self._closed_until[region, call] = max(until, self._closed_until.get((region, call), until))

    async def spent(self) -> Mapping[Lane, Spent]:
        self._fail_if_away()
        return {
            lane: Spent(len(self._counting(lane)), self._closed_for(lane) > 0)
            for lane in self._spent.keys() | self._closed_until.keys()
        }

    def _spend(self, lane: Lane, most: int) -> Spending:
        if (closed_for := self._closed_for(lane)) > 0:
            return Spending(closed_for, is_closed=True)
        counting = self._counting(lane)
        if len(counting) >= most:
            free_at = counting[len(counting) - most] + self._window
            return Spending((free_at - self._clock.now()).total_seconds(), is_closed=False)
        self._spent[lane].append(self._clock.now())
        return Spending(0.0, is_closed=False)

    def _counting(self, lane: Lane) -> list[datetime]:
        return [at for at in self._spent[lane] if at + self._window > self._clock.now()]

    def _closed_for(self, lane: Lane) -> float:
        until = self._closed_until.get(lane)
        return (until - self._clock.now()).total_seconds() if until else 0.0

    def _fail_if_away(self) -> None:
        if self.is_away:
            raise StoreTroubleError("The ledger is away.")
