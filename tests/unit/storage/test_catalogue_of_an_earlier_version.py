"""What a catalogue of an earlier version has in it is searched from the first start on, before any refresh."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.backup import Backup, Origin
from bot.storage import CATALOGUE_SCHEMA, catalogue_path, open_storage
from bot.storage import postgres_schema as on_server
from bot.storage.catalogue_table import index_what_is_searched, remember_all
from bot.storage.connection import Connection, Place
from bot.storage.json_text import time_text
from bot.storage.postgres import PostgresPart
from bot.storage.sqlite_file import SqliteFile
from tests.fakes.clock import FakeClock
from tests.fakes.postgres import PostgresServer
from tests.fakes.samples import NOON
from tests.fakes.world import FULL

OF_INSTANCE = replace(FULL, id="0c1b5616-0000-4000-8000-000000000000", origin=Origin("instance", "c0ffee"))
MEANT = {
    FULL.id: [FULL],
    FULL.name: [FULL, OF_INSTANCE],
    "c0ffee": [OF_INSTANCE],
    "": [FULL, OF_INSTANCE],
}


def remembering(connection: Connection) -> int:
    return remember_all(connection, [FULL, OF_INSTANCE], time_text(NOON))


async def found(place: Place) -> dict[str, Sequence[Backup]]:
    storage = await open_storage(place, FakeClock())
    try:
        searches = {typed: await storage.catalogue.search(FULL.region, typed, limit=10) for typed in MEANT}
        await storage.catalogue.remove(FULL.region, FULL.id)
        assert not await storage.catalogue.search(FULL.region, FULL.id, limit=10)
    finally:
        await storage.close()
    return {typed: sorted(backups, key=[FULL, OF_INSTANCE].index) for typed, backups in searches.items()}


async def test_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite"
    earlier = CATALOGUE_SCHEMA[: CATALOGUE_SCHEMA.index(index_what_is_searched)]
    file = await SqliteFile.open(catalogue_path(path), earlier)
    await file.write(remembering)
    await file.close()

    assert await found(path) == MEANT


async def test_on_postgresql(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    place = postgres.new_database()
    newer = on_server.MIGRATIONS["catalogue"]
    with monkeypatch.context() as earlier:
        earlier.setitem(on_server.MIGRATIONS, "catalogue", newer[: newer.index(on_server.WHAT_IS_SEARCHED)])
        part = await PostgresPart.open(place, "catalogue")
        await part.write(remembering)
        await part.close()

    assert await found(place) == MEANT
