"""How PostgreSQL goes about the statements of a search: knowing what is sought, and how much there is."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from bot.domain.backup import Backup, Origin
from bot.domain.rules import Scope
from bot.storage import Storage, open_storage
from bot.storage.catalogue_table import SEARCHED
from bot.storage.connection import Connection
from tests.fakes.clock import FakeClock
from tests.fakes.postgres import PostgresServer
from tests.fakes.samples import NOON

BACKUPS = 2_000
SEARCHES = 40
"""More than psycopg and PostgreSQL take to believe that a statement comes again and again."""

FEW = (Scope(backups=("nightly-7*",)), Scope(instances=("instance-3*",)))


def backups() -> list[Backup]:
    one = Backup(id="", region="DFW", name="", status="COMPLETED", parent_id=None, size_gb=1.0, created=NOON)
    return [
        replace(
            one,
            id=f"{number:08x}-0000-4000-8000-000000000000",
            name=f"nightly-{number % 400}",
            created=NOON - timedelta(minutes=number),
            origin=Origin("instance", f"instance-{number // 14}"),
        )
        for number in range(BACKUPS)
    ]


@pytest.fixture
async def storage(postgres: PostgresServer) -> AsyncIterator[Storage]:
    storage = await open_storage(postgres.new_database(), FakeClock())
    yield storage
    await storage.close()


def plans(connection: Connection) -> tuple[int, int]:
    """How many statements were run that were planned without and with their values."""
    statement = "SELECT sum(generic_plans), sum(custom_plans) FROM pg_prepared_statements"
    without, with_them = connection.execute(statement).fetchone()
    return int(without or 0), int(with_them or 0)


async def test_a_search_that_comes_again_and_again_is_planned_with_what_is_sought(storage: Storage) -> None:
    await storage.catalogue.replace("DFW", NOON, backups())
    for _ in range(SEARCHES):
        await storage.catalogue.search("DFW", "nightly", limit=100, scopes=FEW)

    (searches,) = {await storage.catalogue._database.read(plans) for _ in range(3)}
    assert searches[0] == 0
    assert searches[1] >= SEARCHES


async def test_after_a_refresh_the_server_knows_how_much_there_is(postgres: PostgresServer) -> None:
    place = postgres.new_database()
    storage = await open_storage(place, FakeClock())
    await storage.catalogue.replace("DFW", NOON, backups())
    await storage.close()

    of_each = dict.fromkeys(("backups", "labels", "searched", "ruled_by"), BACKUPS)
    assert known_rows(postgres, place) == {"groups": 1, "known_ids": 2 * BACKUPS, **of_each}


async def test_a_refresh_that_finds_nothing_new_has_nothing_counted(postgres: PostgresServer) -> None:
    place = postgres.new_database()
    storage = await open_storage(place, FakeClock())
    await storage.catalogue.replace("DFW", NOON, [])
    await storage.close()

    assert set(known_rows(postgres, place).values()) == {-1}


def known_rows(postgres: PostgresServer, place: SecretStr) -> dict[object, object]:
    rows = postgres.run("SELECT relname, reltuples::bigint FROM pg_class", place)
    return {name: number for name, number in rows if name in SEARCHED}
