"""What runs now, and what a person asked for lately."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.copies import Copy
from bot.slack.views.blocks import Message
from bot.slack.views.text import DEFAULT_COMMAND


def draw(
    running: Sequence[Copy],
    mine: Sequence[Copy],
    *,
    now: datetime,
    links: Mapping[str, str] | None = None,
    command: str = DEFAULT_COMMAND,
) -> Message:
    """Open copies of everybody, and the last ones of the person who asks.

    Args:
        running: oldest first.
        mine: newest first.
        now: for ages.
        links: addresses of the copies' messages, by the copy's id.
        command: the slash command's name.
    """
    return Message("", [])
