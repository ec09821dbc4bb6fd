"""Old events go into a file and nowhere else: what stays, what goes on, and what happens when it goes wrong."""

import asyncio
import hashlib
import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.domain.copies import CopyState
from bot.domain.events import EventFilter, EventKind
from bot.domain.people import Person
from bot.domain.posts import Post
from bot.operations.ports import Broken, Verified
from bot.storage import Storage, StorageError, WrongKeyError, open_storage, read_all, verify
from bot.storage import archive as archiving
from bot.storage.archive import Archived, Kept, archive
from bot.storage.exported import verify_file
from tests.fakes.audit_logs import hash_of, tampering
from tests.fakes.clock import FakeClock
from tests.fakes.records import START, completed, event, new_copy, opened
from tests.fakes.samples import NOON, sample_event

WHO = Person("", "root (command line)")
LATER = NOON + timedelta(days=400)


def archived(path: Path, file: Path, *, until: int | None = None, key: str | None = None) -> Archived | Kept:
    """The sample events up to one, or all."""
    before = LATER if until is None else NOON + timedelta(seconds=until)
    return archive(path, file, before, who=WHO, at=LATER, key=SecretStr(key) if key else None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "old.jsonl"


def sequences(path: Path) -> list[int]:
    return [stored.sequence for stored in read_all(path, EventFilter())]


# What goes, and what goes on


def test_old_events_are_in_the_file_and_the_rest_goes_on_from_them(log_file: Path, file: Path) -> None:
    before = list(read_all(log_file, EventFilter()))
    done = archived(log_file, file, until=20)

    assert isinstance(done, Archived)
    assert (done.first, done.until, done.head, done.kept_for, done.more) == (1, 20, before[19].hash, None, False)
    assert [json.loads(line)["body"] for line in file.read_text("utf-8").splitlines()] == [
        each.body for each in before[:20]
    ]
    assert sequences(log_file) == list(range(21, 62))
    assert verify(log_file) == Verified(41, hash_of(log_file, 61), is_keyed=False, archived=20)
    assert verify_file(file).found == Verified(20, done.head, is_keyed=False)


def test_the_log_says_what_went_where(log_file: Path, file: Path) -> None:
    done = archived(log_file, file, until=20)
    last = list(read_all(log_file, EventFilter(kinds=(EventKind.ARCHIVED,))))[-1].recorded.event

    assert isinstance(done, Archived)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    facts = {"events": 20, "until": 20, "head": done.head, "file": "old.jsonl", "digest": digest}
    assert (last.who, last.at, last.facts) == (WHO, LATER, facts)
    assert done.digest == verify_file(file).digest == digest


def test_archives_follow_one_another(log_file: Path, file: Path, tmp_path: Path) -> None:
    archived(log_file, file, until=20)
    archived(log_file, tmp_path / "second.jsonl", until=40)
    both = tmp_path / "both.jsonl"
    both.write_bytes(file.read_bytes() + (tmp_path / "second.jsonl").read_bytes())

    assert sequences(log_file) == list(range(41, 63))
    assert verify_file(tmp_path / "second.jsonl").found == Verified(20, hash_of_line(both, 40), False, archived=20)
    assert verify_file(both).found == Verified(40, hash_of_line(both, 40), is_keyed=False)
    assert isinstance(verify(log_file), Verified)


def hash_of_line(file: Path, number: int) -> str:
    return str(json.loads(file.read_text("utf-8").splitlines()[number - 1])["hash"])


def test_all_of_a_log_can_go(log_file: Path, file: Path) -> None:
    archived(log_file, file)

    assert sequences(log_file) == [61]
    assert verify(log_file) == Verified(1, hash_of(log_file, 61), is_keyed=False, archived=60)


async def test_the_bot_goes_on_after_an_archive_of_everything(log_file: Path, file: Path) -> None:
    await asyncio.to_thread(archived, log_file, file)
    storage = await open_storage(log_file, FakeClock())
    recorded = await storage.record.append(sample_event(1))
    await storage.close()

    assert recorded.sequence == 62
    assert isinstance(verify(log_file), Verified)


def test_a_log_with_a_key_is_archived_with_its_key_only(tmp_path: Path, file: Path) -> None:
    path = tmp_path / "keyed.db"

    async def written() -> None:
        storage = await open_storage(path, FakeClock(), key=SecretStr("sesame"))
        for number in range(5):
            await storage.record.append(sample_event(number))
        await storage.close()

    asyncio.run(written())
    for other in (None, "another"):
        with pytest.raises(WrongKeyError):
            archived(path, file, until=3, key=other)
    assert not file.exists()
    archived(path, file, until=3, key="sesame")

    assert verify(path, SecretStr("sesame")) == Verified(3, hash_of(path, 6), is_keyed=True, archived=3)
    assert isinstance(verify_file(file, SecretStr("sesame")).found, Verified)
    assert isinstance(verify_file(file, SecretStr("another")).found, Broken)
    hint = verify(path, SecretStr("another"))
    assert isinstance(hint, Broken)
    assert "the key is not the one of this log" in hint.finding


def test_more_than_one_file_holds_is_said(log_file: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "MOST_IN_ONE_FILE", 7)
    done = archived(log_file, file, until=20)

    assert isinstance(done, Archived)
    assert (done.until, done.more) == (7, True)


def test_nothing_old_is_nothing_to_do(log_file: Path, file: Path) -> None:
    assert archived(log_file, file, until=0) == Kept(None)
    assert not file.exists()
    assert len(sequences(log_file)) == 60


# What is needed stays


async def told(storage: Storage, order_id: str) -> None:
    await storage.posts.save(Post(order_id, "C0OPS", "1.0", is_finished=True))


async def to_archive(storage: Storage, file: Path, before: datetime = LATER) -> Archived | Kept:
    return await asyncio.to_thread(archive, storage.files[0].place, file, before, who=WHO, at=LATER)


async def test_what_happened_to_open_orders_stays(storage: Storage, file: Path) -> None:
    record = storage.record
    ended = await completed(record, new_copy(1), START)
    await told(storage, ended.order_id)
    copy = await opened(record, new_copy(2, destination="ORD"))
    await told(storage, copy.order_id)
    await record.append(event())

    done = await to_archive(storage, file)

    assert isinstance(done, Archived)
    assert (done.until, done.kept_for) == (4, 5)
    assert [each.sequence for each in await record.story(copy.order_id)] == [5]


async def test_what_was_not_told_to_its_end_stays(storage: Storage, file: Path) -> None:
    first = await completed(storage.record, new_copy(1), START)
    second = await completed(storage.record, new_copy(2, destination="ORD"), START)
    await told(storage, second.order_id)
    await storage.posts.save(Post(first.order_id, "C0OPS", "1.0"))

    assert await to_archive(storage, file) == Kept(1)
    await told(storage, first.order_id)
    assert isinstance(await to_archive(storage, file), Archived)


async def test_an_order_that_shares_an_open_copy_stays(storage: Storage, file: Path) -> None:
    copy = await opened(storage.record, new_copy(1))
    await told(storage, copy.order_id)
    await storage.record.append(event())

    assert await to_archive(storage, file) == Kept(1)


async def test_what_is_learned_from_old_copies_is_known_after_it(storage: Storage, file: Path) -> None:
    ended = await completed(storage.record, new_copy(1), START + timedelta(minutes=5))
    await told(storage, ended.order_id)
    before = await storage.record.times("DFW", "IAD")
    await to_archive(storage, file)

    assert before == await storage.record.times("DFW", "IAD")
    assert list(await storage.record.story(ended.order_id)) == []
    standing = await storage.record.order(ended.order_id)
    assert standing is not None
    assert standing.main.state is CopyState.COMPLETED
    assert await storage.posts.unfinished() == []
    kinds = [each.event.kind for each in await storage.record.events(EventFilter())]
    assert kinds == [EventKind.ARCHIVED]


async def test_the_bot_writes_on_while_old_events_are_archived(storage: Storage, file: Path) -> None:
    for number in range(300):
        await storage.record.append(sample_event(number))
    writing = [storage.record.append(sample_event(number)) for number in range(300, 400)]
    done, *_ = await asyncio.gather(to_archive(storage, file, NOON + timedelta(seconds=200)), *writing)
    await storage.record.append(sample_event(400))

    assert isinstance(done, Archived)
    assert done.until == 200
    found = await asyncio.to_thread(verify, storage.files[0].place)
    assert isinstance(found, Verified)
    assert found.events == 202


# When it goes wrong


def test_a_file_that_is_there_is_never_written_over(log_file: Path, file: Path) -> None:
    file.write_text("precious", encoding="utf-8")
    with pytest.raises(StorageError, match="is there already"):
        archived(log_file, file, until=20)

    assert file.read_text("utf-8") == "precious"
    assert len(sequences(log_file)) == 60


def test_a_file_that_cannot_be_written_costs_nothing(log_file: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        archived(log_file, tmp_path / "no such folder" / "old.jsonl", until=20)

    assert len(sequences(log_file)) == 60


def test_a_log_that_is_not_whole_is_not_archived(log_file: Path, file: Path) -> None:
    with tampering(log_file) as connection:
        connection.execute("UPDATE events SET body = replace(body, 'COPYING', 'WAITING') WHERE sequence = 17")
    with pytest.raises(StorageError, match="Event 17 is not what it was"):
        archived(log_file, file, until=20)

    assert list(file.parent.glob("old*")) == []


class CrashError(BaseException):
    """The machine is gone."""


@pytest.mark.parametrize("step", ["_flush_folder", "carried_on", "note_archive"])
def test_after_a_crash_no_event_is_gone(log_file: Path, file: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Whatever step it ends at, the log has all of it, and another try works."""
    calls = iter(range(10))

    def crash(*arguments: object) -> object:
        if step == "carried_on" and next(calls) == 0:
            return original(*arguments)
        raise CrashError

    original = getattr(archiving, step)
    monkeypatch.setattr(archiving, step, crash)
    with pytest.raises(CrashError):
        archived(log_file, file, until=20)
    monkeypatch.undo()

    assert sequences(log_file) == list(range(1, 61))
    assert isinstance(verify(log_file), Verified)
    assert isinstance(verify_file(file).found, Verified), "the file was whole before anything went"
    assert isinstance(archived(log_file, file.with_name("again.jsonl"), until=20), Archived)


def test_a_file_of_an_earlier_version_is_left_alone(log_file: Path, file: Path) -> None:
    with closing(sqlite3.connect(log_file)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version - 1}")
    with pytest.raises(StorageError, match="start the bot on it once"):
        archived(log_file, file, until=20)


# Nothing else can be taken out


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM events WHERE sequence = 21",
        "DELETE FROM events WHERE sequence = 61",
        "DELETE FROM events",
        "DELETE FROM archives",
        "UPDATE archives SET until = 60",
    ],
)
def test_after_an_archive_nothing_else_can_be_deleted(log_file: Path, file: Path, change: str) -> None:
    archived(log_file, file, until=20)
    with closing(sqlite3.connect(log_file)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(change)
    assert len(sequences(log_file)) == 41


def test_a_beginning_that_was_cut_off_is_no_archive(log_file: Path) -> None:
    made = hash_of(log_file, 20)
    with tampering(log_file) as connection:
        connection.execute("DELETE FROM events WHERE sequence <= 20")
        connection.execute("INSERT INTO archives (until, head, event) VALUES (20, ?, 30)", (made,))
    found = verify(log_file)

    assert isinstance(found, Broken)
    assert (found.sequence, "no event says that it was archived" in found.finding) == (20, True)


@pytest.mark.parametrize("sequence", [21, 40, 61])
def test_a_changed_event_is_named_after_an_archive_too(log_file: Path, file: Path, sequence: int) -> None:
    archived(log_file, file, until=20)
    with tampering(log_file) as connection:
        connection.execute("UPDATE events SET body = replace(body, '2026', '2027') WHERE sequence = ?", (sequence,))
        connection.execute(
            "UPDATE events SET body = replace(body, 'command line', 'x') WHERE sequence = ?", (sequence,)
        )
    found = verify(log_file)

    assert isinstance(found, Broken)
    assert found.sequence == sequence


def test_a_changed_archive_is_named(log_file: Path, file: Path) -> None:
    archived(log_file, file, until=20)
    whole = file.read_text("utf-8").splitlines(keepends=True)
    for changed, due in (
        (whole[:4] + whole[5:], 5),
        ([*whole[:6], whole[6].replace("COPYING", "WAITING"), *whole[7:]], 7),
        ([*whole[:9], "no event\n", *whole[10:]], 10),
    ):
        file.write_text("".join(changed), encoding="utf-8")
        found = verify_file(file).found
        assert isinstance(found, Broken)
        assert found.sequence == due
