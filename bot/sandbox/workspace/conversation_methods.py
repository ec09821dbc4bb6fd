"""`conversations.*`, `users.*` and `usergroups.*`: who and what is there, and what was said."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

from pydantic import Field

from bot.sandbox.workspace.directory import Conversation
from bot.sandbox.workspace.messages import StoredMessage
from bot.sandbox.workspace.method import Arguments, Names, method
from bot.sandbox.workspace.refusals import Payload, SlackError
from bot.sandbox.workspace.state import WorkspaceState

_READ = {"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read"}
_HISTORY = {"public_channel": "channels:history", "private_channel": "groups:history", "im": "im:history"}
_Item = TypeVar("_Item")


class _Paged(Arguments):
    limit: Annotated[int, Field(ge=0, le=1000)] = 100
    cursor: str | None = None


class _Channel(Arguments):
    channel: str


class _Members(_Paged):
    channel: str


class _History(_Paged):
    channel: str
    oldest: str = "0"
    latest: str | None = None
    inclusive: bool = False
    include_all_metadata: bool = False


class _Replies(_History):
    ts: str


class _Open(Arguments):
    channel: str | None = None
    users: Names = Field(default_factory=list)
    return_im: bool = False


class _User(Arguments):
    user: str


class _UserConversations(_Paged):
    user: str | None = None
    types: Names = Field(default_factory=lambda: ["public_channel"])
    exclude_archived: bool = False


class _UserGroups(Arguments):
    include_users: bool = False
    include_disabled: bool = False
    include_count: bool = False


class _GroupMembers(Arguments):
    usergroup: str


def _visible(state: WorkspaceState, channel_id: str, scopes: dict[str, str]) -> Conversation:
    channel = state.directory.visible_conversation(channel_id, state.app.bot_user_id)
    state.require_scope(scopes[channel.kind])
    return channel


def _page(items: Sequence[_Item], arguments: _Paged) -> tuple[list[_Item], Payload]:
    """One page, and the metadata that leads to the next; cursors are the place of the next item."""
    begin = 0
    if arguments.cursor:
        if not arguments.cursor.startswith("next:") or not arguments.cursor[5:].isdigit():
            raise SlackError("invalid_cursor")
        begin = int(arguments.cursor[5:])
    end = begin + (arguments.limit or 100)
    return list(items[begin:end]), {"next_cursor": f"next:{end}" if end < len(items) else ""}


def _info(state: WorkspaceState, arguments: _Channel) -> Payload:
    channel = _visible(state, arguments.channel, _READ)
    return {"ok": True, "channel": channel.payload(state.app.bot_user_id)}


def _members(state: WorkspaceState, arguments: _Members) -> Payload:
    channel = _visible(state, arguments.channel, _READ)
    members, metadata = _page(sorted(channel.members), arguments)
    return {"ok": True, "members": members, "response_metadata": metadata}


def _join(state: WorkspaceState, arguments: _Channel) -> Payload:
    channel = state.directory.visible_conversation(arguments.channel, state.app.bot_user_id)
    if channel.kind != "public_channel":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    answer: Payload = {"ok": True}
    if state.app.bot_user_id in channel.members:
        answer |= {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    channel.members.add(state.app.bot_user_id)
    state.changes.publish("conversation_changed", channel=channel.id)
    return answer | {"channel": channel.payload(state.app.bot_user_id)}


def _readable(state: WorkspaceState, channel_id: str) -> Conversation:
    """A conversation whose messages the app may read: it has to be in it."""
    channel = _visible(state, channel_id, _HISTORY)
    if state.app.bot_user_id not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _within(messages: Sequence[StoredMessage], arguments: _History) -> list[StoredMessage]:
    try:
        oldest, latest = float(arguments.oldest), float(arguments.latest or "inf")
    except ValueError:
        raise SlackError("invalid_ts_oldest") from None
    return [
        one
        for one in messages
        if oldest < float(one.ts) < latest or (arguments.inclusive and float(one.ts) in (oldest, latest))
    ]


def _listed(state: WorkspaceState, messages: Sequence[StoredMessage], arguments: _History) -> Payload:
    page, metadata = _page(messages, arguments)
    shown = []
    for one in page:
        content = one.payload(state.team.id, with_metadata=arguments.include_all_metadata)
        replies = state.messages.replies(one.channel_id, one.ts)
        if replies and one.thread_ts in (None, one.ts):
            content |= {"thread_ts": one.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}
        shown.append(content)
    more = bool(metadata["next_cursor"])
    answer: Payload = {"ok": True, "messages": shown, "has_more": more}
    return answer | ({"response_metadata": metadata} if more else {})


def _history(state: WorkspaceState, arguments: _History) -> Payload:
    channel = _readable(state, arguments.channel)
    newest_first = state.messages.top_level(channel.id)[::-1]
    return _listed(state, _within(newest_first, arguments), arguments) | {"pin_count": 0}


def _replies(state: WorkspaceState, arguments: _Replies) -> Payload:
    channel = _readable(state, arguments.channel)
    try:
        parent = state.messages.find(channel.id, arguments.ts)
    except SlackError:
        raise SlackError("thread_not_found") from None
    if parent.thread_ts not in (None, parent.ts):
        return _listed(state, [parent], arguments)
    replies = _within(state.messages.replies(channel.id, parent.ts), arguments)
    return _listed(state, [parent, *replies], arguments)


def _open(state: WorkspaceState, arguments: _Open) -> Payload:
    if arguments.channel:
        channel = state.directory.visible_conversation(arguments.channel, state.app.bot_user_id)
        return {"ok": True, "no_op": True, "already_open": True, "channel": {"id": channel.id}}
    if not arguments.users:
        raise SlackError("users_list_not_supplied")
    if len(arguments.users) > 1:
        raise SlackError("method_not_supported_for_channel_type")
    user = state.directory.user(arguments.users[0])
    if user.is_bot:
        raise SlackError("cannot_dm_bot")
    if user.deleted:
        raise SlackError("user_disabled")
    channel = state.directory.direct_message(user.id, state.app.bot_user_id)
    content = channel.payload(state.app.bot_user_id) if arguments.return_im else {"id": channel.id}
    return {"ok": True, "channel": content}


def _user_info(state: WorkspaceState, arguments: _User) -> Payload:
    return {"ok": True, "user": state.directory.user(arguments.user).payload(state.team.id)}


def _user_conversations(state: WorkspaceState, arguments: _UserConversations) -> Payload:
    bot = state.app.bot_user_id
    user = state.directory.user(arguments.user or bot)
    for kind in arguments.types:
        if kind not in (*_READ, "mpim"):
            raise SlackError("invalid_types")
        state.require_scope(_READ.get(kind, "mpim:read"))
    found = [
        one.payload(bot)
        for one in state.directory.conversations.values()
        if user.id in one.members
        and one.kind in arguments.types
        and (one.kind == "public_channel" or bot in one.members)
        and not (one.is_archived and arguments.exclude_archived)
    ]
    channels, metadata = _page(found, arguments)
    return {"ok": True, "channels": channels, "response_metadata": metadata}


def _user_groups(state: WorkspaceState, arguments: _UserGroups) -> Payload:
    groups = []
    for group in state.directory.groups.values():
        content = group.payload(state.team.id)
        if arguments.include_users:
            content["users"] = list(group.members)
        groups.append(content)
    return {"ok": True, "usergroups": groups}


def _group_members(state: WorkspaceState, arguments: _GroupMembers) -> Payload:
    group = state.directory.groups.get(arguments.usergroup)
    if group is None:
        raise SlackError("no_such_subteam")
    return {"ok": True, "users": list(group.members)}


_ANY_READ, _ANY_HISTORY = tuple(_READ.values()), tuple(_HISTORY.values())
CONVERSATION_METHODS = (
    method("conversations.info", _Channel, _info, scopes=_ANY_READ, tier=3),
    method("conversations.members", _Members, _members, scopes=_ANY_READ, tier=4),
    method("conversations.join", _Channel, _join, scopes=("channels:join",), tier=3),
    method("conversations.open", _Open, _open, scopes=("im:write",), tier=3),
    method("conversations.history", _History, _history, scopes=_ANY_HISTORY, tier=3),
    method("conversations.replies", _Replies, _replies, scopes=_ANY_HISTORY, tier=3),
    method("users.info", _User, _user_info, scopes=("users:read",), tier=4),
    method("users.conversations", _UserConversations, _user_conversations, scopes=_ANY_READ, tier=3),
    method("usergroups.list", _UserGroups, _user_groups, scopes=("usergroups:read",), tier=2),
    method("usergroups.users.list", _GroupMembers, _group_members, scopes=("usergroups:read",), tier=2),
)
"""What the app can find out."""
