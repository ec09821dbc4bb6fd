"""Every place where trouble can strike, times every kind of it: the cases are made from a run without trouble."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from types import MappingProxyType

from bot.sandbox.cloud import StoredBackup
from tests.faults.boundaries import ForkedBot, Kind, Place, Trouble
from tests.faults.checks import nothing_is_lost_and_nothing_is_done_twice
from tests.faults.processes import BotEndedError
from tests.faults.stage import AGREEMENT_NEEDED, APPROVER, Stage, Wish, set_stage

AT_ONCE = 4
"""Cases that are played at the same time: most of their time they wait."""

PEOPLE = ("alice", "bob")

MOST_LIVES = 6
"""Processes that one case may take: those with trouble, and those after them."""

NOT_AT: Mapping[str, frozenset[Kind]] = MappingProxyType(
    {
        "write": frozenset({Kind.LOST_ANSWER}),  # SQLite says truly whether it has committed
        "workflow": frozenset(Kind) - {Kind.KILL_BEFORE, Kind.SLOW},  # seen before the commit only
    }
)
"""Kinds of trouble that a boundary cannot have, by the first word of its name."""


@dataclass(frozen=True, slots=True)
class Case:
    """What goes wrong in one run.

    Attributes:
        lives: the troubles of the first process, of the second, and so on.
    """

    lives: tuple[tuple[Trouble, ...], ...]

    def __str__(self) -> str:
        return "; then ".join(", ".join(str(trouble) for trouble in troubles) for troubles in self.lives)


NO_TROUBLE = Case(())

Rounds = tuple[tuple[Wish, ...], ...]
"""What people ask for, one round after the other; those of one round ask at once."""

Scenario = Callable[[Stage], Rounds]


def a_full_backup(stage: Stage) -> Rounds:
    """One person, one copy."""
    return ((Wish(stage.full),),)


def a_backup_and_what_was_made_from_it(stage: Stage) -> Rounds:
    """Two people; the second one's copy waits for the first one's."""
    return (Wish(stage.full),), (Wish(stage.incremental, person="bob"),)


def a_chain_of_four(stage: Stage) -> Rounds:
    """One person asks for the newest of a chain of which nothing is there: four copies by one confirmation."""
    third = made_from(stage, stage.incremental, "nightly-2026-11-23")
    fourth = made_from(stage, third, "nightly-2026-11-24")
    return ((Wish(fourth, beneath=(stage.full, stage.incremental, third)),),)


def two_overlapping_chains(stage: Stage) -> Rounds:
    """Two people ask at once for two leaves of one tree; what is beneath both is copied once."""
    beneath = (stage.full, stage.incremental)
    leaves = [made_from(stage, stage.incremental, name) for name in ("nightly-2026-11-23", "before-migration")]
    return (tuple(Wish(leaf, person=name, beneath=beneath) for leaf, name in zip(leaves, PEOPLE, strict=True)),)


def a_copy_that_somebody_else_agrees_to(stage: Stage) -> Rounds:
    """One person asks, another one has to agree before anything is sent."""
    return ((Wish(stage.full, approver=APPROVER),),)


def made_from(stage: Stage, parent: StoredBackup, name: str) -> StoredBackup:
    """One more incremental in DFW."""
    return stage.cloud.add_backup(name=name, parent_id=parent.id, size=0.5)


SCENARIOS: tuple[Scenario, ...] = (
    a_full_backup,
    a_backup_and_what_was_made_from_it,
    a_chain_of_four,
    two_overlapping_chains,
    a_copy_that_somebody_else_agrees_to,
)

RULES_OF: Mapping[Scenario, str] = MappingProxyType({a_copy_that_somebody_else_agrees_to: AGREEMENT_NEEDED})
"""The files of rules of those that have one."""


@dataclass(slots=True)
class Outcome:
    """What came of some cases.

    Attributes:
        tried: cases of which a trouble struck, by the kinds that did.
        missed: cases whose place was not reached: the way of a run is not quite the same each time.
        failures: what was not right, by case.
    """

    tried: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    failures: dict[str, str] = field(default_factory=dict)


async def scouted(folder: Path, scenario: Scenario) -> list[Place]:
    """Every place on the way of a scenario without trouble."""
    return (await _played(folder, scenario, NO_TROUBLE)).crossings


def single_cases(places: Sequence[Place], kind: Kind) -> list[Case]:
    """One kind of trouble, once at each place where it can be."""
    return [Case(((Trouble(kind, place),),)) for place in places if is_possible(kind, place)]


def random_cases(places: Sequence[Place], seed: int) -> Iterator[Case]:
    """Some troubles in each of two lives, one such case after the other, the same for the same seed."""
    numbers = random.Random(seed)
    possible = [Trouble(kind, place) for place in places for kind in Kind if is_possible(kind, place)]
    while True:
        yield Case(tuple(tuple(numbers.sample(possible, numbers.randint(1, 3))) for _ in range(2)))


def is_possible(kind: Kind, place: Place) -> bool:
    return kind not in NOT_AT.get(place.boundary.split()[0], frozenset())


async def tried(folder: Path, scenario: Scenario, cases: Sequence[Case]) -> Outcome:
    """Play a scenario once for each case, and judge how it ended."""
    outcome = Outcome()
    hands = asyncio.Semaphore(AT_ONCE)
    homes = [folder / str(number) for number in range(len(cases))]
    for home in homes:
        home.mkdir()

    async def try_one(home: Path, case: Case) -> None:
        async with hands:
            await _try(home, scenario, case, outcome)

    await asyncio.gather(*(try_one(home, case) for home, case in zip(homes, cases, strict=True)))
    return outcome


async def _try(home: Path, scenario: Scenario, case: Case, outcome: Outcome) -> None:
    try:
        bot = await _played(home, scenario, case)
    except (AssertionError, TimeoutError, BotEndedError) as error:
        outcome.failures[f"{scenario.__name__}, {case}"] = f"{error!r}\n{_end_of(home / 'bot.log')}"
        return
    if struck := bot.struck:
        outcome.tried[struck[0] if len(struck) == 1 else "several troubles"] += 1
    else:
        outcome.missed += 1


async def _played(folder: Path, scenario: Scenario, case: Case) -> ForkedBot:
    async with set_stage(folder, partial(ForkedBot, lives=case.lives), rules=RULES_OF.get(scenario)) as stage:
        assert isinstance(stage.bot, ForkedBot)
        rounds = scenario(stage)
        while not await _lived_on(stage, rounds):
            assert stage.bot.lives < MOST_LIVES, "it ended again and again"
        await stage.bot.kill()
        nothing_is_lost_and_nothing_is_done_twice(stage, *chain.from_iterable(rounds))
        return stage.bot


async def _lived_on(stage: Stage, rounds: Rounds) -> bool:
    """One life of the bot: whether it lasted until everything was done."""
    try:
        await stage.bot.start()
        await stage.bot.while_it_runs(_fulfilled(stage, rounds))
    except BotEndedError:
        return False
    return True


async def _fulfilled(stage: Stage, rounds: Rounds) -> None:
    for wishes in rounds:
        if not all(stage.is_recorded(wish) for wish in wishes):
            await stage.asks(*wishes)
        await stage.until_agreed(*wishes)
    await stage.until_told(*chain.from_iterable(rounds))


def _end_of(log: Path) -> str:
    return log.read_text()[-3000:] if log.exists() else ""
