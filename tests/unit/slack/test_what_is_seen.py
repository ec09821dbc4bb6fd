"""What somebody may not see is shown nowhere in Slack: the desk says it in one place, for everything."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.domain.backup import Origin
from bot.domain.policy import AccessRules
from bot.domain.rules import AllowRule, Rules, Scope
from bot.sandbox.workspace import Person
from tests.fakes.conditions import until
from tests.fakes.world import ANA, FULL, request_for
from tests.unit.slack.conftest import COMMAND, Served
from tests.unit.slack.rooms import PATIENCE, House, house_of, opens_form

HIDDEN = replace(FULL, id="5ec12e70-hidden", name="payroll-weekly", origin=Origin("instance", "payroll-db"))


@pytest.fixture
async def house(served: Served) -> AsyncIterator[House]:
    """Whoever is in the channel may ask for one backup; Ana, whom nobody here is, for everything."""
    house = await house_of(served)
    house.world.cloud.put(HIDDEN)
    await house.world.catalogue.replace("DFW", house.world.clock.now(), [FULL, HIDDEN, replace(HIDDEN, id="b")])
    async with house.room():
        house.world.rules.rules = Rules(
            allow=(
                AllowRule("Ana", AccessRules(people=frozenset({ANA.id}))),
                AllowRule("here", AccessRules(channels=frozenset({house.channel_id})), Scope(backups=(FULL.name,))),
            )
        )
        yield house


async def answered(person: Person, words: str) -> str:
    before = len(person.ephemeral_messages)
    await person.types(f"{COMMAND} {words}")
    await until(lambda: len(person.ephemeral_messages) > before, seconds=PATIENCE)
    return person.ephemeral_messages[-1].rendered


@pytest.mark.parametrize("words", ["list", "list payroll", "list DFW", "history", "history payroll", "status"])
async def test_nothing_typed_shows_what_is_hidden(house: House, words: str) -> None:
    await house.world.ordered(HIDDEN)

    said = await answered(house.alice, words)

    assert HIDDEN.id not in said
    assert "payroll-weekly" not in said


@pytest.mark.parametrize("verb", ["status", "cancel"])
async def test_the_order_of_somebody_else_that_is_hidden_does_not_exist(house: House, verb: str) -> None:
    order_id = (await house.world.ordered(HIDDEN)).order.id

    said = await answered(house.alice, f"{verb} {order_id}")

    assert f"There is no copy with the id {order_id}." in said
    assert "payroll" not in said
    still = await house.world.record.order(order_id)
    assert still is not None
    assert still.is_open


async def test_neither_the_form_nor_the_short_form_finds_what_is_hidden(house: House) -> None:
    form = await opens_form(house.alice)
    offered = await form.searches("Backup", "")
    assert [each.text for each in offered] == [FULL.name]
    assert "1 backup in DFW" in form.rendered
    await form.closes()

    await house.alice.types(f"{COMMAND} payroll-weekly IAD")

    told = await house.alice.sees_form(timeout=PATIENCE)
    await told.shows("No backup has the id or name payroll-weekly.", timeout=PATIENCE)


async def test_outsiders_hear_nothing_of_backups(house: House) -> None:
    greg = house.workspace.person("greg")
    for words in ("list", "history", "status", f"status {request_for(FULL).backup_ids[0]}"):
        shown = await greg.types(f"{COMMAND} {words}")
        said = shown.rendered if shown else (await greg.sees_ephemeral("Guests", timeout=PATIENCE)).rendered
        assert not any(word in said for word in (FULL.name, FULL.id, "DFW", ANA.name))
