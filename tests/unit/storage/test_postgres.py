"""What a PostgreSQL database promises beyond the contracts (`tests/contract`): one chain whatever the number of those
who write, the same bytes as a SQLite file, and words for what goes wrong.
"""

import asyncio
import json
import multiprocessing
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import get_args

import psycopg
import pytest
from pydantic import SecretStr

from bot.domain.events import EventFilter, EventKind
from bot.operations.ports import Broken, Verified
from bot.storage import (
    CATALOGUE_SCHEMA,
    RECORD_SCHEMA,
    NewerFileError,
    Storage,
    StorageError,
    UnreadableFileError,
    WrongKeyError,
    as_json_lines,
    open_storage,
    read_all,
    verify,
)
from bot.storage.archive import Archived, archive
from bot.storage.connection import Connection, Place
from bot.storage.copies import insert_copy
from bot.storage.exported import verify_file
from bot.storage.postgres_schema import Part
from bot.storage.sqlite_file import SqliteConnection
from tests.fakes.audit_logs import check_by_program
from tests.fakes.clock import FakeClock
from tests.fakes.postgres import PASSWORD, PostgresServer
from tests.fakes.records import ask_for, event, new_copy, opened
from tests.fakes.samples import NOON, sample_copy, sample_event

PROCESSES, EVENTS = 3, 100

WHO = event().who

OWN = "SELECT pid FROM pg_stat_activity WHERE application_name = 'copy-backup-bot'"
"""The bot's connections."""


@pytest.fixture
async def storage(postgres_place: SecretStr) -> AsyncIterator[Storage]:
    opened_storage = await open_storage(postgres_place, FakeClock())
    yield opened_storage
    await opened_storage.close()


async def written(place: Place, *numbers: int, key: str | None = None) -> None:
    storage = await open_storage(place, FakeClock(), key=SecretStr(key) if key else None)
    await asyncio.gather(*(storage.record.append(sample_event(number)) for number in numbers))
    await storage.close()


# One chain


def append_many(url: str) -> None:
    asyncio.run(written(SecretStr(url), *range(EVENTS)))


def test_processes_that_write_at_once_make_one_chain(postgres_place: SecretStr) -> None:
    context = multiprocessing.get_context("forkserver")
    url = postgres_place.get_secret_value()
    processes = [context.Process(target=append_many, args=(url,)) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0] * PROCESSES
    found = verify(postgres_place)
    assert isinstance(found, Verified)
    assert found.events == PROCESSES * EVENTS


async def test_an_order_that_two_processes_open_at_once_is_opened_once(postgres_place: SecretStr) -> None:
    storages = [await open_storage(postgres_place, FakeClock()) for _ in range(3)]
    copies = [new_copy(number) for number in range(30)]
    answers = await asyncio.gather(*(ask_for(storages[number % 3].record, copy) for number, copy in enumerate(copies)))
    for each in storages:
        await each.close()

    assert sum(answer.is_new for answer in answers) == 1
    assert isinstance(verify(postgres_place), Verified)


@pytest.mark.parametrize("key", [None, "sesame"])
async def test_the_same_events_are_the_same_bytes_as_in_a_sqlite_file(
    postgres_place: SecretStr, tmp_path: Path, key: str | None
) -> None:
    for place in (tmp_path / "bot.db", postgres_place):
        for number in range(20):
            await written(place, number, key=key)
    file, server = (
        "".join(as_json_lines(read_all(place, EventFilter()))) for place in (tmp_path / "bot.db", postgres_place)
    )

    assert server == file
    assert check_by_program(server, key or "").returncode == 0
    secret = SecretStr(key) if key else None
    assert verify(postgres_place, secret) == verify(tmp_path / "bot.db", secret)


