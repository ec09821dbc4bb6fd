"""`audit verify`: whatever was done to the log is found, and the first event it was done to is named."""

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.domain.events import EventFilter
from bot.operations.ports import Broken, Verified
from bot.storage import Storage, UnreadableFileError, WrongKeyError, open_storage, read_all, verify
from bot.storage.audit_log import StoredEvent
from tests.fakes.audit_logs import tampering
from tests.fakes.clock import FakeClock
from tests.fakes.samples import sample_event

EVENTS = 60
PROPERTY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def broken_at(path: Path, key: str | None = None) -> int:
    found = verify(path, SecretStr(key) if key else None)
    assert isinstance(found, Broken), found
    return found.sequence


def stored(path: Path) -> list[StoredEvent]:
    return list(read_all(path, EventFilter()))


def test_a_whole_log_is_verified_with_its_last_hash(log_file: Path) -> None:
    assert verify(log_file) == Verified(events=EVENTS, head=stored(log_file)[-1].hash, is_keyed=False)


async def test_an_empty_log_is_whole(storage: Storage) -> None:
    assert verify(storage.files[0].place) == Verified(events=0, head="", is_keyed=False)


async def test_a_log_can_be_verified_while_the_bot_writes_to_it(storage: Storage) -> None:
    for number in range(1, 30):
        await storage.record.append(sample_event(number))
        found = verify(storage.files[0].place)
        assert isinstance(found, Verified)
        assert found.events == number


# One byte


def rows_in(raw: bytes, path: Path) -> list[tuple[int, int, int]]:
    """Sequence, and where in the file the body and the hash of that event begin and end."""
    places = []
    for event in stored(path):
        text = (event.body + event.hash).encode()
        start = raw.index(text)
        places.append((event.sequence, start, start + len(text)))
    return places


@PROPERTY
@given(data=st.data())
def test_one_changed_byte_of_an_event_is_found_and_the_event_named(
    log_file: Path, written_log: bytes, data: st.DataObject
) -> None:
    log_file.write_bytes(written_log)
    sequence, start, end = data.draw(st.sampled_from(rows_in(written_log, log_file)))
    position = data.draw(st.integers(start, end - 1))
    changed = bytearray(written_log)
    changed[position] ^= data.draw(st.integers(1, 255))
    log_file.write_bytes(changed)
    assert broken_at(log_file) == sequence


