"""Which event a damaged page of the file is about, for damage that shows in no event (SQLite's file format, B-tree
Pages: https://www.sqlite.org/fileformat2.html#b_tree_pages).
"""

import re
from pathlib import Path

LEAF, INTERIOR = 13, 5
"""The kinds of page a table is made of; the first byte of a page says its kind."""

HEADER = {LEAF: 8, INTERIOR: 12}
"""Bytes before the addresses of the page's cells, two each."""

PLACE = re.compile(r"page (\d+)(?: cell (\d+))?", re.IGNORECASE)


def event_at(path: Path, finding: str) -> int | None:
    """The sequence of the event that a finding of ``PRAGMA quick_check`` is about.

    Args:
        path: of the file.
        finding: such as ``On tree page 45 cell 9: Offset 17215 out of range``.

    Returns:
        That of the cell named, or else of the first cell of the page; ``None`` where that cannot be told.
    """
    place = PLACE.search(finding)
    if not place:
        return None
    with path.open("rb") as file:
        file.seek(16)
        size = int.from_bytes(file.read(2), "big")
        size = 65536 if size == 1 else size
        file.seek((int(place[1]) - 1) * size)
        page = file.read(size)
    return _sequence_in(page, int(place[2] or 0))


def _sequence_in(page: bytes, cell: int) -> int | None:
    if not page or page[0] not in HEADER:
        return None
    address = HEADER[page[0]] + 2 * cell
    start = int.from_bytes(page[address : address + 2], "big") & (len(page) - 1)
    if page[0] == LEAF:
        _size, start = _number(page, start)
    else:
        start += 4  # the page below
    sequence, _ = _number(page, start)
    return sequence


def _number(page: bytes, start: int) -> tuple[int, int]:
    """A number of SQLite's, seven bits to the byte (the ninth byte counts whole), and where it ends."""
    value = 0
    for position, byte in enumerate(page[start : start + 8], start=start):
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:
            return value, position + 1
    return (value << 8) | (page[start + 8] if len(page) > start + 8 else 0), start + 9
