"""All that the workspace knows, in one place for the methods of the Web API and for the people."""

import random
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.sandbox.wire import Wire
from bot.sandbox.workspace.changes import ChangeStream
from bot.sandbox.workspace.directory import Conversation, Directory, new_id
from bot.sandbox.workspace.installation import InstalledApp
from bot.sandbox.workspace.markup import Mentioned
from bot.sandbox.workspace.messages import Messages, StoredMessage
from bot.sandbox.workspace.pings import Ping, mentioned
from bot.sandbox.workspace.refusals import Payload, SlackError
from bot.sandbox.workspace.rendering import Renderer
from bot.sandbox.workspace.response_urls import ResponseUrls
from bot.sandbox.workspace.triggers import Triggers
from bot.sandbox.workspace.validation import AcceptedBlocks, AcceptedView, accept_blocks, accept_home, accept_modal
from bot.sandbox.workspace.view_stacks import ViewStacks

_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A Web API call of the app.

    Attributes:
        method: As `chat.postMessage`.
        arguments: What was sent, without the token.
        answer: What was answered; empty when the connection was cut instead.
        status: The HTTP status, 0 when there was no answer.
        at: When, in seconds since 1970.
    """

    method: str
    arguments: Payload
    answer: Payload
    status: int
    at: float


@dataclass(frozen=True, slots=True)
class RecordedDelivery:
    """What was sent to the app.

    Attributes:
        kind: `slash_commands`, `interactive` or `events_api`.
        payload: What was sent.
        status: The status of its answer, 0 when there was none in time.
        at: When, in seconds since 1970.
    """

    kind: str
    payload: Payload
    status: int
    at: float


@dataclass(slots=True)
class Team:
    """The workspace itself."""

    id: str
    domain: str = "sandbox"
    name: str = "Sandbox"

    @property
    def url(self) -> str:
        """Its address, as permalinks begin."""
        return f"https://{self.domain}.slack.com/"


class WorkspaceState:
    """One workspace, with at most one app in it."""

    def __init__(self, seed: int, clock: Callable[[], float]) -> None:
        """Makes the workspace.

        Args:
            seed: The same seed gives the same ids and tokens.
            clock: The time in seconds since 1970.
        """
        self.numbers = random.Random(seed)
        self.clock = clock
        self.changes = ChangeStream()
        self.team = Team(new_id("T", self.numbers))
        self.directory = Directory(self.numbers)
        self.messages = Messages(self.changes, clock)
        self.views = ViewStacks(self.changes, self.numbers)
        self.triggers = Triggers(clock, self.numbers)
        self.response_urls = ResponseUrls(clock, self.numbers)
        self.render = Renderer(self.name_of)
        self.installed: InstalledApp | None = None
        self.requests: deque[RecordedRequest] = deque(maxlen=_REMEMBERED)
        self.deliveries: deque[RecordedDelivery] = deque(maxlen=_REMEMBERED)
        self.mentions: deque[Ping] = deque(maxlen=_REMEMBERED)
        self.wire = Wire(self.secrets)

    @property
    def app(self) -> InstalledApp:
        """The app.

        Raises:
            LookupError: None is installed.
        """
        if self.installed is None:
            raise LookupError("No app is installed in this workspace: call install() first.")
        return self.installed

    def secrets(self) -> list[str]:
        """What nobody may see who looks from outside."""
        return [] if self.installed is None else self.installed.secrets

    def name_of(self, identity: str) -> str:
        """The name of a user, a user group or a conversation; the id itself when it is unknown."""
        if identity in self.directory.users:
            return self.directory.users[identity].name
        if identity in self.directory.groups:
            return self.directory.groups[identity].handle
        if identity in self.directory.conversations:
            return self.directory.conversations[identity].name
        return identity

    def require_scope(self, *any_of: str) -> None:
        """Refuses what the app was not installed for.

        Raises:
            SlackError: `missing_scope`, with what is needed and provided.
        """
        if not set(any_of) & set(self.app.scopes):
            details: Payload = {"needed": ",".join(any_of), "provided": ",".join(self.app.scopes)}
            raise SlackError("missing_scope", details=details)

    def accept_modal(self, raw: object) -> AcceptedView:
        """Reads a modal; raises as `validation.accept_modal`."""
        accepted = accept_modal(raw, self.numbers)
        self._note_mentions(accepted.mentioned, where="view", ts="", notified=False)
        return accepted

    def accept_home(self, raw: object) -> AcceptedView:
        """Reads a home view; raises as `validation.accept_home`."""
        accepted = accept_home(raw, self.numbers)
        self._note_mentions(accepted.mentioned, where="view", ts="", notified=False)
        return accepted

    def accept_blocks(self, raw: object) -> AcceptedBlocks:
        """Reads the blocks of a message; raises as `validation.accept_blocks`."""
        return accept_blocks(raw, self.numbers)

    def post(
        self,
        channel: Conversation,
        text: str,
        accepted: AcceptedBlocks,
        *,
        thread_ts: str | None = None,
        metadata: Payload | None = None,
        for_user: str | None = None,
        link_names: bool = False,
    ) -> StoredMessage:
        """Posts a message of the app, or shows it to one person."""
        message = StoredMessage(
            channel_id=channel.id,
            ts=self.messages.new_ts(),
            author=self.app.bot_user_id,
            text=text,
            accepted=accepted,
            metadata=metadata,
            thread_ts=thread_ts,
            for_user=for_user,
            bot_id=self.app.bot_id,
            app_id=self.app.app_id,
        )
        where = channel.name if for_user is None else "ephemeral"
        linked = self.with_names_linked(text) if link_names else text
        self._note_mentions(mentioned(linked, accepted.blocks), where=where, ts=message.ts, notified=for_user is None)
        return self.messages.add(message)

    def change(self, message: StoredMessage, text: str, accepted: AcceptedBlocks) -> None:
        """Changes a message of the app; nobody is notified of that."""
        where = self.name_of(message.channel_id)
        self._note_mentions(mentioned(text, accepted.blocks), where=where, ts=message.ts, notified=False)
        self.messages.change(message, text=text, accepted=accepted)

    def with_names_linked(self, text: str) -> str:
        """A text in which `@name` and `#channel` became entities, as `link_names` and `should_escape` do."""

        def entity(match: re.Match[str]) -> str:
            sign, name = match.group(1), match.group(2)
            if sign == "@":
                for user in self.directory.users.values():
                    if user.name == name:
                        return f"<@{user.id}|{name}>"
                for group in self.directory.groups.values():
                    if group.handle == name:
                        return f"<!subteam^{group.id}|@{name}>"
                return f"<!{name}>" if name in ("channel", "here", "everyone") else match.group(0)
            for channel in self.directory.conversations.values():
                if channel.name == name and channel.direct_with is None:
                    return f"<#{channel.id}|{name}>"
            return match.group(0)

        return re.sub(r"(?<![\w<!])([@#])([\w-]+)", entity, text)

    def _note_mentions(self, named: Sequence[Mentioned], *, where: str, ts: str, notified: bool) -> None:
        for one in named:
            self.mentions.append(Ping(one.kind, self._target(one), where, ts, notified))

    def _target(self, one: Mentioned) -> str:
        return one.target if one.kind == "broadcast" else self.name_of(one.target)
