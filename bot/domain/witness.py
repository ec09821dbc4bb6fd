"""Witnesses of the audit log: its head, as others knew it at a time.

Whoever can write to the log's file can cut off its end, or put another log in its place, and the chain of hashes that
is left is whole. A witness, kept where they cannot write, contradicts that.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Witness:
    """The last event of the log at a time.

    Attributes:
        sequence: of that event.
        hash: of that event.
        at: when it was posted; ``None`` where that is not known.
    """

    sequence: int
    hash: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Testimony:
    """What witnesses say of a log that is whole by itself. Each list is in the order of the events.

    Attributes:
        fitting: those that saw what is there.
        missing: those that saw an event after the last one that is there.
        different: those that saw another event where there is one now.
        elsewhere: those of events that are not here to be looked at, and need not be.
        last: sequence of the last event that is there.
    """

    fitting: tuple[Witness, ...]
    missing: tuple[Witness, ...]
    different: tuple[Witness, ...]
    elsewhere: tuple[Witness, ...]
    last: int

    @property
    def contradicting(self) -> tuple[Witness, ...]:
        """Those that saw another log."""
        return self.different + self.missing


def compare(witnesses: Iterable[Witness], hashes: Mapping[int, str], *, last: int, goes_on: bool) -> Testimony:
    """Compare what witnesses saw with what is there.

    Args:
        witnesses: in any order; the same may come more than once.
        hashes: of the events that are there and that witnesses saw, by sequence.
        last: sequence of the last event that is there.
        goes_on: whether the log may go on elsewhere after that, as it does after an archive or an export.
    """
    ordered = sorted(dict.fromkeys(witnesses), key=lambda witness: (witness.sequence, witness.hash))
    there = [witness for witness in ordered if witness.sequence in hashes]
    others = [witness for witness in ordered if witness.sequence not in hashes]
    missing = [] if goes_on else [witness for witness in others if witness.sequence > last]
    return Testimony(
        fitting=tuple(witness for witness in there if hashes[witness.sequence] == witness.hash),
        missing=tuple(missing),
        different=tuple(witness for witness in there if hashes[witness.sequence] != witness.hash),
        elsewhere=tuple(witness for witness in others if witness not in missing),
        last=last,
    )
