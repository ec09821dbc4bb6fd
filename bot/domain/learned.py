"""How long copies between two regions take, learned from those that were made: never an invented number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

FEWEST = 3
"""Copies that have to be known before anything is said."""

ENOUGH_TO_CALL_SLOW = 10
"""Copies that have to be known before one is called slower than nearly all."""

SIMILAR = 2.0
"""Backups that are at most so many times as large or as small are of a similar size."""


@dataclass(frozen=True, slots=True)
class CopyTime:
    """How long a copy took.

    Attributes:
        size_gb: of the backup; ``None`` where it is not known.
        seconds: from the request to the end.
    """

    size_gb: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Learned:
    """What the copies before say.

    Attributes:
        half: seconds after which half of them were done.
        nine_tenths: seconds after which nine of ten were.
        copies: how many they were.
    """

    half: float
    nine_tenths: float
    copies: int

    def is_slow(self, seconds: float) -> bool:
        """Whether a copy that runs so long already is slower than nearly all before it."""
        return self.copies >= ENOUGH_TO_CALL_SLOW and seconds > self.nine_tenths


def learn(times: Iterable[CopyTime], size_gb: float | None) -> Learned | None:
    """What is known of how long a copy takes: from those of a similar size if there are enough, else from all.

    Args:
        times: of completed copies between the same two regions.
        size_gb: of the backup.

    Returns:
        ``None`` while too few are known.
    """
    known = [each for each in times if each.seconds >= 0]  # the clock was set back meanwhile
    similar = [each for each in known if _similar(each.size_gb, size_gb)]
    chosen = similar if len(similar) >= FEWEST else known
    if len(chosen) < FEWEST:
        return None
    seconds = sorted(each.seconds for each in chosen)
    return Learned(half=_quantile(seconds, 0.5), nine_tenths=_quantile(seconds, 0.9), copies=len(seconds))


def _similar(one: float | None, other: float | None) -> bool:
    return bool(one) and bool(other) and 1 / SIMILAR <= (one or 0.0) / (other or 1.0) <= SIMILAR


def _quantile(ascending: Sequence[float], share: float) -> float:
    """The first of the times by which this share of them were done."""
    return ascending[max(0, ceil(share * len(ascending)) - 1)]
