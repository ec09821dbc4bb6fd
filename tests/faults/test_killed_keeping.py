"""kill -9 around a run of a standing order, and around the moment in which its channel is told of a failure."""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from bot.domain.events import EventKind
from bot.sandbox.workspace import AppError, Message, NotPossibleError, NotShownError
from bot.slack.views import keep
from tests.fakes.conditions import until
from tests.faults.boundaries import ForkedBot, Kind, Place, Trouble
from tests.faults.checks import nothing_is_lost_and_nothing_is_done_twice, the_audit_log_is_whole
from tests.faults.patience import eventually
from tests.faults.processes import BotEndedError
from tests.faults.stage import COMMAND, TRIES, Stage, Wish, set_stage

FROZEN = """
[[allow]]
name = "everybody here"
people = ["@alice"]

[[freeze]]
name = "release"
reason = "the release of Friday"
regions = ["IAD"]
"""

KILLS = (Kind.KILL_BEFORE, Kind.KILL_AFTER)


def killed_at(kind: Kind, place: Place) -> Callable[[Mapping[str, str], Path], ForkedBot]:
    def make(environment: Mapping[str, str], folder: Path) -> ForkedBot:
        return ForkedBot(environment, folder, [[Trouble(kind, place)]])

    return make


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with set_stage(tmp_path, ForkedBot, speed=1.0, STANDING_ORDERS_SECONDS="1") as made:
        yield made


def newest(stage: Stage) -> Wish:
    """The newest backup there is, with the full one it was made from."""
    later = stage.full.created + timedelta(seconds=30)
    backup = stage.cloud.add_backup(name="nightly-2026-11-23", parent_id=stage.full.id, size=0.5, created=later)
    return Wish(backup, beneath=(stage.full,))


async def orders(stage: Stage) -> None:
    """Alice orders it, again where that did not work, until the bot has taken it."""
    alice = stage.workspace.person("alice")
    for _ in range(TRIES):
        if EventKind.KEEP_ORDERED in stage.kinds():
            return
        with suppress(AppError, NotPossibleError, NotShownError, TimeoutError):
            if alice.form is not None:
                await alice.form.closes(all_of_them=True)
            await alice.types(f"{COMMAND} keep {stage.full.id} in IAD every 7d", "#databases")
            form = await alice.sees_form()
            await until(lambda: form.submit_text == keep.SUBMIT, every=0.01)  # noqa: B023 - waited for at once
            await form.submits()
            await until(lambda: EventKind.KEEP_ORDERED in stage.kinds(), every=0.01)
    raise AssertionError("it could not be ordered")


async def lives(stage: Stage, until_then: Callable[[], Coroutine[object, object, None]]) -> None:
    """One life after the other, until one has lasted for all that is to be seen."""
    while True:
        with suppress(BotEndedError):
            await stage.bot.start()
            await stage.bot.while_it_runs(until_then())
            return
        assert stage.bot.lives == 1


def was_killed(stage: Stage) -> bool:
    return isinstance(stage.bot, ForkedBot) and len(stage.bot.struck) == 1


def standing_order(stage: Stage) -> str:
    ((body,),) = stage.query("SELECT body FROM standing_orders")
    return str(body)


async def runs(stage: Stage, wish: Wish) -> None:
    """The copy is asked for, and the bot knows that it has begun."""
    await stage.until(EventKind.COPY_REQUESTED, wish)
    await stage.until_running(wish)


async def it_was_noted(stage: Stage) -> None:
    """The standing order knows that its run has ended."""
    await eventually(lambda: '"order_id":null' in standing_order(stage).replace(" ", ""))


def news(stage: Stage) -> list[Message]:
    """What the channel was told of standing orders."""
    messages = stage.workspace.channel("#databases").messages
    return [each for each in messages if (each.metadata or {}).get("event_type") == keep.EVENT_TYPE]


async def test_a_run_survives_a_restart_and_is_made_once(stage: Stage) -> None:
    wish = newest(stage)
    await stage.bot.start()
    await orders(stage)
    await runs(stage, wish.parts[0])
    await stage.bot.restart()
    await is_made_once(stage, wish)


async def is_made_once(stage: Stage, wish: Wish) -> None:
    for part in wish.parts:
        await runs(stage, part)
        stage.copies_finish()
        await stage.until_ended(part)
    await it_was_noted(stage)
    assert '"runs":1' in standing_order(stage).replace(" ", "")
    await stage.until_current(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)
    assert stage.kinds().count(EventKind.KEEP_ORDERED) == 1
    assert stage.kinds().count(EventKind.COPY_REQUESTED) == len(wish.parts)
    assert news(stage) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "place"),
    [
        *product(KILLS, [Place("write bot", number) for number in range(2, 9)]),
        *product(KILLS, [Place("slack chat.postMessage", 1)]),
        (Kind.KILL_BEFORE, Place("workflow commit", 2)),
        (Kind.KILL_BEFORE, Place("workflow commit", 3)),
    ],
    ids=str,
)
async def test_killed_around_the_moments_that_count(tmp_path: Path, kind: Kind, place: Place) -> None:
    async with set_stage(tmp_path, killed_at(kind, place), speed=1.0, STANDING_ORDERS_SECONDS="1") as stage:
        wish = newest(stage)

        async def first_runs() -> None:
            await orders(stage)
            await runs(stage, wish.parts[0])

        await lives(stage, first_runs)
        assert was_killed(stage)
        await is_made_once(stage, wish)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "place"),
    [
        *product(KILLS, [Place("slack chat.postMessage", 1)]),
        *product(KILLS, [Place("write bot", number) for number in range(3, 6)]),
    ],
    ids=str,
)
async def test_what_does_not_work_is_told_once(tmp_path: Path, kind: Kind, place: Place) -> None:
    make = killed_at(kind, place)
    async with set_stage(tmp_path, make, speed=1.0, rules=FROZEN, STANDING_ORDERS_SECONDS="1") as stage:

        async def told() -> None:
            await orders(stage)
            await eventually(lambda: bool(news(stage)) and is_remembered(stage))

        await lives(stage, told)
        assert was_killed(stage)
        await stage.bot.restart()
        await stage.bot.restart()
        assert len(news(stage)) == 1
        assert stage.kinds().count(EventKind.KEEP_FAILED) == 1
        the_audit_log_is_whole(stage)


def is_remembered(stage: Stage) -> bool:
    """The record has it that the failure was told."""
    return bool(stage.query("SELECT key FROM findings WHERE key LIKE 'told %'"))
