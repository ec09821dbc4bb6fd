"""A conversation and its messages as the people in it see them; tests read and wait here."""

from collections.abc import Callable, Sequence

from rich.console import RenderableType

from bot.sandbox.workspace.blocks import Block
from bot.sandbox.workspace.directory import Conversation
from bot.sandbox.workspace.messages import StoredMessage
from bot.sandbox.workspace.refusals import Payload
from bot.sandbox.workspace.state import WorkspaceState
from bot.sandbox.workspace.terminal import Terminal

PATIENCE = 10.0
"""Seconds that everything waits that has no other patience."""


class Message:
    """A message. It is always what is there now: it changes when the message does."""

    def __init__(self, state: WorkspaceState, stored: StoredMessage) -> None:
        """Shows a message."""
        self._state = state
        self.stored = stored

    @property
    def ts(self) -> str:
        """Its timestamp."""
        return self.stored.ts

    @property
    def channel_id(self) -> str:
        """The id of its conversation."""
        return self.stored.channel_id

    @property
    def text(self) -> str:
        """Its `text`, as the app sent it."""
        return self.stored.text

    @property
    def blocks(self) -> list[Payload]:
        """Its blocks as JSON."""
        return list(self.stored.accepted.content)

    @property
    def metadata(self) -> Payload | None:
        """Its metadata: `event_type` and `event_payload`."""
        return self.stored.metadata

    @property
    def edited(self) -> bool:
        """Whether it was changed after it was posted."""
        return self.stored.edited_ts is not None

    @property
    def exists(self) -> bool:
        """Whether nobody has deleted it."""
        return self._state.messages.exists(self.stored)

    @property
    def rendered(self) -> str:
        """What a reader sees."""
        return self._state.render.message(self.stored.text, self.stored.accepted.blocks)

    @property
    def drawn(self) -> RenderableType:
        """What a reader sees, for a terminal: with rich's colours and columns."""
        return Terminal(self._state.render).message(self.stored.text, self.stored.accepted.blocks)

    @property
    def notification(self) -> str:
        """What a notification and a screen reader say: the `text` alone."""
        return self._state.render.message(self.stored.text, ())

    @property
    def thread(self) -> "list[Message]":
        """The replies, oldest first."""
        replies = self._state.messages.replies(self.channel_id, self.ts)
        return [Message(self._state, one) for one in replies]

    @property
    def permalink(self) -> str:
        """Its address."""
        return f"{self._state.team.url}archives/{self.channel_id}/p{self.ts.replace('.', '')}"

    def vanishes(self) -> None:
        """Takes it away, as an administrator of the workspace does; its replies stay."""
        self._state.messages.remove(self.stored)

    async def shows(self, text: str, timeout: float = PATIENCE) -> "Message":  # noqa: ASYNC109  # a person's patience
        """Waits until a reader sees this text in it.

        Raises:
            NotShownError: It did not come in time.
        """
        await self._state.changes.until(
            lambda: text in self.rendered or None,
            patience=timeout,
            waited_for=f"{text!r} in the message",
            instead=lambda: self.rendered,
        )
        return self

    async def thread_shows(self, text: str, timeout: float = PATIENCE) -> "Message":  # noqa: ASYNC109  # as above
        """Waits for a reply in which a reader sees this text, and gives it.

        Raises:
            NotShownError: It did not come in time.
        """
        return await first_showing(self._state, lambda: self.thread, text, timeout, "the thread")


class ConversationScreen:
    """A conversation."""

    def __init__(self, state: WorkspaceState, conversation: Conversation) -> None:
        """Shows a conversation."""
        self._state = state
        self.conversation = conversation

    @property
    def id(self) -> str:
        """Its id."""
        return self.conversation.id

    @property
    def name(self) -> str:
        """Its name, without `#`."""
        return self.conversation.name

    @property
    def messages(self) -> list[Message]:
        """Its messages without the replies, oldest first."""
        return [Message(self._state, one) for one in self._state.messages.top_level(self.id)]

    async def waits_for(self, text: str, timeout: float = PATIENCE) -> Message:  # noqa: ASYNC109  # a person's patience
        """Waits for a message, not a reply, in which a reader sees this text, and gives the newest.

        Raises:
            NotShownError: It did not come in time.
        """
        return await first_showing(self._state, lambda: self.messages, text, timeout, f"#{self.name}")

    def invites_the_app(self) -> None:
        """Makes the app a member, as a person does with /invite."""
        self.conversation.members.add(self._state.app.bot_user_id)
        self._state.changes.publish("conversation_changed", channel=self.id)

    def removes_the_app(self) -> None:
        """Takes the app out again."""
        self.conversation.members.discard(self._state.app.bot_user_id)
        self._state.changes.publish("conversation_changed", channel=self.id)

    def archives(self) -> None:
        """Archives it: nothing can be posted here any more."""
        self.conversation.is_archived = True

    def restricts_posting(self) -> None:
        """Lets only a few people post: the app gets `restricted_action`."""
        self.conversation.posting_restricted = True


async def first_showing(
    state: WorkspaceState, messages: Callable[[], Sequence[Message]], text: str, patience: float, where: str
) -> Message:
    """Waits for a message in which a reader sees this text; the newest of several.

    Raises:
        NotShownError: It did not come in time.
    """
    return await state.changes.until(
        lambda: next((one for one in reversed(messages()) if text in one.rendered), None),
        patience=patience,
        waited_for=f"{text!r} in {where}",
        instead=lambda: "\n---\n".join(one.rendered for one in messages()) or "nothing at all",
    )


def blocks_of(message: Message) -> Sequence[Block]:
    """The blocks of a message, with their ids."""
    return message.stored.accepted.blocks
