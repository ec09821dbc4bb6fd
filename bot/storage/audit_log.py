"""The table ``events``: the audit log. Rows are only ever added; `bot.storage.chain` says what their hash is.

A row is its sequence, its ``body`` (the event as canonical JSON) and its hash. Every other column is computed by
SQLite from the body, so that nothing one reads or filters by escapes the hash, in whatever tool the file is opened.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from bot.domain.events import ENDINGS, Event, EventFilter, EventKind, RecordedEvent
from bot.storage.archive_table import carried_on
from bot.storage.chain import link_with
from bot.storage.connection import Connection
from bot.storage.json_text import JsonText, time_text

EVENT = JsonText(Event)

READABLE = {
    "at": "$.at",
    "kind": "$.kind",
    "who_id": "$.who.id",
    "who_name": "$.who.name",
    "copy_id": "$.copy_id",
    "backup_id": "$.backup_id",
    "backup_name": "$.backup_name",
    "source": "$.source",
    "destination": "$.destination",
    "place": "$.where",
    "reason": "$.reason",
    "facts": "$.facts",
}
"""The computed columns, and where in the body each comes from."""

INDEXED = ("at", "kind", "who_id", "who_name COLLATE NOCASE", "copy_id", "backup_id", "source", "destination")


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it is in the file: its exact text, which the hash is of.

    Attributes:
        previous: the hash before it, where the event that has it is in an archive.
    """

    sequence: int
    body: str
    hash: str
    previous: str | None = None

    @property
    def recorded(self) -> RecordedEvent:
        """The event, read."""
        return RecordedEvent(self.sequence, EVENT.read(self.body), self.hash)


def create_events(connection: Connection) -> None:
    """Make the table. AUTOINCREMENT is there so that SQLite itself remembers how many there were."""
    computed = ", ".join(
        f"{name} TEXT GENERATED ALWAYS AS (json_extract(body, '{path}')) VIRTUAL" for name, path in READABLE.items()
    )
    connection.execute(
        "CREATE TABLE events (sequence INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL, hash TEXT NOT NULL, "
        f"{computed}) STRICT"
    )
    for number, column in enumerate(INDEXED):
        connection.execute(f"CREATE INDEX events_{number}_{column.split()[0]} ON events ({column})")
    for change in ("UPDATE", "DELETE"):
        connection.execute(
            f"CREATE TRIGGER events_no_{change.lower()} BEFORE {change} ON events "
            f"BEGIN SELECT RAISE(ABORT, 'the audit log is append-only: no {change}'); END"
        )
    connection.execute(
        "CREATE TRIGGER events_only_at_the_end BEFORE INSERT ON events "
        "WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM events) "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only: an event goes to its end'); END"
    )


def compute_without_types(connection: Connection) -> None:
    """Take the types from the computed columns. SQLite looks at every typed column to see whether a file is whole, and
    computed all twelve for it: `bot.storage.verify.verify` took three times as long. What they give is what the body
    says, and the hash is of that.
    """
    depending = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'events' AND type IN ('index', 'trigger') "
        "AND sql IS NOT NULL ORDER BY rowid"
    ).fetchall()
    for kind, name, _ in depending:
        connection.execute(f"DROP {kind} {name}")
    for name in READABLE:
        connection.execute(f"ALTER TABLE events DROP COLUMN {name}")
    for name, path in READABLE.items():
        connection.execute(
            f"ALTER TABLE events ADD COLUMN {name} ANY GENERATED ALWAYS AS (json_extract(body, '{path}')) VIRTUAL"
        )
    for _, _, statement in depending:
        connection.execute(statement)


def not_computed(statement: str) -> str | None:
    """The first column that does not show what the bodies say.

    Args:
        statement: which makes the table, as the file has it.
    """
    for name, path in READABLE.items():
        computed = rf"\b{name} \w+ GENERATED ALWAYS AS \(json_extract\(body, '{re.escape(path)}'\)\) VIRTUAL"
        if not re.search(computed, statement):
            return name
    return None


class AuditLog:
    """Writes events, one after the other, and finds them again.

    Args:
        key: of the hashes; ``None`` for hashes that anybody can make.
    """

    def __init__(self, key: SecretStr | None = None) -> None:
        self._link = link_with(key)

    def append(self, connection: Connection, event: Event) -> RecordedEvent:
        """Put an event at the end, in the transaction that is open."""
        body = EVENT.write(event, at=time_text(event.at))
        last = connection.execute("SELECT sequence, hash FROM events ORDER BY sequence DESC LIMIT 1").fetchone()
        sequence, previous = (last[0] + 1, last[1]) if last else (1, "")
        made = self._link(sequence, previous.encode(), body.encode()).decode()
        connection.execute("INSERT INTO events (sequence, body, hash) VALUES (?, ?, ?)", (sequence, body, made))
        connection.announce()
        return RecordedEvent(sequence, event, made)

    def first_not_fitting(self, connection: Connection) -> int | None:
        """The sequence of the last event, if its hash is not the one this log's key makes; ``None`` if all is well.
        Quick, to be asked before anything is appended: a whole check is `bot.storage.verify.verify`.
        """
        rows = connection.execute("SELECT sequence, body, hash FROM events ORDER BY sequence DESC LIMIT 2").fetchall()
        if not rows:
            return None
        sequence, body, stored = rows[0]
        previous = rows[1][2] if len(rows) == 2 else carried_on(connection).hash
        fits = self._link(sequence, previous.encode(), body.encode()).decode() == stored
        return None if fits else sequence


