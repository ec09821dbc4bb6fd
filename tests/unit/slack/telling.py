"""A channel that is told, by a notifier that can be ended and replaced as a process is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bot.domain.copies import Copy, CopyState
from bot.domain.events import Event, EventKind
from bot.domain.lineage import Evidence
from bot.domain.people import Person
from bot.domain.posts import Post
from bot.operations.moves import move
from bot.sandbox.workspace import ConversationScreen, Message
from bot.slack.client import SlackClient
from bot.slack.errands import Errands
from bot.slack.notifier import Notifier
from bot.slack.pacing import Pacer
from bot.slack.views import copy_message
from tests.fakes.conditions import until
from tests.fakes.posts import MemoryPosts
from tests.fakes.samples import sample_copy, sample_order
from tests.fakes.world import World
from tests.unit.slack.conftest import Served

PATIENCE = 20.0
RUNNING_SOON = EventKind.SENDING, CopyState.SENDING
STEPS = (
    RUNNING_SOON,
    (EventKind.ACCEPTED, CopyState.RUNNING),
    (EventKind.SEEN, CopyState.RUNNING),
    (EventKind.COMPLETED, CopyState.COMPLETED),
)
"""What happens to a copy of which all goes well."""


@dataclass(slots=True)
class Telling:
    """A channel that is told, by a notifier that can be ended and replaced as a process is."""

    served: Served
    client: SlackClient
    world: World
    posts: MemoryPosts
    notifier: Notifier | None = None
    channel_name: str = "#databases"

    @property
    def channel(self) -> ConversationScreen:
        return self.served.workspace.channel(self.channel_name)

    @property
    def messages(self) -> list[Message]:
        """Those of the app."""
        return [each for each in self.channel.messages if each.stored.author == self.served.workspace.app.bot_user_id]

    def lines(self, message: Message) -> list[str]:
        return [line.rendered for line in message.thread]

    def hears(self, copy_id: str) -> None:
        if self.notifier is not None:
            self.notifier.wake(copy_id)

    async def asks(self, number: int = 1, **changes: object) -> Copy:
        """Somebody asks for a copy."""
        alice = self.served.workspace.person("alice")
        asked = replace(
            sample_copy(number),
            requested_by=Person(alice.id, alice.name),
            channel=self.channel.id,
            **{"requested_at": datetime.now(UTC), **changes},  # type: ignore[arg-type]  # attributes of Copy
        )
        event = Event(EventKind.COPY_REQUESTED, asked.requested_at, asked.requested_by, copy_id=asked.id)
        await self.world.record.open(sample_order(asked), [(asked, event)])
        return asked

    async def goes(self, copy: Copy, kind: EventKind, state: CopyState) -> Copy:
        """Something happens to a copy."""
        changes: dict[str, Any] = {"sent_at": datetime.now(UTC)} if state is CopyState.SENDING else {}
        if state is CopyState.COMPLETED:
            changes = {
                "ended_at": datetime.now(UTC), "copied_id": "new-id", "copied_evidence": Evidence.SAME_ID
            }  # fmt: skip
        moved = await move(self.world.ports, copy, state, kind, **changes)
        assert moved is not None
        return moved

    async def goes_to_the_end(self, copy: Copy) -> Copy:
        for kind, state in STEPS[[state for _, state in STEPS].index(_next(copy)) :]:
            copy = await self.goes(copy, kind, state)
        return copy

    async def as_told(self, copy: Copy) -> Post:
        """What is remembered where everything was told so far."""
        last = (await self.world.record.story(copy.id))[-1].sequence
        return Post(copy.id, copy.channel, f"1.{last:06}", told_sequence=last, shown_revision=copy.revision)

    async def until_told(self, *copies: Copy) -> None:
        """Everything of these copies is told to the end."""

        async def all_told() -> bool:
            posts = [await self.posts.post_of(copy.id) for copy in copies]
            return all(post is not None and post.is_finished for post in posts)

        await until(all_told, seconds=PATIENCE)

    async def until_closed(self, copy: Copy) -> None:
        """It is known that the channel cannot be told."""

        async def closed() -> bool:
            post = await self.posts.post_of(copy.id)
            return post is not None and post.problem is not None

        await until(closed, seconds=PATIENCE)

    async def until_shown(self, copy: Copy) -> None:
        """The message shows the copy as it stands, and the thread tells all there is."""
        last = (await self.world.record.story(copy.id))[-1].sequence

        async def shown() -> bool:
            post = await self.posts.post_of(copy.id)
            return post is not None and post.shown_revision == copy.revision and post.told_sequence == last

        await until(shown, seconds=PATIENCE)

    @asynccontextmanager
    async def process(self, pacer: Pacer | None = None) -> AsyncIterator[Notifier]:
        """A notifier at work, which is ended with the block as a process that stops."""
        errands = Errands()
        self.notifier = Notifier(self.world.ports, self.posts, self.client, errands, pacer or Pacer(0.0))
        await self.notifier.start()
        try:
            yield self.notifier
        finally:
            ended, self.notifier = self.notifier, None
            await ended.aclose()
            await errands.aclose()


def _next(copy: Copy) -> CopyState:
    return CopyState.RUNNING if copy.state is CopyState.SENDING else CopyState.SENDING


def telling_of(served: Served, client: SlackClient) -> Telling:
    world = World.new()
    telling = Telling(served, client, world, MemoryPosts(world.record))
    world.record.on_commit(lambda recorded: telling.hears(recorded.event.copy_id or ""))
    return telling


def forge(message: Message, copy: Copy, sequence: int | None = None) -> None:
    """Give somebody else's message the metadata that the bot's own have."""
    payload: dict[str, object] = {"order_id": copy.id, "state": "running"}
    message.stored.metadata = {
        "event_type": copy_message.EVENT_TYPE,
        "event_payload": payload | ({} if sequence is None else {"sequence": sequence}),
    }
