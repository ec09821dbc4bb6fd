"""Keeps to the rates of Cloud Databases (``cloud-databases-api.md``, Backups: rate limits).

The rates are per account; each region counts for itself, and so does each kind of call. What one process has spent is
remembered here; what several have, in a ledger that they share (`bot.cloud.shared_lane`). Pure, but for the clock.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.cloud.faults import LONGEST_WAIT
from bot.cloud.line import Line, Waiter
from bot.cloud.shared_lane import SharedLane
from bot.operations.call_ledger import CallLedger, Spent
from bot.operations.observing import BudgetState
from bot.operations.ports import Clock


class Call(StrEnum):
    """A kind of call that has a rate of its own."""

    LIST = "list"
    SHOW = "show"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls a minute in each region. The rate of the action on a backup is unknown; 5 is that of the actions on
    an instance.
    """

    list: int = 100
    show: int = 100
    copy: int = 5

    def __post_init__(self) -> None:
        if min(self.list, self.show, self.copy) < 1:
            raise ValueError(f"a budget needs at least one call a minute of each kind: {self}")

    def of(self, call: Call) -> int:
        """Calls a minute of one kind."""
        match call:
            case Call.LIST:
                return self.list
            case Call.SHOW:
                return self.show
            case Call.COPY:
                return self.copy


WINDOW = timedelta(seconds=61)
"""How long a call counts: a minute, and what the way to the service may add between two of them."""

RESERVE = 5
"""One part in so many of a budget is kept for urgent calls."""

_NOTHING_SPENT = Spent(calls=0, is_closed=False)
_A_MOMENT = 0.001  # clocks and sleeping do not agree to the last digit


class _Lane:
    """The calls of one kind to one region, which nobody else makes."""

    def __init__(self, limit: Mapping[bool, int], clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._spent: deque[datetime] = deque()
        self._line = Line()
        self._closed_until: datetime | None = None
        self._waking: asyncio.Task[None] | None = None

    async def turn(self, *, urgent: bool, patience: float) -> float:
        waiter = self._line.join(urgent=urgent, patience=patience)
        self._let_through()
        if not waiter.turn.done() and (self._waking is None or self._waking.done()):
            self._waking = asyncio.create_task(self._keep_letting_through(), name="budget")
        try:
            return await waiter.turn
        except asyncio.CancelledError:
            self._step_back(waiter)
            raise

    def close(self, seconds: float) -> None:
        until = self._now() + timedelta(seconds=min(max(seconds, 0.0), LONGEST_WAIT))
        self._closed_until = max(until, self._closed_until or until)
        self._let_through()

    def state(self) -> tuple[int, int]:
        """How many calls could be made now, and how many wait."""
        now = self._now()
        counting = sum(spent + WINDOW > now for spent in self._spent)
        is_closed = self._closed_until is not None and self._closed_until > now
        return 0 if is_closed else self._limit[True] - counting, len(self._line)

    def _step_back(self, waiter: Waiter) -> None:
        """Undo what was done for a waiter that was cancelled."""
        if waiter.spent_at is not None and waiter.spent_at in self._spent:
            self._spent.remove(waiter.spent_at)
            self._let_through()
        if self._waking and not self._line:
            self._waking.cancel()
            self._waking = None

    async def _keep_letting_through(self) -> None:
        while self._line:
            await self._clock.sleep(self._until_something_changes())
            self._let_through()

    def _let_through(self) -> None:
        """Give everybody a turn who may have one now: the urgent first, then as they came."""
        now = self._now()
        closed_for = (self._closed_until - now).total_seconds() if self._closed_until else 0.0
        if closed_for > 0:
            self._line.send_away(closed_for)
            return
        self._closed_until = None
        while self._spent and self._spent[0] + WINDOW <= now:
            self._spent.popleft()
        while (first := self._line.first()) and len(self._spent) < self._limit[first.urgent]:
            self._spent.append(now)
            first.spent_at = now
            first.turn.set_result(0.0)

    def _until_something_changes(self) -> float:
        """Seconds until the lane opens, or until its oldest call does not count any more."""
        change = self._closed_until or (self._spent[0] + WINDOW)
        return max((change - self._now()).total_seconds(), _A_MOMENT)

    def _now(self) -> datetime:
        """The time. When the clock was set back, everything moves with it, so that nobody waits for long."""
        now = self._clock.now()
        if self._spent and self._spent[-1] > now:
            self._spent = deque([now] * len(self._spent))
        if self._closed_until and self._closed_until > now + timedelta(seconds=LONGEST_WAIT):
            self._closed_until = now + timedelta(seconds=LONGEST_WAIT)
        return now


class Budget:
    """Who may call when.

    Args:
        limits: of the account.
        clock: time, and waiting.
        ledger: shared with the bot's other processes; ``None`` where there is no other.
    """

    def __init__(self, limits: Limits, clock: Clock, ledger: CallLedger | None = None) -> None:
        self._limits = limits
        self._clock = clock
        self._ledger = ledger
        self._lanes: dict[tuple[str, Call], _Lane | SharedLane] = {}

    async def turn(self, region: str, call: Call, *, urgent: bool, patience: float) -> float:
        """Wait until it is one's turn to make a call; that call is spent then.

        Urgent calls go before the others, which leave them a part of the budget; within each, it goes by order of
        arrival (in one process; whoever asks the ledger first where there are several). Whoever is cancelled while
        waiting leaves the turn to the next.

        Args:
            region: which is asked.
            call: what it is asked for.
            urgent: whether a person waits for it.
            patience: seconds to wait at most for a region that asked to be left alone (`close`), and for a ledger that
                does not answer.

        Returns:
            0 when it is one's turn; otherwise the seconds for which the region wants to be left alone, which is
            longer than ``patience``: nothing is spent, and the call must not be made.

        Raises:
            StoreTroubleError: the ledger did not answer; the call must not be made.
        """
        return await self._lane(region, call).turn(urgent=urgent, patience=patience)

    def close(self, region: str, call: Call, seconds: float) -> None:
        """Make no such call to a region for so many seconds: it asked for that."""
        self._lane(region, call).close(seconds)

    async def states(self, regions: Sequence[str]) -> list[BudgetState]:
        """How each kind of call to these regions stands.

        Raises:
            StoreTroubleError: the ledger did not answer.
        """
        spent = await self._ledger.spent() if self._ledger else {}
        return [self._state(region, call, spent) for region in regions for call in Call]

    async def aclose(self) -> None:
        """Ask the ledger no more."""
        for lane in self._lanes.values():
            if isinstance(lane, SharedLane):
                await lane.aclose()

    def _state(self, region: str, call: Call, spent: Mapping[tuple[str, str], Spent]) -> BudgetState:
        lane = self._lane(region, call)
        if isinstance(lane, SharedLane):
            left, waiting = lane.state(spent.get((region, call.value), _NOTHING_SPENT))
        else:
            left, waiting = lane.state()
        return BudgetState(region, call.value, left, waiting)

    def _lane(self, region: str, call: Call) -> _Lane | SharedLane:
        if (region, call) not in self._lanes:
            self._lanes[region, call] = self._new_lane(region, call)
        return self._lanes[region, call]

    def _new_lane(self, region: str, call: Call) -> _Lane | SharedLane:
        limit = self._limits.of(call)
        most = {True: limit, False: max(1, limit - limit // RESERVE)}
        if self._ledger is None:
            return _Lane(most, self._clock)
        return SharedLane(region, call.value, most, self._ledger, self._clock)
