"""The tables of the catalogue.

A backup's row has a number that says, from its highest bits down, its group (region and status), the second it was
created in, and a place among those of that second. So one range of numbers is all backups of a region with one
status, newest last. What people search by stands apart, under the same number: ``labels`` is narrow enough to be
read from end to end while somebody types; ids, which nobody reads, are in a trigram index.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from sqlite_utils import Database as Connection

from bot.domain.backup import Backup, Datastore, Origin
from bot.domain.survey import Held
from bot.storage.json_text import JsonText, clean

BACKUP = JsonText(Backup)

GROUP_BITS = 53
"""To shift a group's id by; the largest number SQLite has leaves room for 1,023 groups."""
SECOND_BITS = 20
"""To shift a second by: a million backups of one group may be created in it."""
LAST_SECOND = (1 << (GROUP_BITS - SECOND_BITS)) - 1
"""272 years after `FIRST_SECOND`."""
FIRST_SECOND = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())

SHORTEST_BEGINNING = 8
"""Characters of an id that are enough, where they name one backup only."""

MOST_NAMESAKES = 200
"""Backups that are given at most where only a name says which."""

MOST_OF_ORIGIN = 1000
"""Backups of one instance that are looked at, at most."""

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def create_catalogue(connection: Connection) -> None:
    """Make the tables."""
    connection.executescript("""
        CREATE TABLE groups (
            id INTEGER PRIMARY KEY, region TEXT NOT NULL, status TEXT NOT NULL, backups INTEGER NOT NULL DEFAULT 0,
            UNIQUE (region, status)) STRICT;
        CREATE TABLE backups (
            number INTEGER PRIMARY KEY, region TEXT NOT NULL, id TEXT NOT NULL, seen_at TEXT NOT NULL,
            body TEXT NOT NULL, original TEXT, ids TEXT NOT NULL,
            name TEXT GENERATED ALWAYS AS (json_extract(body, '$.name')) VIRTUAL,
            status TEXT GENERATED ALWAYS AS (json_extract(body, '$.status')) VIRTUAL,
            UNIQUE (region, id)) STRICT;
        CREATE INDEX backups_by_id ON backups (id);
        CREATE INDEX backups_by_name ON backups (name);
        CREATE INDEX backups_by_original ON backups (original) WHERE original IS NOT NULL;
        CREATE TABLE labels (number INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
        CREATE TABLE known_ids (id TEXT, number INTEGER, PRIMARY KEY (id, number)) STRICT, WITHOUT ROWID;
        CREATE TABLE gone (region TEXT NOT NULL, id TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (region, id)) STRICT;
        CREATE TABLE refreshes (region TEXT PRIMARY KEY, complete_at TEXT NOT NULL) STRICT;
        CREATE VIRTUAL TABLE ids_index USING fts5(
            ids, content='backups', content_rowid='number', tokenize='trigram case_sensitive 1');
        CREATE TRIGGER backups_added AFTER INSERT ON backups BEGIN
            UPDATE groups SET backups = backups + 1 WHERE id = NEW.number >> 53;
            INSERT INTO ids_index (rowid, ids) VALUES (NEW.number, NEW.ids);
            INSERT OR IGNORE INTO known_ids (id, number) VALUES
                (substr(NEW.ids, 1, instr(NEW.ids || char(10), char(10)) - 1), NEW.number),
                (substr(NEW.ids, instr(NEW.ids, char(10)) + 1), NEW.number);
        END;
        CREATE TRIGGER backups_removed AFTER DELETE ON backups BEGIN
            UPDATE groups SET backups = backups - 1 WHERE id = OLD.number >> 53;
            INSERT INTO ids_index (ids_index, rowid, ids) VALUES ('delete', OLD.number, OLD.ids);
            DELETE FROM known_ids WHERE number = OLD.number AND id IN (
                substr(OLD.ids, 1, instr(OLD.ids || char(10), char(10)) - 1),
                substr(OLD.ids, instr(OLD.ids, char(10)) + 1));
            DELETE FROM labels WHERE number = OLD.number;
        END;
    """)


def add_what_rules_look_at(connection: Connection) -> None:
    """Name and instance of each backup, by which rules may narrow what somebody sees, beside its number."""
    connection.executescript("""
        CREATE TABLE ruled_by (number INTEGER PRIMARY KEY, name TEXT NOT NULL, origin TEXT) STRICT;
        CREATE TRIGGER ruled_by_removed AFTER DELETE ON backups BEGIN
            DELETE FROM ruled_by WHERE number = OLD.number;
        END;
    """)
    for number, body in connection.execute("SELECT number, body FROM backups").fetchall():
        _note_what_rules_look_at(connection, number, BACKUP.read(body))


