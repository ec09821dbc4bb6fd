"""The message of a copy in its channel: one for each copy, kept true in place."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from bot.domain.copies import Copy
from bot.domain.events import RecordedEvent
from bot.slack.views.blocks import Json, Message

EVENT_TYPE = "copy_backup"
"""Of the message's metadata, by which it is found again."""


class Button(StrEnum):
    """The buttons of the message: the ``action_id`` of each. The button's value is the copy's id."""

    STOP = "stop_copy"
    IT_WAS_COPIED = "it_was_copied"
    SEND_AGAIN = "send_again"
    TRY_AGAIN = "try_again"


BUTTONS = tuple(Button)


def draw(copy: Copy, *, now: datetime, story: Sequence[RecordedEvent] = ()) -> Message:
    """The message as it should be now."""
    return Message("", [])


def metadata(copy: Copy) -> Json:
    """What finds the message again: the copy's id and state, nothing else."""
    return {"event_type": EVENT_TYPE, "event_payload": {"copy_id": copy.id, "state": copy.state.value}}
