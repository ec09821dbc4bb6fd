"""Rows about many copies that run at once: the bot as a process of its own, started, killed and started again."""

import asyncio
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.exchange import Order
from tests.bench.measuring import MOST_A_SECOND
from tests.bench.rows import Verdict
from tests.bench.work.bot_process import SETTLING, Bot, bot, commanded, fill, outcome_of, world
from tests.bench.work.databases import by_size

GOAL_EMPTY_START = 1.5
GOAL_START = 5.0
GOAL_PROCESSOR = 0.1
GOAL_MEGABYTES = 200.0
GOAL_ACKNOWLEDGED_MS = 250.0
CROWD = 50
STARTS = 3


@dataclass(frozen=True, slots=True)
class _Cost:
    """What so many running copies cost.

    Attributes:
        processor: the part of a core.
        megabytes: resident in memory.
    """

    copies: int
    processor: float
    megabytes: float

    @property
    def size(self) -> str:
        return f"{self.copies:,} copies"


async def start_and_run_many_copies(numbers: Sequence[int], *, seconds: float) -> list[Verdict]:
    """Rows 9 and 10: start to ready, and what running copies cost, from few to many.

    Args:
        numbers: of copies.
        seconds: for which each number of copies is looked at.
    """
    *fewer, copies = numbers
    costs = [await _cost_of(number, seconds) for number in fewer]
    rows = [_start("nothing to take up", median([await _empty_start() for _ in range(STARTS)]), GOAL_EMPTY_START)]
    async with world() as where:
        await fill(where, copies)
        async with bot(where) as first:
            await asyncio.sleep(SETTLING)
            first.process.send_signal(signal.SIGKILL)
            await first.process.wait()
        async with bot(where) as again:
            rows.append(_start(f"{copies:,} copies to take up again after kill -9", again.ready_after, GOAL_START))
            costs.append(await _cost(again, copies, seconds))
    return [*rows, *_cost_rows(costs)]


async def _empty_start() -> float:
    """Seconds of a first start."""
    async with world() as where, bot(where) as empty:
        return empty.ready_after


def _cost_rows(costs: Sequence[_Cost]) -> tuple[Verdict, Verdict]:
    most = costs[-1]
    return (
        by_size(
            f"{most.size} running: processor",
            goal=f"less than {GOAL_PROCESSOR:g} of a core",
            unit="of a core",
            measured=[(cost.size, cost.processor) for cost in costs],
            holds=most.processor < GOAL_PROCESSOR,
        ),
        by_size(
            f"{most.size} running: memory",
            goal=f"less than {GOAL_MEGABYTES:g} MB",
            unit="MB",
            measured=[(cost.size, cost.megabytes) for cost in costs],
            holds=most.megabytes < GOAL_MEGABYTES,
        ),
    )


async def _cost_of(copies: int, seconds: float) -> _Cost:
    async with world() as where:
        await fill(where, copies)
        async with bot(where) as running:
            return await _cost(running, copies, seconds)


async def _cost(running: Bot, copies: int, seconds: float) -> _Cost:
    await asyncio.sleep(SETTLING)
    before = running.seconds_used()
    await asyncio.sleep(seconds)
    return _Cost(copies, (running.seconds_used() - before) / seconds, running.megabytes())


async def acknowledged_with_many_copies(copies: int, *, seconds: float) -> Verdict:
    """Row 4: how long commands wait for their acknowledgement, many at a time, while many copies run; p99."""
    async with world() as where, commanded(where) as (busy, load):
        await fill(busy, copies)
        async with bot(busy) as running:
            await asyncio.sleep(SETTLING)
            order = Order(port=running.port, at_a_time=CROWD, seconds=seconds, most=round(MOST_A_SECOND * seconds))
            outcome = await outcome_of(order, load)
    assert outcome.to_acknowledge is not None, outcome
    what = f"{CROWD} commands at a time, {copies:,} copies running: acknowledged, p99"
    return _row(what, "ms", outcome.to_acknowledge.p99, GOAL_ACKNOWLEDGED_MS)


def _start(what: str, seconds: float, goal: float) -> Verdict:
    return _row(f"Start to ready, {what}", "s", seconds, goal)


def _row(what: str, unit: str, measured: float, goal: float) -> Verdict:
    return Verdict(
        what=what, goal=f"less than {goal:g} {unit}", unit=unit, measured=measured, references=(), holds=measured < goal
    )
