"""Chaos for a while: whatever happens, what was asked for is done once and told once, and the audit log is whole.

For five minutes, or the same again:

    sh .run tests tests/faults/test_chaos.py -m slow -n 0 --chaos-seconds 300 --chaos-seed 7
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.conftest import NUMBERS
from tests.fakes.postgres import PostgresServer
from tests.faults.chaos import Blow, Chaos, People, Trial, numbers_of, role_of
from tests.faults.checks import nothing_is_lost_and_nothing_is_done_twice
from tests.faults.replicas import replicas_on
from tests.faults.stage import set_stage

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    # what is on its way when the network is cut leaves its socket to the collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"),
]


async def survived(chaos: Chaos, blows: Sequence[Blow], trial: Trial) -> None:
    """Chaos, and all is well afterwards."""
    people = People(chaos.stage, trial.seed)
    async with chaos.supervised():
        async with people.asking():
            await chaos.strike(trial.planned(len(chaos.bots), blows))
        await people.are_told()
    await asyncio.gather(*(bot.kill() for bot in chaos.bots))
    trial.report(NUMBERS, numbers_of(chaos, people, trial.seed))
    nothing_is_lost_and_nothing_is_done_twice(chaos.stage, *people.wishes)


@pytest.mark.parametrize("socket_mode", [False, True], ids=["HTTP", "Socket Mode"])
async def test_three_replicas_on_postgresql(
    tmp_path: Path, postgres: PostgresServer, socket_mode: bool, trial: Trial
) -> None:
    place = postgres.new_database()
    async with replicas_on(tmp_path, place, socket_mode=socket_mode, speed=300.0) as replicas:
        for number, bot in enumerate(replicas.bots):
            bot.environment["DATABASE_URL"] = by_its_own_role(postgres, place, number).get_secret_value()
        chaos = Chaos(replicas.stage, replicas.bots, postgres)
        await survived(chaos, tuple(Blow), trial)


@pytest.mark.parametrize("socket_mode", [False, True], ids=["HTTP", "Socket Mode"])
async def test_one_bot_on_a_file(tmp_path: Path, socket_mode: bool, trial: Trial) -> None:
    async with set_stage(tmp_path, socket_mode=socket_mode) as stage:
        await survived(Chaos(stage, [stage.bot]), (Blow.KILL, Blow.STANDSTILL, Blow.NO_NETWORK), trial)


def by_its_own_role(postgres: PostgresServer, place: SecretStr, number: int) -> SecretStr:
    role, database = role_of(number), place.get_secret_value().rpartition("/")[2]
    postgres.run(f"DROP ROLE IF EXISTS {role}; CREATE ROLE {role} SUPERUSER LOGIN")
    return postgres.place(database, user=role)