def remember(connection: Connection, backup: Backup, seen_at: str) -> bool:
    """Write a backup as it was seen; whether it shows something new. One that does not costs next to nothing."""
    body = BACKUP.write(backup)
    found = connection.execute(
        "SELECT number, body FROM backups WHERE region = ? AND id = ?", (backup.region, backup.id)
    ).fetchone()
    if found and found[1] == body:
        connection.execute("UPDATE backups SET seen_at = ? WHERE number = ?", (seen_at, found[0]))
        return False
    if found:
        connection.execute("DELETE FROM backups WHERE number = ?", (found[0],))
    number = _number_for(connection, backup)
    ids = _lines(backup.id, backup.origin.id if backup.origin else None)
    connection.execute(
        "INSERT INTO backups (number, region, id, seen_at, body, original, ids) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (number, backup.region, backup.id, seen_at, body, _original(backup), ids),
    )
    label = _lines(backup.name, backup.description, str(backup.datastore) if backup.datastore else None)
    connection.execute("INSERT INTO labels (number, text) VALUES (?, ?)", (number, label))
    _note_what_rules_look_at(connection, number, backup)
    connection.execute("DELETE FROM gone WHERE region = ? AND id = ?", (backup.region, backup.id))
    return True


def _note_what_rules_look_at(connection: Connection, number: int, backup: Backup) -> None:
    origin = clean(backup.origin.id).lower() if backup.origin else None
    connection.execute(
        "INSERT INTO ruled_by (number, name, origin) VALUES (?, ?, ?)", (number, clean(backup.name).lower(), origin)
    )


def is_known_later(connection: Connection, backup: Backup, at: str) -> bool:
    """Whether a backup was seen, or seen gone, later than ``at``."""
    later = connection.execute(
        "SELECT 1 FROM backups WHERE region = ?1 AND id = ?2 AND seen_at > ?3 "
        "UNION ALL SELECT 1 FROM gone WHERE region = ?1 AND id = ?2 AND at > ?3",
        (backup.region, backup.id, at),
    )
    return later.fetchone() is not None


def forget(connection: Connection, region: str, backup_id: str, at: str) -> bool:
    """Remove a backup, and keep in mind that it was seen gone; whether it was there."""
    removed = connection.execute("DELETE FROM backups WHERE region = ? AND id = ?", (region, backup_id))
    connection.execute("INSERT OR REPLACE INTO gone (region, id, at) VALUES (?, ?, ?)", (region, backup_id, at))
    return removed.rowcount > 0


def forget_unless_later(connection: Connection, region: str, backup_id: str, at: str) -> bool:
    """Remove a backup that a refresh begun at ``at`` did not see, unless it was seen later; whether it was removed."""
    removed = connection.execute(
        "DELETE FROM backups WHERE region = ? AND id = ? AND seen_at <= ?", (region, backup_id, at)
    )
    return removed.rowcount > 0


def ids_not_seen_since(connection: Connection, region: str, at: str) -> Sequence[str]:
    """Ids of the backups of a region that were last seen at that time or before."""
    rows = connection.execute("SELECT id FROM backups WHERE region = ? AND seen_at <= ?", (region, at))
    return [backup_id for (backup_id,) in rows]


def note_complete(connection: Connection, region: str, *, began: str, ended: str) -> None:
    """A refresh went through all pages: what was gone before it needs no memory any more."""
    connection.execute("INSERT OR REPLACE INTO refreshes (region, complete_at) VALUES (?, ?)", (region, ended))
    connection.execute("DELETE FROM gone WHERE region = ? AND at <= ?", (region, began))


def backups_where(connection: Connection, condition: str, values: Sequence[str | int], limit: int) -> list[Backup]:
    """Backups by a condition on the columns of the table, newest first within a region and status."""
    statement = f"SELECT body FROM backups WHERE {condition} ORDER BY number DESC LIMIT ?"  # noqa: S608 - callers give constants; values are bound
    return [BACKUP.read(body) for (body,) in connection.execute(statement, (*values, limit))]


def find_backups(connection: Connection, wanted: str) -> list[Backup]:
    """Backups by id, by name, or by the beginning of an id that is that of one backup only."""
    for column in ("id", "name"):
        if found := backups_where(connection, f"{column} = ?", (wanted,), MOST_NAMESAKES):
            return found
    if len(wanted) < SHORTEST_BEGINNING:
        return []
    begun = backups_where(connection, "id >= ? AND id < ?", (wanted, wanted + "\U0010ffff"), MOST_NAMESAKES)
    return begun if len({backup.id for backup in begun}) == 1 else []


