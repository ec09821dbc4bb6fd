"""The table of the audit log, as it is seen with any SQLite tool."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.events import EventFilter, EventKind
from bot.operations.ports import Verified
from bot.storage import RECORD_SCHEMA, Storage, open_storage, read_newest, verify
from bot.storage.audit_log import AuditLog, compute_without_types, find_events
from bot.storage.connection import Connection
from bot.storage.sqlite_file import SqliteConnection, SqliteFile
from tests.fakes.clock import FakeClock
from tests.fakes.samples import NOON, sample_event


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET body = '{}' WHERE sequence = 3",
        "UPDATE events SET hash = '' WHERE sequence = 3",
        "DELETE FROM events WHERE sequence = 60",
        "DELETE FROM events",
        "REPLACE INTO events (sequence, body, hash) VALUES (3, '{}', '')",
        "INSERT OR REPLACE INTO events (sequence, body, hash) VALUES (60, '{}', '')",
        "INSERT INTO events (sequence, body, hash) VALUES (3, '{}', '') ON CONFLICT DO UPDATE SET body = '{}'",
        "INSERT INTO events (sequence, body, hash) VALUES (62, '{}', '')",
        "INSERT INTO events (body, hash) VALUES ('{}', '')",
        "INSERT OR IGNORE INTO events (sequence, body, hash) VALUES (0, '{}', '')",
    ],
)
def test_events_are_only_ever_added_at_the_end(log_file: Path, change: str) -> None:
    with closing(sqlite3.connect(log_file)) as connection:
        before = connection.execute("SELECT * FROM events").fetchall()
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(change)
        assert connection.execute("SELECT * FROM events").fetchall() == before


def test_every_column_is_computed_from_the_text_the_hash_is_of(log_file: Path) -> None:
    with closing(sqlite3.connect(log_file)) as connection:
        connection.row_factory = sqlite3.Row
        row = connection.execute("SELECT * FROM events WHERE sequence = 1").fetchone()
        hidden = {name: kind for _, name, *_, kind in connection.execute("PRAGMA table_xinfo(events)")}
    assert {name for name, kind in hidden.items() if kind == 0} == {"sequence", "body", "hash"}
    event = sample_event(0)
    assert (row["kind"], row["who_id"], row["who_name"]) == (event.kind, event.who.id, event.who.name)
    assert (row["copy_id"], row["backup_id"], row["backup_name"]) == ("copy-0", event.backup_id, event.backup_name)
    assert (row["source"], row["destination"], row["place"]) == ("DFW", "IAD", "C0OPS")
    assert row["at"] == "2026-11-22T12:00:00.000000Z"
    assert row["reason"] is None
    assert json.loads(row["facts"]) == event.facts


def test_the_text_of_an_event_is_canonical(log_file: Path) -> None:
    with closing(sqlite3.connect(log_file)) as connection:
        (body,) = connection.execute("SELECT body FROM events WHERE sequence = 1").fetchone()
    assert body == json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert "🙂" in body


async def test_half_a_character_from_outside_does_not_stop_the_log(storage: Storage) -> None:
    broken = sample_event(1)
    recorded = await storage.record.append(type(broken)(broken.kind, broken.at, broken.who, facts={"a": "x\ud83dy"}))
    found = await storage.record.events(EventFilter())
    assert found[0].sequence == recorded.sequence
    assert found[0].event.facts == {"a": "x?y"}


def test_the_log_of_a_file_is_read_without_being_the_bot(log_file: Path) -> None:
    newest = read_newest(log_file, EventFilter(kinds=(EventKind.SEEN,)), 3)
    assert [recorded.sequence for recorded in newest] == [60, 59, 58]
    assert newest[0].event == sample_event(59)


@pytest.mark.parametrize(
    "wanted",
    [
        EventFilter(),
        EventFilter(before=40),
        EventFilter(person="U0ANA"),
        EventFilter(region="DFW"),
        EventFilter(copy_id="copy-7"),
        EventFilter(kinds=(EventKind.SEEN, EventKind.FAILED)),
    ],
)
async def test_a_page_of_the_log_is_found_without_reading_the_log(storage: Storage, wanted: EventFilter) -> None:
    def steps(connection: Connection) -> list[str]:
        assert isinstance(connection, SqliteConnection)
        statements: list[str] = []
        connection.conn.set_trace_callback(statements.append)
        find_events(connection, wanted, limit=20)
        connection.conn.set_trace_callback(None)
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statements[-1]}")]

    scans = [step for step in await storage.files[0].read(steps) if step == "SCAN events"]
    assert not scans or wanted == EventFilter(), "only the newest page of everything goes through the table itself"


async def test_all_events_of_a_year_are_not_read_to_find_those_of_a_day(storage: Storage) -> None:
    for number in range(50):
        await storage.record.append(sample_event(number))
    day = EventFilter(since=NOON + timedelta(seconds=10), until=NOON + timedelta(seconds=12))
    assert [recorded.sequence for recorded in await storage.record.events(day)] == [12, 11]


async def test_the_log_of_an_earlier_version_keeps_its_events_what_is_seen_of_them_and_what_guards_them(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bot.db"
    earlier = RECORD_SCHEMA[: RECORD_SCHEMA.index(compute_without_types)]
    file = await SqliteFile.open(path, earlier)
    events = [sample_event(number) for number in range(20)]
    log = AuditLog()
    await file.write(lambda connection: [log.append(connection, event) for event in events])
    await file.close()
    before = shown_by(path)

    storage = await open_storage(path, FakeClock())
    await storage.close()

    assert shown_by(path) == before
    assert isinstance(verify(path), Verified)
    with closing(sqlite3.connect(path)) as shell, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        shell.execute("DELETE FROM events WHERE sequence = 20")


def shown_by(path: Path) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """What somebody sees who opens a file: all of the events, and what goes with their table."""
    with closing(sqlite3.connect(path)) as shell:
        return (
            shell.execute("SELECT * FROM events ORDER BY sequence").fetchall(),
            shell.execute(
                "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'events' AND type <> 'table' ORDER BY name"
            ).fetchall(),
        )
