"""What every listener works with: what is remembered for a moment, views that have moved on, channels, addresses."""

from dataclasses import replace

import pytest

from bot.domain.policy import AccessRules
from bot.domain.posts import Post
from bot.domain.rules import Rules
from bot.operations.report_coverage import Surveyor
from bot.operations.standing_orders import Keeping
from bot.slack.client import SlackClient
from bot.slack.desk import Desk, Remembered
from bot.slack.directory import Directory
from bot.slack.errands import Errands
from bot.slack.guard import Guard
from bot.slack.open_homes import OpenHomes
from bot.slack.pacing import Pacer
from bot.slack.views.blocks import Message, modal, section
from bot.slack.views.copy_form import CopyForm
from tests.fakes.posts import MemoryPosts
from tests.fakes.samples import sample_copy, sample_event, sample_order
from tests.fakes.standing_orders import MemoryStandingOrders
from tests.fakes.world import ANA, FULL, World, in_region
from tests.unit.slack.conftest import COMMAND, Served

HELLO = Message("Hello", [section("Hello")])


def view(words: str) -> dict[str, object]:
    return modal("Copy a backup", [section(words)], callback_id="copy_form")


@pytest.fixture
def world() -> World:
    return World.new()


@pytest.fixture
def posts(world: World) -> MemoryPosts:
    return MemoryPosts(world.record)


@pytest.fixture
def desk(client: SlackClient, errands: Errands, world: World, posts: MemoryPosts) -> Desk:
    return desk_by(AccessRules(people=frozenset({"U1"})), client, errands, world, posts)


@pytest.fixture
def strict(client: SlackClient, errands: Errands, posts: MemoryPosts) -> Desk:
    """By rules that name one channel."""
    return desk_by(AccessRules(channels=frozenset({"C1"})), client, errands, World.new(), posts)


def desk_by(rules: AccessRules, client: SlackClient, errands: Errands, world: World, posts: MemoryPosts) -> Desk:
    world.rules.rules = Rules.only(rules)
    directory = Directory(client, world.rules, errands)
    guard = Guard(world.ports, directory, errands)
    homes = OpenHomes(errands, Pacer(0.0))
    surveyor = Surveyor(world.ports)
    keeping = Keeping(world.ports, MemoryStandingOrders(world.record), surveyor, directory)
    return Desk(world.ports, client, guard, errands, posts, COMMAND, surveyor, homes, keeping)


# What is remembered


def test_an_answer_is_remembered_for_a_while_even_if_it_is_none() -> None:
    remembered: Remembered[str | None] = Remembered(60.0)

    assert remembered.get("C1") is None
    remembered.put("C1", None)

    assert remembered.get("C1") == (None,)


def test_an_answer_that_is_not_fresh_is_not_given() -> None:
    remembered: Remembered[str] = Remembered(0.0)

    remembered.put("C1", "is_archived")

    assert remembered.get("C1") is None


def test_only_so_many_answers_are_remembered() -> None:
    remembered: Remembered[int] = Remembered(60.0, most=2)
    for number in range(3):
        remembered.put(str(number), number)
    remembered.put("1", 10)
    remembered.put("3", 3)

    assert [remembered.get(str(number)) for number in range(4)] == [None, (10,), None, (3,)]


async def test_the_list_of_a_region_is_read_once_for_many_who_ask(desk: Desk, world: World) -> None:
    form = CopyForm(source="DFW")
    await world.catalogue.replace("DFW", world.clock.now(), [FULL])
    before = await desk.context(form, ANA)

    await world.catalogue.put([replace(FULL, id="another", status="BUILDING")])

    assert before.not_copyable == {}
    assert (await desk.context(form, ANA)).not_copyable == {}
    assert (await desk.context(CopyForm(source="IAD"), ANA)).freshness != before.freshness


async def test_a_list_that_is_still_loading_is_read_again(desk: Desk, world: World) -> None:
    form = CopyForm(source="DFW")
    assert (await desk.context(form, ANA)).freshness is not None

    await world.catalogue.replace("DFW", world.clock.now(), [FULL])

    freshness = (await desk.context(form, ANA)).freshness
    assert freshness
    assert freshness.complete_at is not None


async def test_the_form_begins_with_the_region_somebody_used_last(desk: Desk) -> None:
    assert (await desk.first_form(ANA.id, "C1")).source == "DFW"

    desk.used(ANA.id, "HKG")

    assert (await desk.first_form(ANA.id, "C1")).source == "HKG"