def backups_of_instance(connection: Connection, origin_id: str) -> list[Backup]:
    """Backups of an instance or HA group, by its id."""
    numbered = "number IN (SELECT number FROM known_ids WHERE id = ?) AND id != ?"
    return backups_where(connection, numbered, (origin_id, origin_id), MOST_NAMESAKES)


def ancestors_of(connection: Connection, backup: Backup, limit: int) -> list[Backup]:
    """What a backup was made from, the nearest first; a circle ends where it begins again."""
    found: dict[str, Backup] = {}
    parent_id = backup.parent_id
    while parent_id is not None and parent_id not in {backup.id, *found} and len(found) < limit:
        row = connection.execute(
            "SELECT body FROM backups WHERE region = ? AND id = ?", (backup.region, parent_id)
        ).fetchone()
        if row is None:
            break
        found[parent_id] = BACKUP.read(row[0])
        parent_id = found[parent_id].parent_id
    return list(found.values())


def fulls_like(connection: Connection, backup: Backup) -> list[Backup]:
    """The full backups of the same instance or HA group in the same region."""
    if backup.origin is None:
        return []
    condition = "number IN (SELECT number FROM known_ids WHERE id = ?) AND region = ?"
    of_origin = backups_where(connection, condition, (searchable(backup.origin.id), backup.region), MOST_OF_ORIGIN)
    return [each for each in of_origin if each.origin == backup.origin and each.parent_id is None]


def backups_numbered(connection: Connection, numbers: Sequence[int]) -> list[Backup]:
    """The backups with these numbers, in their order."""
    rows = (connection.execute("SELECT body FROM backups WHERE number = ?", (number,)).fetchone() for number in numbers)
    return [BACKUP.read(row[0]) for row in rows]


HELD = (
    "SELECT region, id, body ->> '$.name', body ->> '$.status', body ->> '$.parent_id', body ->> '$.created', "
    "body ->> '$.origin.type', body ->> '$.origin.id', body ->> '$.datastore.type', body ->> '$.datastore.version', "
    "body ->> '$.size_gb', original FROM backups"
)


def all_held(connection: Connection) -> list[Held]:
    """Every backup, with what matters among very many."""
    origin, datastore, time = lru_cache(None)(Origin), lru_cache(None)(Datastore), lru_cache(None)(_time)
    return [
        Held(
            region,
            backup_id,
            name,
            status,
            parent_id,
            time(created) if created else None,
            origin(origin_type, origin_id) if origin_id is not None else None,
            datastore(store, version) if store is not None else None,
            size,
            files_of,
        )
        for (
            region,
            backup_id,
            name,
            status,
            parent_id,
            created,
            origin_type,
            origin_id,
            store,
            version,
            size,
            files_of,
        ) in connection.execute(HELD)
    ]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def count_in(connection: Connection, region: str) -> int:
    """How many backups of a region there are."""
    row = connection.execute("SELECT coalesce(sum(backups), 0) FROM groups WHERE region = ?", (region,)).fetchone()
    return int(row[0])


def searchable(text: str) -> str:
    """A text as it is searched: whatever its case."""
    return clean(text).replace("\0", " ").casefold()


def _lines(*parts: str | None) -> str:
    """Texts to search in, one a line, so that nothing is found across two of them."""
    return searchable("\n".join(part for part in parts if part))


def _original(backup: Backup) -> str | None:
    """The id in the address of a backup's files: that of the backup they were first made for."""
    if not backup.location:
        return None
    found = UUID.findall(backup.location)
    return found[-1].lower() if found else backup.location.rpartition("/")[2].partition(".")[0]


def _number_for(connection: Connection, backup: Backup) -> int:
    connection.execute(
        "INSERT INTO groups (region, status) VALUES (?, ?) ON CONFLICT DO NOTHING", (backup.region, backup.status)
    )
    group = connection.execute(
        "SELECT id FROM groups WHERE region = ? AND status = ?", (backup.region, backup.status)
    ).fetchone()[0]
    age = int(backup.created.timestamp()) - FIRST_SECOND if backup.created else 0
    lowest = (group << GROUP_BITS) + (min(max(age, 0), LAST_SECOND) << SECOND_BITS)
    highest = connection.execute(
        "SELECT max(number) FROM backups WHERE number BETWEEN ? AND ?", (lowest, lowest + (1 << SECOND_BITS) - 1)
    ).fetchone()[0]
    return lowest if highest is None else int(highest) + 1
