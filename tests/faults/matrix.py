"""Every place where trouble can strike, times every kind of it: the cases are made from a run without trouble."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType

from tests.faults.boundaries import ForkedBot, Kind, Place, Trouble
from tests.faults.checks import nothing_is_lost_and_nothing_is_done_twice
from tests.faults.processes import BotEndedError
from tests.faults.stage import Stage, Wish, set_stage

AT_ONCE = 3
"""Cases that are played at the same time: most of their time they wait."""

MOST_LIVES = 4
"""Processes that one case may take: the one with the trouble, and those after it."""

NOT_AT: Mapping[str, frozenset[Kind]] = MappingProxyType(
    {
        "write": frozenset({Kind.LOST_ANSWER}),  # SQLite says truly whether it has committed
        "workflow": frozenset(Kind) - {Kind.KILL_BEFORE, Kind.SLOW},  # seen before the commit only
    }
)
"""Kinds of trouble that a boundary cannot have, by the first word of its name."""

Scenario = Callable[[Stage], tuple[Wish, ...]]


def a_full_backup(stage: Stage) -> tuple[Wish, ...]:
    """One person, one copy."""
    return (Wish(stage.full),)


def a_backup_and_what_was_made_from_it(stage: Stage) -> tuple[Wish, ...]:
    """Two people; the second one's copy waits for the first one's."""
    return (Wish(stage.full), Wish(stage.incremental, person="bob"))


SCENARIOS: tuple[Scenario, ...] = (a_full_backup, a_backup_and_what_was_made_from_it)


@dataclass(slots=True)
class Outcome:
    """What came of some cases.

    Attributes:
        tried: cases whose trouble struck, by kind.
        missed: cases whose place was not reached: the way of a run is not quite the same each time.
        failures: what was not right, by case.
    """

    tried: Counter[Kind] = field(default_factory=Counter)
    missed: int = 0
    failures: dict[str, str] = field(default_factory=dict)


async def scouted(folder: Path, scenario: Scenario) -> list[Place]:
    """Every place on the way of a scenario without trouble."""
    bot = await _played(folder, scenario, None)
    return bot.crossings


def cases_of(places: Sequence[Place], kinds: Sequence[Kind] = tuple(Kind)) -> Iterator[Trouble]:
    """Every trouble that can be had at some places."""
    for place in places:
        impossible = NOT_AT.get(place.boundary.split()[0], frozenset())
        yield from (Trouble(kind, place) for kind in kinds if kind not in impossible)


async def tried(folder: Path, scenario: Scenario, cases: Sequence[Trouble]) -> Outcome:
    """Play a scenario once for each case, and judge how it ended."""
    outcome = Outcome()
    hands = asyncio.Semaphore(AT_ONCE)

    homes = [folder / str(number) for number in range(len(cases))]
    for home in homes:
        home.mkdir()

    async def try_one(home: Path, trouble: Trouble) -> None:
        async with hands:
            await _try(home, scenario, trouble, outcome)

    await asyncio.gather(*(try_one(home, trouble) for home, trouble in zip(homes, cases, strict=True)))
    return outcome


async def _try(home: Path, scenario: Scenario, trouble: Trouble, outcome: Outcome) -> None:
    try:
        bot = await _played(home, scenario, trouble)
    except (AssertionError, TimeoutError, BotEndedError) as error:
        outcome.failures[f"{scenario.__name__}, {trouble}"] = f"{error!r}\n{_end_of(home / 'bot.log')}"
        return
    if bot.was_troubled:
        outcome.tried[trouble.kind] += 1
    else:
        outcome.missed += 1


async def _played(folder: Path, scenario: Scenario, trouble: Trouble | None) -> ForkedBot:
    async with set_stage(folder, partial(ForkedBot, trouble=trouble)) as stage:
        assert isinstance(stage.bot, ForkedBot)
        wishes = scenario(stage)
        while not await _lived_on(stage, wishes):
            assert stage.bot.lives < MOST_LIVES, "it ended again and again"
        await stage.bot.kill()
        nothing_is_lost_and_nothing_is_done_twice(stage, *wishes)
        return stage.bot


async def _lived_on(stage: Stage, wishes: Sequence[Wish]) -> bool:
    """One life of the bot: whether it lasted until everything was done."""
    try:
        await stage.bot.start()
        await stage.bot.while_it_runs(_fulfilled(stage, wishes))
    except BotEndedError:
        return False
    return True


async def _fulfilled(stage: Stage, wishes: Sequence[Wish]) -> None:
    for wish in wishes:
        if not stage.is_recorded(wish):
            await stage.asks(wish)
    await stage.until_told(*wishes)


def _end_of(log: Path) -> str:
    return log.read_text()[-3000:] if log.exists() else ""
