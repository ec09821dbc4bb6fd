"""The one message of a copy and its thread: complete, in order, told once, whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

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
from tests.unit.slack.conftest import Served, serving

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
            requested_at=datetime.now(UTC),
            channel=self.channel.id,
            **changes,  # type: ignore[arg-type]  # attributes of Copy
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


@pytest.fixture
def telling(served: Served, client: SlackClient) -> Telling:
    served.workspace.channel("#databases").invites_the_app()
    return telling_of(served, client)


def forge(message: Message, copy: Copy, sequence: int | None = None) -> None:
    """Give somebody else's message the metadata that the bot's own have."""
    payload: dict[str, object] = {"order_id": copy.id, "state": "running"}
    message.stored.metadata = {
        "event_type": copy_message.EVENT_TYPE,
        "event_payload": payload | ({} if sequence is None else {"sequence": sequence}),
    }


# The message and its thread


async def test_a_copy_has_one_message_and_its_thread_tells_the_story(telling: Telling) -> None:
    async with telling.process():
        copy = await telling.asks()
        for kind, state in STEPS:
            copy = await telling.goes(copy, kind, state)
            await telling.until_shown(copy)
        await telling.until_told(copy)

    (message,) = telling.messages
    assert "Done" in message.rendered
    taken, done = telling.lines(message)
    assert "took the request" in taken
    assert "Done" in done
    assert [ping.target for ping in telling.served.workspace.pings] == [copy.requested_by.name]


async def test_what_happens_at_once_is_shown_once_and_told_line_by_line(telling: Telling) -> None:
    copy = await telling.goes_to_the_end(await telling.asks())

    async with telling.process():
        await telling.until_told(copy)

    (message,) = telling.messages
    assert len(telling.lines(message)) == 2
    assert telling.served.calls("chat.postMessage") == 3
    assert telling.served.calls("chat.update") == 0


async def test_the_message_can_be_understood_and_found_again(telling: Telling) -> None:
    async with telling.process():
        copy = await telling.asks()
        await telling.until_shown(copy)

    (message,) = telling.messages
    assert copy.backup.id in message.text or str(copy.backup.name) in message.text
    assert message.metadata == {
        "event_type": "copy_backup",
        "event_payload": {"order_id": copy.id, "state": "requested"},
    }


async def test_news_of_what_is_no_copy_is_nothing_to_tell(telling: Telling) -> None:
    async with telling.process() as notifier:
        notifier.wake("no-such-copy")
        copy = await telling.asks()
        await telling.until_shown(copy)

    assert len(telling.messages) == 1


# Not more than Slack takes


async def test_one_channel_is_written_to_once_in_so_many_seconds(telling: Telling) -> None:
    between = 0.15
    async with telling.process(Pacer(between)):
        copies = [await telling.asks(number) for number in range(3)]
        for copy in copies:
            await telling.goes_to_the_end(copy)
        await telling.until_told(*copies)

    at = [each.at for each in telling.served.workspace.requests if each.method.startswith("chat.")]
    assert len(at) >= 9
    assert min(later - earlier for earlier, later in pairwise(at)) >= between * 0.95


async def test_who_waits_for_a_turn_shows_the_latest(telling: Telling) -> None:
    async with telling.process(Pacer(0.3)):
        copy = await telling.asks()
        await telling.until_shown(copy)
        for kind, state in STEPS:
            copy = await telling.goes(copy, kind, state)
        await telling.until_told(copy)

    (message,) = telling.messages
    assert len(message.stored.revisions) == 1


async def test_slacks_own_rates_are_kept() -> None:
    async with serving(enforce_rates=True) as served, served.client() as client:
        telling = telling_of(served, client)
        async with telling.process(Pacer(1.0)):
            copy = await telling.goes_to_the_end(await telling.asks())
            await telling.until_told(copy)

    assert {each.status for each in served.workspace.requests} == {200}


async def test_a_thousand_copies_that_run_do_not_storm_slack_at_the_start(telling: Telling) -> None:
    """Where nothing is new, Slack is not asked."""
    copies = [await telling.asks(number) for number in range(1_000)]
    for copy in copies:
        await telling.posts.save(await telling.as_told(await telling.goes(copy, *RUNNING_SOON)))

    async with telling.process():
        news = await telling.asks(1_000)
        await telling.until_shown(news)

    assert [each.method for each in telling.served.workspace.requests] == ["chat.postMessage"]


async def test_a_thousand_messages_are_brought_up_to_date_no_faster_than_slack_takes_it(telling: Telling) -> None:
    """``chat.update`` may be called 50 times a minute in a workspace, whatever the channels are."""
    copies = [await telling.asks(number) for number in range(200)]
    for copy in copies:
        before = await telling.as_told(copy)
        await telling.goes(copy, *RUNNING_SOON)
        await telling.posts.save(before)
    telling.served.workspace.trouble.refuse("chat.update", "message_not_found", times=None)

    async with telling.process(Pacer(0.0, calls_a_minute=10, minute=0.5)):
        await until(lambda: telling.served.calls("chat.update") >= 30, seconds=PATIENCE)

    at = [each.at for each in telling.served.workspace.requests if each.method == "chat.update"]
    assert min(later - earlier for earlier, later in zip(at, at[10:], strict=False)) >= 0.45


# After a crash, or a lost answer


async def test_a_message_whose_answer_was_lost_is_not_posted_again(telling: Telling) -> None:
    telling.served.workspace.trouble.lose_answer("chat.postMessage")
    async with telling.process():
        copy = await telling.goes_to_the_end(await telling.asks())
        await telling.until_told(copy)

    (message,) = telling.messages
    assert "Done" in message.rendered
    assert len(telling.lines(message)) == 2


async def test_a_line_whose_answer_was_lost_is_not_posted_again(telling: Telling) -> None:
    async with telling.process():
        copy = await telling.asks()
        await telling.until_shown(copy)
        telling.served.workspace.trouble.lose_answer("chat.postMessage", times=2)
        copy = await telling.goes_to_the_end(copy)
        await telling.until_told(copy)

    (message,) = telling.messages
    assert len(telling.lines(message)) == len(set(telling.lines(message))) == 2


@pytest.mark.parametrize("told", [0, 1, 2])
async def test_after_a_crash_the_thread_goes_on_where_it_was(telling: Telling, told: int) -> None:
    """Lines that were posted and not remembered are not posted again."""
    async with telling.process():
        copy = await telling.goes_to_the_end(await telling.asks())
        await telling.until_told(copy)
    (message,) = telling.messages
    for line in message.thread[told:]:
        line.vanishes()
    await telling.posts.save(Post(copy.id, copy.channel, message.ts))

    async with telling.process():
        await telling.until_told(copy)

    first, second = telling.lines(telling.messages[0])
    assert "took the request" in first
    assert "Done" in second
    assert len(telling.messages) == 1


@pytest.mark.parametrize("was_posted", [True, False])
async def test_after_a_crash_while_the_message_was_posted_there_is_one_message(
    telling: Telling, was_posted: bool
) -> None:
    async with telling.process():
        copy = await telling.asks()
        await telling.until_shown(copy)
    if not was_posted:
        telling.messages[0].vanishes()
    await telling.posts.save(Post(copy.id, copy.channel))

    async with telling.process():
        copy = await telling.goes_to_the_end(copy)
        await telling.until_told(copy)

    (message,) = telling.messages
    assert "Done" in message.rendered
    assert len(telling.lines(message)) == 2


async def test_its_message_is_found_among_many(telling: Telling) -> None:
    async with telling.process():
        copies = [await telling.asks(number) for number in range(3)]
        for copy in copies:
            await telling.until_shown(copy)
    for number in range(250):
        telling.served.workspace.person("alice").says(f"word {number}")
    await telling.posts.save(Post(copies[1].id, copies[1].channel))

    async with telling.process():
        ended = await telling.goes_to_the_end(copies[1])
        await telling.until_told(ended)

    assert len(telling.messages) == 3


async def test_a_message_of_somebody_else_is_never_taken_for_the_bots_own(telling: Telling) -> None:
    """Any member and any app can post a message with the same metadata."""
    copy = await telling.asks()
    forged = telling.served.workspace.person("bob").says("The copy is done.")
    forge(forged, copy)
    await telling.posts.save(Post(copy.id, copy.channel))

    async with telling.process():
        copy = await telling.goes_to_the_end(copy)
        await telling.until_told(copy)

    (message,) = telling.messages
    assert message.ts != forged.ts
    assert len(telling.lines(message)) == 2
    assert forged.text == "The copy is done."
    assert forged.thread == []


async def test_a_line_of_somebody_else_hides_no_line_of_the_bot(telling: Telling) -> None:
    async with telling.process():
        copy = await telling.asks()
        await telling.until_shown(copy)
    (message,) = telling.messages
    forge(telling.served.workspace.person("bob").says("Done", thread=message), copy, sequence=1_000_000)

    async with telling.process():
        copy = await telling.goes_to_the_end(copy)
        await telling.until_told(copy)

    told = [line.rendered for line in message.thread if line.stored.author != telling.served.workspace.person("bob").id]
    assert len(told) == 2


async def test_another_copys_message_is_not_taken_for_this_ones(telling: Telling) -> None:
    async with telling.process():
        await telling.until_shown(await telling.asks(1))
    copy = await telling.asks(2)
    await telling.posts.save(Post(copy.id, copy.channel))

    async with telling.process():
        await telling.until_shown(copy)

    assert len(telling.messages) == 2


async def test_in_a_channel_that_the_bot_is_not_in_copies_are_told_after_a_restart_too(
    served: Served, client: SlackClient
) -> None:
    """It may post to public channels without being in them, but may not read there."""
    telling = telling_of(served, client)
    async with telling.process():
        copy = await telling.asks()
        await telling.until_shown(copy)

    async with telling.process():
        copy = await telling.goes_to_the_end(copy)
        await telling.until_told(copy)

    (message,) = telling.messages
    assert "Done" in message.rendered
    assert len(telling.lines(message)) == 2
    assert served.workspace.person("alice").direct_messages() == []


# While Slack is away


async def test_what_could_not_be_told_is_told_when_slack_is_back(telling: Telling) -> None:
    telling.served.workspace.trouble.server_error("*", 503, times=None)
    async with telling.process():
        copy = await telling.goes_to_the_end(await telling.asks())
        await until(lambda: telling.served.calls("chat.postMessage") > 0, seconds=PATIENCE)
        telling.served.workspace.trouble.clear()
        await telling.until_told(copy)

    (message,) = telling.messages
    assert len(telling.lines(message)) == 2


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive", "invalid_auth"])
async def test_nobody_is_told_elsewhere_because_the_token_is_not_good(telling: Telling, error: str) -> None:
    telling.served.workspace.trouble.refuse("*", error)
    async with telling.process():
        copy = await telling.goes_to_the_end(await telling.asks())
        await telling.until_told(copy)

    assert len(telling.messages) == 1
    assert telling.served.workspace.person("alice").direct_messages() == []


async def test_what_is_not_told_when_the_bot_stops_is_told_by_the_next_one(telling: Telling) -> None:
    """Wherever it is stopped."""
    telling.served.workspace.trouble.slow("chat.postMessage", 0.03, times=None)
    copy = await telling.goes_to_the_end(await telling.asks())
    for seconds in (0.0, 0.01, 0.02, 0.04, 0.05, 0.06, 0.08):
        async with telling.process():
            await asyncio.sleep(seconds)

    async with telling.process():
        await telling.until_told(copy)

    (message,) = telling.messages
    lines = telling.lines(message)
    assert len(lines) == len(set(lines)) == 2
    assert "Done" in lines[-1]


async def test_after_it_was_stopped_it_begins_nothing(telling: Telling) -> None:
    async with telling.process() as notifier:
        pass
    copy = await telling.asks()

    notifier.wake(copy.id)
    await asyncio.sleep(0)

    assert telling.served.workspace.requests == []


# Where the channel cannot be told


@pytest.mark.parametrize("close", ["archives", "restricts_posting"])
async def test_who_asked_is_told_how_it_ended_where_the_channel_cannot_be(telling: Telling, close: str) -> None:
    async with telling.process():
        copy = await telling.asks()
        await telling.until_shown(copy)
        getattr(telling.channel, close)()
        copy = await telling.goes_to_the_end(copy)
        await telling.until_told(copy)

    (told,) = telling.served.workspace.person("alice").direct_messages()
    assert "done" in told.rendered
    post = await telling.posts.post_of(copy.id)
    assert post
    assert post.problem == {"archives": "is_archived", "restricts_posting": "restricted_action"}[close]


async def test_a_channel_that_can_be_told_again_is_told(telling: Telling) -> None:
    telling.channel_name = "#ops-private"
    async with telling.process():
        copy = await telling.asks()
        await until(lambda: telling.served.calls("chat.postMessage") == 1)
        telling.channel.invites_the_app()
        copy = await telling.goes_to_the_end(copy)
        await telling.until_told(copy)

    (message,) = telling.messages
    assert len(telling.lines(message)) == 2
    assert telling.served.workspace.person("alice").direct_messages() == []


async def test_who_asked_is_told_how_it_ended_where_the_message_was_deleted(telling: Telling) -> None:
    async with telling.process():
        copy = await telling.asks()
        await telling.until_shown(copy)
        telling.messages[0].vanishes()
        copy = await telling.goes_to_the_end(copy)
        await telling.until_told(copy)

    (told,) = telling.served.workspace.person("alice").direct_messages()
    assert "was deleted" in told.rendered
    assert telling.messages == []


async def test_somebody_who_left_is_not_told_and_that_is_in_the_log(
    telling: Telling, caplog: pytest.LogCaptureFixture
) -> None:
    telling.channel.archives()
    async with telling.process():
        copy = await telling.asks()
        telling.served.workspace.user("alice").deleted = True
        copy = await telling.goes_to_the_end(copy)
        await telling.until_told(copy)

    assert f"nobody could be told how copy {copy.id} ended" in caplog.text


async def test_of_a_copy_that_was_told_to_the_end_nothing_more_is_told(telling: Telling) -> None:
    async with telling.process():
        copy = await telling.goes_to_the_end(await telling.asks())
        await telling.until_told(copy)
    before = len(telling.served.workspace.requests)

    async with telling.process() as notifier:
        notifier.wake(copy.id)
        other = await telling.asks(2)
        await telling.until_shown(other)

    assert len(telling.served.workspace.requests) == before + 1
