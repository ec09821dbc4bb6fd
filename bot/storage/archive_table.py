"""The table ``archives``: where the audit log goes on after old events went into a file, and what lets them go.

The log itself says it too: an event `EventKind.ARCHIVED` names the last event that went and its hash, and only what the
newest such event names can be deleted. `bot.storage.verify.verify` compares the two.
"""

from dataclasses import dataclass

from sqlite_utils import Database as Connection


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


def has_archives(connection: Connection) -> bool:
    """Whether the file knows of archives: one of an earlier version does not."""
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'archives'").fetchone()
    return found is not None


def carried_on(connection: Connection) -> Carried:
    """What the log goes on from."""
    if not has_archives(connection):
        return Carried()
    row = connection.execute(
        "SELECT until, CAST(head AS BLOB), event FROM archives ORDER BY until DESC LIMIT 1"
    ).fetchone()
    return Carried(row[0], bytes(row[1]).decode("utf-8", "replace"), row[2]) if row else Carried()


def note_archive(connection: Connection, carried: Carried) -> None:
    """Write down what the log goes on from, now."""
    connection.execute(
        "INSERT INTO archives (until, head, event) VALUES (?, ?, ?)", (carried.sequence, carried.hash, carried.event)
    )
