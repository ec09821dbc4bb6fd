import asyncio
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cloud.budget import RESERVE, WINDOW, Budget, Call, Limits
from bot.cloud.faults import LONGEST_WAIT
from tests.fakes.clocks import TurnedClock, settled

FOR_EVER = float("inf")


class Crowd:
    """Callers of one kind to one region, and what became of them."""

    def __init__(self, limit: int = 10, call: Call = Call.SHOW) -> None:
        self.clock = TurnedClock()
        self.call = call
        self.budget = Budget(Limits(list=limit, show=limit, copy=limit), self.clock)
        self.went: list[tuple[str, datetime]] = []
        self.sent_away: dict[str, float] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.overtaken: list[str] = []
        self._urgent_waiting: set[str] = set()

    async def comes(self, *names: str, urgent: bool = False, patience: float = FOR_EVER, region: str = "DFW") -> None:
        """Callers come, one after the other."""
        for name in names:
            waiting = self._wait(name, urgent=urgent, patience=patience, region=region)
            self.tasks[name] = asyncio.create_task(waiting)
            await settled()

    async def leaves(self, name: str) -> None:
        """A caller is cancelled."""
        self.tasks[name].cancel()
        self._urgent_waiting.discard(name)
        await settled()

    @property
    def names(self) -> list[str]:
        """Who went, in order."""
        return [name for name, _ in self.went]

    async def _wait(self, name: str, *, urgent: bool, patience: float, region: str) -> None:
        if urgent:
            self._urgent_waiting.add(name)
        closed_for = await self.budget.turn(region, self.call, urgent=urgent, patience=patience)
        if closed_for:
            self.sent_away[name] = closed_for
        else:
            self.went.append((name, self.clock.now()))
            self.overtaken += [other for other in self._urgent_waiting if not urgent]
        self._urgent_waiting.discard(name)

    async def ends(self) -> None:
        """Cancel whoever still waits."""
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        await settled()


def named(prefix: str, number: int) -> list[str]:
    return [f"{prefix}{index}" for index in range(number)]


async def test_the_limits_are_those_of_the_service_unless_said_otherwise() -> None:
    assert [Limits().of(call) for call in Call] == [100, 100, 5]


@pytest.mark.parametrize("limits", [{"list": 0}, {"show": -1}, {"copy": 0}])
def test_a_limit_that_lets_nothing_through_is_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least one call"):
        Limits(**limits)


async def test_calls_within_the_budget_go_at_once_and_the_next_waits_for_a_minute() -> None:
    crowd = Crowd(limit=5)
    await crowd.comes(*named("u", 6), urgent=True)
    assert crowd.names == named("u", 5)
    await crowd.clock.turn(WINDOW.total_seconds() - 0.5)
    assert len(crowd.went) == 5
    await crowd.clock.turn(0.5)
    assert crowd.names == named("u", 6)


async def test_a_part_is_kept_for_urgent_calls() -> None:
    crowd = Crowd(limit=10)
    kept = 10 // RESERVE
    await crowd.comes(*named("p", 10))
    assert len(crowd.went) == 10 - kept
    await crowd.comes(*named("u", kept), urgent=True)
    assert crowd.names[10 - kept :] == named("u", kept)
    await crowd.ends()


async def test_urgent_calls_go_before_those_that_came_earlier_and_each_kind_in_its_order() -> None:
    crowd = Crowd(limit=2)
    await crowd.comes("first", "second", urgent=True)
    await crowd.comes("p1", "p2")
    await crowd.comes("u1", "u2", "u3", urgent=True)
    for _ in range(4):
        await crowd.clock.turn(WINDOW.total_seconds())
    assert crowd.names == ["first", "second", "u1", "u2", "u3", "p1", "p2"]


async def test_regions_and_kinds_of_call_count_for_themselves() -> None:
    crowd = Crowd(limit=1)
    await crowd.comes("dfw", region="DFW")
    await crowd.comes("iad", region="IAD")
    crowd.call = Call.LIST
    await crowd.comes("list", region="DFW")
    assert crowd.names == ["dfw", "iad", "list"]


async def test_a_region_that_wants_to_be_left_alone_is_left_alone_and_then_asked_again() -> None:
    crowd = Crowd()
    crowd.budget.close("DFW", Call.SHOW, 30)
    await crowd.comes("waits", urgent=True)
    await crowd.comes("elsewhere", region="IAD")
    await crowd.clock.turn(29)
    assert crowd.names == ["elsewhere"]
    await crowd.clock.turn(1)
    assert crowd.names == ["elsewhere", "waits"]


async def test_whoever_has_less_patience_is_told_how_long_the_region_is_closed_and_spends_nothing() -> None:
    crowd = Crowd(limit=1)
    crowd.budget.close("DFW", Call.SHOW, 30)
    await crowd.comes("hasty", patience=10, urgent=True)
    await crowd.comes("patient", patience=30, urgent=True)
    assert crowd.sent_away == {"hasty": 30}
    await crowd.clock.turn(30)
    assert crowd.names == ["patient"]


