"""Whatever the cloud and Slack do not answer: who did something is answered at once, and nothing typed is lost."""

from collections.abc import AsyncIterator

import pytest

from bot.domain.copies import CopyState
from bot.sandbox.workspace import Form
from bot.slack.app import SlackRoom
from bot.slack.desk import BEFORE_ANSWERING
from tests.fakes.conditions import until
from tests.fakes.world import FULL
from tests.unit.slack.conftest import COMMAND, Served
from tests.unit.slack.rooms import PATIENCE, House, chooses, confirms, house_of, opens_form, reviews


@pytest.fixture
async def house(served: Served) -> House:
    return await house_of(served)


@pytest.fixture
async def room(house: House) -> AsyncIterator[SlackRoom]:
    async with house.room() as room:
        yield room


@pytest.fixture
async def silent_cloud(house: House) -> AsyncIterator[None]:
    """A cloud that answers nothing."""
    for call in ("show", "list", "copy"):
        house.world.cloud.hold(call)
    yield
    house.world.cloud.lift()


# The cloud does not answer


@pytest.mark.usefixtures("room", "silent_cloud")
async def test_the_form_opens_and_is_searched_and_reacts(house: House) -> None:
    form = await opens_form(house.alice)

    assert [option.value for option in await form.searches("Backup", "night")] == ["DFW/ff44da4e-child"]
    await chooses(form)
    await form.shows("Looking at IAD", timeout=PATIENCE)


@pytest.mark.usefixtures("room", "silent_cloud")
async def test_the_form_is_sent_and_the_confirmation_says_that_it_is_looking(house: House) -> None:
    form = await opens_form(house.alice)
    await chooses(form)

    submitted = await form.submits()

    assert submitted.form
    assert "Looking at IAD" in submitted.form.rendered


@pytest.mark.usefixtures("room", "silent_cloud")
async def test_the_short_form_opens_the_confirmation(house: House) -> None:
    await house.alice.types(f"{COMMAND} {FULL.id} IAD")

    form = await house.alice.sees_form(timeout=PATIENCE)

    assert "Looking at IAD" in form.rendered


@pytest.mark.usefixtures("room")
async def test_start_copy_is_acknowledged_and_started_when_the_cloud_is_back(house: House) -> None:
    confirmation = await confirms(house.alice)
    house.world.cloud.hold("show")

    submitted = await confirmation.submits()

    assert submitted.form
    assert submitted.form.title == "Starting …"
    house.world.cloud.lift()
    await until(lambda: submitted.form is not None and submitted.form.title == "Copy started", seconds=PATIENCE)
    assert len(house.world.opened) == 1


@pytest.mark.usefixtures("room", "silent_cloud")
async def test_status_history_and_help_are_answered(house: House) -> None:
    for words, said in {"status": "Nothing runs", "history": "", "help": COMMAND}.items():
        before = len(house.alice.ephemeral_messages)
        await house.alice.types(f"{COMMAND} {words}")
        await until(lambda seen=before: len(house.alice.ephemeral_messages) > seen)  # type: ignore[misc]  # a default
        assert said in house.alice.ephemeral_messages[-1].rendered


# Slack does not say who somebody is


@pytest.mark.usefixtures("room")
async def test_the_form_opens_before_slack_has_said_who_it_is(house: House) -> None:
    house.workspace.trouble.slow("users.info", 0.5)

    await house.alice.types(COMMAND)

    form = await house.alice.sees_form(timeout=PATIENCE)
    assert "One moment" in form.rendered
    await form.shows("From:", timeout=PATIENCE)


async def left_open(house: House, *, confirmed: bool = False) -> Form:
    """What somebody has before them while the bot is replaced: the next one does not know them yet."""
    async with house.room():
        if confirmed:
            return await confirms(house.alice)
        form = await opens_form(house.alice)
        await chooses(form)
        return await form.shows("Full backup", timeout=PATIENCE)


async def test_a_form_that_was_open_while_the_bot_was_replaced_goes_on(house: House) -> None:
    form = await left_open(house)
    async with house.room():
        await form.choose("To", "ORD")
        await form.shows("in ORD", timeout=PATIENCE)
        assert await form.searches("Backup", "")
        confirmation = await reviews(form)
        submitted = await confirmation.submits()
        assert submitted.form
        await until(lambda: house.alice.form is not None and house.alice.form.title == "Copy started", seconds=PATIENCE)

    (copy,) = await house.world.record.copies()
    assert (copy.destination, copy.state) == ("ORD", CopyState.REQUESTED)


async def test_a_form_is_not_lost_because_slack_does_not_say_who_sent_it(house: House) -> None:
    form = await left_open(house)
    house.workspace.trouble.slow("users.info", BEFORE_ANSWERING + 1.5, times=1)
    async with house.room():
        submitted = await form.submits()

        assert list(submitted.errors) == ["Backup"]
        assert form.value("Name of the copy")
        assert form.value("Backup")


async def test_a_form_that_slack_does_not_say_whose_it_is_offers_nothing_and_stays(house: House) -> None:
    form = await left_open(house)
    house.workspace.trouble.refuse("users.info", "internal_error", times=None)
    async with house.room():
        assert await form.searches("Backup", "") == []
        await form.choose("To", "ORD")
        await until(lambda: len(house.refused()) == 2, seconds=PATIENCE)

        assert form.value("Backup")
        assert "ORD" in form.value("To")


async def test_nothing_is_started_while_slack_does_not_say_who_confirmed(house: House) -> None:
    confirmation = await left_open(house, confirmed=True)
    house.workspace.trouble.slow("users.info", BEFORE_ANSWERING + 1.5, times=1)
    async with house.room():
        submitted = await confirmation.submits()

        assert submitted.form
        assert submitted.form.title == "Not copied"
    assert await house.world.record.copies() == []
