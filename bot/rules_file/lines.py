"""On which line of a TOML file each of its values stands.

``tomllib`` does not tell, and what does (tomlkit, for all its size) has no line numbers either. So the file is cut into
its statements - a header, or a key with its value - and ``tomllib`` itself says where each of them ends: where it can
be read alone for the first time. Nothing here knows the grammar of strings, lists or comments.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Place = tuple[str | int, ...]
"""The way to a value: the names of tables and keys, and the numbers of what stands in lists, from 0."""


@dataclass(frozen=True, slots=True)
class _Statement:
    """A header, or a key with its value, without anything around it."""

    line: int
    text: str
    value: Mapping[str, object]

    @property
    def is_header(self) -> bool:
        return self.text.lstrip().startswith("[")


@dataclass(slots=True)
class _Finder:
    """Goes through the statements, and knows in which table it is."""

    lines: dict[Place, int] = field(default_factory=dict)
    numbers: dict[Place, int] = field(default_factory=dict)
    """The last table of each list of tables."""
    table: Place = ()

    def note(self, statement: _Statement) -> None:
        if statement.is_header:
            self.table = self._table_of(statement.value)
            for length in range(1, len(self.table) + 1):
                self.lines.setdefault(self.table[:length], statement.line)
        else:
            self._note_values(self.table, statement.value, statement)

    def _table_of(self, header: object) -> Place:
        place: Place = ()
        while isinstance(header, dict) and header:
            ((name, header),) = header.items()
            place = (*place, name)
            if isinstance(header, list):
                self.numbers[place] = self.numbers.get(place, -1) + 1
            if place in self.numbers:
                place = (*place, self.numbers[place])
        return place

    def _note_values(self, place: Place, value: object, statement: _Statement) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                self.lines.setdefault((*place, name), statement.line)
                self._note_values((*place, name), inner, statement)
        if isinstance(value, list):
            for number, item in enumerate(value):
                self.lines[*place, number] = statement.line + _lines_before(statement.text, item)
                self._note_values((*place, number), item, statement)


def _lines_before(text: str, item: object) -> int:
    """How far below the beginning of a statement an item of its list stands: of equal ones, the first."""
    before, found, _ = text.partition(f'"{item}"')
    return before.count("\n") if found else 0


def line_of(lines: Mapping[Place, int], place: Place) -> int:
    """The line of a value; that of what it is in, where it has none of its own (it is not there).

    Args:
        lines: as `lines_of` gives them.
        place: of the value.
    """
    while place not in lines and place:
        place = place[:-1]
    return lines.get(place, 1)


def lines_of(text: str) -> dict[Place, int]:
    """The line of each table, key and item, from 1.

    Args:
        text: TOML that can be read, with nothing but line feeds at the end of its lines.
    """
    finder = _Finder()
    for statement in _statements(text):
        finder.note(statement)
    return finder.lines


def _statements(text: str) -> Iterator[_Statement]:
    begun: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        begun.append(line)
        joined = "\n".join(begun)
        try:
            value = tomllib.loads(joined)
        except tomllib.TOMLDecodeError:
            continue
        if value:
            yield _Statement(number - len(begun) + 1, joined, value)
        begun = []
