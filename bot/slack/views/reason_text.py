"""What the words for a reason consist of."""

from dataclasses import dataclass
from enum import StrEnum


class Who(StrEnum):
    """Who can cure it."""

    YOU = "you"
    ADMINISTRATOR = "an administrator of the Rackspace account"
    OPERATOR = "whoever runs this bot"
    SUPPORT = "Rackspace support"
    TIME = "nobody: only time"


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of a reason.

    Attributes:
        title: what happened, as a heading; no full stop.
        meaning: what it means, in sentences. ``{about}`` stands for what the problem is about.
        cure: what to do, in sentences.
        who: who can do it.
        unnamed: what is said for ``{about}`` where nothing is known about it.
    """

    title: str
    meaning: str
    cure: str
    who: Who
    unnamed: str = "it"
