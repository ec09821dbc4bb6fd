"""What whoever watches the bot is told of its files."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.storage import Storage, StorageError, catalogue_path, open_storage, sizes_of
from bot.storage.workflow_file import workflow_path
from tests.fakes.clock import FakeClock
from tests.fakes.places import file_of


async def test_that_it_can_be_written_is_found_out_by_writing(storage: Storage) -> None:
    log = file_of(storage).with_name(f"{file_of(storage).name}-wal")
    before = log.stat().st_size

    await storage.check()
    await storage.check()

    assert log.stat().st_size > before


async def test_nothing_is_changed_by_it(tmp_path: Path) -> None:
    storage = await open_storage(tmp_path / "bot.sqlite", FakeClock())
    await storage.check()
    await storage.close()

    again = await open_storage(tmp_path / "bot.sqlite", FakeClock())
    assert await again.record.open_copies() == []
    await again.close()


async def test_a_file_that_cannot_be_written_is_told(storage: Storage) -> None:
    await storage.files[0].write(lambda connection: connection.execute("PRAGMA query_only = 1"))

    with pytest.raises(StorageError, match="readonly"):
        await storage.check()


def test_the_sizes_of_all_files_with_what_is_not_in_them_yet(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite"
    path.write_bytes(b"." * 100)
    path.with_name("bot.sqlite-wal").write_bytes(b"." * 20)
    workflow_path(path).write_bytes(b"." * 3)

    assert sizes_of(path) == {"record": 120, "catalogue": 0, "workflows": 3}


async def test_another_program_that_reads_does_not_keep_it_from_being_written(storage: Storage) -> None:
    with closing(sqlite3.connect(catalogue_path(file_of(storage)), isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        await storage.check()
