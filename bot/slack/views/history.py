"""The audit log as a person reads it in Slack."""

from collections.abc import Sequence

from bot.domain.events import EventFilter, RecordedEvent
from bot.slack.views.blocks import Message
from bot.slack.views.text import DEFAULT_COMMAND

PAGE = 20
"""Events on one page."""


def draw(events: Sequence[RecordedEvent], wanted: EventFilter, *, command: str = DEFAULT_COMMAND) -> Message:
    """Events, newest first, and how to see the next page."""
    return Message("", [])


def read_filter(text: str) -> EventFilter:
    """Which events a person wants to see: mentions, regions and ``before:123`` are understood, the rest is text."""
    return EventFilter()
