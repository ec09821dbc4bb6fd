"""Whatever happens in between, everything is told once: after a crash, a lost answer, while Slack is away."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.posts import Post
from bot.slack.client import SlackClient
from tests.fakes.conditions import until
from tests.unit.slack.conftest import Served
from tests.unit.slack.telling import PATIENCE, STEPS, Telling, forge, telling_of


@pytest.fixture
def telling(served: Served, client: SlackClient) -> Telling:
    served.workspace.channel("#databases").invites_the_app()
    return telling_of(served, client)


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


async def test_a_line_that_was_found_after_a_crash_is_not_told_with_the_next_news_either(telling: Telling) -> None:
    async with telling.process():
        copy = await telling.goes(await telling.asks(), *STEPS[0])
        copy = await telling.goes(copy, *STEPS[1])
        await telling.until_shown(copy)
    (message,) = telling.messages
    await telling.posts.save(Post(copy.id, copy.channel, message.ts, shown_revision=copy.revision))

    async with telling.process():
        await telling.until_shown(copy)
        copy = await telling.goes(copy, *STEPS[-1])
        await telling.until_told(copy)

    assert len(telling.lines(message)) == len(set(telling.lines(message))) == 2


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


async def test_after_a_crash_the_message_is_found_also_where_the_clock_was_wrong_by_an_hour(telling: Telling) -> None:
    """Slack's clock stamps the message, this machine's the order."""
    an_hour_ahead = datetime.now(UTC) + timedelta(hours=1)
    async with telling.process():
        copy = await telling.asks(requested_at=an_hour_ahead)
        await telling.until_shown(copy)
    await telling.posts.save(Post(copy.id, copy.channel))

    async with telling.process():
        await telling.until_told(await telling.goes_to_the_end(copy))

    assert len(telling.messages) == 1


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
