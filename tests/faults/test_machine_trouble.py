"""Trouble with the machine: a full disk, files that others lock, two bots on one file, a network that is cut."""

import asyncio
import resource
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.storage.workflow_file import workflow_path
from tests.faults.checks import nothing_is_lost_and_nothing_is_done_twice
from tests.faults.patience import PATIENCE, eventually
from tests.faults.processes import BotProcess, ServedBot
from tests.faults.stage import COMMAND, Stage, Wish

UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)

LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""
"""Runs Python with a disk on which no file can be longer than that."""

KB = 1024

LINES = 16 * KB
"""Bytes that the log may grow by while the disk is full. What the bot keeps its files in is longer than its log."""


@contextmanager
def full_disk(bot: BotProcess) -> Iterator[None]:
    """A disk to which the running bot can write nothing but a few lines of its log."""
    most = bot.log.stat().st_size + LINES
    resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    yield
    if bot.is_running:
        resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, UNLIMITED)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """A file in which another process is writing."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.close()


# The disk is full


async def test_the_disk_is_full_while_a_copy_ends(stage: Stage) -> None:
    wish = Wish(stage.full)
    await stage.bot.start()
    await stage.asks(wish)
    await stage.until_running(wish)
    await stage.until_current(wish)
    with full_disk(stage.bot):
        stage.copies_finish()
        await eventually(lambda: "could not be written" in stage.bot.said)
        assert not stage.has_ended(wish)
    assert "Traceback" not in stage.bot.said
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)


async def test_the_disk_is_full_when_somebody_asks(stage: Stage) -> None:
    """They are told that it did not work, nothing is sent, and later it works."""
    wish = Wish(stage.full)
    await stage.bot.start()
    with full_disk(stage.bot):
        alice = stage.workspace.person("alice")
        await alice.types(f"{COMMAND} {wish.backup.id} {wish.region}")
        await alice.sees_ephemeral("Something in the bot broke", timeout=PATIENCE)
        assert stage.cloud.copy_requests() == []
    await stage.asks(wish)
    await stage.until_running(wish)
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)


@pytest.mark.parametrize("most", [0, 128 * KB, 192 * KB])
async def test_the_disk_is_full_at_the_start(real_stage: Stage, most: int) -> None:
    """Of the bot's files, each needs a little more room than the one before: each of them is the first that fails."""
    bot = real_stage.bot
    assert isinstance(bot, ServedBot)
    code, said = await bot.attempt(sys.executable, "-c", LIMITED, str(most))
    assert code == 1
    assert "The bot cannot start." in said
    assert "Traceback" not in said


async def test_the_disk_is_full_when_the_bot_is_stopped(stage: Stage) -> None:
    await stage.bot.start()
    with full_disk(stage.bot):
        assert await stage.bot.stop() == 0
    assert "will not say that the bot was stopped" in stage.bot.said


# Others


@pytest.mark.slow  # SQLite waits for 10 seconds
async def test_another_program_writes_to_the_audit_log_for_a_while(stage: Stage) -> None:
    wish = Wish(stage.full)
    await stage.bot.start()
    await stage.asks(wish)
    await stage.until_running(wish)
    await stage.until_current(wish)
    with locked(stage.file):
        stage.copies_finish()
        await eventually(lambda: "database is locked" in stage.bot.said)
        assert not stage.has_ended(wish)
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)


async def test_another_program_writes_to_the_workflows_for_a_while(stage: Stage) -> None:
    """What the bot asks DBOS to do has to wait; what is true does not."""
    wish = Wish(stage.full)
    await stage.bot.start()
    with locked(workflow_path(stage.file)):
        await stage.asks(wish)
        await asyncio.sleep(1)  # the lock is what is tested, and it has to last
    await stage.until_running(wish)
    with locked(workflow_path(stage.file)):
        stage.copies_finish()
        await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)


async def test_a_second_bot_on_the_same_file_refuses_to_start(real_stage: Stage) -> None:
    stage, wish, bot = real_stage, Wish(real_stage.full), real_stage.bot
    assert isinstance(bot, ServedBot)
    await bot.start()
    await stage.asks(wish)
    code, said = await bot.attempt()
    assert code == 1
    assert f"The bot cannot start. {stage.file} is in use by process {bot.pid}." in said
    assert "Traceback" not in said
    await stage.until_running(wish)
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)


async def test_another_program_has_the_port(real_stage: Stage, tmp_path: Path) -> None:
    bot = real_stage.bot
    assert isinstance(bot, ServedBot)
    await bot.start()
    code, said = await bot.attempt(DATABASE_URL=f"sqlite:///{tmp_path / 'another.sqlite'}")
    assert code == 1
    assert "cannot be listened on" in said
    assert "Set HOST or PORT" in said
    assert "Traceback" not in said


# The network


@pytest.mark.parametrize("stage", [False, True], ids=["HTTP", "Socket Mode"], indirect=True)
async def test_the_network_is_cut_for_a_while(stage: Stage) -> None:
    wish = Wish(stage.full)
    await stage.bot.start()
    await stage.asks(wish)
    await stage.until_running(wish)
    await stage.until_current(wish)
    async with stage.network.cut():
        await eventually(lambda: "no connection" in stage.bot.said)
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)
