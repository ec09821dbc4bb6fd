"""What Slack answers, as far as the bot reads it. Fields it does not know are ignored."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Refusal(_Answer):
    """Any method, and a response_url: it was not done."""

    ok: Literal[False]
    error: str


class Identity(_Answer):
    """``auth.test``: whose token it is."""

    team_id: str
    user_id: str
    bot_id: str | None = None
    team: str = ""
    user: str = ""

    def has_written(self, message: "PostedMessage") -> bool:
        """Whether a message is this one's own. Anybody may post one with the same metadata."""
        return message.user == self.user_id or (self.bot_id is not None and message.bot_id == self.bot_id)


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


class OpenView(_Answer):
    """The view that ``views.open``, ``views.push`` and ``views.update`` answer with."""

    id: str
    hash: str = ""


class GroupMembers(_Answer):
    """``usergroups.users.list``."""

    users: tuple[str, ...] = ()


class Posted(_Answer):
    """``chat.postMessage``."""

    ts: str


class Permalink(_Answer):
    """``chat.getPermalink``."""

    permalink: str


class Metadata(_Answer):
    """The metadata of a message."""

    event_type: str = ""
    event_payload: dict[str, object] = Field(default_factory=dict)


def _readable(value: object, read: ValidatorFunctionWrapHandler) -> object:
    try:
        return read(value)
    except ValidationError:
        return None


class PostedMessage(_Answer):
    """A message of a channel's history, or one that a shortcut was used at. Anybody's message may have metadata, in any
    shape: that of others is no reason not to read the bot's own.
    """

    ts: str
    user: str | None = None
    bot_id: str | None = None
    thread_ts: str | None = None
    metadata: Annotated[Metadata | None, WrapValidator(_readable)] = None


class Cursor(_Answer):
    """Where the next page begins."""

    next_cursor: str = ""


class Page(_Answer):
    """``conversations.history`` and ``conversations.replies``."""

    messages: tuple[PostedMessage, ...] = ()
    response_metadata: Cursor = Field(default_factory=Cursor)
