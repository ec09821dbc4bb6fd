"""A backup of the bot's own file: made while the bot writes, whole, and never in the place of anything."""

import asyncio
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.domain.events import EventFilter
from bot.operations.ports import Verified
from bot.storage import Storage, StorageError, UnreadableFileError, open_storage, verify
from bot.storage.backup import back_up
from bot.storage.errors import NoFileError
from tests.fakes.clock import FakeClock
from tests.fakes.places import file_of
from tests.fakes.samples import sample_copy, sample_event, sample_order


def backups_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.glob("backup*"))


async def test_it_is_what_the_file_was_at_one_moment_while_others_write(storage: Storage, tmp_path: Path) -> None:
    path, file = file_of(storage), tmp_path / "backup.sqlite"
    copy = sample_copy(1)
    await storage.record.open(sample_order(copy), [(copy, sample_event(1))])

    async def write() -> None:
        for number in range(2, 300):
            await storage.record.append(sample_event(number))

    made, _ = await asyncio.gather(asyncio.to_thread(back_up, path, file), write())

    found = verify(file)
    assert isinstance(found, Verified)
    assert (found.events, found.head) == (made.last, made.head)
    assert 1 <= made.last <= 299
    assert isinstance(verify(path), Verified)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made.size == file.stat().st_size
    assert backups_in(tmp_path) == ["backup.sqlite"]


async def test_a_bot_goes_on_from_it(storage: Storage, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere" / "bot.sqlite"
    file.parent.mkdir()
    copy = sample_copy(1)
    await storage.record.open(sample_order(copy), [(copy, sample_event(1))])
    await asyncio.to_thread(back_up, file_of(storage), file)

    restored = await open_storage(file, FakeClock())

    assert [each.id for each in await restored.record.open_copies()] == [copy.id]
    written = await restored.record.append(sample_event(2))
    assert written.sequence == 2
    await restored.close()
    assert isinstance(verify(file), Verified)


async def test_what_is_there_is_never_written_over(storage: Storage, tmp_path: Path) -> None:
    file = tmp_path / "backup.sqlite"
    file.write_text("somebody's own")

    with pytest.raises(StorageError, match="is there already"):
        back_up(file_of(storage), file)

    assert file.read_text() == "somebody's own"


async def test_of_a_log_that_is_not_whole_there_is_no_backup(storage: Storage, tmp_path: Path) -> None:
    for number in range(1, 4):
        await storage.record.append(sample_event(number))
    with closing(sqlite3.connect(file_of(storage))) as forger:
        forger.execute("DROP TRIGGER events_no_update")
        forger.execute("UPDATE events SET body = replace(body, 'copy', 'cosy') WHERE sequence = 2")
        forger.commit()

    with pytest.raises(StorageError, match="Event 2 is not what it was"):
        back_up(file_of(storage), tmp_path / "backup.sqlite")

    assert backups_in(tmp_path) == []


async def test_with_the_wrong_key_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite"
    storage = await open_storage(path, FakeClock(), key=SecretStr("right"))
    await storage.record.append(sample_event(1))

    with pytest.raises(StorageError, match="Event 1"):
        back_up(path, tmp_path / "backup.sqlite", SecretStr("wrong"))
    assert back_up(path, tmp_path / "backup.sqlite", SecretStr("right")).last == 1
    await storage.close()


def test_where_there_is_no_file_of_a_bot_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoFileError):
        back_up(tmp_path / "bot.sqlite", tmp_path / "backup.sqlite")
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE something (x)")
    with pytest.raises(UnreadableFileError):
        back_up(other, tmp_path / "backup.sqlite")

    assert sorted(each.name for each in tmp_path.iterdir()) == ["other.sqlite"]


async def test_a_place_that_cannot_be_written_is_told(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        back_up(file_of(storage), tmp_path / "nowhere" / "backup.sqlite")


async def test_after_an_archive_it_says_the_number_of_the_last_event(storage: Storage, tmp_path: Path) -> None:
    for number in range(1, 4):
        await storage.record.append(sample_event(number))
    made = await asyncio.to_thread(back_up, file_of(storage), tmp_path / "backup.sqlite")

    newest = await storage.record.events(EventFilter(), limit=1)
    assert (made.last, made.head) == (newest[0].sequence, newest[0].hash)
