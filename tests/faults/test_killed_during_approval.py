"""kill -9 while a copy waits for the agreement of somebody else, and around the moment in which they agree."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from bot.domain.copies import CopyState
from bot.domain.events import EventKind
from bot.sandbox.workspace import AppError, NotPossibleError, NotShownError
from tests.faults.boundaries import ForkedBot, Kind, Place, Trouble
from tests.faults.checks import the_audit_log_is_whole
from tests.faults.patience import eventually
from tests.faults.processes import BotEndedError
from tests.faults.stage import Stage, Wish, set_stage

RULES = """
[[allow]]
name = "everybody here"
people = ["@alice", "@bob"]

[[approval]]
name = "second person"
approvers = { people = ["@carol"] }
channel = "#ops-private"
"""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with set_stage(tmp_path, ForkedBot, speed=1.0, rules=RULES) as made:
        yield made


async def until_asked(stage: Stage) -> None:
    """The approvers have a message about it."""
    await eventually(lambda: bool(stage.approvers_messages))


async def agrees(stage: Stage) -> None:
    """Carol presses the button for as long as there is one, whether the bot is there or not."""
    carol = stage.workspace.person("carol")
    while EventKind.APPROVED not in stage.kinds():
        with suppress(AppError, NotPossibleError, NotShownError, TimeoutError):
            await carol.presses("Approve", stage.approvers_messages[0])
        await asyncio.sleep(0.05)  # a person's second thought, not a condition


async def it_is_done_once(stage: Stage, wish: Wish) -> None:
    await stage.until_running(wish)
    stage.copies_finish()
    await stage.until_told(wish)
    await eventually(lambda: "Approved by" in stage.approvers_messages[0].rendered)
    the_audit_log_is_whole(stage)
    assert len(stage.requests_for(wish)) == 1
    assert [copy.status for copy in stage.copies_of(wish)] == ["COMPLETED"]
    assert stage.kinds().count(EventKind.APPROVED) == 1
    assert len(stage.messages) == len(stage.approvers_messages) == 1


async def test_what_waits_for_agreement_survives_a_restart(stage: Stage) -> None:
    wish = Wish(stage.full)
    await stage.bot.start()
    await stage.asks(wish)
    await until_asked(stage)
    assert stage.state_of(wish) == CopyState.AWAITING_APPROVAL
    await stage.bot.restart()
    await agrees(stage)
    await it_is_done_once(stage, wish)


@pytest.mark.parametrize("kind", [Kind.KILL_BEFORE, Kind.KILL_AFTER])
@pytest.mark.parametrize(
    "place",
    [
        Place("slack chat.postMessage", 1),
        Place("slack chat.postMessage", 2),
        Place("write bot", 2),
        Place("write bot", 3),
        Place("write bot", 5),
        Place("write bot", 6),
        Place("write bot", 7),
        Place("slack chat.update", 1),
    ],
    ids=str,
)
async def test_killed_around_the_moments_that_count(tmp_path: Path, kind: Kind, place: Place) -> None:
    def make(environment: Mapping[str, str], folder: Path) -> ForkedBot:
        return ForkedBot(environment, folder, [[Trouble(kind, place)]])

    async with set_stage(tmp_path, make, speed=1.0, rules=RULES) as stage:
        wish = Wish(stage.full)
        while not await lived_on(stage, wish):
            assert stage.bot.lives == 1
        await it_is_done_once(stage, wish)


async def lived_on(stage: Stage, wish: Wish) -> bool:
    """One life of the bot: whether it lasted until everything was asked for and agreed to."""
    try:
        await stage.bot.start()
        await stage.bot.while_it_runs(asked_and_agreed(stage, wish))
    except BotEndedError:
        return False
    return True


async def asked_and_agreed(stage: Stage, wish: Wish) -> None:
    if not stage.is_recorded(wish):
        await stage.asks(wish)
    await until_asked(stage)
    await agrees(stage)
    await stage.until_running(wish)
