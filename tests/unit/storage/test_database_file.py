"""The file: who may have it, what it is made with, and what happens when it cannot be written."""

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import bot
from bot.domain.copies import CopyState
from bot.domain.events import EventFilter
from bot.operations.ports import Verified
from bot.storage import (
    FileInUseError,
    NewerFileError,
    Storage,
    StorageError,
    UnreadableFileError,
    catalogue_path,
    open_storage,
    verify,
)
from bot.storage.connection import Connection
from bot.storage.copies import insert_copy
from tests.fakes.clock import FakeClock
from tests.fakes.samples import sample_copy, sample_event, sample_order

FULL = 2
"""What SQLite calls it."""

TESTS = Path(__file__).parents[2]
SURROUNDINGS = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(bot.__file__).parents[1]), str(TESTS)])}

HOLDER = """
import asyncio, sys
from pathlib import Path
from tests.fakes.clock import FakeClock
from bot.storage import open_storage

async def main():
    storage = await open_storage(Path(sys.argv[1]), FakeClock())
    print("has it", flush=True)
    await asyncio.Event().wait()
    await storage.close()

asyncio.run(main())
"""

BUSY_WRITER = """
import asyncio, itertools, sys
from pathlib import Path
from tests.fakes.clock import FakeClock
from tests.fakes.samples import sample_copy, sample_event, sample_order
from bot.domain.copies import CopyState
from bot.storage import open_storage

async def one_copy(record, number):
    copy = sample_copy(number)
    await record.open(sample_order(copy), [(copy, sample_event(number))])
    for state in (CopyState.SENDING, CopyState.RUNNING, CopyState.COMPLETED):
        copy = copy.moved(state)
        if await record.move(copy, sample_event(number)):
            print(copy.id, copy.revision, flush=True)

async def main():
    record = (await open_storage(Path(sys.argv[1]), FakeClock())).record
    first = int(sys.argv[2])
    for batch in itertools.count(first, 20):
        await asyncio.gather(*(one_copy(record, number) for number in range(batch, batch + 20)))

asyncio.run(main())
"""


