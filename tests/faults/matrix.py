"""Every place where trouble can strike, times every kind of it: the cases are made from a run without trouble."""

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

MOST_LIVES = 4
"""Processes that one case may take: the one with the trouble, and those after it."""

NOT_AT: Mapping[str, frozenset[Kind]] = MappingProxyType(
    {
        "write": frozenset({Kind.LOST_ANSWER}),  # SQLite says truly whether it has committed
        "workflow": frozenset({Kind.KILL_AFTER, Kind.ERROR, Kind.LOST_ANSWER}),  # seen before the commit only
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
    for number, trouble in enumerate(cases):
        home = folder / str(number)
        home.mkdir()
        try:
            bot = await _played(home, scenario, trouble)
        except (AssertionError, TimeoutError, BotEndedError) as error:
            outcome.failures[f"{scenario.__name__}, {trouble}"] = f"{error!r}\n{_end_of(home / 'bot.log')}"
            continue
        if bot.was_troubled:
            outcome.tried[trouble.kind] += 1
        else:
            outcome.missed += 1
    return outcome


async def _played(folder: Path, scenario: Scenario, trouble: Trouble | None) -> ForkedBot:
    async with set_stage(folder, partial(ForkedBot, trouble=trouble)) as stage:
        assert isinstance(stage.bot, ForkedBot)
        wishes = scenario(stage)
        while stage.bot.lives < MOST_LIVES:
            try:
                await stage.bot.start()
                await stage.bot.while_it_runs(_fulfilled(stage, wishes))
                break
            except BotEndedError:
                continue
        await stage.bot.kill()
        nothing_is_lost_and_nothing_is_done_twice(stage, *wishes)
        return stage.bot


async def _fulfilled(stage: Stage, wishes: Sequence[Wish]) -> None:
    for wish in wishes:
        if not stage.is_recorded(wish):
            await stage.asks(wish)
    await stage.until_told(*wishes)


def _end_of(log: Path) -> str:
    return log.read_text()[-3000:] if log.exists() else ""