@PROPERTY
@given(data=st.data())
def test_one_changed_byte_anywhere_is_found_or_every_event_still_reads_as_it_was(
    log_file: Path, written_log: bytes, data: st.DataObject
) -> None:
    log_file.write_bytes(written_log)
    as_written = stored(log_file)
    position = data.draw(st.integers(0, len(written_log) - 1))
    changed = bytearray(written_log)
    changed[position] ^= data.draw(st.integers(1, 255))
    log_file.write_bytes(changed)
    for leftover in ("-wal", "-shm"):
        log_file.with_name(log_file.name + leftover).unlink(missing_ok=True)
    try:
        found = verify(log_file)
    except UnreadableFileError:
        return
    if isinstance(found, Broken):
        assert 1 <= found.sequence <= EVENTS + 1
        return
    with closing(sqlite3.connect(f"file:{log_file}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT sequence, body, hash FROM events NOT INDEXED ORDER BY sequence").fetchall()
    assert [StoredEvent(*row) for row in rows] == as_written


@pytest.mark.parametrize("page", range(1, 4))
def test_a_page_of_noise_in_the_log_is_found(log_file: Path, written_log: bytes, page: int) -> None:
    places = rows_in(written_log, log_file)
    start = places[page * 15][1] // 4096 * 4096
    first_on_page = min(sequence for sequence, begin, _ in places if start <= begin < start + 4096)
    log_file.write_bytes(written_log[:start] + b"\xa5" * 4096 + written_log[start + 4096 :])
    assert broken_at(log_file) == first_on_page


def test_a_file_that_was_cut_off_is_found(log_file: Path, written_log: bytes) -> None:
    _, last, _ = rows_in(written_log, log_file)[-1]
    log_file.write_bytes(written_log[: last // 4096 * 4096])
    try:
        assert broken_at(log_file) <= EVENTS
    except UnreadableFileError as unreadable:
        assert "malformed" in str(unreadable)  # noqa: PT017 - either answer names the damage; which is SQLite's choice


# Rows


def test_a_changed_event_is_named(log_file: Path) -> None:
    with tampering(log_file) as connection:
        connection.execute("UPDATE events SET body = replace(body, 'COPYING', 'WAITING') WHERE sequence = 17")
    assert broken_at(log_file) == 17


def test_an_event_changed_together_with_its_hash_is_found_at_the_next(log_file: Path) -> None:
    rows = stored(log_file)
    forged = rows[16].body.replace("COPYING", "WAITING")
    made = hashlib.sha256(f"17\n{rows[15].hash}\n{forged}".encode()).hexdigest()
    with tampering(log_file) as connection:
        connection.execute("UPDATE events SET body = ?, hash = ? WHERE sequence = 17", (forged, made))
    assert broken_at(log_file) == 18


@pytest.mark.parametrize("sequence", [1, 30, EVENTS])
def test_a_removed_event_is_named_also_the_last(log_file: Path, sequence: int) -> None:
    with tampering(log_file) as connection:
        connection.execute("DELETE FROM events WHERE sequence = ?", (sequence,))
    assert broken_at(log_file) == sequence


def test_a_log_that_was_emptied_is_found(log_file: Path) -> None:
    with tampering(log_file) as connection:
        connection.execute("DELETE FROM events")
    assert broken_at(log_file) == 1


def test_a_removed_event_is_found_also_when_the_others_close_the_gap(log_file: Path) -> None:
    with tampering(log_file) as connection:
        connection.execute("DELETE FROM events WHERE sequence = 20")
        for sequence in range(21, EVENTS + 1):
            connection.execute("UPDATE events SET sequence = ? WHERE sequence = ?", (sequence - 1, sequence))
    assert broken_at(log_file) == 20


def test_swapped_events_are_found(log_file: Path) -> None:
    with tampering(log_file) as connection:
        for old, new in ((10, 1000), (11, 10), (1000, 11)):
            connection.execute("UPDATE events SET sequence = ? WHERE sequence = ?", (new, old))
    assert broken_at(log_file) == 10


def test_an_appended_event_with_a_made_up_hash_is_found(log_file: Path) -> None:
    with tampering(log_file) as connection:
        connection.execute(
            "INSERT INTO events (sequence, body, hash) SELECT sequence + 1, body, hash FROM events "
            "ORDER BY sequence DESC LIMIT 1"
        )
    assert broken_at(log_file) == EVENTS + 1


def test_a_body_of_another_type_is_found_also_where_its_bytes_are_the_same(log_file: Path) -> None:
    with tampering(log_file) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, ' STRICT', '') WHERE name = 'events'")
    with closing(sqlite3.connect(log_file)) as connection, connection:
        connection.execute("UPDATE events SET body = CAST(body AS BLOB) WHERE sequence = 25")
    found = verify(log_file)
    assert found == Broken(25, "its body or its hash is not text")


# Keys


def test_a_keyed_log_is_whole_with_its_key_only(write_keyed_log: Callable[[str], Path]) -> None:
    path = write_keyed_log("the right key")
    found = verify(path, SecretStr("the right key"))
    assert isinstance(found, Verified)
    assert found.is_keyed
    for key, hint in ((None, "written with a key"), (SecretStr("a wrong key"), "the key is not the one")):
        broken = verify(path, key)
        assert isinstance(broken, Broken)
        assert broken.sequence == 1
        assert hint in broken.finding


def test_without_the_key_nobody_can_append_an_event(write_keyed_log: Callable[[str], Path]) -> None:
    path = write_keyed_log("key")
    last = stored(path)[-1]
    body = last.body.replace("COPYING", "FORGED")
    made = hashlib.sha256(f"{EVENTS + 1}\n{last.hash}\n{body}".encode()).hexdigest()
    with tampering(path) as connection:
        connection.execute("INSERT INTO events (sequence, body, hash) VALUES (?, ?, ?)", (EVENTS + 1, body, made))
    assert broken_at(path, "key") == EVENTS + 1


@pytest.mark.parametrize("key", [None, SecretStr("another")])
async def test_the_bot_does_not_go_on_with_another_key(tmp_path: Path, key: SecretStr | None) -> None:
    path = tmp_path / "bot.db"
    storage = await open_storage(path, FakeClock(), key=SecretStr("a secret thing"))
    await storage.record.append(sample_event(1))
    await storage.close()
    with pytest.raises(WrongKeyError, match="event 1") as refused:
        await open_storage(path, FakeClock(), key=key)
    assert "secret thing" not in str(refused.value)
    storage = await open_storage(path, FakeClock(), key=SecretStr("a secret thing"))
    await storage.close()


def test_a_column_that_shows_something_else_than_the_events_say_is_found(log_file: Path) -> None:
    with closing(sqlite3.connect(log_file)) as shell:
        shell.execute("PRAGMA writable_schema = ON")
        shell.execute("UPDATE sqlite_master SET sql = replace(sql, '$.who.name', '$.who.id') WHERE name = 'events'")
        shell.commit()

    found = verify(log_file)

    assert isinstance(found, Broken)
    assert "who_name" in found.finding


# Other files


@pytest.mark.parametrize("content", [b"", b"not a database at all, but long enough to be one" * 100])
def test_a_file_that_is_no_log_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.db"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=r"other\.db"):
        verify(path)
    with pytest.raises(UnreadableFileError, match=r"other\.db"):
        stored(path)


def test_a_file_that_is_not_there_is_said_to_be_missing_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError):
        verify(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


def test_progress_is_told_on_the_way(log_file: Path) -> None:
    told: list[tuple[int, int]] = []
    verify(log_file, progress=lambda checked, expected: told.append((checked, expected)))
    assert told[-1] == (EVENTS, EVENTS)


@pytest.mark.parametrize(
    ("words", "instead"), [(b"json_extract(body", b"json_\xfdxtract(body"), (b"TEXT, ", b"T\xbcXT, ")]
)
def test_damage_that_sqlite_quotes_is_told_as_damage(
    log_file: Path, written_log: bytes, words: bytes, instead: bytes
) -> None:
    assert words in written_log
    log_file.write_bytes(written_log.replace(words, instead))
    try:
        assert isinstance(verify(log_file), Broken)
    except UnreadableFileError as unreadable:
        assert "bot.db" in str(unreadable)  # noqa: PT017 - either answer names the damage
