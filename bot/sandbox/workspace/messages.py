"""Messages and threads of every conversation, and messages that only one person sees."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.sandbox.workspace.changes import ChangeStream
from bot.sandbox.workspace.refusals import Payload, SlackError
from bot.sandbox.workspace.validation import AcceptedBlocks


@dataclass(slots=True, eq=False)
class StoredMessage:
    """One message.

    Attributes:
        channel_id: The conversation it is in.
        ts: Its timestamp, which is its id within the conversation.
        author: The id of the account that wrote it.
        text: Its text as it was sent, with Slack's escapes.
        accepted: Its blocks.
        metadata: What `metadata` was sent with it.
        thread_ts: The `ts` of the message it replies to.
        edited_ts: When it was changed last.
        for_user: The only person who sees it; None for a message that stays.
        revisions: The texts it had before it was changed, oldest first.
    """

    channel_id: str
    ts: str
    author: str
    text: str
    accepted: AcceptedBlocks = field(default_factory=AcceptedBlocks)
    metadata: Payload | None = None
    thread_ts: str | None = None
    edited_ts: str | None = None
    for_user: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    revisions: list[str] = field(default_factory=list)

    def payload(self, team_id: str, *, with_metadata: bool = False) -> Payload:
        """The message as the Web API and interactions give it."""
        content: Payload = {
            "type": "message",
            "user": self.author,
            "ts": self.ts,
            "text": self.text,
            "team": team_id,
        }
        if self.bot_id is not None:
            content |= {"bot_id": self.bot_id, "app_id": self.app_id}
        if self.accepted.blocks:
            content["blocks"] = list(self.accepted.content)
        if self.thread_ts is not None:
            content["thread_ts"] = self.thread_ts
        if self.edited_ts is not None:
            content["edited"] = {"user": self.author, "ts": self.edited_ts}
        if self.reactions:
            content["reactions"] = [
                {"name": name, "users": users, "count": len(users)} for name, users in self.reactions.items()
            ]
        if with_metadata and self.metadata is not None:
            content["metadata"] = self.metadata
        return content


class Messages:
    """Every message of the workspace."""

    def __init__(self, changes: ChangeStream, clock: Callable[[], float]) -> None:
        """Starts empty.

        Args:
            changes: Where changes are published.
            clock: The time in seconds since 1970.
        """
        self._changes = changes
        self._clock = clock
        self._kept: dict[str, dict[str, StoredMessage]] = {}
        self._beneath: dict[tuple[str, str | None], dict[str, StoredMessage]] = {}  # None: not in a thread
        self._last_ts = 0
        self.ephemeral: list[StoredMessage] = []

    def new_ts(self) -> str:
        """A timestamp that no message has yet, later than all before it."""
        self._last_ts = max(int(self._clock() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def add(self, message: StoredMessage) -> StoredMessage:
        """Keeps a message that was posted, or shows one to a single person."""
        if message.for_user is not None:
            self.ephemeral.append(message)
            self._changes.publish("ephemeral_changed", user=message.for_user, ts=message.ts)
        else:
            self._kept.setdefault(message.channel_id, {})[message.ts] = message
            self._beneath.setdefault(_place(message), {})[message.ts] = message
            self._changes.publish("message_posted", channel=message.channel_id, ts=message.ts)
        return message

    def change(self, message: StoredMessage, *, text: str, accepted: AcceptedBlocks) -> None:
        """Changes what a message says."""
        message.revisions.append(message.text)
        message.text, message.accepted, message.edited_ts = text, accepted, self.new_ts()
        if message.for_user is not None:
            self._changes.publish("ephemeral_changed", user=message.for_user, ts=message.ts)
        else:
            self._changes.publish("message_changed", channel=message.channel_id, ts=message.ts)

    def remove(self, message: StoredMessage) -> None:
        """Removes a message for everybody who saw it."""
        if message.for_user is not None:
            self.ephemeral.remove(message)
            self._changes.publish("ephemeral_changed", user=message.for_user, ts=message.ts)
        else:
            del self._kept[message.channel_id][message.ts]
            del self._beneath[_place(message)][message.ts]
            self._changes.publish("message_deleted", channel=message.channel_id, ts=message.ts)

    def exists(self, message: StoredMessage) -> bool:
        """Whether a message is still there for those who saw it."""
        if message.for_user is not None:
            return message in self.ephemeral
        return self._kept.get(message.channel_id, {}).get(message.ts) is message

    def forget_ephemeral(self, user_id: str) -> None:
        """Takes away what only this person sees."""
        self.ephemeral = [one for one in self.ephemeral if one.for_user != user_id]
        self._changes.publish("ephemeral_changed", user=user_id)

    def find(self, channel_id: str, ts: str) -> StoredMessage:
        """The message at this place.

        Raises:
            SlackError: `message_not_found`.
        """
        message = self._kept.get(channel_id, {}).get(ts)
        if message is None:
            raise SlackError("message_not_found")
        return message

    def all_of(self, channel_id: str) -> list[StoredMessage]:
        """The messages of a conversation and the replies to them, oldest first."""
        return list(self._kept.get(channel_id, {}).values())

    def top_level(self, channel_id: str) -> list[StoredMessage]:
        """The messages of a conversation that are not replies, oldest first."""
        return list(self._beneath.get((channel_id, None), {}).values())

    def replies(self, channel_id: str, ts: str) -> list[StoredMessage]:
        """The replies to a message, oldest first."""
        return list(self._beneath.get((channel_id, ts), {}).values())

    def seen_only_by(self, user_id: str) -> list[StoredMessage]:
        """The messages that only this person sees, oldest first."""
        return [one for one in self.ephemeral if one.for_user == user_id]


def _place(message: StoredMessage) -> tuple[str, str | None]:
    """Where a message is found: its conversation, and the message it replies to."""
    return message.channel_id, None if message.thread_ts == message.ts else message.thread_ts
