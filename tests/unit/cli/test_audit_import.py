"""`audit import`: all that a SQLite file remembers goes to PostgreSQL, once, and verified."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.domain.events import EventFilter
from bot.domain.posts import Post
from bot.operations.ports import Verified
from bot.storage import Storage, open_storage, verify
from bot.storage.connection import Place
from bot.storage.moving import MOVED
from tests.fakes.audit_logs import tampering
from tests.fakes.clock import FakeClock
from tests.fakes.postgres import PASSWORD, PostgresServer
from tests.fakes.records import START, completed, event, new_copy, opened
from tests.unit.cli.conftest import Audit

KEY = "sesame"


async def everything_in(place: Place) -> list[object]:
    """What a bot finds."""
    storage = await open_storage(place, FakeClock(), key=SecretStr(KEY))
    record = storage.record
    found: list[object] = [
        [each async for each in record.all_events(EventFilter())],
        await record.copies(),
        await record.open_orders(),
        await record.orders_of("U0ANA"),
        await storage.posts.unfinished(),
        [await storage.posts.post_of(each.id) for each in await record.copies()],
        await record.are_noted(["found", "not found"]),
    ]
    await storage.close()
    return found


async def lived(storage: Storage) -> None:
    """A bot had one copy that ended, and has one that is open."""
    ended = await completed(storage.record, new_copy(1), START)
    await storage.posts.save(Post(ended.order_id, "C0OPS", "1.0", is_finished=True))
    await storage.record.note_once({"found": None})
    copy = await opened(storage.record, new_copy(2, destination="ORD"))
    await storage.posts.save(Post(copy.order_id, "C0OPS", "2.0"))
    await storage.record.append(replace(event(), backup_name="nothing \0 in between"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bot.sqlite"

    async def live() -> None:
        storage = await open_storage(path, FakeClock(), key=SecretStr(KEY))
        await lived(storage)
        await storage.close()

    asyncio.run(live())
    return path


def test_a_bot_goes_on_in_postgresql_where_it_stopped_in_a_file(
    audit: Audit, file: Path, postgres_place: SecretStr
) -> None:
    before = file.read_bytes()
    moved = audit("import", str(file), DATABASE_URL=postgres_place.get_secret_value(), AUDIT_KEY=KEY)

    assert moved.exit_code == 0, moved.output
    assert "goes on from" in moved.stdout
    assert PASSWORD not in moved.output
    assert file.read_bytes() == before
    assert asyncio.run(everything_in(postgres_place)) == asyncio.run(everything_in(file))
    assert verify(postgres_place, SecretStr(KEY)) == verify(file, SecretStr(KEY))

    async def goes_on() -> int:
        storage = await open_storage(postgres_place, FakeClock(), key=SecretStr(KEY))
        recorded = await storage.record.append(event())
        await storage.close()
        return recorded.sequence

    found = verify(file, SecretStr(KEY))
    assert isinstance(found, Verified)
    assert asyncio.run(goes_on()) == found.events + 1


def test_a_log_that_goes_on_from_an_archive_is_moved_as_it_is(
    audit: Audit, file: Path, postgres_place: SecretStr
) -> None:
    archived = audit("archive", "--before", "2026-11-22 12:00:00", "old.jsonl", AUDIT_KEY=KEY)
    moved = audit("import", str(file), DATABASE_URL=postgres_place.get_secret_value(), AUDIT_KEY=KEY)

    assert "no longer in the log" in archived.stdout, archived.output
    assert moved.exit_code == 0, moved.output
    found = verify(postgres_place, SecretStr(KEY))
    assert found == verify(file, SecretStr(KEY))
    assert isinstance(found, Verified)
    assert found.archived > 0


def test_a_database_that_is_not_empty_is_refused(audit: Audit, file: Path, postgres_place: SecretStr) -> None:
    url = postgres_place.get_secret_value()
    assert audit("import", str(file), DATABASE_URL=url, AUDIT_KEY=KEY).exit_code == 0
    before = asyncio.run(everything_in(postgres_place))
    again = audit("import", str(file), DATABASE_URL=url, AUDIT_KEY=KEY)

    assert again.exit_code == 1
    assert "is not empty: a log is moved only to where there is none" in again.stderr
    assert asyncio.run(everything_in(postgres_place)) == before


def test_a_log_that_is_not_whole_is_refused(
    audit: Audit, file: Path, postgres_place: SecretStr, postgres: PostgresServer
) -> None:
    with tampering(file) as connection:
        connection.execute("UPDATE events SET body = replace(body, 'nightly', 'weekly') WHERE sequence = 2")
    refused = audit("import", str(file), DATABASE_URL=postgres_place.get_secret_value(), AUDIT_KEY=KEY)

    assert refused.exit_code == 1
    assert "Event 2 in" in refused.stderr
    assert postgres.run("SELECT count(*) FROM events", postgres_place) == [(0,)]


async def test_a_file_that_a_bot_works_on_is_refused(audit: Audit, tmp_path: Path, postgres_place: SecretStr) -> None:
    storage = await open_storage(tmp_path / "bot.sqlite", FakeClock())
    refused = await asyncio.to_thread(audit, "import", "bot.sqlite", DATABASE_URL=postgres_place.get_secret_value())
    await storage.close()

    assert refused.exit_code == 1
    assert "is in use by process" in refused.stderr


def test_another_file_is_no_place_to_move_to(audit: Audit, file: Path) -> None:
    refused = audit("import", str(file), DATABASE_URL="sqlite:///another.sqlite")

    assert refused.exit_code == 1
    assert "set it to the PostgreSQL database" in refused.stderr


def test_a_file_that_is_not_there_is_named(audit: Audit, postgres_place: SecretStr) -> None:
    refused = audit("import", "nothing.sqlite", DATABASE_URL=postgres_place.get_secret_value())

    assert refused.exit_code == 1
    assert "There is no file nothing.sqlite" in refused.stderr


def test_no_table_is_left_behind(postgres_place: SecretStr, postgres: PostgresServer) -> None:
    rows = postgres.run(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = 'copy_backup_bot' AND tablename NOT IN "
        "('schema_versions', 'last_written', 'bot_at_work', 'cloud_calls', "
        "'groups', 'backups', 'labels', 'ruled_by', 'known_ids', 'gone', 'searched', 'refreshes', 'refreshing')",
        postgres_place,
    )
    assert {table for (table,) in rows} == set(MOVED)
