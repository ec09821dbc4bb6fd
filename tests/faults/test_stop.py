"""SIGTERM: the bot ends soon and cleanly, tells nobody that anything failed, and the next one goes on."""

import signal
import socket
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import httpx
import pytest

from bot.domain.copies import CopyState
from bot.domain.events import EventKind
from tests.fakes.ports import held_ports
from tests.fakes.postgres import PostgresServer
from tests.faults.boundaries import ForkedBot
from tests.faults.checks import nothing_is_lost_and_nothing_is_done_twice
from tests.faults.patience import eventually
from tests.faults.processes import BotProcess
from tests.faults.stage import CHANNEL, COMMAND, Stage, Wish, set_stage

SOON = 10.0
"""Seconds after which Docker loses its patience with a container that it has asked to stop."""


async def stopped(stage: Stage) -> None:
    """The bot ends by itself within the time it has."""
    stage.bot.signal(signal.SIGTERM)
    assert await stage.bot.ends(SOON) == 0
    assert "Traceback" not in stage.bot.said
    assert stage.kinds()[-1] is EventKind.BOT_STOPPED


async def test_during_running_copies(real_stage: Stage) -> None:
    stage = real_stage
    wishes = Wish(stage.full), Wish(stage.incremental, person="bob")
    await stage.bot.start()
    for wish in wishes:
        await stage.asks(wish)
    await stage.until(EventKind.SEEN, wishes[0])
    await eventually(lambda: stage.state_of(wishes[1]) == CopyState.WAITING)
    await stage.until_current(*wishes)
    await eventually(lambda: "shows COPYING" in stage.shown(wishes[0]))
    said = [stage.shown(wish) for wish in wishes], [stage.lines_of(wish) for wish in wishes]
    await stopped(stage)
    assert ([stage.shown(wish) for wish in wishes], [stage.lines_of(wish) for wish in wishes]) == said
    await stage.bot.start()
    stage.copies_finish()
    await stage.until(EventKind.ACCEPTED, wishes[1])
    stage.copies_finish()
    await stage.until_told(*wishes)
    nothing_is_lost_and_nothing_is_done_twice(stage, *wishes)


async def test_while_the_cloud_does_not_answer_the_copy_request(stage: Stage) -> None:
    wish = Wish(stage.full)
    hold = stage.cloud.trouble.hold("copy", after_work=True)
    await stage.bot.start()
    await stage.asks(wish)
    await hold.arrived.wait()
    await stopped(stage)
    hold.release()
    await stage.bot.start()
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)


@pytest.mark.parametrize("stage", [False, True], ids=["HTTP", "Socket Mode"], indirect=True)
async def test_while_nobody_answers_anything(stage: Stage) -> None:
    wish = Wish(stage.full)
    await stage.bot.start()
    stage.workspace.trouble.slow("chat.postMessage", 60)
    await stage.asks(wish)
    await stage.until(EventKind.ACCEPTED, wish)
    stage.workspace.trouble.slow("*", 60)
    stage.cloud.trouble.slow(60, times=1000)
    await stopped(stage)
    stage.workspace.trouble.clear()
    stage.cloud.trouble.lift()
    await stage.bot.start()
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)


@pytest.mark.parametrize("stage", [False, True], ids=["HTTP", "Socket Mode"], indirect=True)
async def test_while_it_starts(stage: Stage) -> None:
    stage.workspace.trouble.slow("*", 60)
    await stage.bot.begin()
    await eventually(lambda: EventKind.BOT_STARTED in stage.kinds())
    await stopped(stage)


async def test_twice_and_by_ctrl_c(stage: Stage) -> None:
    await stage.bot.start()
    stage.bot.signal(signal.SIGINT)
    stage.bot.signal(signal.SIGTERM)
    assert await stage.bot.ends(SOON) == 0
    assert "Traceback" not in stage.bot.said


def takes_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("socket_mode", [False, True], ids=["HTTP", "Socket Mode"])
async def test_it_takes_nothing_more_says_so_and_answers_what_it_has_taken(tmp_path: Path, socket_mode: bool) -> None:
    with held_ports(1) as (monitoring,):
        async with set_stage(
            tmp_path, ForkedBot, socket_mode=socket_mode, speed=1.0, MONITORING_PORT=str(monitoring)
        ) as stage:
            await stage.bot.start()
            alice, address = stage.workspace.person("alice"), f"http://127.0.0.1:{monitoring}"
            async with httpx.AsyncClient(trust_env=False) as client:
                assert (await client.get(f"{address}/readyz")).status_code == 200
                hold = stage.workspace.trouble.hold("views.open")
                await alice.types(COMMAND, CHANNEL)
                await hold.arrived.wait()
                stage.bot.signal(signal.SIGTERM)
                await eventually(lambda: not takes_connections(int(stage.bot.environment["PORT"])))
                said = await client.get(f"{address}/readyz")
                assert (said.status_code, said.json()["missing"]) == (503, {"bot": "is stopping"})
                assert (await client.get(f"{address}/livez")).status_code == 200
                hold.release()
            await alice.sees_form("Copy a backup", timeout=SOON)
            assert await stage.bot.ends(SOON) == 0


async def test_a_replica_says_that_it_stops_and_answers_until_a_load_balancer_has_seen_that(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    place = postgres.new_database().get_secret_value()
    async with set_stage(tmp_path, ForkedBot, speed=1.0, DATABASE_URL=place) as stage:
        await stage.bot.start()
        await eventually(stage.bot.can_be_used)
        stage.bot.signal(signal.SIGTERM)
        await eventually(partial(is_not_ready, stage.bot))
        alice = stage.workspace.person("alice")
        await alice.types(COMMAND, CHANNEL)
        await alice.sees_form("Copy a backup", timeout=SOON)
        assert await stage.bot.ends(SOON) == 0


async def is_not_ready(bot: BotProcess) -> bool:
    return not await bot.can_be_used()


async def test_while_another_program_has_locked_the_file(real_stage: Stage) -> None:
    stage, wish = real_stage, Wish(real_stage.full)
    await stage.bot.start()
    await stage.asks(wish)
    await stage.until(EventKind.SEEN, wish)
    with closing(sqlite3.connect(stage.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        stage.bot.signal(signal.SIGTERM)
        stage.bot.signal(signal.SIGTERM)
        assert await stage.bot.ends(SOON) == 1
        assert "not everything has ended 9 s after the signal: left as it is for the next start" in stage.bot.said
        other.execute("ROLLBACK")
    await stage.bot.start()
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)
