"""What Slack answers, as far as the bot reads it. Fields it does not know are ignored."""

from pydantic import BaseModel, ConfigDict, Field


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Identity(_Answer):
    """``auth.test``: whose token it is."""

    team_id: str
    user_id: str
    bot_id: str | None = None
    team: str = ""
    user: str = ""
    url: str = ""


class Profile(_Answer):
    """The part of a person's profile that has names."""

    display_name: str = ""
    real_name: str = ""


class Enterprise(_Answer):
    """What ties a person to the workspaces of an Enterprise organisation."""

    teams: tuple[str, ...] = ()


class User(_Answer):
    """``users.info``."""

    id: str
    name: str = ""
    team_id: str | None = None
    deleted: bool = False
    is_bot: bool = False
    is_app_user: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    profile: Profile = Profile()
    enterprise_user: Enterprise | None = None


class Channel(_Answer):
    """``conversations.info``."""

    id: str
    name: str = ""
    is_private: bool = False
    is_member: bool = False
    is_archived: bool = False
    is_im: bool = False
    is_mpim: bool = False


class OpenView(_Answer):
    """The view that ``views.open``, ``views.push`` and ``views.update`` answer with."""

    id: str
    hash: str = ""
    root_view_id: str | None = None


class Metadata(_Answer):
    """The metadata of a message. Anybody's message may have some, in any shape: only the bot's own are used."""

    event_type: str = ""
    event_payload: dict[str, object] = Field(default_factory=dict)


class PostedMessage(_Answer):
    """A message of a channel's history."""

    ts: str
    user: str | None = None
    bot_id: str | None = None
    metadata: Metadata | None = None


class Cursor(_Answer):
    """Where the next page begins."""

    next_cursor: str = ""


class Page(_Answer):
    """``conversations.history`` and ``conversations.replies``."""

    messages: tuple[PostedMessage, ...] = ()
    response_metadata: Cursor = Field(default_factory=Cursor)
