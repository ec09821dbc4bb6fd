"""Standing orders in Slack: confirmed, listed, changed by who may, and wrong words helped."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.backup import Origin
from bot.domain.events import EventKind
from bot.domain.people import Person
from bot.domain.policy import AccessRules
from bot.domain.rules import AllowRule, ApprovalRule, People, Rules, Scope
from bot.domain.standing_orders import StandingOrder, StandingState
from bot.sandbox.workspace import Form
from tests.fakes.conditions import until
from tests.fakes.standing_orders import standing_order
from tests.fakes.world import CHILD, FULL, chain_of
from tests.unit.slack.conftest import COMMAND, Served
from tests.unit.slack.rooms import PATIENCE, House, house_of

ID = standing_order().id
NASTY = "<!channel> *in* `IAD`"


@pytest.fixture
async def house(served: Served) -> AsyncIterator[House]:
    """A room that has read all lists; alice and bob are known."""
    served.workspace.channel("#databases").invites_the_app()
    house = await house_of(served)
    now = house.world.clock.now()
    for region in house.world.cloud.regions:
        await house.world.catalogue.replace(region, now, [FULL, CHILD] if region == "DFW" else [])
    async with house.room():
        await house.knows("alice", "bob")
        yield house


async def keeps(house: House, words: str, *, channel: str = "#databases") -> Form:
    """Types it; gives what opens, once all is looked up."""
    await house.alice.types(f"{COMMAND} keep {words}", channel)
    form = await house.alice.sees_form(timeout=PATIENCE)
    await until(lambda: "Looking at" not in form.rendered, seconds=PATIENCE)
    return form


async def is_answered(house: House, words: str, name: str = "alice") -> str:
    person = house.workspace.person(name)
    before = len(person.ephemeral_messages)
    await person.types(f"{COMMAND} {words}", "#databases")
    await until(lambda: len(person.ephemeral_messages) > before, seconds=PATIENCE)
    return person.ephemeral_messages[-1].rendered


async def has_kept(house: House, **changes: object) -> StandingOrder:
    """Alice has made a standing order."""
    alice = Person(house.alice.id, "alice")
    standing = standing_order(**{"ordered_by": alice, "channel": house.channel_id, **changes})
    assert await house.standing_orders.write(standing)
    return standing


async def confirmed(form: Form) -> Form:
    submitted = await form.submits()
    assert submitted.form is not None
    told = submitted.form
    await until(lambda: "Looking at" not in told.rendered, seconds=PATIENCE)
    return told


async def test_what_is_confirmed_is_kept_and_copied_at_once(house: House) -> None:
    form = await keeps(house, "orders-db in IAD every 36h")
    for said in ("orders-db", "nothing yet", CHILD.name, "from DFW", "older than 36 hours", "in your name"):
        assert said in form.rendered
    assert form.submit_text == "Keep it copied"
    assert (await confirmed(form)).title == "It is kept copied"
    (standing,) = await house.standing_orders.kept()
    assert (standing.origin.id, standing.region, standing.every) == ("orders-db", "IAD", timedelta(hours=36))
    assert (standing.ordered_by.id, standing.channel) == (house.alice.id, house.channel_id)
    await until(lambda: EventKind.COPY_REQUESTED in house.world.kinds(), seconds=PATIENCE)


async def test_a_confirmation_that_is_delivered_twice_makes_one(house: House) -> None:
    form = await keeps(house, "orders-db in IAD")
    await confirmed(form)
    await house.workspace.forge(replayed=True)
    await until(lambda: EventKind.COPY_REQUESTED in house.world.kinds(), seconds=PATIENCE)
    assert house.world.kinds().count(EventKind.KEEP_ORDERED) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("nothing-such in IAD", "No backup of an instance"),
        ("ordres-db in IAD", "orders-db"),
        (f'"{NASTY}" in IAD', "No backup of an instance"),
        ("orders-db in DFW", "nothing newer to copy"),
        ("orders-db in LON", "LON"),
    ],
)
async def test_what_cannot_be_kept_is_explained_and_has_no_button(house: House, words: str, said: str) -> None:
    form = await keeps(house, words)
    assert said in form.rendered
    assert form.submit_text is None
    assert house.world.kinds() == []


async def test_what_is_kept_already_is_shown(house: House) -> None:
    await has_kept(house)
    form = await keeps(house, "orders-db in IAD")
    assert "It is kept there already" in form.rendered
    assert ID in form.rendered
    assert form.submit_text is None


async def test_that_somebody_has_to_agree_to_each_copy_is_said(house: House) -> None:
    rule = ApprovalRule("second person", People(frozenset({"U-lead"})), "C-leads")
    house.world.rules.rules = replace(house.world.rules.rules, approvals=(rule,))
    form = await keeps(house, "orders-db in IAD")
    assert "somebody else has to agree to each copy" in form.rendered
    assert form.submit_text == "Keep it copied"


async def test_where_nobody_else_would_see_it_that_is_said_first(house: House) -> None:
    house.world.rules.rules = Rules.only(AccessRules(people=frozenset({house.alice.id})))
    form = await keeps(house, "orders-db in IAD", channel="@bob")
    assert "Nobody else would see" in form.rendered
    assert form.submit_text is None


@pytest.mark.parametrize(
    ("words", "near"),
    [
        ("keep orders-db IAD", "keep orders-db in IAD every 24h"),
        ("keep orders-db in IDA", "keep orders-db in IAD every 24h"),
        ("keep lsit", "keep list"),
        ("keep puase 5d1c0f", "keep pause 5d1c0f"),
        ("kep list", "keep list"),
    ],
)
async def test_wrong_words_are_answered_with_the_right_ones(house: House, words: str, near: str) -> None:
    assert f"Did you mean {COMMAND} {near}?" in await is_answered(house, words)


async def test_the_list_shows_all_that_is_kept(house: House) -> None:
    assert "Nothing is kept copied" in await is_answered(house, "keep list")
    await has_kept(house)
    assert "Nothing that fits syd is kept copied" in await is_answered(house, "keep list syd")
    shown = await is_answered(house, "keep list iad ALICE")
    for said in ("orders-db", "in IAD", "every 24h", "active", ID, "alice"):
        assert said in shown


async def test_a_long_list_is_cut_and_says_how_to_see_the_rest(house: House) -> None:
    for number in range(25):
        await has_kept(house, id=f"{number:012}", origin=Origin("instance", f"orders-{number}"))
    shown = await is_answered(house, "keep list")
    assert "and 5 more" in shown
    assert "keep list WORDS" in shown
    assert "orders-24" in await is_answered(house, "keep list orders-24")


async def test_what_others_call_things_cannot_ping_anybody(house: House) -> None:
    (nasty,) = chain_of(1, id=NASTY, name=NASTY, origin=Origin("instance", NASTY))
    await house.world.catalogue.put([nasty])
    await has_kept(house, origin=Origin("instance", NASTY))
    assert "<!channel>" in await is_answered(house, "keep list")  # as it is read, not as a mention
    await is_answered(house, f'keep end "{NASTY}"')
    assert house.workspace.pings == []


async def test_one_is_paused_resumed_and_ended(house: House) -> None:
    await has_kept(house)
    assert "paused" in await is_answered(house, f"keep pause {ID[:6]}")
    assert "Nothing was changed" in await is_answered(house, f"keep pause {ID}")
    assert "active" in await is_answered(house, f"keep resume {ID}")
    await until(lambda: EventKind.COPY_REQUESTED in house.world.kinds(), seconds=PATIENCE)
    assert "ended" in await is_answered(house, f"keep end {ID}")
    assert "There is no standing order" in await is_answered(house, f"keep resume {ID}")
    kinds = [kind for kind in house.world.kinds() if kind is not EventKind.COPY_REQUESTED]
    assert kinds == [EventKind.KEEP_PAUSED, EventKind.KEEP_RESUMED, EventKind.KEEP_ENDED]


async def test_an_id_that_is_nearly_right_is_offered(house: House) -> None:
    await has_kept(house)
    answer = await is_answered(house, f"keep end {ID[:-1]}x")
    assert "There is no standing order" in answer
    assert f"{COMMAND} keep end {ID}" in answer


async def test_who_may_not_see_the_instance_is_told_of_nothing(house: House) -> None:
    standing = await has_kept(house)
    members = AccessRules(channels=frozenset({house.channel_id}))
    house.world.rules.rules = Rules(allow=(AllowRule("others", members, Scope(instances=("users-*",))),))
    assert "Nothing is kept copied" in await is_answered(house, "keep list", "bob")
    assert ID not in await is_answered(house, f"keep end {ID[:6]}", "bob")
    assert ID in await is_answered(house, "keep list", "alice")
    assert await house.standing_orders.kept() == [standing]


async def test_who_may_see_it_and_not_ask_for_such_copies_cannot_change_it(house: House) -> None:
    await has_kept(house)
    members = AccessRules(channels=frozenset({house.channel_id}))
    elsewhere = Scope(destinations=frozenset({"SYD"}))
    house.world.rules.rules = Rules(allow=(AllowRule("elsewhere", members, elsewhere),))
    assert ID in await is_answered(house, "keep list", "bob")
    answer = await is_answered(house, f"keep end {ID}", "bob")
    assert "rules" in answer
    assert [each.state for each in await house.standing_orders.kept()] == [StandingState.ACTIVE]
