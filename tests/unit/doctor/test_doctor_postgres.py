"""What `doctor` finds of the bot's PostgreSQL database. It changes nothing, also while a bot works on it."""

import asyncio

import pytest
from pydantic import SecretStr

from bot.domain.events import EventFilter
from bot.operations.health import Check, Finding, Subject
from bot.storage import open_storage, read_newest
from bot.storage.postgres_health import look_at_server
from tests.fakes.clocks import JumpingClock
from tests.fakes.installation import said
from tests.fakes.leases import at_work
from tests.fakes.postgres import PASSWORD, PostgresServer
from tests.fakes.samples import sample_event

KEY = SecretStr("a key")


async def finding(place: SecretStr, key: SecretStr | None = None) -> Check:
    check = await asyncio.to_thread(look_at_server, place, key)
    assert check.subject is Subject.DATABASE
    assert PASSWORD not in str(check)
    return check


async def left_by_a_bot(place: SecretStr, key: SecretStr | None = None) -> None:
    storage = await open_storage(place, JumpingClock(), key=key)
    await storage.record.append(sample_event(1))
    await storage.close()


async def test_a_database_that_a_bot_has_left(postgres_place: SecretStr) -> None:
    await left_by_a_bot(postgres_place)
    before = read_newest(postgres_place, EventFilter(), 10)

    assert (await finding(postgres_place)).finding is Finding.DATABASE_USABLE
    assert read_newest(postgres_place, EventFilter(), 10) == before


async def test_a_database_that_a_bot_works_on(postgres_place: SecretStr) -> None:
    async with at_work(postgres_place):
        check = await finding(postgres_place)

    assert check.finding is Finding.DATABASE_IN_USE
    assert check.facts["process"].startswith("process ")


async def test_an_empty_database_stays_empty(postgres: PostgresServer) -> None:
    place = postgres.new_database()

    assert (await finding(place)).finding is Finding.DATABASE_NOT_THERE_YET
    assert postgres.run("SELECT to_regnamespace('copy_backup_bot')", place) == [(None,)]


async def test_a_log_that_was_written_with_another_key(postgres_place: SecretStr) -> None:
    await left_by_a_bot(postgres_place, KEY)

    assert (await finding(postgres_place)).finding is Finding.AUDIT_KEY_DOES_NOT_FIT
    assert (await finding(postgres_place, KEY)).finding is Finding.DATABASE_USABLE


async def test_a_database_of_a_later_version(postgres: PostgresServer) -> None:
    place = postgres.new_database()
    await left_by_a_bot(place)
    postgres.run("UPDATE schema_versions SET version = 99", place)

    assert (await finding(place)).finding is Finding.DATABASE_NEWER


async def test_a_database_with_another_encoding(postgres: PostgresServer) -> None:
    check = await finding(postgres.new_database("template0", encoding="LATIN1"))

    assert (check.finding, check.facts["encoding"]) == (Finding.DATABASE_ENCODING, "LATIN1")


@pytest.mark.parametrize("is_there", [False, True])
async def test_a_user_without_rights(postgres: PostgresServer, is_there: bool) -> None:
    place = postgres.new_database()
    if is_there:
        await left_by_a_bot(place)
    postgres.run("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN")
    name = place.get_secret_value().rpartition("/")[2]
    check = await finding(postgres.place(name, user="guest"))

    assert check.finding is Finding.DATABASE_NOT_ALLOWED


async def test_a_server_that_is_away_is_told_with_what_to_do(postgres: PostgresServer) -> None:
    away = SecretStr(postgres.place().get_secret_value().replace(f":{postgres.port}/", ":1/"))
    told = said(await finding(away))

    assert told.startswith("database: postgresql://127.0.0.1:1/postgres does not let the bot in: connection failed")
    assert "See that the server runs and can be reached from here" in told


async def test_a_wrong_password(postgres: PostgresServer) -> None:
    postgres.run("DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN PASSWORD 'another'")
    check = await finding(postgres.place(user="stranger"))

    assert check.finding is Finding.DATABASE_AWAY
    assert "password authentication failed" in check.facts["why"]
