"""Searching the catalogue while somebody types: one short pass over what people search by, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.backup import COPYABLE_STATUSES, Backup
from bot.domain.rules import Scope
from bot.operations.catalogue import Found, Listed
from bot.storage.catalogue_table import GROUP_BITS, UUID, backups_numbered, searchable
from bot.storage.connection import Connection

SHORTEST_INDEXED = 3
"""Characters: what a trigram index can find. A shorter word is not looked for in ids: it would be in most of them."""

NEWEST = (1 << GROUP_BITS) - 1
"""The bits of a number that grow with the time a backup was made, whatever its group."""

ESCAPED = "ESCAPE '\\'"
IN_LABEL = f"text LIKE ? {ESCAPED}"
IN_SOME_ID = {
    "sqlite": "SELECT rowid AS number FROM ids_index WHERE ids_index MATCH ? AND rowid",
    "postgresql": "SELECT number FROM backups WHERE ids LIKE ? ESCAPE '\\' AND number",
}
IS_AN_ID = "SELECT number FROM known_ids WHERE id = ? AND number"
"""To be followed by a range of numbers."""


@dataclass(frozen=True, slots=True)
class _Word:
    """A word that is looked for.

    Attributes:
        like: what LIKE takes for a label that has it.
        in_ids: selects the backups in an id of which it is; ``None`` when it is in none.
        id_value: what that select takes.
    """

    like: str
    in_ids: str | None
    id_value: str


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
        condition: goes on after another condition on a column ``number``; empty: all of them. A ``+`` keeps SQLite
            from looking for each number by itself, which is slower than passing them all once.
        values: that it takes.
    """

    condition: str = ""
    values: tuple[str | int, ...] = ()


def find(connection: Connection, region: str, text: str, limit: int, scopes: Sequence[Scope] | None = None) -> Found:
    """Search one region; see `bot.operations.ports.Catalogue.search`."""
    words = _words(connection, text)
    copyable: list[int] = []
    total = 0
    not_copyable: dict[str, int] = {}
    for group in _groups(connection, region):
        is_copyable = group.status in COPYABLE_STATUSES
        numbers, count = _newest(connection, words, group, limit if is_copyable else 0, scopes)
        if is_copyable:
            copyable += numbers
            total += count
        elif count:
            not_copyable[group.status] = count
    return Found(tuple(_newest_of(connection, copyable, limit)), total, not_copyable)


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
    words = _words(connection, text)
    found = [
        _newest(connection, words, group, offset + limit, scopes)
        for region in regions
        for group in _groups(connection, region)
    ]
    newest = _newest_of(connection, [number for numbers, _ in found for number in numbers], limit, offset)
    return Listed(tuple(newest), sum(count for _, count in found))


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
    condition = f" AND +number IN (SELECT number FROM ruled_by WHERE number BETWEEN ? AND ? AND ({either}))"  # noqa: S608 - built of constants; values are bound
    patterns = [_like(pattern) for scope in within for pattern in (*scope.backups, *scope.instances)]
    return _Narrowing(condition, (*group.numbers, *patterns))


def _is_like(column: str, patterns: Sequence[str]) -> str:
    return f"({' OR '.join([f'{column} LIKE ? {ESCAPED}'] * len(patterns))})" if patterns else "TRUE"


def _like(pattern: str) -> str:
    """What LIKE takes for a pattern of the rules, in which ``*`` stands for any characters."""
    return _escaped(pattern.lower()).replace("*", "%")


def _escaped(text: str) -> str:
    for special in "\\%_":
        text = text.replace(special, "\\" + special)
    return text


def _words(connection: Connection, text: str) -> list[_Word]:
    longest_first = sorted(set(searchable(text).split()), key=len, reverse=True)  # they leave the least to the others
    return [_word(connection, word) for word in longest_first]


def _word(connection: Connection, word: str) -> _Word:
    like = f"%{_escaped(word)}%"
    if len(word) < SHORTEST_INDEXED:
        return _Word(like, None, word)
    if UUID.fullmatch(word):
        in_ids, value = IS_AN_ID, word
    else:
        quoted = '"' + word.replace('"', '""') + '"'
        in_ids, value = IN_SOME_ID[connection.language], quoted if connection.language == "sqlite" else like
    is_there = connection.execute(f"{in_ids} > 0 LIMIT 1", (value,)).fetchone() is not None
    return _Word(like, in_ids if is_there else None, value)


def _newest(
    connection: Connection, words: list[_Word], group: _Group, limit: int, scopes: Sequence[Scope] | None
) -> tuple[list[int], int]:
    """The numbers of the newest backups that match, ``limit`` at most, and how many match."""
    only = _narrowing(scopes, group)
    if only is None:
        return [], 0
    condition, values = _in_labels(words, group)
    in_labels, values = f"FROM labels WHERE {condition}{only.condition}", (*values, *only.values)
    numbers = _numbers(connection, f"SELECT number {in_labels}", values, limit)
    if len(numbers) < limit:
        total = len(numbers)
    elif words or only.condition:
        total = _count(connection, f"SELECT count(*) {in_labels}", values)
    else:
        total = group.size
    if len(words) > 1 or not words or not words[0].in_ids:
        return numbers, total
    by_id = f"{words[0].in_ids} BETWEEN ? AND ?{only.condition}"
    values = (words[0].id_value, *group.numbers, *only.values)
    newest = sorted({*numbers, *_numbers(connection, by_id, values, limit)}, reverse=True)[:limit]
    if not total:  # nothing is counted yet that could be counted twice
        return newest, _count(connection, f"SELECT count(*) FROM ({by_id}) AS by_id", values)  # noqa: S608 - built of constants; values are bound
    in_label = f"SELECT {IN_LABEL} FROM labels WHERE labels.number = by_id.number"  # noqa: S608 - constants
    not_counted = f"FROM ({by_id}) AS by_id WHERE NOT ({in_label})"
    return newest, total + _count(connection, f"SELECT count(*) {not_counted}", (*values, words[0].like))


def _in_labels(words: list[_Word], group: _Group) -> tuple[str, tuple[str | int, ...]]:
    """The condition on a label's number and text: of the group, and with every word in it. One of several words may
    be in an id instead; where there is one word only, its ids are looked up by themselves, which is quicker.
    """
    conditions = ["number BETWEEN ? AND ?"]
    values: list[str | int] = [*group.numbers]
    for word in words:
        values.append(word.like)
        if word.in_ids and len(words) > 1:
            conditions.append(f"({IN_LABEL} OR number IN ({word.in_ids} BETWEEN ? AND ?))")
            values += [word.id_value, *group.numbers]
        else:
            conditions.append(IN_LABEL)
    return " AND ".join(conditions), tuple(values)


def _numbers(connection: Connection, statement: str, values: tuple[str | int, ...], limit: int) -> list[int]:
    rows = connection.execute(f"{statement} ORDER BY number DESC LIMIT ?", (*values, limit))
    return [number for (number,) in rows]


def _count(connection: Connection, statement: str, values: tuple[str | int, ...]) -> int:
    return int(connection.execute(statement, values).fetchone()[0])
