"""The table ``copies``: each copy as it stands. What a copy is stands in its ``body``, as JSON."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.copies import Copy, CopyState
from bot.domain.judgement import Usage
from bot.domain.learned import CopyTime
from bot.domain.survey import Made
from bot.storage.connection import EVERYTHING, Connection
from bot.storage.json_text import JsonText, seconds_between, time_text

COPY = JsonText(Copy)

COMPUTED = {
    "order_id": "$.order_id",
    "state": "$.state",
    "backup_id": "$.backup.id",
    "backup_name": "$.backup.name",
    "source": "$.backup.region",
    "destination": "$.destination",
    "copied_id": "$.copied_id",
    "requested_by": "$.requested_by.id",
    "requested_at": "$.requested_at",
    "ended_at": "$.ended_at",
}


SIZE = "CAST(json_extract(body, '$.backup.size_gb') AS DOUBLE PRECISION)"


def create_copies(connection: Connection) -> None:
    """Make the table. An index promises that a backup has one open copy to a region."""
    computed = ", ".join(
        f"{name} TEXT GENERATED ALWAYS AS (json_extract(body, '{path}')) VIRTUAL" for name, path in COMPUTED.items()
    )
    connection.execute(
        "CREATE TABLE copies (id TEXT PRIMARY KEY, revision INTEGER NOT NULL, is_open INTEGER NOT NULL, "
        f"body TEXT NOT NULL, {computed}) STRICT"
    )
    connection.execute(
        "CREATE UNIQUE INDEX copies_one_open ON copies (backup_id, source, destination) WHERE is_open = 1"
    )
    connection.execute("CREATE INDEX copies_of_backup ON copies (backup_id, destination)")
    connection.execute("CREATE INDEX copies_arrived ON copies (copied_id) WHERE copied_id IS NOT NULL")
    connection.execute("CREATE INDEX copies_by_age ON copies (requested_at)")
    connection.execute("CREATE INDEX copies_of_person ON copies (requested_by, requested_at)")
    connection.execute("CREATE INDEX copies_to_region ON copies (destination, requested_at)")
    connection.execute("CREATE INDEX copies_done ON copies (source, destination, ended_at) WHERE state = 'completed'")


def _text(copy: Copy) -> str:
    return COPY.write(copy, requested_at=time_text(copy.requested_at), **_ended_at(copy))


def _ended_at(copy: Copy) -> dict[str, str]:
    return {"ended_at": time_text(copy.ended_at)} if copy.ended_at else {}


def insert_copy(connection: Connection, copy: Copy) -> None:
    """Add a new copy."""
    connection.execute(
        "INSERT INTO copies (id, revision, is_open, body) VALUES (?, ?, ?, ?)",
        (copy.id, copy.revision, copy.is_open, _text(copy)),
    )


def replace_copy(connection: Connection, copy: Copy) -> bool:
    """Write a copy that was moved once.

    Returns:
        ``False``, with nothing written, unless it stands at the revision before.
    """
    done = connection.execute(
        "UPDATE copies SET revision = ?, is_open = ?, body = ? WHERE id = ? AND revision = ?",
        (copy.revision, copy.is_open, _text(copy), copy.id, copy.revision - 1),
    )
    return done.rowcount == 1


def open_copy_of(connection: Connection, backup_id: str, source: str, destination: str) -> Copy | None:
    """The open copy of a backup from one region to another."""
    return _one(
        connection, "backup_id = ? AND source = ? AND destination = ? AND is_open = 1", backup_id, source, destination
    )


def copy_with(connection: Connection, copy_id: str) -> Copy | None:
    """The copy with this id."""
    return _one(connection, "id = ?", copy_id)


def copies_with(connection: Connection, copy_ids: Sequence[str]) -> Sequence[Copy]:
    """The copies with these ids."""
    return [copy for copy_id in copy_ids if (copy := copy_with(connection, copy_id))]


def arrived_since(connection: Connection, key: tuple[str, str, str], since: datetime) -> Copy | None:
    """The copy of a backup from one region to another that has completed at that time or later.

    Args:
        connection: to read from.
        key: see `Copy.key`.
        since: in UTC.
    """
    condition = "backup_id = ? AND source = ? AND destination = ? AND state = 'completed' AND ended_at >= ?"
    return _one(connection, condition, *key, time_text(since))


def times_between(connection: Connection, source: str, destination: str, limit: int) -> Sequence[CopyTime]:
    """How long the latest completed copies from one region to another took; without reading all else of them."""
    rows = connection.execute(
        f"SELECT {SIZE}, json_extract(body, '$.sent_at'), ended_at FROM copies "  # noqa: S608 - constants
        "WHERE source = ? AND destination = ? AND state = 'completed' "
        "AND json_extract(body, '$.sent_at') IS NOT NULL AND json_extract(body, '$.ended_by') IS NULL "
        "ORDER BY ended_at DESC LIMIT ?",
        (source, destination, limit),
    )
    return [CopyTime(size, seconds_between(sent_at, ended_at)) for size, sent_at, ended_at in rows]


def usage_since(connection: Connection, since: datetime, person_id: str | None, channel: str | None) -> Usage:
    """What a person asked for, or what was asked for in a channel: open copies, and those asked for since a time."""
    asker = {"requested_by": person_id, "json_extract(body, '$.channel')": channel}
    given = {column: value for column, value in asker.items() if value is not None}
    conditions = ["(is_open = 1 OR requested_at >= ?)", *(f"{column} = ?" for column in given)]
    recent = time_text(since)
    rows = connection.execute(
        "SELECT COALESCE(SUM(is_open), 0), COUNT(CASE WHEN requested_at >= ? THEN 1 END), "  # noqa: S608 - constants; values are bound
        f"COALESCE(SUM(CASE WHEN requested_at >= ? THEN {SIZE} END), 0.0), "
        f"COALESCE(SUM(CASE WHEN is_open = 1 THEN {SIZE} END), 0.0) FROM copies WHERE {' AND '.join(conditions)}",
        (recent, recent, recent, *given.values()),
    )
    return Usage(*rows.fetchone())


def all_open_copies(connection: Connection) -> Sequence[Copy]:
    """Every open copy, oldest first."""
    return _copies(connection, "is_open = 1", (), order="requested_at, rowid", limit=EVERYTHING)


def all_made(connection: Connection) -> Sequence[Made]:
    """Every copy in short."""
    rows = connection.execute(
        "SELECT id, source, backup_id, json_extract(body, '$.backup.created'), destination, "
        "json_extract(body, '$.name'), copied_id, "
        "CASE state WHEN ? THEN ended_at END, json_extract(body, '$.sent_at') IS NOT NULL OR state = ? FROM copies",
        (CopyState.COMPLETED, CopyState.SENDING),
    )
    return [
        Made(copy_id, source, backup_id, _time(created), destination, name, copied_id, _time(completed), bool(sent))
        for copy_id, source, backup_id, created, destination, name, copied_id, completed, sent in rows
    ]


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def find_copies(
    connection: Connection,
    *,
    backup_id: str | None,
    destination: str | None,
    requested_by: str | None,
    copied_id: str | None,
    limit: int,
) -> Sequence[Copy]:
    """Copies, newest first; ``None`` means any."""
    wanted = {
        "backup_id": backup_id,
        "destination": destination,
        "requested_by": requested_by,
        "copied_id": copied_id,
    }
    given = {column: value for column, value in wanted.items() if value is not None}
    return _copies(
        connection,
        " AND ".join(f"{column} = ?" for column in given) or "TRUE",
        tuple(given.values()),
        order="requested_at DESC, rowid DESC",
        limit=limit,
    )


def _one(connection: Connection, condition: str, *values: str) -> Copy | None:
    found = _copies(connection, condition, values, order="rowid", limit=1)
    return found[0] if found else None


def _copies(
    connection: Connection, condition: str, values: tuple[str, ...], *, order: str, limit: int
) -> Sequence[Copy]:
    statement = f"SELECT body FROM copies WHERE {condition} ORDER BY {order} LIMIT ?"  # noqa: S608 - built of constants; values are bound
    return [COPY.read(body) for (body,) in connection.execute(statement, (*values, limit))]
