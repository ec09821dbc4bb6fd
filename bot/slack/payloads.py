"""What Slack sends when somebody does something, as far as the bot reads it. Unknown fields are ignored."""

from typing import Annotated, Any

from annotated_types import Len
from pydantic import AliasPath, BaseModel, ConfigDict, Field

from bot.slack.answers import PostedMessage


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


class HomeOpened(_Payload):
    """Somebody opened the app's own page.

    Attributes:
        tab: ``home`` or ``messages``.
    """

    team_id: str
    user_id: Annotated[str, Field(validation_alias=AliasPath("event", "user"))]
    tab: Annotated[str, Field(validation_alias=AliasPath("event", "tab"))] = "home"


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
    value: str | None = None


class Interaction(_Payload):
    """Somebody did something: used a shortcut, or pressed a button of a message."""

    user: Actor
    team: Team | None = None
    channel: Place | None = None
    trigger_id: str
    response_url: str = ""


class Press(Interaction):
    """Somebody pressed a button of a message."""

    actions: Annotated[tuple[Action, ...], Len(min_length=1)]


class AtMessage(Interaction):
    """Somebody used a message shortcut."""

    message: PostedMessage


class InView(Interaction):
    """Somebody changed or submitted something in a view, or wishes for options there.

    Attributes:
        view: as it came, for its own module to read.
        view_hash: of the view as the person saw it.
    """

    trigger_id: str = ""
    actions: tuple[Action, ...] = ()
    view: dict[str, Any]
    view_id: Annotated[str, Field(validation_alias=AliasPath("view", "id"))]
    view_hash: Annotated[str, Field(validation_alias=AliasPath("view", "hash"))] = ""
