"""The story of a copy, line by line, in the thread of its message."""

from datetime import datetime

from bot.domain.copies import Copy
from bot.domain.events import EventKind, RecordedEvent
from bot.slack.views.blocks import Message

SILENT: frozenset[EventKind] = frozenset()
"""Events that are not told in a thread, on purpose."""


def line(recorded: RecordedEvent, copy: Copy, *, now: datetime) -> Message | None:
    """What the thread says of an event; ``None`` for what it does not tell."""
    return None
