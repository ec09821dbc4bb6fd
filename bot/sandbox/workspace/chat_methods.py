"""`chat.*` and `reactions.add`: what the app says, and where it may not."""

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from bot.sandbox.workspace.directory import Conversation
from bot.sandbox.workspace.messages import StoredMessage
from bot.sandbox.workspace.method import Arguments, JsonText, method
from bot.sandbox.workspace.refusals import Payload, SlackError
from bot.sandbox.workspace.state import WorkspaceState
from bot.sandbox.workspace.validation import AcceptedBlocks

TEXT_KEPT = 40_000
"""Characters of `text` that chat.postMessage keeps (slack-platform.md, Sizes)."""
TEXT_CHANGED = 4_000
"""Characters of `text` that chat.update takes (the same section)."""
METADATA_LIMIT = 4_000
"""Characters of metadata as JSON. Slack's own limit is unpublished; this one is low on purpose: ids and a state fit."""


class _Metadata(BaseModel):
    event_type: str
    event_payload: dict[str, object]


class _PostMessage(Arguments):
    channel: str
    text: str = ""
    blocks: object = None
    thread_ts: str | None = None
    reply_broadcast: bool = False
    metadata: JsonText = None
    link_names: bool = False
    parse: str | None = None


class _PostEphemeral(Arguments):
    channel: str
    user: str
    text: str = ""
    blocks: object = None
    thread_ts: str | None = None


class _Update(Arguments):
    channel: str
    ts: str
    text: str | None = None
    blocks: object = None
    metadata: JsonText = None


class _Delete(Arguments):
    channel: str
    ts: str


class _GetPermalink(Arguments):
    channel: str
    message_ts: str


class _AddReaction(Arguments):
    channel: str
    timestamp: str
    name: str


def read_blocks(state: WorkspaceState, raw: object) -> AcceptedBlocks:
    """The blocks of a message, none where none were sent.

    Raises:
        SlackError: As `validation.accept_blocks`.
    """
    return AcceptedBlocks() if raw in (None, "", []) else state.accept_blocks(raw)


def _read_metadata(raw: object) -> Payload | None:
    if raw is None or raw == "":
        return None
    try:
        metadata = _Metadata.model_validate(raw)
    except ValidationError:
        raise SlackError("invalid_metadata_format") from None
    content: Payload = {"event_type": metadata.event_type, "event_payload": metadata.event_payload}
    if len(to_json(content)) > METADATA_LIMIT:
        raise SlackError("metadata_too_large")
    return content


def _place_to_post(state: WorkspaceState, channel_id: str) -> Conversation:
    """Where to post: a channel the app may post to, or a person's direct message."""
    app, directory = state.app, state.directory
    if channel_id in directory.users and not directory.users[channel_id].is_bot:
        if directory.users[channel_id].deleted:
            raise SlackError("channel_not_found")
        channel_id = directory.direct_message(channel_id, app.bot_user_id).id
    channel = directory.visible_conversation(channel_id, app.bot_user_id)
    if channel.direct_with is not None and not app.manifest.features.app_home.messages_tab_enabled:
        raise SlackError("messages_tab_disabled")
    if channel.is_archived:
        raise SlackError("is_archived")
    if app.bot_user_id not in channel.members and "chat:write.public" not in app.scopes:
        raise SlackError("not_in_channel")
    if channel.posting_restricted:
        raise SlackError("restricted_action")
    return channel


def _thread(state: WorkspaceState, channel: Conversation, thread_ts: str | None) -> str | None:
    if thread_ts is None:
        return None
    try:
        parent = state.messages.find(channel.id, thread_ts)
    except SlackError:
        raise SlackError("cannot_reply_to_message") from None
    if parent.thread_ts not in (None, parent.ts):
        raise SlackError("cannot_reply_to_message")
    return thread_ts


