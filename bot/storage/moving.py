"""All that a SQLite file remembers goes into a PostgreSQL database: once, whole or not at all, and verified."""

from pathlib import Path

from pydantic import SecretStr

from bot.operations.ports import Broken, Verified
from bot.storage import RECORD_SCHEMA
from bot.storage.archive_table import carried_on
from bot.storage.connection import Connection, name_of
from bot.storage.errors import REFUSALS, StorageError, in_words
from bot.storage.opening import reading
from bot.storage.postgres import PostgresConnection, connect, prepare
from bot.storage.postgres_schema import SCHEMA
from bot.storage.sqlite_file import locked
from bot.storage.verify import Progress, verify, verify_on

MOVED = {
    "archives": "until",
    "events": "sequence",
    "copies": "rowid",
    "orders": "rowid",
    "order_copies": "order_id",
    "posts": "order_id",
    "approver_posts": "order_id",
    "findings": "key",
    "standing_orders": "rowid",
}
"""The tables, each after those it names rows of; and the order of their rows."""


def move(file: Path, place: SecretStr, key: SecretStr | None = None, progress: Progress | None = None) -> Verified:
    """Have a PostgreSQL database remember what a SQLite file does: the audit log with the same hashes, and the copies,
    orders and messages as they stand. The file stays as it is. Blocks.

    Args:
        file: of a bot that was stopped.
        place: of a database in which nothing was written yet.
        key: the one the log was written with, if any.
        progress: is told how far the check of the new log is.

    Returns:
        What both logs are.

    Raises:
        FileInUseError: a bot works on the file.
        StorageError: nothing was written to the database.
    """
    if not file.exists():
        raise StorageError(f"There is no file {file}.")
    name = name_of(place)
    with locked(file):
        before = _whole(verify(file, key), str(file))
        try:
            prepare(place, "record")
            with reading(file) as source, connect(place, "record") as target, target.transaction():
                _refuse_others(source, target, file, name)
                _copy_all(source, target)
                after = _whole(verify_on(target, key, progress), name)
                if after != before:
                    raise StorageError(f"{name} would not have the log that {file} has: {after} instead of {before}.")
        except REFUSALS as error:
            raise StorageError(f"{name} could not be written: {in_words(error)}. Nothing was changed.") from error
    return after


def _whole(found: Verified | Broken, name: str) -> Verified:
    if isinstance(found, Broken):
        raise StorageError(
            f"Event {found.sequence} in {name} is not what it was: {found.finding}. Nothing is moved of a log that is "
            "not whole."
        )
    return found


def _refuse_others(source: Connection, target: Connection, file: Path, name: str) -> None:
    if source.schema_version != len(RECORD_SCHEMA):
        raise StorageError(f"{file} is not as this version of the bot writes it: start the bot on it once.")
    for table in MOVED:
        if target.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():  # noqa: S608 - constants
            raise StorageError(f"{name} is not empty: a log is moved only to where there is none. Nothing was changed.")
    if target.execute("SELECT 1 FROM bot_at_work WHERE ends > clock_timestamp()").fetchone():
        raise StorageError(f"A bot works on {name}. Stop it first. Nothing was changed.")


def _copy_all(source: Connection, target: PostgresConnection) -> None:
    target.execute("UPDATE last_written SET sequence = ?", (carried_on(source).sequence,))
    for table, order in MOVED.items():
        columns = _written_columns(target, table)
        rows = source.stream(f"SELECT {', '.join(columns)} FROM {table} ORDER BY {order}")  # noqa: S608 - constants
        target.copy_into(table, columns, rows)


def _written_columns(target: Connection, table: str) -> list[str]:
    """Those that the database does not compute."""
    rows = target.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = ? AND table_name = ? "
        "AND is_generated = 'NEVER' AND is_identity = 'NO' ORDER BY ordinal_position",
        (SCHEMA, table),
    )
    return [column for (column,) in rows]
