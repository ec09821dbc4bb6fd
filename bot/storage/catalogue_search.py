"""Searching the catalogue while somebody types: by its index where the words are long enough, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from bot.domain.backup import COPYABLE_STATUSES, Backup
from bot.domain.rules import Scope
from bot.operations.catalogue import Listed
from bot.storage.catalogue_table import GROUP_BITS, backups_numbered, searchable
from bot.storage.connection import Connection

SHORTEST_INDEXED = 3
"""Characters: what a trigram index can find. A shorter word is not looked for in ids: it would be in most of them."""

NEWEST = (1 << GROUP_BITS) - 1
"""The bits of a number that grow with the time a backup was made, whatever its group."""

ESCAPED = "ESCAPE '\\'"
HAS_WORD = f"text LIKE ? {ESCAPED}"
IN_SCOPE = "ruled_by JOIN (SELECT number AS labelled, text FROM labels) AS labels ON labelled = +number"
"""What rules look at, passed once, and the label of each that is in scope. The ``+`` keeps SQLite from the other way
round, in which it looks for what the rules say of each label, and takes three times as long.
"""


@dataclass(frozen=True, slots=True)
class _Words:
    """The words that are looked for.

    Attributes:
        long: which the index finds, in labels and in ids.
        short: which are looked for in labels.
    """

    long: Sequence[str] = ()
    short: Sequence[str] = ()

    @classmethod
    def of(cls, text: str) -> Self:
        """Those in a text; the longest first, which leave the least to the others."""
        longest_first = sorted(set(searchable(text).split()), key=len, reverse=True)
        return cls(
            tuple(word for word in longest_first if len(word) >= SHORTEST_INDEXED),
            tuple(word for word in longest_first if len(word) < SHORTEST_INDEXED),
        )


@dataclass(frozen=True, slots=True)
class _Group:
    """Backups of one region with one status, as a range of numbers."""

    id: int
    size: int
    region: str
    status: str

    @property
    def numbers(self) -> tuple[int, int]:
        return self.id << GROUP_BITS, ((self.id + 1) << GROUP_BITS) - 1


@dataclass(frozen=True, slots=True)
class _Narrowing:
    """Which backups of a group may be found.

    Attributes:
        condition: goes on after another condition, on the table ``ruled_by``; empty: all of them.
        values: that it takes.
    """

    condition: str = ""
    values: tuple[str, ...] = ()

    def joined(self, numbered: str) -> str:
        """What is selected from where it is selected from something with a column ``number``."""
        return f"{numbered} JOIN ruled_by USING (number)" if self.condition else numbered

    def labels(self, words: _Words) -> str:
        """Where labels are looked through: not at all, where nothing is looked for in them."""
        if not self.condition:
            return "labels"
        return IN_SCOPE if words.short else "ruled_by"


@dataclass(frozen=True, slots=True)
class _Matching:
    """The backups of a group that match.

    Attributes:
        found: goes on after what is selected of them, their ``number`` or how many they are.
        values: that it takes.
        known: how many they are, where that is known.
    """

    found: str
    values: tuple[str | int, ...]
    known: int | None = None


def find(
    connection: Connection, region: str, text: str, limit: int, scopes: Sequence[Scope] | None = None
) -> list[Backup]:
    """Search one region; see `bot.operations.ports.Catalogue.search`."""
    words = _Words.of(text)
    copyable = [group for group in _groups(connection, region) if group.status in COPYABLE_STATUSES]
    found = [_newest(connection, _matching(connection, words, group, scopes), limit) for group in copyable]
    return _newest_of(connection, [number for numbers in found for number in numbers], limit)


def find_in_any_state(
    connection: Connection,
    regions: Sequence[str],
    text: str,
    *,
    limit: int,
    offset: int = 0,
    scopes: Sequence[Scope] | None = None,
) -> Listed:
    """List what several regions have; see `bot.operations.ports.Catalogue.listed`."""
    words = _Words.of(text)
    numbers: list[int] = []
    total = 0
    for group in (group for region in regions for group in _groups(connection, region)):
        matching = _matching(connection, words, group, scopes)
        numbers += _newest(connection, matching, offset + limit)
        total += _count(connection, matching)
    return Listed(tuple(_newest_of(connection, numbers, limit, offset)), total)


def count_by_status(connection: Connection, region: str, scopes: Sequence[Scope] | None = None) -> dict[str, int]:
    """See `bot.operations.ports.Catalogue.by_status`."""
    groups = _groups(connection, region)
    counted = {group.status: _count(connection, _matching(connection, _Words(), group, scopes)) for group in groups}
    return {status: number for status, number in counted.items() if number}


def _groups(connection: Connection, region: str) -> list[_Group]:
    rows = connection.execute(
        "SELECT id, backups, region, status FROM groups WHERE region = ? AND backups > 0 ORDER BY status", (region,)
    )
    return [_Group(*row) for row in rows.fetchall()]


def _newest_of(connection: Connection, numbers: Sequence[int], limit: int, offset: int = 0) -> list[Backup]:
    newest_first = sorted(numbers, key=lambda number: number & NEWEST, reverse=True)
    return backups_numbered(connection, newest_first[offset : offset + limit])


def _narrowing(scopes: Sequence[Scope] | None, group: _Group) -> _Narrowing | None:
    """Which backups of a group are in one of some scopes; ``None``: none is."""
    within = [scope for scope in scopes or () if not scope.sources or group.region in scope.sources]
    if scopes is None or any(not scope.backups and not scope.instances for scope in within):
        return _Narrowing()
    if not within:
        return None
    either = " OR ".join(
        f"({_is_like('name', scope.backups)} AND {_is_like('origin', scope.instances)})" for scope in within
    )
    patterns = [_like(pattern) for scope in within for pattern in (*scope.backups, *scope.instances)]
    return _Narrowing(f" AND ({either})", tuple(patterns))


def _is_like(column: str, patterns: Sequence[str]) -> str:
    return f"({' OR '.join([f'{column} LIKE ? {ESCAPED}'] * len(patterns))})" if patterns else "TRUE"


def _like(pattern: str) -> str:
    """What LIKE takes for a pattern of the rules, in which ``*`` stands for any characters."""
    return _escaped(pattern.lower()).replace("*", "%")


def _escaped(text: str) -> str:
    for special in "\\%_":
        text = text.replace(special, "\\" + special)
    return text


def _matching(connection: Connection, words: _Words, group: _Group, scopes: Sequence[Scope] | None) -> _Matching | None:
    """Which backups of a group match; ``None``: none may be found."""
    only = _narrowing(scopes, group)
    if only is None:
        return None
    in_labels = [_containing(word) for word in words.short]
    conditions = " AND ".join([HAS_WORD] * len(in_labels)) or "TRUE"
    if words.long:
        indexed, sought = _indexed(connection, words.long)
        source = only.joined(f"{indexed} JOIN labels USING (number)" if in_labels else indexed)
        found = f"FROM {source} WHERE {conditions}{only.condition}"
        return _Matching(found, (*sought, *group.numbers, *in_labels, *only.values))
    return _Matching(
        f"FROM {only.labels(words)} WHERE number BETWEEN ? AND ? AND {conditions}{only.condition}",
        (*group.numbers, *in_labels, *only.values),
        known=None if in_labels or only.condition else group.size,
    )


def _indexed(connection: Connection, words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Selects the numbers of those that have all of these words, within a range of numbers; and what it takes before
    that range.
    """
    if connection.language == "sqlite":
        quoted = " ".join('"' + word.replace('"', '""') + '"' for word in words)
        indexed = "(SELECT rowid AS number FROM searched WHERE searched MATCH ? AND rowid BETWEEN ? AND ?) AS indexed"
        return indexed, [quoted]
    conditions = " AND ".join([HAS_WORD] * len(words))
    indexed = f"(SELECT number FROM searched WHERE {conditions} AND number BETWEEN ? AND ?) AS indexed"  # noqa: S608 - constants
    return indexed, [_containing(word) for word in words]


def _containing(word: str) -> str:
    """What LIKE takes for a text with a word anywhere in it."""
    return f"%{_escaped(word)}%"


def _newest(connection: Connection, matching: _Matching | None, limit: int) -> list[int]:
    """The numbers of the newest backups that match, ``limit`` at most."""
    if matching is None:
        return []
    statement = f"SELECT number {matching.found} ORDER BY number DESC LIMIT ?"
    return [number for (number,) in connection.execute(statement, (*matching.values, limit))]


def _count(connection: Connection, matching: _Matching | None) -> int:
    """How many backups match."""
    if matching is None:
        return 0
    if matching.known is not None:
        return matching.known
    return int(connection.execute(f"SELECT count(*) {matching.found}", matching.values).fetchone()[0])
