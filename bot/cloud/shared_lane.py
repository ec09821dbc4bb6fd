"""The calls of one kind to one region, where other processes of the bot make such calls as well: a ledger that all of
them share says whether one may be made (`bot.operations.call_ledger`).

Who goes first is decided here, for this process: at most one question is under way, for the first in line, and its
answer is for whoever is first then.
"""

import asyncio
import contextvars
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.cloud.faults import LONGEST_WAIT
from bot.cloud.line import Line
from bot.operations.call_ledger import CallLedger, Spent
from bot.operations.ports import Clock, StoreTroubleError

RETRY = 0.5
"""Seconds after which a ledger that gave no answer is asked again."""

_A_MOMENT = 0.001  # clocks and sleeping do not agree to the last digit


class SharedLane:
    """See the module.

    Args:
        region: that is called.
        call: the kind of call.
        most: calls that may count, for urgent ones and for others.
        ledger: of all processes.
        clock: time, and waiting; what counts is by the ledger's.
    """

    def __init__(self, region: str, call: str, most: Mapping[bool, int], ledger: CallLedger, clock: Clock) -> None:
        self._region = region
        self._call = call
        self._most = most
        self._ledger = ledger
        self._clock = clock
        self._line = Line()
        self._closed_until: datetime | None = None  # as long as the ledger does not know
        self._news = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    def state(self, spent: Spent) -> tuple[int, int]:
        """How many calls could be made now, by what the ledger says, and how many wait in this process."""
        return 0 if spent.is_closed else max(0, self._most[True] - spent.calls), len(self._line)

    async def turn(self, *, urgent: bool, patience: float) -> float:
        """See `bot.cloud.budget.Budget.turn`."""
        waiter = self._line.join(urgent=urgent, patience=patience)
        self._serve()
        try:
            return await waiter.turn
        except asyncio.CancelledError:
            if waiter.turn.done() and not waiter.turn.cancelled() and waiter.turn.exception() is None:
                self._hand_on(waiter.turn.result())
            self._news.set()
            raise

    def close(self, seconds: float) -> None:
        """Make no such call for so many seconds. The others hear of it."""
        until = self._clock.now() + timedelta(seconds=min(max(seconds, 0.0), LONGEST_WAIT))
        self._closed_until = max(until, self._closed_until or until)
        self._serve()

    async def aclose(self) -> None:
        """Ask no more."""
        if self._serving is not None:
            self._serving.cancel()
            await asyncio.wait([self._serving])

    def _serve(self) -> None:
        """Have the ledger told or asked, or asked again."""
        self._news.set()
        if self._serving is None or self._serving.done():
            nobodys = contextvars.Context()  # what it asks is for everybody who waits, not for who came first
            self._serving = asyncio.create_task(self._keep_serving(), name="budget", context=nobodys)
            self._serving.add_done_callback(self._end)

    def _end(self, serving: asyncio.Task[None]) -> None:
        """Whatever ended it unexpectedly is for those who wait: nobody is to wait in silence."""
        error = None if serving.cancelled() else serving.exception()
        if isinstance(error, Exception):
            self._line.fail(error)

    async def _keep_serving(self) -> None:
        """Until nobody waits, and the ledger knows all that is to be known."""
        while self._line or self._closed_until:
            self._news.clear()
            asked_at = self._clock.now()
            try:
                pause = await (self._tell(self._closed_until) if self._closed_until else self._ask())
            except StoreTroubleError as trouble:
                await self._rest(RETRY)
                self._line.lose_patience((self._clock.now() - asked_at).total_seconds(), trouble)
            else:
                await self._rest(pause)

    async def _tell(self, closed_until: datetime) -> float:
        """Have the others leave the region alone, too."""
        seconds = min((closed_until - self._clock.now()).total_seconds(), LONGEST_WAIT)
        if seconds > 0:
            await self._ledger.close(self._region, self._call, seconds)
        if self._closed_until == closed_until:
            self._closed_until = None
        return 0.0

    async def _ask(self) -> float:
        """Ask for the first in line.

        Returns:
            Seconds until it is worth asking again.
        """
        first = self._line.first()
        if first is None:
            return 0.0
        answer = await self._ledger.spend(self._region, self._call, most=self._most[first.urgent])
        if answer.is_closed:
            self._line.send_away(answer.wait)
        elif answer.wait == 0:
            self._hand_on(0.0)
        return answer.wait

    def _hand_on(self, turn: float) -> None:
        """Give the turn that there is to whoever is first now; to nobody, if the region was closed meanwhile."""
        if turn == 0 and self._closed_until is None and (first := self._line.first()):
            first.turn.set_result(turn)

    async def _rest(self, seconds: float) -> None:
        """Let time go by, unless there is news or nobody waits."""
        if seconds == 0 or not (self._line or self._closed_until):
            return
        sleeping = asyncio.create_task(self._clock.sleep(seconds + _A_MOMENT))
        hearing = asyncio.create_task(self._news.wait())
        try:
            await asyncio.wait({sleeping, hearing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            hearing.cancel()
