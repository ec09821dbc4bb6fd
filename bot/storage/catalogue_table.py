"""The tables of the catalogue.

A backup's row has a number that says, from its highest bits down, its group (region and status), the second it was
created in, and a place among those of that second. So one range of numbers is all backups of a region with one
status, newest last. What people search by stands apart, under the same number: the trigrams of all of it in
``searched``; and ``labels``, narrow enough to be read from end to end for words that are too short for trigrams.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import count

from bot.domain.backup import Backup, Datastore, Origin
from bot.domain.survey import Held
from bot.storage.connection import Connection
from bot.storage.json_text import JsonText, clean
from bot.storage.sqlite_file import SqliteConnection

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

READ_AT_ONCE = 500
"""Backups that are read by one statement."""

RULED_BY = "ruled_by (number, name, origin)"

SEARCHED = ("groups", "backups", "labels", "searched", "ruled_by", "known_ids")
"""Tables that a search looks into."""

MOST_OF_ORIGIN = 1000
"""Backups of one instance that are looked at, at most."""

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def create_catalogue(connection: SqliteConnection) -> None:
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


def add_what_rules_look_at(connection: SqliteConnection) -> None:
    """Name and instance of each backup, by which rules may narrow what somebody sees, beside its number."""
    connection.executescript("""
        CREATE TABLE ruled_by (number INTEGER PRIMARY KEY, name TEXT NOT NULL, origin TEXT) STRICT;
        CREATE TRIGGER ruled_by_removed AFTER DELETE ON backups BEGIN
            DELETE FROM ruled_by WHERE number = OLD.number;
        END;
    """)
    for number, body in connection.execute("SELECT number, body FROM backups").fetchall():
        _insert_rows(connection, RULED_BY, [_ruled_by(number, BACKUP.read(body))])


def index_what_is_searched(connection: SqliteConnection) -> None:
    """Put labels and ids of each backup into one trigram index: what is rare is found as quickly as what is common."""
    connection.executescript("""
        CREATE VIRTUAL TABLE searched USING fts5(text, tokenize='trigram case_sensitive 1');
        INSERT INTO searched (rowid, text)
            SELECT number, text || char(10) || ids FROM labels JOIN backups USING (number);
        CREATE TRIGGER labels_added AFTER INSERT ON labels BEGIN
            INSERT INTO searched (rowid, text)
                SELECT NEW.number, NEW.text || char(10) || ids FROM backups WHERE number = NEW.number;
        END;
        CREATE TRIGGER labels_removed AFTER DELETE ON labels BEGIN
            DELETE FROM searched WHERE rowid = OLD.number;
        END;
        DROP TRIGGER backups_added;
        CREATE TRIGGER backups_added AFTER INSERT ON backups BEGIN
            UPDATE groups SET backups = backups + 1 WHERE id = NEW.number >> 53;
            INSERT OR IGNORE INTO known_ids (id, number) VALUES
                (substr(NEW.ids, 1, instr(NEW.ids || char(10), char(10)) - 1), NEW.number),
                (substr(NEW.ids, instr(NEW.ids, char(10)) + 1), NEW.number);
        END;
        DROP TRIGGER backups_removed;
        CREATE TRIGGER backups_removed AFTER DELETE ON backups BEGIN
            UPDATE groups SET backups = backups - 1 WHERE id = OLD.number >> 53;
            DELETE FROM known_ids WHERE number = OLD.number AND id IN (
                substr(OLD.ids, 1, instr(OLD.ids || char(10), char(10)) - 1),
                substr(OLD.ids, instr(OLD.ids, char(10)) + 1));
            DELETE FROM labels WHERE number = OLD.number;
        END;
        DROP TABLE ids_index;
    """)


def remember_all(
    connection: Connection, backups: Sequence[Backup], seen_at: str, *, unless_later_than: str | None = None
) -> int:
    """Write backups as they were seen; how many show something new. Those that do not cost next to nothing.

    Args:
        connection: in a transaction.
        backups: some hundreds at most; the last is right where one is there twice.
        seen_at: when.
        unless_later_than: leave those as they are that were seen, or seen gone, later than this.
    """
    return sum(
        _remember_in(connection, region, some, seen_at, unless_later_than)
        for region, some in _by_region(backups).items()
    )


def _by_region(backups: Sequence[Backup]) -> dict[str, dict[str, Backup]]:
    regions: dict[str, dict[str, Backup]] = {}
    for backup in backups:
        regions.setdefault(backup.region, {})[backup.id] = backup
    return regions


def _remember_in(
    connection: Connection, region: str, backups: dict[str, Backup], seen_at: str, unless_later_than: str | None
) -> int:
    of_these, values = f"region = ? AND id IN ({_marks(backups)})", (region, *backups)
    statement = f"SELECT id, number, body, seen_at FROM backups WHERE {of_these}"  # noqa: S608 - built of constants; values are bound
    known = {row[0]: row[1:] for row in connection.execute(statement, values).fetchall()}
    if unless_later_than is not None:
        gone = f"SELECT id FROM gone WHERE {of_these} AND at > ?"  # noqa: S608 - the same
        later = {row[0] for row in connection.execute(gone, (*values, unless_later_than)).fetchall()}
        later |= {backup_id for backup_id, (_, _, seen) in known.items() if seen > unless_later_than}
        backups = {backup_id: backup for backup_id, backup in backups.items() if backup_id not in later}
    bodies = {backup_id: BACKUP.write(backup) for backup_id, backup in backups.items()}
    new = [each for each, body in bodies.items() if each not in known or known[each][1] != body]
    same = [known[each][0] for each in bodies.keys() - set(new)]
    if same:
        update = f"UPDATE backups SET seen_at = ? WHERE number IN ({_marks(same)})"  # noqa: S608 - the same
        connection.execute(update, (seen_at, *same))
    replaced = [known[each][0] for each in new if each in known]
    if replaced:
        connection.execute(f"DELETE FROM backups WHERE number IN ({_marks(replaced)})", replaced)  # noqa: S608 - the same
    if new:
        _insert(connection, [(backups[each], bodies[each]) for each in new], seen_at)
        connection.execute(f"DELETE FROM gone WHERE region = ? AND id IN ({_marks(new)})", (region, *new))  # noqa: S608 - the same
    return len(new)


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


def _insert(connection: Connection, seen: Sequence[tuple[Backup, str]], seen_at: str) -> None:
    rows: list[tuple[str | int | None, ...]] = []
    labels: list[tuple[str | int | None, ...]] = []
    ruled_by: list[tuple[str | int | None, ...]] = []
    for number, (backup, body) in zip(_numbers_for(connection, [each for each, _ in seen]), seen, strict=True):
        ids = _lines(backup.id, backup.origin.id if backup.origin else None)
        rows.append((number, backup.region, backup.id, seen_at, body, _original(backup), ids))
        datastore = str(backup.datastore) if backup.datastore else None
        labels.append((number, _lines(backup.name, backup.description, datastore)))
        ruled_by.append(_ruled_by(number, backup))
    _insert_rows(connection, "backups (number, region, id, seen_at, body, original, ids)", rows)
    _insert_rows(connection, "labels (number, text)", labels)
    _insert_rows(connection, RULED_BY, ruled_by)


def _ruled_by(number: int, backup: Backup) -> tuple[str | int | None, ...]:
    origin = clean(backup.origin.id).lower() if backup.origin else None
    return number, clean(backup.name).lower(), origin


def _insert_rows(connection: Connection, table: str, rows: Sequence[tuple[str | int | None, ...]]) -> None:
    marks = ", ".join([f"({_marks(rows[0])})"] * len(rows))
    statement = f"INSERT INTO {table} VALUES {marks}"  # noqa: S608 - constants
    connection.execute(statement, [value for row in rows for value in row])


def forget(connection: Connection, region: str, backup_id: str, at: str) -> bool:
    """Remove a backup, and keep in mind that it was seen gone; whether it was there."""
    removed = connection.execute("DELETE FROM backups WHERE region = ? AND id = ?", (region, backup_id))
    connection.execute(
        "INSERT INTO gone (region, id, at) VALUES (?, ?, ?) ON CONFLICT (region, id) DO UPDATE SET at = excluded.at",
        (region, backup_id, at),
    )
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
    bodies: dict[int, str] = {}
    for first in range(0, len(numbers), READ_AT_ONCE):
        some = numbers[first : first + READ_AT_ONCE]
        rows = connection.execute(f"SELECT number, body FROM backups WHERE number IN ({_marks(some)})", some)  # noqa: S608 - marks
        bodies.update(rows.fetchall())
    return [BACKUP.read(bodies[number]) for number in numbers]


HELD = (
    "SELECT region, id, name, status, json_extract(body, '$.parent_id'), json_extract(body, '$.created'), "
    "json_extract(body, '$.origin.type'), json_extract(body, '$.origin.id'), json_extract(body, '$.datastore.type'), "
    "json_extract(body, '$.datastore.version'), CAST(json_extract(body, '$.size_gb') AS DOUBLE PRECISION), original "
    "FROM backups"
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


def _numbers_for(connection: Connection, backups: Sequence[Backup]) -> list[int]:
    """A number that is free for each; nobody else writes meanwhile."""
    group_of, place_of = lru_cache(None)(partial(_group_of, connection)), lru_cache(None)(partial(_places, connection))
    numbers = []
    for backup in backups:
        age = int(backup.created.timestamp()) - FIRST_SECOND if backup.created else 0
        group = group_of(backup.region, backup.status)
        numbers.append(next(place_of((group << GROUP_BITS) + (min(max(age, 0), LAST_SECOND) << SECOND_BITS))))
    return numbers


def _places(connection: Connection, lowest: int) -> Iterator[int]:
    """The free places of a second, which begin with the lowest."""
    (highest,) = connection.execute(
        "SELECT max(number) FROM backups WHERE number BETWEEN ? AND ?", (lowest, lowest + (1 << SECOND_BITS) - 1)
    ).fetchone()
    return count(lowest if highest is None else int(highest) + 1)


def _group_of(connection: Connection, region: str, status: str) -> int:
    found = connection.execute("SELECT id FROM groups WHERE region = ? AND status = ?", (region, status)).fetchone()
    if found is None:
        connection.execute(
            "INSERT INTO groups (id, region, status) SELECT coalesce(max(id), 0) + 1, ?, ? FROM groups",
            (region, status),
        )
        return _group_of(connection, region, status)
    return int(found[0])
