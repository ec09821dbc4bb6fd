"""The fault matrix: trouble at every boundary of the bot, one place and one kind after the other, generated.

The default run tries a sample, spread over the whole way of each scenario. `.ci/run` tries every sixth place with each
kind of trouble, and random cases of several troubles in one run. All of it, some 3,700 cases:

    sh .run tests tests/faults -m "slow or exhaustive"

More random ones, from another seed: ``FAULT_SEED=7 FAULT_CASES=500`` before the same with ``-k random``.
"""

import os
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import pytest

from tests.faults.boundaries import Kind, Place
from tests.faults.matrix import (
    SCENARIOS,
    Case,
    Scenario,
    a_chain_of_four,
    is_possible,
    random_cases,
    scouted,
    single_cases,
    tried,
    two_overlapping_chains,
)

SAMPLE = 3
"""Cases of each kind and scenario in the default run."""

LONG_ONES: frozenset[Scenario] = frozenset({a_chain_of_four, two_overlapping_chains})
"""Scenarios that take longer: two cases of each kind, at other places for each kind."""

SHARDS = 6
"""Parts of the whole matrix for one kind and scenario; the first is for every change, the others are exhaustive."""

SEED = int(os.environ.get("FAULT_SEED", "1"))
RANDOM_CASES = int(os.environ.get("FAULT_CASES", "60"))
"""Of each scenario."""

KEY_BOUNDARIES = ("cloud POST action", "slack chat", "workflow", "write bot")
"""Where something would be lost or doubled first: the sample is from these."""

PLACES: dict[Scenario, list[Place]] = {}
"""Of each scenario that was played without trouble."""

Report = Callable[[str, object], None]

each_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
each_kind = pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.name)


@each_scenario
@each_kind
async def test_a_sample(tmp_path: Path, record_property: Report, scenario: Scenario, kind: Kind) -> None:
    places = [place for place in await places_in(tmp_path, scenario) if is_key(place) and is_possible(kind, place)]
    sample = halves(places, kind) if scenario in LONG_ONES else spread(places, SAMPLE)
    await all_is_well(tmp_path, record_property, scenario, single_cases(sample, kind))


@pytest.mark.timeout(1800)
@each_scenario
@each_kind
@pytest.mark.parametrize(
    "shard",
    [
        pytest.param(0, marks=pytest.mark.slow),
        *(pytest.param(shard, marks=pytest.mark.exhaustive) for shard in range(1, SHARDS)),
    ],
)
async def test_everything(tmp_path: Path, record_property: Report, scenario: Scenario, kind: Kind, shard: int) -> None:
    cases = single_cases(await places_in(tmp_path, scenario), kind)
    await all_is_well(tmp_path, record_property, scenario, cases[shard::SHARDS])


@pytest.mark.slow
@pytest.mark.timeout(7200)
@each_scenario
async def test_random_troubles_in_two_lives(tmp_path: Path, record_property: Report, scenario: Scenario) -> None:
    cases = islice(random_cases(await places_in(tmp_path, scenario), SEED), RANDOM_CASES)
    await all_is_well(tmp_path, record_property, scenario, list(cases))


async def places_in(folder: Path, scenario: Scenario) -> list[Place]:
    """Every place, in the order of a run that had no trouble, which is made once by each process of the tests."""
    if scenario not in PLACES:
        home = folder / "scout"
        home.mkdir()
        PLACES[scenario] = await scouted(home, scenario)
    return PLACES[scenario]


async def all_is_well(folder: Path, report: Report, scenario: Scenario, cases: Sequence[Case]) -> None:
    outcome = await tried(folder, scenario, cases)
    for kinds, number in outcome.tried.items():
        report("fault cases", f"{kinds}:{number}")
    assert not outcome.failures, "\n\n".join(f"{case}\n{what}" for case, what in outcome.failures.items())
    assert outcome.missed <= len(cases) / 2


def is_key(place: Place) -> bool:
    return place.boundary.startswith(KEY_BOUNDARIES) and not place.boundary.startswith("write bot-catalogue")


def spread(places: Sequence[Place], number: int) -> Sequence[Place]:
    """So many of the places, from the first to the last, equally far from each other."""
    if len(places) <= number:
        return places
    return [places[round(each * (len(places) - 1) / (number - 1))] for each in range(number)]


def halves(places: Sequence[Place], kind: Kind) -> Sequence[Place]:
    """One place of each half of the way; those of all kinds together are spread over the whole of it."""
    middle = len(places) // 2
    along = list(Kind).index(kind) * middle // len(Kind)
    return [places[along], places[middle + along]]