# Append-only, and verified


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET body = '{}'",
        "DELETE FROM events",
        "DELETE FROM events WHERE sequence = 3",
        "TRUNCATE events",
        "INSERT INTO events (sequence, body, hash) VALUES (9, '{}', '')",
        "INSERT INTO events (sequence, body, hash) VALUES (0, '{}', '')",
    ],
)
async def test_the_log_is_append_only(postgres_place: SecretStr, statement: str) -> None:
    await written(postgres_place, 1, 2, 3)
    with psycopg.connect(postgres_place.get_secret_value()) as connection:
        connection.execute("SET search_path = copy_backup_bot")
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute(statement.encode())

    assert isinstance(verify(postgres_place), Verified)


@pytest.mark.parametrize(
    ("statement", "first"),
    [
        ("UPDATE events SET body = replace(body, 'COPYING', 'WAITING') WHERE sequence = 2", 2),
        ("DELETE FROM events WHERE sequence = 1", 1),
        ("DELETE FROM events WHERE sequence = 3", 3),
        ("DELETE FROM events WHERE sequence > 3", 4),
        ("UPDATE events SET sequence = 100 WHERE sequence = 2", 2),
        ("UPDATE events SET hash = upper(hash) WHERE sequence = 4", 4),
    ],
)
async def test_what_was_changed_behind_the_triggers_back_is_found(
    postgres_place: SecretStr, postgres: PostgresServer, statement: str, first: int
) -> None:
    await written(postgres_place, *range(5))
    postgres.run(statement, postgres_place)

    found = verify(postgres_place)
    assert isinstance(found, Broken)
    assert found.sequence == first


async def test_old_events_go_into_the_same_archive_as_from_a_sqlite_file(
    postgres_place: SecretStr, tmp_path: Path
) -> None:
    digests = []
    places: list[Place] = [tmp_path / "bot.db", postgres_place]
    for number, place in enumerate(places):
        await written(place, *range(10))
        file = tmp_path / f"old-{number}.jsonl"
        before = NOON + timedelta(seconds=4)
        done = await asyncio.to_thread(archive, place, file, before, who=WHO, at=NOON + timedelta(days=2))
        assert isinstance(done, Archived)
        digests.append(done.digest)
        assert isinstance(verify_file(file).found, Verified)
    await written(postgres_place, 11)

    assert digests[0] == digests[1]
    found = verify(postgres_place)
    assert isinstance(found, Verified)
    assert (found.archived, found.events) == (4, 8)
    rest = "".join(as_json_lines(read_all(postgres_place, EventFilter())))
    assert check_by_program((tmp_path / "old-1.jsonl").read_text("utf-8") + rest).returncode == 0
    assert json.loads(rest.splitlines()[-2])["sequence"] == 11


# The tables


def test_the_tables_are_those_of_a_sqlite_file(postgres_place: SecretStr, postgres: PostgresServer) -> None:
    """Whoever adds a table, or a column, adds it to both."""
    with closing(SqliteConnection(sqlite3.connect(":memory:", isolation_level=None), execute_plugins=False)) as file:
        for migration in (*RECORD_SCHEMA, *CATALOGUE_SCHEMA):
            migration(file)
        tables = {
            str(name)
            for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if not str(name).startswith(("sqlite_", "searched"))  # an index of FTS5, with tables of its own
        }
        in_file = {(table, row[1]) for table in tables for row in file.execute(f"PRAGMA table_xinfo({table})")}
    on_server = set(
        postgres.run(
            "SELECT table_name::text, column_name::text FROM information_schema.columns "
            "WHERE table_schema = 'copy_backup_bot' AND column_name <> 'rowid' "
            "AND table_name NOT IN ('schema_versions', 'last_written', 'bot_at_work', 'cloud_calls', "
            "'searched')",
            postgres_place,
        )
    )

    assert on_server == in_file


async def test_a_text_that_postgresql_has_no_place_for_is_kept_in_the_log_and_searched(storage: Storage) -> None:
    odd = "before\0after"
    recorded = await storage.record.append(event(EventKind.BOT_STARTED, backup_name=odd, backup_id=odd))

    assert await storage.record.events(EventFilter(backup_id=odd)) == [recorded]
    assert await storage.record.events(EventFilter(text="BEFORE")) == [recorded]
    assert recorded.event.backup_name == odd


# Trouble


