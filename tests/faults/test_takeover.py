"""Two bots on one PostgreSQL database: both answer people, one works on the copies, and the other takes that over."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.domain.events import EventKind
from bot.server import SLACK_PATH
from tests.fakes.ports import held_ports
from tests.fakes.postgres import PASSWORD, PostgresServer
from tests.faults.checks import nothing_is_lost_and_nothing_is_done_twice
from tests.faults.patience import eventually
from tests.faults.processes import ServedBot
from tests.faults.stage import Stage, Wish, set_stage

pytestmark = pytest.mark.slow

AT_WORK = "this bot works on the copies now"
WAITS = "when it ends, this bot takes over"

TAKEOVER_SECONDS = 30.0


@dataclass(frozen=True)
class Replicas:
    stage: Stage
    other: ServedBot


@pytest.fixture
async def replicas(tmp_path: Path, postgres: PostgresServer) -> AsyncIterator[Replicas]:
    async with two_replicas(tmp_path, postgres, socket_mode=True) as both:
        yield both


@asynccontextmanager
async def two_replicas(folder: Path, postgres: PostgresServer, *, socket_mode: bool) -> AsyncIterator[Replicas]:
    place = postgres.new_database().get_secret_value()
    async with set_stage(folder, socket_mode=socket_mode, DATABASE_URL=place) as stage:
        with held_ports(1) as (port,):
            (folder / "other").mkdir()
            other = ServedBot({**stage.bot.environment, "PORT": str(port)}, folder / "other")
            try:
                yield Replicas(stage, other)
            finally:
                await other.kill()


async def both_are_there(replicas: Replicas) -> None:
    """One of them works on the copies, the other waits for that."""
    stage, other = replicas.stage, replicas.other
    await stage.bot.start()
    await eventually(lambda: AT_WORK in stage.bot.said)
    await other.start()
    await eventually(lambda: WAITS in other.said)


async def with_a_running_copy(replicas: Replicas) -> Wish:
    wish = Wish(replicas.stage.full)
    await both_are_there(replicas)
    await replicas.stage.asks(wish)
    await replicas.stage.until_running(wish)
    return wish


async def test_what_is_asked_of_one_is_done_by_the_other(tmp_path: Path, postgres: PostgresServer) -> None:
    async with two_replicas(tmp_path, postgres, socket_mode=False) as replicas:
        stage, wish = replicas.stage, Wish(replicas.stage.full)
        await both_are_there(replicas)
        stage.workspace.deliver_to(f"http://127.0.0.1:{replicas.other.environment['PORT']}{SLACK_PATH}")
        await stage.asks(wish)
        await stage.until_running(wish)
        stage.copies_finish()
        await stage.until_told(wish)
        nothing_is_lost_and_nothing_is_done_twice(stage, wish)
        assert await replicas.other.can_be_used()


async def test_the_copies_of_a_bot_that_was_killed_are_taken_up_by_another(replicas: Replicas) -> None:
    stage, other = replicas.stage, replicas.other
    wish = await with_a_running_copy(replicas)
    await stage.bot.kill()
    async with asyncio.timeout(TAKEOVER_SECONDS):
        await eventually(lambda: AT_WORK in other.said)
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)
    assert PASSWORD not in stage.bot.said + other.said


async def test_a_request_whose_bot_was_killed_meanwhile_is_not_sent_again_by_another(replicas: Replicas) -> None:
    stage, wish = replicas.stage, Wish(replicas.stage.full)
    hold = stage.cloud.trouble.hold("copy", after_work=True)
    await both_are_there(replicas)
    await stage.asks(wish)
    await hold.arrived.wait()
    await stage.bot.kill()
    hold.release()
    await stage.until_running(wish)
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)


async def test_a_bot_that_stood_still_and_comes_back_does_nothing_more_and_ends(replicas: Replicas) -> None:
    stage, other = replicas.stage, replicas.other
    wish = await with_a_running_copy(replicas)
    stage.bot.signal(signal.SIGSTOP)
    await eventually(lambda: AT_WORK in other.said)
    stage.bot.signal(signal.SIGCONT)
    assert await stage.bot.ends() == 1
    assert "another one has taken over the work on its database" in stage.bot.said
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)
    assert stage.kinds().count(EventKind.BOT_STARTED) == 2


async def test_a_bot_that_is_told_to_stop_hands_over_at_once(replicas: Replicas) -> None:
    stage, other = replicas.stage, replicas.other
    wish = await with_a_running_copy(replicas)
    assert await stage.bot.stop() == 0
    await eventually(lambda: AT_WORK in other.said)
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)