def find_events(
    connection: Connection, wanted: EventFilter, *, limit: int, after: int | None = None
) -> Sequence[StoredEvent]:
    """Events that fit.

    Args:
        connection: may be one that only reads.
        wanted: which. A person is meant by id or by name, a region as source or as destination.
        limit: at most so many.
        after: give those with a greater sequence, oldest first; ``None`` for the newest first.
    """
    order = "DESC" if after is None else "ASC"
    leading, *others = _conditions(wanted) or [("TRUE",)]
    rest = [f"({' OR '.join(_unindexed(each) for each in alternatives)})" for alternatives in others]
    rest += _bounds(wanted)
    if after is not None:
        rest.append("sequence > :after")
    selects = [
        f"SELECT * FROM (SELECT sequence, body, hash FROM events WHERE {' AND '.join([first, *rest])} "  # noqa: S608 - built of constants; values are bound
        f"ORDER BY sequence {order} LIMIT :limit) AS found"
        for first in leading
    ]
    statement = f"{' UNION '.join(selects)} ORDER BY sequence {order} LIMIT :limit"
    values = {**_values(wanted), "limit": limit, "after": after}
    return [StoredEvent(*row) for row in connection.execute(statement, values)]


def _conditions(wanted: EventFilter) -> list[tuple[str, ...]]:
    """What has to be equal to what: each a list of alternatives. The first is looked up in an index, one select
    for each alternative (SQLite cannot take an OR and an order from indexes at once); the others narrow it.
    """
    conditions: list[tuple[str, ...]] = []
    if wanted.copy_id is not None:
        conditions.append(("copy_id = :copy_id",))
    if wanted.backup_id is not None:
        conditions.append(("backup_id = :backup_id",))
    if wanted.person is not None:
        conditions.append(("who_id = :person", "who_name = :person COLLATE NOCASE"))
    if wanted.region is not None:
        conditions.append(("source = :region", "destination = :region"))
    if wanted.kinds:
        conditions.append(tuple(f"kind = :kind_{number}" for number in range(len(wanted.kinds))))
    return conditions


def _unindexed(condition: str) -> str:
    column, equals = condition.split(" ", 1)
    return f"{column} || '' {equals}"


def _bounds(wanted: EventFilter) -> list[str]:
    """Times are looked up once, to know where to begin and to end: the log is nearly in their order. ``+ 0`` keeps
    databases from going through the log, in the hope that a fitting time comes soon.
    """
    bounds = []
    if wanted.before is not None:
        bounds.append("sequence < :before")
    if wanted.after is not None:
        bounds.append("sequence > :newer_than")
    if wanted.since is not None:
        bounds.append("sequence >= (SELECT min(sequence + 0) FROM events WHERE at >= :since) AND at || '' >= :since")
    if wanted.until is not None:
        bounds.append("sequence <= (SELECT max(sequence + 0) FROM events WHERE at < :until) AND at || '' < :until")
    if wanted.outcomes:
        kinds = ", ".join(f":ending_{number}" for number in range(len(_endings(wanted))))
        bounds.append(f"copy_id IN (SELECT copy_id FROM events WHERE kind IN ({kinds}))")  # noqa: S608 - values are bound
    if wanted.text:
        bounds.append("lower(body) LIKE :pattern ESCAPE '\\' AND mentions(body, :text)")
    return bounds


def _endings(wanted: EventFilter) -> tuple[EventKind, ...]:
    return tuple(kind for outcome in wanted.outcomes for kind in ENDINGS[outcome])


def _values(wanted: EventFilter) -> dict[str, str | int | None]:
    return {
        "copy_id": wanted.copy_id,
        "backup_id": wanted.backup_id,
        "person": wanted.person,
        "region": wanted.region,
        "before": wanted.before,
        "newer_than": wanted.after,
        "since": time_text(wanted.since) if wanted.since else None,
        "until": time_text(wanted.until) if wanted.until else None,
        "text": wanted.text,
        "pattern": _pattern(wanted.text or ""),
        **{f"kind_{number}": kind.value for number, kind in enumerate(wanted.kinds)},
        **{f"ending_{number}": kind.value for number, kind in enumerate(_endings(wanted))},
    }


def _pattern(text: str) -> str:
    r"""What a body that has the text in it looks like, in small letters, for LIKE, which is quick: what LIKE
    means something by is escaped, and any character beyond ASCII may be anything.
    """
    as_json = json.dumps(text, ensure_ascii=False)[1:-1]
    escaped = as_json.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return "%" + "".join(character if character.isascii() else "%" for character in escaped) + "%"
