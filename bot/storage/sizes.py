"""How big it is what the bot remembers."""

from collections.abc import Mapping
from pathlib import Path

import psycopg
from pydantic import SecretStr

from bot.storage.connection import Place
from bot.storage.postgres import connect
from bot.storage.postgres_schema import SCHEMA
from bot.storage.sqlite_file import catalogue_path
from bot.storage.workflow_file import WORKFLOW_SCHEMA, workflow_path


def sizes_of(place: Place) -> Mapping[str, int]:
    """Bytes of each part; nothing of a database that does not answer. Blocks.

    Args:
        place: of the bot's file, counted with what is not in the file itself yet, or of its database, where the
            catalogue is counted with the record.
    """
    if not isinstance(place, Path):
        return _sizes_in(place)
    files = {"record": place, "catalogue": catalogue_path(place), "workflows": workflow_path(place)}
    return {name: _size(each) + _size(each.with_name(f"{each.name}-wal")) for name, each in files.items()}


def _sizes_in(place: SecretStr) -> Mapping[str, int]:
    schemas = {SCHEMA: "record", WORKFLOW_SCHEMA: "workflows"}
    try:
        with connect(place, "record") as connection:
            found = connection.execute(
                "SELECT relnamespace::regnamespace::text, sum(pg_total_relation_size(oid)) FROM pg_class "
                "WHERE relkind = 'r' AND relnamespace::regnamespace::text IN (?, ?) GROUP BY relnamespace",
                tuple(schemas),
            ).fetchall()
    except psycopg.Error:
        return {}
    return {schemas[schema]: int(size) for schema, size in found}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
