"""kill -9 at the worst moments: it goes on after the restart, and does nothing twice."""

import asyncio

import pytest

from bot.domain.events import EventKind
from tests.faults.checks import nothing_is_lost_and_nothing_is_done_twice
from tests.faults.patience import PATIENCE, eventually
from tests.faults.stage import PUBLIC, Stage, Wish

LOOKS_WITH = {"the message": "conversations.history", "a line of its thread": "conversations.replies"}
"""What the bot finds out with whether something is posted."""


async def test_while_a_copy_runs(real_stage: Stage) -> None:
    stage, wish = real_stage, Wish(real_stage.full)
    await stage.bot.start()
    await stage.asks(wish)
    await stage.until(EventKind.ACCEPTED, wish)
    await stage.bot.restart()
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)
    assert len(stage.requests_for(wish)) == 1


@pytest.mark.parametrize("is_taken", [True, False], ids=["taken by the cloud", "not taken by the cloud"])
async def test_between_the_intent_and_the_outcome(real_stage: Stage, is_taken: bool) -> None:
    """The request is on its way when the bot is killed: it had reached the cloud, or never does."""
    stage, wish = real_stage, Wish(real_stage.full)
    hold = stage.cloud.trouble.hold("copy", after_work=is_taken)
    if not is_taken:
        stage.cloud.trouble.cut_connection(operation="copy")  # once it is released
    await stage.bot.start()
    await stage.asks(wish)
    await asyncio.wait_for(hold.arrived.wait(), PATIENCE)
    await stage.bot.kill()
    hold.release()
    await stage.bot.start()
    await stage.until(EventKind.FOUND_BEGUN if is_taken else EventKind.FOUND_NOT_BEGUN, wish)
    await stage.until_running(wish)
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)
    assert len(stage.requests_for(wish)) == (1 if is_taken else 2)


@pytest.mark.parametrize("what", LOOKS_WITH)
@pytest.mark.parametrize("is_posted", [True, False], ids=["posted", "not posted"])
async def test_before_slack_has_answered(stage: Stage, what: str, is_posted: bool) -> None:
    """Something is posted, or was about to be, and the bot has not heard of it."""
    wish, trouble = Wish(stage.full), stage.workspace.trouble
    hold = trouble.hold("chat.postMessage", after_work=is_posted)
    await stage.bot.start()
    await stage.asks(wish)
    await asyncio.wait_for(hold.arrived.wait(), PATIENCE)
    if what == "a line of its thread":
        before, hold = hold, trouble.hold("chat.postMessage", after_work=is_posted)
        before.release()
        await asyncio.wait_for(hold.arrived.wait(), PATIENCE)
    await stage.bot.kill()
    await stage.bot.start()
    await eventually(lambda: LOOKS_WITH[what] in [call.method for call in stage.workspace.requests])
    await stage.until_running(wish)
    await stage.until_current(wish)
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)


async def test_while_a_copy_runs_that_is_told_where_the_bot_may_not_read(stage: Stage) -> None:
    """A public channel that the bot is not in: it may post there, and cannot look what it has posted."""
    wish = Wish(stage.full, channel=PUBLIC)
    await stage.bot.start()
    await stage.asks(wish)
    await stage.until_running(wish)
    await stage.until_current(wish)
    message = stage.message_of(wish)
    assert message is not None
    told = max(stage.due(stage.order_in(message)))
    await eventually(
        lambda: stage.query("SELECT told_sequence >= CAST(? AS INTEGER) FROM posts", str(told)) == [(1,)]
    )  # and remembers it
    await stage.bot.restart()
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)


async def test_again_and_again_as_soon_as_it_has_started(real_stage: Stage) -> None:
    stage, wish = real_stage, Wish(real_stage.full)
    await stage.bot.start()
    await stage.asks(wish)
    for _ in range(2):
        await stage.bot.kill()
        await stage.bot.begin()
        await eventually(lambda: stage.kinds().count(EventKind.BOT_STARTED) == stage.bot.lives)
    await stage.bot.restart()
    await stage.until_running(wish)
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)
