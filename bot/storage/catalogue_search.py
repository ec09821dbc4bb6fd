"""Searching the catalogue while somebody types."""

from dataclasses import dataclass

from sqlite_utils import Database as Connection

from bot.domain.backup import Backup, BackupStatus
from bot.operations.ports import Found
from bot.storage.catalogue_table import GROUP_BITS, backups_where, searchable

SHORTEST_INDEXED = 3
"""Characters: what a trigram index can find."""


@dataclass(frozen=True, slots=True)
class _Matching:
    """The numbers of the backups that match, as a select without its range and order."""

    select: str
    values: tuple[str, ...]


def find(connection: Connection, region: str, text: str, limit: int) -> Found:
    """Search one region; see `bot.operations.ports.Catalogue.search`."""
    matching = _matching(searchable(text).split())
    backups: list[Backup] = []
    total = 0
    not_copyable: dict[str, int] = {}
    groups = connection.execute(
        "SELECT id, status, backups FROM groups WHERE region = ? AND backups > 0 ORDER BY status", (region,)
    )
    for group, status, size in groups.fetchall():
        count = _count(connection, matching, group) if matching else size
        if status != BackupStatus.COMPLETED:
            not_copyable |= {status: count} if count else {}
            continue
        total = count
        if count:
            backups = _newest(connection, matching, group, limit)
    return Found(tuple(backups), total, not_copyable)


def _matching(words: list[str]) -> _Matching | None:
    """Long words are looked up in the index; short ones have to be looked for in each text, or in those left."""
    if not words:
        return None
    indexed = [f'"{word.replace(_QUOTE, _QUOTE * 2)}"' for word in words if len(word) >= SHORTEST_INDEXED]
    short = [_like(word) for word in words if len(word) < SHORTEST_INDEXED]
    likes = " AND ".join(["words.text LIKE ? ESCAPE '\\'"] * len(short))
    if not indexed:
        return _Matching(f"SELECT words.number AS n FROM words WHERE {likes}", tuple(short))  # noqa: S608 - built of constants
    query = " AND ".join(indexed)
    if not short:
        return _Matching("SELECT rowid AS n FROM words_index WHERE words_index MATCH ?", (query,))
    return _Matching(
        "SELECT words_index.rowid AS n FROM words_index JOIN words ON words.number = words_index.rowid "  # noqa: S608 - built of constants
        f"WHERE words_index MATCH ? AND {likes}",
        (query, *short),
    )


_QUOTE = '"'


def _like(word: str) -> str:
    for special in "\\%_":
        word = word.replace(special, "\\" + special)
    return f"%{word}%"


def _range(group: int) -> tuple[int, int]:
    return group << GROUP_BITS, ((group + 1) << GROUP_BITS) - 1


def _count(connection: Connection, matching: _Matching, group: int) -> int:
    row = connection.execute(
        f"SELECT count(*) FROM ({matching.select} AND n BETWEEN ? AND ?)",  # noqa: S608 - built of constants
        (*matching.values, *_range(group)),
    ).fetchone()
    return int(row[0])


def _newest(connection: Connection, matching: _Matching | None, group: int, limit: int) -> list[Backup]:
    if matching is None:
        return backups_where(connection, "number BETWEEN ? AND ?", _range(group), limit)
    numbers = f"{matching.select} AND n BETWEEN ? AND ? ORDER BY n DESC LIMIT ?"
    return backups_where(connection, f"number IN ({numbers})", (*matching.values, *_range(group), limit), limit)
