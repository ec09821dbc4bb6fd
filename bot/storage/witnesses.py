"""What is needed to compare a log with its witnesses."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from bot.domain.witness import Testimony, Witness, compare
from bot.storage.archive_table import carried_on
from bot.storage.connection import Place
from bot.storage.exported import hashes_in
from bot.storage.opening import reading


def hear(place: Place, witnesses: Iterable[Witness]) -> Testimony:
    """What witnesses say of the audit log which was verified. Blocks.

    Args:
        place: of the log.
        witnesses: of the log.

    Raises:
        UnreadableFileError: there is no such file, or it has no audit log in it that can be read.
    """
    called = list(witnesses)
    with reading(place) as connection:
        carried = carried_on(connection)
        hashes = {carried.sequence: carried.hash} if carried.sequence else {}
        for sequence in {witness.sequence for witness in called}:
            row = connection.execute("SELECT hash FROM events WHERE sequence = ?", (sequence,)).fetchone()
            if row:
                hashes[sequence] = row[0]
        (last,) = connection.execute("SELECT coalesce(max(sequence), 0) FROM events").fetchone()
    return compare(called, hashes, last=last, goes_on=False)


def hear_of_file(file: Path, witnesses: Iterable[Witness]) -> Testimony:
    """What witnesses say of an archive, or of an export, which was verified. Blocks."""
    called = list(witnesses)
    hashes, last = _hashes(file, {witness.sequence for witness in called})
    return compare(called, hashes, last=last, goes_on=True)


def _hashes(file: Path, wanted: Collection[int]) -> tuple[Mapping[int, str], int]:
    hashes, last = {}, 0
    for sequence, made in hashes_in(file):
        last = sequence
        if sequence in wanted:
            hashes[sequence] = made
    return hashes, last
