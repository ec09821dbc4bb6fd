"""The form in which an approver says why not."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict
from slack_sdk.models.blocks import PlainTextInputElement

from bot.slack.views import blocks
from bot.slack.views.blocks import View
from bot.slack.views.typed import TypedState

CALLBACK_ID = "decline_form"

REASON = "decline_reason"
"""The field: both its ``block_id`` and its ``action_id``."""

LONGEST_REASON = 500
"""Characters."""


@dataclass(frozen=True, slots=True)
class Declining:
    """What was filled in.

    Attributes:
        value: of the button that opened the form.
        reason: why not.
    """

    value: str
    reason: str


def draw(value: str) -> View:
    """The form.

    Args:
        value: of the button that opens it.
    """
    return blocks.modal(
        "Decline this copy?",
        [
            blocks.section("Nothing of it will be copied. Who asked is told your name and your reason."),
            blocks.field(
                "Why not?",
                PlainTextInputElement(
                    action_id=REASON, max_length=LONGEST_REASON, multiline=True, placeholder="What has to change first"
                ),
                block_id=REASON,
            ),
        ],
        callback_id=CALLBACK_ID,
        submit="Decline",
        close="Cancel",
        metadata=value,
    )


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    private_metadata: str = ""
    state: TypedState = TypedState()


def read(view: Mapping[str, object]) -> Declining:
    """What was filled in.

    Args:
        view: the ``view`` of a ``view_submission`` payload.
    """
    seen = _View.model_validate(view)
    return Declining(seen.private_metadata, seen.state.text_in(REASON)[:LONGEST_REASON])
