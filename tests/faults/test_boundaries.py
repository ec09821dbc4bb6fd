"""The fault matrix: trouble at every boundary of the bot, one place and one kind after the other, generated.

The default run tries a sample, spread over the whole way of each scenario. All of it, some 1,500 cases:

    sh .run tests tests/faults -n 2 -m slow
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.faults.boundaries import Kind, Trouble
from tests.faults.matrix import SCENARIOS, Scenario, cases_of, scouted, tried

SAMPLE = 5
"""Cases of each kind and scenario in the default run."""

SHARDS = 4
"""Parts of the whole matrix for one kind and scenario, so that the parts can share the processors."""

KEY_BOUNDARIES = ("cloud POST action", "slack chat", "workflow", "write bot")
"""Where something would be lost or doubled first: the sample is from these."""

Report = Callable[[str, object], None]

each_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
each_kind = pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.name)


@each_scenario
@each_kind
async def test_a_sample(tmp_path: Path, record_property: Report, scenario: Scenario, kind: Kind) -> None:
    cases = [each for each in await cases_in(tmp_path, scenario, kind) if is_key(each)]
    await all_is_well(tmp_path, record_property, scenario, spread(cases, SAMPLE))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@each_scenario
@each_kind
@pytest.mark.parametrize("shard", range(SHARDS))
async def test_everything(tmp_path: Path, record_property: Report, scenario: Scenario, kind: Kind, shard: int) -> None:
    cases = await cases_in(tmp_path, scenario, kind)
    await all_is_well(tmp_path, record_property, scenario, cases[shard::SHARDS])


async def cases_in(folder: Path, scenario: Scenario, kind: Kind) -> list[Trouble]:
    """Every case of a kind, in the order of a run that had no trouble."""
    home = folder / "scout"
    home.mkdir()
    return list(cases_of(await scouted(home, scenario), [kind]))


async def all_is_well(folder: Path, report: Report, scenario: Scenario, cases: Sequence[Trouble]) -> None:
    outcome = await tried(folder, scenario, cases)
    for kind, number in outcome.tried.items():
        report("fault cases", f"{kind}:{number}")
    assert not outcome.failures, "\n\n".join(f"{case}\n{what}" for case, what in outcome.failures.items())
    assert outcome.missed <= len(cases) / 2


def is_key(trouble: Trouble) -> bool:
    boundary = trouble.place.boundary
    return boundary.startswith(KEY_BOUNDARIES) and not boundary.startswith("write bot-catalogue")


def spread(cases: Sequence[Trouble], number: int) -> Sequence[Trouble]:
    """So many of the cases, from the first to the last, equally far from each other."""
    if len(cases) <= number:
        return cases
    return [cases[round(place * (len(cases) - 1) / (number - 1))] for place in range(number)]
