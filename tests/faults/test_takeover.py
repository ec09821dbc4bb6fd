"""Two bots on one PostgreSQL database: one works, the other stands by and takes over."""

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.domain.events import EventKind
from tests.fakes.postgres import PASSWORD, PostgresServer
from tests.faults.checks import nothing_is_lost_and_nothing_is_done_twice
from tests.faults.patience import eventually
from tests.faults.processes import ServedBot
from tests.faults.stage import Stage, Wish, set_stage

pytestmark = pytest.mark.slow

STANDS_BY = "standing by: process"

TAKEOVER_SECONDS = 30.0


@dataclass(frozen=True)
class Replicas:
    stage: Stage
    other: ServedBot


@pytest.fixture
async def replicas(tmp_path: Path, postgres: PostgresServer) -> AsyncIterator[Replicas]:
    place = postgres.new_database().get_secret_value()
    async with set_stage(tmp_path, socket_mode=True, DATABASE_URL=place) as stage:
        folder = tmp_path / "other"
        folder.mkdir()
        other = ServedBot({**stage.bot.environment, "PORT": "0"}, folder)
        try:
            yield Replicas(stage, other)
        finally:
            await other.kill()


async def with_a_running_copy(replicas: Replicas) -> Wish:
    """One bot has a copy under way, the other stands by."""
    stage, wish = replicas.stage, Wish(replicas.stage.full)
    await stage.bot.start()
    await replicas.other.begin()
    await eventually(lambda: STANDS_BY in replicas.other.said)
    await stage.asks(wish)
    await stage.until_running(wish)
    return wish


async def test_the_copies_of_a_bot_that_was_killed_are_taken_up_by_another(replicas: Replicas) -> None:
    stage, other = replicas.stage, replicas.other
    wish = await with_a_running_copy(replicas)
    await stage.bot.kill()
    async with asyncio.timeout(TAKEOVER_SECONDS):
        await other.until_ready()
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)
    assert PASSWORD not in stage.bot.said + other.said


async def test_a_request_whose_bot_was_killed_meanwhile_is_not_sent_again_by_another(replicas: Replicas) -> None:
    stage, wish = replicas.stage, Wish(replicas.stage.full)
    hold = stage.cloud.trouble.hold("copy", after_work=True)
    await stage.bot.start()
    await replicas.other.begin()
    await stage.asks(wish)
    await hold.arrived.wait()
    await stage.bot.kill()
    hold.release()
    await replicas.other.until_ready()
    await stage.until_running(wish)
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)


async def test_a_bot_that_stood_still_and_comes_back_does_nothing_more_and_ends(replicas: Replicas) -> None:
    stage, other = replicas.stage, replicas.other
    wish = await with_a_running_copy(replicas)
    stage.bot.signal(signal.SIGSTOP)
    await other.until_ready()
    stage.bot.signal(signal.SIGCONT)
    assert await stage.bot.ends() == 1
    assert "another one has taken over the work on its database" in stage.bot.said
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)
    assert stage.kinds().count(EventKind.BOT_STARTED) == 2


async def test_a_bot_that_is_told_to_stop_hands_over_at_once(replicas: Replicas) -> None:
    wish = await with_a_running_copy(replicas)
    replicas.stage.bot.signal(signal.SIGTERM)
    await replicas.other.until_ready()
    replicas.stage.copies_finish()
    await replicas.stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(replicas.stage, wish)
