"""What Slack sends when somebody does something, as far as the bot reads it. Unknown fields are ignored."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Payload(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Command(_Payload):
    """A slash command."""

    team_id: str
    channel_id: str
    user_id: str
    user_name: str = ""
    text: str = ""
    trigger_id: str
    response_url: str = ""


class Actor(_Payload):
    """Who did it."""

    id: str
    username: str = ""
    name: str = ""
    team_id: str | None = None


class Team(_Payload):
    """The workspace it was done in."""

    id: str


class Place(_Payload):
    """The channel it was done in."""

    id: str


class Action(_Payload):
    """A button that was pressed or a field that was changed."""

    action_id: str
    block_id: str = ""
    value: str | None = None


class OpenView(_Payload):
    """The view it was done in, with all that was filled in."""

    id: str
    hash: str = ""
    callback_id: str = ""
    root_view_id: str | None = None
    private_metadata: str = ""
    state: dict[str, Any] = Field(default_factory=dict)


class Interaction(_Payload):
    """A button, a changed field, a submitted view, a wish for options, or a shortcut.

    Attributes:
        raw_view: the view as it came, for the view's own module to read.
        value: what somebody has typed to find an option.
    """

    type: str
    user: Actor
    team: Team | None = None
    channel: Place | None = None
    trigger_id: str = ""
    response_url: str = ""
    callback_id: str = ""
    action_id: str = ""
    value: str = ""
    actions: tuple[Action, ...] = ()
    view: OpenView | None = None
    raw_view: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "Interaction":
        """A payload as it came.

        Raises:
            pydantic.ValidationError: it is none.
        """
        return cls.model_validate({**body, "raw_view": body.get("view") or {}})