def running(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - this test's own script
        [sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, text=True, env=SURROUNDINGS
    )


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the file."""
    with running(HOLDER, str(tmp_path / "bot.db")) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "has it\n"
        yield process
        process.kill()


# One process


async def test_a_second_process_is_refused_and_told_who_has_the_file(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(FileInUseError, match="DATABASE_URL") as refused:
        await open_storage(tmp_path / "bot.db", FakeClock())
    assert refused.value.process == holder.pid
    assert str(tmp_path / "bot.db") in str(refused.value)


async def test_the_file_is_free_again_when_its_process_was_killed(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    holder.kill()
    holder.wait()
    storage = await open_storage(tmp_path / "bot.db", FakeClock())
    await storage.close()


async def test_a_refused_start_leaves_the_file_free(tmp_path: Path) -> None:
    catalogue_path(tmp_path / "bot.db").write_text("no database" * 1000)
    with pytest.raises(UnreadableFileError):
        await open_storage(tmp_path / "bot.db", FakeClock())
    catalogue_path(tmp_path / "bot.db").unlink()
    storage = await open_storage(tmp_path / "bot.db", FakeClock())
    await storage.close()
    await storage.close()


# kill -9


async def test_killed_while_writing_the_log_is_whole_and_no_copy_moved_without_its_event(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    acknowledged: dict[str, int] = {}
    for life in range(3):
        with running(BUSY_WRITER, str(path), str(life * 100_000)) as process:
            assert process.stdout is not None
            for _ in range(50 + 37 * life):
                copy_id, revision = process.stdout.readline().split()
                acknowledged[copy_id] = int(revision)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert isinstance(verify(path), Verified)
    storage = await open_storage(path, FakeClock())
    for copy in await storage.record.copies(limit=-1):
        about_it = EventFilter(copy_id=f"copy-{int(copy.id.removeprefix('copy-'))}")
        assert len(await storage.record.events(about_it)) == copy.revision + 1
        assert copy.revision >= acknowledged.pop(copy.id, 0)
    assert not acknowledged, "an acknowledged move is not there any more"
    await storage.close()


# What is in the file


async def test_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "bot.db"
    path.parent.mkdir()
    path.touch(mode=0o644)
    storage = await open_storage(path, FakeClock())
    await storage.record.append(sample_event(1))
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    await storage.close()


async def test_what_is_committed_survives_the_loss_of_power(storage: Storage) -> None:
    def as_set(connection: Connection) -> tuple[str, int]:
        journal = connection.execute("PRAGMA journal_mode").fetchone()[0]
        return journal, connection.execute("PRAGMA synchronous").fetchone()[0]

    assert await storage.files[0].write(as_set) == ("wal", FULL)


async def test_a_file_of_a_later_version_is_refused_and_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(NewerFileError, match="later version"):
        await open_storage(path, FakeClock())
    assert path.read_bytes() == before


async def test_a_file_that_is_no_database_is_refused_and_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    path.write_text("my diary\n" * 1000)
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        await open_storage(path, FakeClock())
    assert path.read_text() == "my diary\n" * 1000


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    for number in range(3):
        storage = await open_storage(tmp_path / "bot.db", FakeClock())
        assert (await storage.record.append(sample_event(number))).sequence == number + 1
        await storage.close()


# Writing


async def test_one_work_that_fails_does_not_harm_those_it_shares_a_transaction_with(storage: Storage) -> None:
    copy = sample_copy(1)

    def fails(connection: Connection) -> None:
        insert_copy(connection, copy)
        raise LookupError("on purpose")

    file = storage.files[0]
    others = [storage.record.append(sample_event(number)) for number in range(20)]
    answers = await asyncio.gather(*others[:10], file.write(fails), *others[10:], return_exceptions=True)
    assert isinstance(answers[10], LookupError)
    assert sum(isinstance(answer, Exception) for answer in answers) == 1
    assert len(await storage.record.events(EventFilter(), limit=100)) == 20
    assert await storage.record.copy(copy.id) is None


async def test_a_full_disk_is_told_to_everybody_and_nothing_is_half_written(storage: Storage) -> None:
    file = storage.files[0]
    copy = sample_copy(1)
    await storage.record.open(sample_order(copy), [(copy, sample_event(1))])

    def no_room(connection: Connection) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    await file.write(no_room)
    moves = [storage.record.append(sample_event(number)) for number in range(200)]
    answers = await asyncio.gather(*moves, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert refused
    assert all(isinstance(answer, StorageError) and "full" in str(answer) for answer in refused)
    written = await storage.record.events(EventFilter(), limit=1000)
    assert len(written) == 1 + 200 - len(refused)

    def room(connection: Connection) -> None:
        connection.execute("PRAGMA max_page_count = 1000000")

    await file.write(room)
    assert await storage.record.move(copy.moved(CopyState.SENDING), sample_event(2))
    assert isinstance(verify(file.place), Verified)


async def test_the_event_loop_goes_on_while_the_file_is_written_and_read(storage: Storage) -> None:
    """Both works end only when the loop, which would have to be free for it, says so."""
    go_on = threading.Event()

    def waits(_connection: Connection) -> bool:
        return go_on.wait(timeout=60)

    both = asyncio.gather(storage.files[0].write(waits), storage.files[0].read(waits))
    await asyncio.sleep(0)
    go_on.set()
    assert list(await both) == [True, True]


async def test_what_is_asked_for_after_the_end_is_refused(tmp_path: Path) -> None:
    storage = await open_storage(tmp_path / "bot.db", FakeClock())
    await storage.close()
    with pytest.raises(StorageError, match="closed"):
        await storage.record.append(sample_event(1))
    with pytest.raises(StorageError, match="closed"):
        await storage.record.open_copies()


async def test_what_was_asked_for_before_the_end_is_written(tmp_path: Path) -> None:
    storage = await open_storage(tmp_path / "bot.db", FakeClock())
    writing = [asyncio.ensure_future(storage.record.append(sample_event(number))) for number in range(500)]
    await asyncio.sleep(0)
    await storage.close()
    assert [recorded.sequence for recorded in await asyncio.gather(*writing)] == list(range(1, 501))


async def test_a_listener_is_told_also_when_who_wrote_has_gone(storage: Storage) -> None:
    heard = asyncio.Event()
    storage.record.on_commit(lambda _recorded: heard.set())
    writing = asyncio.ensure_future(storage.record.append(sample_event(1)))
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.wait_for(heard.wait(), timeout=60)


async def test_a_listener_that_fails_keeps_nothing_from_the_others(storage: Storage) -> None:
    heard = asyncio.Event()
    problems: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: problems.append(context["exception"]))

    def fails(_recorded: object) -> None:
        raise LookupError("on purpose")

    storage.record.on_commit(fails)
    storage.record.on_commit(lambda _recorded: heard.set())
    assert (await storage.record.append(sample_event(1))).sequence == 1
    await asyncio.wait_for(heard.wait(), timeout=60)
    assert [type(problem) for problem in problems] == [LookupError]