def _post_message(state: WorkspaceState, arguments: _PostMessage) -> Payload:
    channel = _place_to_post(state, arguments.channel)
    accepted, text = read_blocks(state, arguments.blocks), arguments.text
    if not text.strip() and not accepted.blocks:
        raise SlackError("no_text")
    metadata = _read_metadata(arguments.metadata)
    message = state.post(
        channel,
        text[:TEXT_KEPT],
        accepted,
        thread_ts=_thread(state, channel, arguments.thread_ts),
        metadata=metadata,
        link_names=arguments.link_names or arguments.parse == "full",
    )
    answer: Payload = {
        "ok": True,
        "channel": channel.id,
        "ts": message.ts,
        "message": message.payload(state.team.id, with_metadata=True),
    }
    if len(text) > TEXT_KEPT:
        answer |= {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
    return answer


def _post_ephemeral(state: WorkspaceState, arguments: _PostEphemeral) -> Payload:
    channel = state.directory.visible_conversation(arguments.channel, state.app.bot_user_id)
    if channel.is_archived:
        raise SlackError("is_archived")
    if state.app.bot_user_id not in channel.members:
        raise SlackError("not_in_channel")
    if arguments.user not in channel.members:
        raise SlackError("user_not_in_channel")
    accepted = read_blocks(state, arguments.blocks)
    if not arguments.text.strip() and not accepted.blocks:
        raise SlackError("no_text")
    message = state.post(
        channel,
        arguments.text[:TEXT_KEPT],
        accepted,
        thread_ts=_thread(state, channel, arguments.thread_ts),
        for_user=arguments.user,
    )
    return {"ok": True, "message_ts": message.ts}


def _own_message(state: WorkspaceState, channel_id: str, ts: str, refusal: str) -> StoredMessage:
    channel = state.directory.visible_conversation(channel_id, state.app.bot_user_id)
    message = state.messages.find(channel.id, ts)
    if message.author != state.app.bot_user_id:
        raise SlackError(refusal)
    if channel.is_archived:
        raise SlackError("is_archived")
    return message


def _update(state: WorkspaceState, arguments: _Update) -> Payload:
    message = _own_message(state, arguments.channel, arguments.ts, "cant_update_message")
    if arguments.text is None and arguments.blocks is None:
        raise SlackError("no_text")
    if len(arguments.text or "") > TEXT_CHANGED:
        raise SlackError("msg_too_long")
    kept = arguments.blocks is None
    accepted = message.accepted if kept else read_blocks(state, arguments.blocks)
    text = message.text if arguments.text is None else arguments.text
    if not text.strip() and not accepted.blocks:
        raise SlackError("no_text")
    metadata = None if arguments.metadata == {} else _read_metadata(arguments.metadata)  # an empty one takes it away
    state.change(message, text, accepted)
    if arguments.metadata is not None:
        message.metadata = metadata
    return {
        "ok": True,
        "channel": message.channel_id,
        "ts": message.ts,
        "text": message.text,
        "message": message.payload(state.team.id, with_metadata=True),
    }


def _delete(state: WorkspaceState, arguments: _Delete) -> Payload:
    message = _own_message(state, arguments.channel, arguments.ts, "cant_delete_message")
    state.messages.remove(message)
    return {"ok": True, "channel": message.channel_id, "ts": message.ts}


def _get_permalink(state: WorkspaceState, arguments: _GetPermalink) -> Payload:
    channel = state.directory.visible_conversation(arguments.channel, state.app.bot_user_id)
    message = state.messages.find(channel.id, arguments.message_ts)
    link = f"{state.team.url}archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts not in (None, message.ts):
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"ok": True, "channel": channel.id, "permalink": link}


def _add_reaction(state: WorkspaceState, arguments: _AddReaction) -> Payload:
    channel = state.directory.visible_conversation(arguments.channel, state.app.bot_user_id)
    if state.app.bot_user_id not in channel.members:
        raise SlackError("not_in_channel")
    if channel.is_archived:
        raise SlackError("is_archived")
    message = state.messages.find(channel.id, arguments.timestamp)
    if not arguments.name.strip(":") or arguments.name != arguments.name.strip(":"):
        raise SlackError("invalid_name")
    users = message.reactions.setdefault(arguments.name, [])
    if state.app.bot_user_id in users:
        raise SlackError("already_reacted")
    users.append(state.app.bot_user_id)
    state.changes.publish("message_changed", channel=channel.id, ts=message.ts)
    return {"ok": True}


CHAT_METHODS = (
    method("chat.postMessage", _PostMessage, _post_message, scopes=("chat:write",)),
    method("chat.postEphemeral", _PostEphemeral, _post_ephemeral, scopes=("chat:write",), tier=4),
    method("chat.update", _Update, _update, scopes=("chat:write",), tier=3),
    method("chat.delete", _Delete, _delete, scopes=("chat:write",), tier=3),
    method("chat.getPermalink", _GetPermalink, _get_permalink, tier=3),
    method("reactions.add", _AddReaction, _add_reaction, scopes=("reactions:write",), tier=3),
)
"""What the app can say."""
