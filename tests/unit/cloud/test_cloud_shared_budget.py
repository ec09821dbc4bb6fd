"""The budget of several processes: what each of them does with what the ledger says."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from bot.cloud.budget import RESERVE, Budget, Call, Limits
from bot.cloud.faults import LONGEST_WAIT
from bot.cloud.shared_lane import RETRY
from bot.operations.call_ledger import Spent
from bot.operations.observing import BudgetState
from bot.operations.ports import StoreTroubleError
from tests.fakes.call_ledger import MemoryCallLedger
from tests.fakes.clocks import TurnedClock, settled

FOR_EVER = float("inf")
WINDOW = 63.0


class Processes:
    """Callers of one kind to one region in several processes, and what became of them."""

    def __init__(self, limit: int = 10, processes: int = 2) -> None:
        self.clock = TurnedClock()
        self.ledger = MemoryCallLedger(self.clock, WINDOW)
        limits = Limits(list=limit, show=limit, copy=limit)
        self.budgets = [Budget(limits, self.clock, self.ledger) for _ in range(processes)]
        self.went: list[tuple[str, datetime]] = []
        self.sent_away: dict[str, float] = {}
        self.told: dict[str, str] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def names(self) -> list[str]:
        """Who went, in order."""
        return [name for name, _ in self.went]

    async def comes(self, *names: str, to: int = 0, urgent: bool = False, patience: float = FOR_EVER) -> None:
        """Callers come to a process, one after the other."""
        for name in names:
            waiting = self._wait(name, self.budgets[to], urgent=urgent, patience=patience)
            self.tasks[name] = asyncio.create_task(waiting)
            await all_settled()

    async def turn(self, seconds: float) -> None:
        """Let time go by, in steps short enough for everybody to do what they do meanwhile."""
        for _ in range(round(seconds * 2)):
            await self.clock.turn(0.5)
            await all_settled()

    async def leaves(self, name: str) -> None:
        """A caller is cancelled."""
        self.tasks[name].cancel()
        await all_settled()

    def close(self, seconds: float, *, process: int = 0) -> None:
        """A process was told to leave the region alone."""
        self.budgets[process].close("DFW", Call.SHOW, seconds)

    async def state(self, process: int = 0) -> tuple[int, int]:
        """What is left, and how many wait."""
        states = {state.call: state for state in await self.budgets[process].states(["DFW"])}
        return states["show"].left, states["show"].waiting

    async def spent(self) -> int:
        """How many calls count."""
        return (await self.ledger.spent()).get(("DFW", "show"), Spent(0, is_closed=False)).calls

    async def end(self) -> None:
        """Cancel whoever still waits."""
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        for budget in self.budgets:
            await budget.aclose()

    async def _wait(self, name: str, budget: Budget, *, urgent: bool, patience: float) -> None:
        try:
            closed_for = await budget.turn("DFW", Call.SHOW, urgent=urgent, patience=patience)
        except StoreTroubleError as trouble:
            self.told[name] = str(trouble)
            return
        if closed_for:
            self.sent_away[name] = closed_for
        else:
            self.went.append((name, self.clock.now()))


@pytest.fixture
async def two() -> AsyncIterator[Processes]:
    """Two processes that may make ten calls a minute together."""
    processes = Processes()
    yield processes
    await processes.end()


def named(prefix: str, number: int) -> list[str]:
    return [f"{prefix}{index}" for index in range(number)]


async def all_settled() -> None:
    """Let everything that can happen now happen, also what takes a few tasks one after the other."""
    for _ in range(4):
        await settled()


async def test_two_processes_spend_one_budget_and_the_next_waits_for_a_minute(two: Processes) -> None:
    await two.comes(*named("a", 6), urgent=True)
    await two.comes(*named("b", 6), to=1, urgent=True)
    assert two.names == [*named("a", 6), *named("b", 4)]
    await two.turn(WINDOW - 1)
    assert len(two.went) == 10
    await two.turn(2)
    assert two.names[10:] == ["b4", "b5"]


async def test_calls_of_both_leave_a_part_to_the_urgent_ones_of_both(two: Processes) -> None:
    kept = 10 // RESERVE
    await two.comes(*named("a", 5))
    await two.comes(*named("b", 5), to=1)
    assert len(two.went) == 10 - kept
    await two.comes("urgent a", urgent=True)
    await two.comes("urgent b", to=1, urgent=True)
    assert two.names[10 - kept :] == ["urgent a", "urgent b"]


async def test_an_urgent_call_overtakes_one_that_waits_already(two: Processes) -> None:
    await two.comes(*named("a", 9))
    assert "a8" not in two.names
    await two.comes("urgent", urgent=True)
    assert two.names[-1] == "urgent"


async def test_an_urgent_call_that_comes_while_the_ledger_is_asked_for_another_goes_first(two: Processes) -> None:
    two.ledger.answers.clear()
    await two.comes("not urgent")
    await two.comes("urgent", urgent=True)
    two.ledger.answers.set()
    await all_settled()
    assert two.names == ["urgent", "not urgent"]


async def test_one_question_is_under_way_at_a_time(two: Processes) -> None:
    two.ledger.answers.clear()
    await two.comes(*named("a", 5))
    assert two.ledger.under_way == 1
    two.ledger.answers.set()
    await all_settled()
    assert two.names == named("a", 5)
    assert two.ledger.questions == 5


async def test_who_waits_asks_again_when_it_is_worth_it_and_not_before(two: Processes) -> None:
    await two.comes(*named("a", 11), urgent=True)
    asked = two.ledger.questions
    await two.turn(WINDOW - 1)
    assert two.ledger.questions == asked
    await two.turn(2)
    assert two.ledger.questions == asked + 1


async def test_a_region_that_one_process_is_to_leave_alone_is_left_alone_by_the_other(two: Processes) -> None:
    two.close(30)
    await all_settled()
    await two.comes("hasty", to=1, patience=10)
    await two.comes("patient", to=1, patience=60)
    assert two.sent_away == {"hasty": 30}
    await two.turn(29)
    assert two.names == []
    await two.turn(2)
    assert two.names == ["patient"]


async def test_those_who_wait_already_are_told_when_a_region_closes(two: Processes) -> None:
    await two.comes(*named("a", 10), urgent=True)
    await two.comes("hasty", urgent=True, patience=10)
    two.close(1e9)
    await all_settled()
    assert two.sent_away == {"hasty": LONGEST_WAIT}


async def test_a_turn_that_comes_as_the_region_closes_is_not_used(two: Processes) -> None:
    two.ledger.answers.clear()
    await two.comes("waits", patience=60)
    two.close(30)
    two.ledger.answers.set()
    await all_settled()
    assert two.names == []
    await two.turn(31)
    assert two.names == ["waits"]


async def test_whoever_is_cancelled_before_the_ledger_was_asked_spends_nothing(two: Processes) -> None:
    await two.comes(*named("a", 10), "leaves", "stays", urgent=True)
    await two.leaves("leaves")
    await two.turn(WINDOW + 1)
    assert two.names[10:] == ["stays"]
    assert await two.spent() == 1


async def test_whoever_is_cancelled_while_the_ledger_is_asked_leaves_the_turn_to_the_next(two: Processes) -> None:
    two.ledger.answers.clear()
    await two.comes("leaves", "stays")
    await two.leaves("leaves")
    two.ledger.answers.set()
    await all_settled()
    assert two.names == ["stays"]
    assert await two.spent() == 1


@pytest.mark.parametrize("moment", range(12))
async def test_whoever_is_cancelled_at_the_moment_of_their_turn_leaves_it_to_the_next(moment: int) -> None:
    processes = Processes(limit=1)
    processes.ledger.answers.clear()
    await processes.comes("first", "second")
    processes.ledger.answers.set()
    for _ in range(moment):
        await asyncio.sleep(0)
    processes.tasks["first"].cancel()
    await all_settled()
    assert processes.names == ["second" if processes.tasks["first"].cancelled() else "first"]
    await processes.end()


async def test_without_a_ledger_nobody_goes_and_those_without_patience_are_told_why(two: Processes) -> None:
    two.ledger.is_away = True
    await two.comes("hasty", patience=10, urgent=True)
    await two.comes("patient", patience=90)
    await two.turn(12)
    assert (two.names, two.told) == ([], {"hasty": "The ledger is away."})
    await two.comes("late", patience=10, urgent=True)
    assert "late" not in two.told
    two.ledger.is_away = False
    await two.turn(RETRY + 0.5)
    assert two.names == ["late", "patient"]


async def test_a_closing_that_the_ledger_was_not_told_is_told_when_it_is_back(two: Processes) -> None:
    two.ledger.is_away = True
    two.close(30)
    await two.turn(10)
    two.ledger.is_away = False
    await two.turn(1)
    await two.comes("hasty", to=1, patience=1)
    assert two.sent_away["hasty"] == pytest.approx(20, abs=2)


async def test_what_is_left_is_left_to_both_and_each_says_who_waits_there(two: Processes) -> None:
    assert await two.state() == (10, 0)
    await two.comes(*named("a", 4), urgent=True)
    assert [await two.state(0), await two.state(1)] == [(6, 0), (6, 0)]
    two.close(30, process=1)
    await two.comes("waits")
    assert [await two.state(0), await two.state(1)] == [(0, 1), (0, 0)]
    assert BudgetState("DFW", "copy", 10, 0) in await two.budgets[0].states(["DFW"])


async def test_nothing_is_left_running_when_nobody_waits(two: Processes) -> None:
    await two.comes(*named("a", 11), urgent=True)
    await two.leaves("a10")
    assert [task for task in asyncio.all_tasks() if task.get_name() == "budget"] == []


async def test_what_nobody_expected_of_a_ledger_leaves_nobody_waiting(
    two: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(_region: str, _call: str, *, most: int) -> None:
        raise LookupError(f"on purpose, {most}")

    monkeypatch.setattr(two.ledger, "spend", breaks)
    with pytest.raises(LookupError, match="on purpose, 8"):
        await two.budgets[0].turn("DFW", Call.SHOW, urgent=False, patience=FOR_EVER)
