"""The table ``archives``: where the audit log goes on after old events went into a file, and what lets them go.

The log itself says it too: an event `EventKind.ARCHIVED` names the last event that went and its hash, and only what the
newest such event names can be deleted. `bot.storage.verify.verify` compares the two.
"""

from dataclasses import dataclass

from bot.storage.connection import Connection


@dataclass(frozen=True, slots=True)
class Carried:
    """What the log goes on from.

    Attributes:
        sequence: of the last event that is in an archive; 0 where there is none.
        hash: of that event; empty where there is none.
        event: sequence of the event that says so; 0 where there is none.
    """

    sequence: int = 0
    hash: str = ""
    event: int = 0


def create_archives(connection: Connection) -> None:
    """Make the table, and let go from the log what its newest event of an archive names; nothing else."""
    connection.execute(
        "CREATE TABLE archives (until INTEGER PRIMARY KEY, head TEXT NOT NULL, event INTEGER NOT NULL) STRICT"
    )
    connection.execute("DROP TRIGGER events_no_delete")
    connection.execute(
        "CREATE TRIGGER events_no_delete BEFORE DELETE ON events WHEN OLD.sequence > coalesce((SELECT "
        "json_extract(body, '$.facts.until') FROM events WHERE kind = 'archived' ORDER BY sequence DESC LIMIT 1), 0) "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only: no DELETE'); END"
    )
    for change in ("UPDATE", "DELETE"):
        connection.execute(
            f"CREATE TRIGGER archives_no_{change.lower()} BEFORE {change} ON archives "
            f"BEGIN SELECT RAISE(ABORT, 'what was archived stays written: no {change}'); END"
        )


def carried_on(connection: Connection) -> Carried:
    """What the log goes on from. A file of an earlier version knows of no archives."""
    if not connection.has_table("archives"):
        return Carried()
    row = connection.execute("SELECT until, head, event FROM archives ORDER BY until DESC LIMIT 1").fetchone()
    if row is None:
        return Carried()
    until, head, event = row
    return Carried(until, head if isinstance(head, str) else bytes(head).decode("utf-8", "replace"), event)


def note_archive(connection: Connection, carried: Carried) -> None:
    """Write down what the log goes on from, now."""
    connection.execute(
        "INSERT INTO archives (until, head, event) VALUES (?, ?, ?)", (carried.sequence, carried.hash, carried.event)
    )