async def test_those_who_wait_already_are_told_when_a_region_closes() -> None:
    crowd = Crowd(limit=1)
    await crowd.comes("first", "hasty", patience=10, urgent=True)
    await crowd.comes("patient", urgent=True)
    crowd.budget.close("DFW", Call.SHOW, 300)
    await settled()
    assert crowd.sent_away == {"hasty": 300}
    await crowd.clock.turn(300)
    assert crowd.names == ["first", "patient"]


async def test_the_longest_closing_counts_and_none_is_longer_than_is_believed() -> None:
    crowd = Crowd()
    crowd.budget.close("DFW", Call.SHOW, 40)
    crowd.budget.close("DFW", Call.SHOW, 5)
    await crowd.comes("hasty", patience=1)
    crowd.budget.close("IAD", Call.SHOW, 1e9)
    await crowd.comes("iad", patience=1, region="IAD")
    assert crowd.sent_away == {"hasty": 40, "iad": LONGEST_WAIT}


async def test_whoever_is_cancelled_while_waiting_spends_nothing() -> None:
    crowd = Crowd(limit=1)
    await crowd.comes("first", "leaves", "last", urgent=True)
    await crowd.leaves("leaves")
    await crowd.clock.turn(WINDOW.total_seconds())
    assert crowd.names == ["first", "last"]


@pytest.mark.parametrize("moment", range(12))
async def test_whoever_is_cancelled_at_the_moment_of_their_turn_leaves_it_to_the_next(moment: int) -> None:
    crowd = Crowd(limit=1)
    await crowd.comes("first", "second", "third", urgent=True)
    turning = asyncio.create_task(crowd.clock.turn(WINDOW.total_seconds()))
    for _ in range(moment):
        await asyncio.sleep(0)
    crowd.tasks["second"].cancel()
    await turning
    assert crowd.names[1:] == ["third" if crowd.tasks["second"].cancelled() else "second"]
    await crowd.ends()


async def test_a_turn_is_not_given_to_somebody_who_is_just_leaving() -> None:
    crowd = Crowd(limit=1)
    await crowd.comes("first", "second", "third", urgent=True)
    crowd.clock.time += WINDOW
    crowd.tasks["second"].cancel()
    crowd.budget.close("DFW", Call.SHOW, 0)  # has the region look, before the one who leaves could say so
    await settled()
    assert crowd.names == ["first", "third"]


async def test_who_comes_after_everybody_left_still_gets_a_turn() -> None:
    crowd = Crowd(limit=1)
    await crowd.comes("first", "leaves", urgent=True)
    crowd.tasks["leaves"].cancel()
    await crowd.comes("stays", urgent=True)
    await crowd.clock.turn(WINDOW.total_seconds())
    assert crowd.names == ["first", "stays"]


async def test_nothing_is_left_running_when_nobody_waits() -> None:
    crowd = Crowd(limit=1)
    await crowd.comes("first", "leaves", urgent=True)
    await crowd.ends()
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name() == "budget"] == []


async def test_a_clock_that_is_set_back_makes_nobody_wait_for_hours() -> None:
    crowd = Crowd(limit=1)
    await crowd.comes("first", urgent=True)
    crowd.budget.close("DFW", Call.SHOW, 10)
    crowd.clock.time = crowd.clock.time.replace(year=2020)
    await crowd.comes("second", urgent=True)
    await crowd.clock.turn(LONGEST_WAIT + 2 * WINDOW.total_seconds())
    assert crowd.names == ["first", "second"]


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("comes"), st.booleans()),
        st.tuples(st.just("turn"), st.floats(0, 45)),
        st.tuples(st.just("close"), st.floats(0, 90)),
        st.tuples(st.just("leaves"), st.integers(0, 30)),
    ),
    max_size=40,
)


@given(limit=st.integers(1, 6), events=EVENTS)
@settings(max_examples=60, deadline=None)
def test_whatever_happens_no_minute_has_more_calls_than_its_limit_and_urgent_ones_go_first(
    limit: int, events: list[tuple[str, float]]
) -> None:
    crowd = asyncio.run(_story(limit, events))
    times = [at for _, at in crowd.went]
    for place, began in enumerate(times):
        assert sum((at - began).total_seconds() < 60 for at in times[place:]) <= limit
    assert {name for name, task in crowd.tasks.items() if not task.cancelled()} == set(crowd.names)
    assert crowd.overtaken == []
    for urgent in ("u", "p"):
        numbers = [int(name[1:]) for name in crowd.names if name.startswith(urgent)]
        assert numbers == sorted(numbers)


async def _story(limit: int, events: list[tuple[str, float]]) -> Crowd:
    """Live through the events, then give everybody time enough."""
    crowd = Crowd(limit)
    for number, (what, how) in enumerate(events):
        match what:
            case "comes":
                await crowd.comes(f"{'u' if how else 'p'}{number}", urgent=bool(how))
            case "turn":
                await crowd.clock.turn(how)
            case "close":
                crowd.budget.close("DFW", Call.SHOW, how)
            case "leaves" if crowd.tasks:
                await crowd.leaves(list(crowd.tasks)[int(how) % len(crowd.tasks)])
    await crowd.clock.turn(200 + WINDOW.total_seconds() * len(events))
    return crowd