async def test_a_region_that_is_not_set_any_more_is_not_begun_with(desk: Desk, world: World) -> None:
    copy = replace(sample_copy(1), backup=in_region(FULL, "MOON"), requested_by=ANA)
    await world.record.open(sample_order(copy), [(copy, sample_event(1))])

    assert (await desk.first_form(ANA.id, "C1")).source == "DFW"


# Views


async def test_a_view_that_has_moved_on_is_changed_all_the_same(desk: Desk, served: Served) -> None:
    opened = await desk.client.open_view(trigger(served), view("first"))
    moved_on = await desk.show(opened.id, view("second"), seen_hash=opened.hash)
    assert moved_on

    assert await desk.show(opened.id, view("third"), seen_hash=opened.hash)

    form = served.workspace.person("alice").form
    assert form
    assert "third" in form.rendered


async def test_a_view_that_was_closed_is_not_changed(desk: Desk, served: Served) -> None:
    opened = await desk.client.open_view(trigger(served), view("first"))
    served.workspace.person("alice").reloads()

    assert await desk.show(opened.id, view("second"), seen_hash=opened.hash) is None


async def test_a_view_that_never_comes_is_given_up(desk: Desk, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.slack.desk.PAUSES", (0.001, 0.002))

    await desk.show_next("plan-1.t", view("first"))

    assert served.calls("views.update") == 3


def trigger(served: Served) -> str:
    form = served.workspace.signed_command("alice", COMMAND).body.decode()
    return next(part.partition("=")[2] for part in form.split("&") if part.startswith("trigger_id="))


# Channels


async def test_where_the_bot_can_post_there_is_no_error_and_slack_is_asked_once(desk: Desk, served: Served) -> None:
    general = served.workspace.channel("#general").id

    assert [await desk.channel_error(general) for _ in range(3)] == [None] * 3

    assert served.calls("conversations.info") == 1
    assert desk.known_channel_error(general) is None


async def test_a_closed_channel_is_asked_about_again_so_that_a_cure_is_seen_at_once(desk: Desk, served: Served) -> None:
    private = served.workspace.channel("#ops-private")

    assert await desk.channel_error(private.id) == "channel_not_found"
    assert desk.known_channel_error(private.id) == "channel_not_found"

    private.invites_the_app()
    assert await desk.channel_error(private.id) is None
    assert desk.known_channel_error(private.id) is None


async def test_an_archived_channel_cannot_be_told(desk: Desk, served: Served) -> None:
    assert await desk.channel_error(served.workspace.channel("#archive").id) == "is_archived"


async def test_while_slack_does_not_say_a_channel_is_not_said_to_be_closed(desk: Desk, served: Served) -> None:
    served.workspace.trouble.refuse("conversations.info", "internal_error")
    general = served.workspace.channel("#general").id

    assert await desk.channel_error(general) is None
    assert await desk.channel_error(general) is None

    assert served.calls("conversations.info") == 2


async def test_what_is_no_channel_or_against_the_rules_is_known_without_asking(
    desk: Desk, strict: Desk, served: Served
) -> None:
    assert await desk.channel_error("D1") == desk.known_channel_error("D1") == "not_a_channel"
    assert await strict.channel_error("C2") == strict.known_channel_error("C2") == "channel_not_allowed"
    assert (await strict.context(CopyForm(source="DFW", channel="C2"), ANA)).channel_error == "channel_not_allowed"
    assert served.calls("conversations.info") == 0


# Where a copy is told


async def test_an_order_has_an_address_once_it_has_a_message(desk: Desk, served: Served, posts: MemoryPosts) -> None:
    order_id = sample_copy(1).order_id
    channel = served.workspace.channel("#general")
    assert await desk.link_to(order_id) is None
    await posts.save(Post(order_id, channel.id))
    assert await desk.link_to(order_id) is None
    ts = await desk.client.post_message(channel.id, HELLO)
    await posts.save(Post(order_id, channel.id, ts))

    links = [await desk.link_to(order_id) for _ in range(3)]

    assert links == [channel.messages[0].permalink] * 3
    assert served.calls("chat.getPermalink") == 1


async def test_where_slack_says_no_address_there_is_none(desk: Desk, served: Served, posts: MemoryPosts) -> None:
    order_id = sample_copy(1).order_id
    await posts.save(Post(order_id, served.workspace.channel("#general").id, "1.1"))

    assert await desk.link_to(order_id) is None
