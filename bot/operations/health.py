"""What a check of an installation finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One line of ``doctor``.

    Attributes:
        name: what was checked.
        finding: what was found, in a few words.
        cure: what to do about it; ``None`` where nothing has to be done.
    """

    name: str
    passed: bool
    finding: str
    cure: str | None = None