async def test_one_work_that_fails_does_not_harm_those_it_shares_a_transaction_with(storage: Storage) -> None:
    copy = sample_copy(1)

    def fails(connection: Connection) -> None:
        insert_copy(connection, copy)
        raise LookupError("on purpose")

    others = [storage.record.append(sample_event(number)) for number in range(20)]
    answers = await asyncio.gather(*others, storage.files[0].write(fails), return_exceptions=True)

    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [LookupError]
    assert len(await storage.record.events(EventFilter(), limit=100)) == 20
    assert await storage.record.copy(copy.id) is None


async def test_connections_that_are_lost_are_made_anew(storage: Storage, postgres: PostgresServer) -> None:
    copy = await opened(storage.record, new_copy())
    for _ in range(2):
        postgres.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'copy-backup-bot'"
        )
        assert await storage.record.copy(copy.id) == copy
        await storage.record.append(event())

    place = storage.files[0].place
    assert isinstance(await asyncio.to_thread(verify, place), Verified)


async def test_what_is_lost_with_its_connection_is_told_and_not_written(
    storage: Storage, postgres: PostgresServer
) -> None:
    def cut_off(connection: Connection) -> None:
        insert_copy(connection, sample_copy(1))
        (process,) = connection.execute("SELECT pg_backend_pid()").fetchone()
        postgres.run(f"SELECT pg_terminate_backend({process}, 5000)")
        connection.execute("SELECT 1")

    with pytest.raises(StorageError, match="Nothing was changed"):
        await storage.files[0].write(cut_off)
    assert await storage.record.copies() == []
    assert (await storage.record.append(event())).sequence == 1


async def test_what_is_being_read_when_its_connection_is_lost_is_read_again(
    storage: Storage, postgres: PostgresServer
) -> None:
    times: list[int] = []

    def cut_off_at_first(connection: Connection) -> int:
        (process,) = connection.execute("SELECT pg_backend_pid()").fetchone()
        times.append(process)
        if len(times) == 1:
            postgres.run(f"SELECT pg_terminate_backend({process}, 5000)")
        (read,) = connection.execute("SELECT 1").fetchone()
        return int(read)

    assert await storage.files[0].read(cut_off_at_first) == 1
    assert len(times) == 2


async def test_another_key_is_refused(postgres_place: SecretStr) -> None:
    await written(postgres_place, 1, key="sesame")
    with pytest.raises(WrongKeyError, match="event 1"):
        await open_storage(postgres_place, FakeClock(), key=SecretStr("another"))


@pytest.mark.parametrize("part", get_args(Part))
async def test_a_database_of_a_later_version_is_refused(postgres: PostgresServer, part: Part) -> None:
    place = postgres.new_database()
    await (await open_storage(place, FakeClock())).close()
    postgres.run(f"UPDATE schema_versions SET version = 99 WHERE part = '{part}'", place)  # noqa: S608 - constants
    with pytest.raises(NewerFileError, match="later version"):
        await open_storage(place, FakeClock())


async def test_a_database_with_another_encoding_is_refused(postgres: PostgresServer) -> None:
    place = postgres.new_database("template0", encoding="LATIN1")
    with pytest.raises(StorageError, match="has the encoding LATIN1: make a database with UTF8"):
        await open_storage(place, FakeClock())


async def test_a_server_that_does_not_let_the_bot_in_is_named_and_the_password_is_not(postgres: PostgresServer) -> None:
    postgres.run("DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN PASSWORD 'another'")
    with pytest.raises(UnreadableFileError) as refused:
        await open_storage(postgres.place(user="stranger"), FakeClock())

    assert "password authentication failed" in str(refused.value)
    assert f"postgresql://127.0.0.1:{postgres.port}/postgres cannot be used" in str(refused.value)
    assert PASSWORD not in str(refused.value)


async def test_a_database_that_no_bot_has_written_to_says_so(postgres: PostgresServer) -> None:
    with pytest.raises(UnreadableFileError, match="There is no audit log in postgresql://"):
        verify(postgres.new_database())
