"""The one message of a copy and its thread: complete, in order, and told wherever it can be."""

import time
from collections.abc import Sequence
from itertools import count, pairwise

import pytest

from bot.domain.events import RecordedEvent
from bot.slack.client import SlackClient
from bot.slack.pacing import Pacer
from tests.fakes.conditions import until
from tests.unit.slack.conftest import Served, serving
from tests.unit.slack.telling import PATIENCE, RUNNING_SOON, STEPS, Telling, telling_of


@pytest.fixture
def telling(served: Served, client: SlackClient) -> Telling:
    served.workspace.channel("#databases").invites_the_app()
    return telling_of(served, client)


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


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_who_asked_is_mentioned_in_the_last_line_only_whenever_the_copy_ends(
    telling: Telling, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """It ends right after the notifier has read the story so often."""
    reads = count(1)
    copy = await telling.asks()
    for kind, state in STEPS[:2]:
        copy = await telling.goes(copy, kind, state)
    read = telling.world.record.story

    async def ends_after_it_was_read(order_id: str, *, after: int = 0) -> Sequence[RecordedEvent]:
        story = await read(order_id, after=after)
        now = await telling.world.now(copy)
        for kind, state in STEPS[2:] if next(reads) == number else ():
            now = await telling.goes(now, kind, state)
        return story

    monkeypatch.setattr(telling.world.record, "story", ends_after_it_was_read)
    async with telling.process():
        await telling.until_told(copy)

    (message,) = telling.messages
    assert [line.startswith(f"@{copy.requested_by.name}") for line in telling.lines(message)] == [False, True]


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

    begun = time.time()
    async with telling.process(Pacer(0.0, calls_a_minute=10, minute=0.5)):
        await until(lambda: telling.served.calls("chat.update") >= 30, seconds=PATIENCE)

    at = [each.at for each in telling.served.workspace.requests if each.method == "chat.update"]
    assert [at[10] - begun >= 0.5, at[20] - begun >= 1.0] == [True, True]


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
        await telling.until_closed(copy)
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

    assert f"nobody could be told how order {copy.id} ended" in caplog.text


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
