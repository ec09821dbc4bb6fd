"""What a person typed after the slash command."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.backup import REGIONS_FOR_COPIES
from bot.domain.events import EventFilter


@dataclass(frozen=True, slots=True)
class OpenForm:
    """Nothing was typed."""


@dataclass(frozen=True, slots=True)
class ShortForm:
    """A backup, where to, and perhaps a name.

    Attributes:
        backup: its id, the beginning of its id, or its name.
        name: of the copy; ``None``: the usual one.
    """

    backup: str
    region: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What runs?"""


@dataclass(frozen=True, slots=True)
class History:
    """What happened?"""

    wanted: EventFilter


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop a copy."""

    copy_id: str


@dataclass(frozen=True, slots=True)
class Help:
    """Asked for, or not understood.

    Attributes:
        near: what was probably meant, without the command's name.
        typed: what was not understood; ``None`` where help was asked for.
    """

    near: str | None = None
    typed: str | None = None


Wish = OpenForm | ShortForm | Status | History | Cancel | Help


def parse(text: str, regions: Sequence[str] = REGIONS_FOR_COPIES) -> Wish:
    """What a person wants.

    Args:
        text: as Slack sends it.
        regions: the regions that copies may go to.
    """
    return OpenForm()
