"""Rows about time: whether the bot is after a week of use what it was after the first day."""

import asyncio
from dataclasses import dataclass

from tests.bench.exchange import Order
from tests.bench.processes import Child
from tests.bench.rows import TIMES, Verdict
from tests.bench.work.bot_process import SETTLING, Bot, bot, commanded, fill, outcome_of, world

DAYS = 7
AT_A_TIME = 8
COPIES = 10

MOST_MEMORY = 1.05
MOST_PROCESSOR = 1.25
"""How many times as much the last day may take as the second, and not count as growing: the first one is warm-up."""


@dataclass(frozen=True, slots=True)
class _Day:
    """What a day took.

    Attributes:
        processor: seconds of it for each command.
        megabytes: resident in memory in the evening.
    """

    processor: float
    megabytes: float


async def a_week_of_use(*, commands_a_day: int, most_seconds: float) -> tuple[Verdict, Verdict]:
    """What the bot takes on the last day, over the second; the commands of a week come one after the other.

    Args:
        commands_a_day: which open a form each, while some copies run.
        most_seconds: of one day.
    """
    async with world() as where, commanded(where) as (busy, load):
        await fill(busy, COPIES)
        async with bot(busy) as running:
            await asyncio.sleep(SETTLING)
            days = [await _day(running, load, commands_a_day, most_seconds) for _ in range(DAYS)]
    _, second, *_, last = days
    use = f"A week of use, {commands_a_day:,} commands a day"
    return (
        _grown(f"{use}: memory of the last day over the second", last.megabytes / second.megabytes, MOST_MEMORY),
        _grown(f"{use}: processor for a command, the same", last.processor / second.processor, MOST_PROCESSOR),
    )


async def _day(running: Bot, load: Child, commands: int, most_seconds: float) -> _Day:
    before = running.seconds_used()
    order = Order(port=running.port, at_a_time=AT_A_TIME, seconds=most_seconds, most=commands)
    outcome = await outcome_of(order, load)
    assert outcome.acknowledged, outcome
    return _Day((running.seconds_used() - before) / outcome.acknowledged, running.megabytes())


def _grown(what: str, times: float, most: float) -> Verdict:
    return Verdict(what, f"no growth: at most {most:g} times", TIMES, times, (), times <= most)
