"""Nobody is shown what they may not see, and pages of what they may see are full."""

from dataclasses import replace

import pytest

from bot.domain.backup import Origin
from bot.domain.events import Event, EventFilter, EventKind
from bot.domain.rules import Scope
from bot.domain.sight import Sight
from bot.operations.find_backups import find_backups, find_by_reference, remembered_backup, remembered_by_reference
from bot.operations.history import history
from bot.operations.list_backups import list_backups
from bot.operations.review import find_order, open_orders, orders_maybe_meant
from tests.fakes.world import ANA, BOB, FULL, World

HIDDEN = replace(FULL, id="hidden-backup", name="payroll", origin=Origin("instance", "payroll-db"))


SHOWN = (Scope(backups=(FULL.name,)),)
SIGHT_OF_BOB = Sight(BOB.id, SHOWN)
SIGHT_OF_ANA = Sight(ANA.id, SHOWN)
"""Ana has asked for the hidden one herself."""


@pytest.fixture
async def world() -> World:
    world = World.new()
    world.cloud.put(HIDDEN)
    await world.catalogue.replace("DFW", world.clock.now(), [FULL, HIDDEN, replace(HIDDEN, id="h2", status="NEW")])
    return world


async def test_search_list_and_references_know_nothing_of_what_is_hidden(world: World) -> None:
    found = await find_backups(world.ports, "DFW", "", sight=SIGHT_OF_BOB)
    listed = await list_backups(world.ports, ["DFW"], "", sight=SIGHT_OF_BOB)

    assert list(found) == [FULL]
    assert ([each.backup for each in listed.backups], listed.total) == ([FULL], 1)
    assert await remembered_by_reference(world.ports, "payroll", sight=SIGHT_OF_BOB) == ()
    assert await find_by_reference(world.ports, HIDDEN.id, sight=SIGHT_OF_BOB) == ()
    assert await remembered_backup(world.ports, "DFW", HIDDEN.id, sight=SIGHT_OF_BOB) is None
    assert await remembered_backup(world.ports, "DFW", FULL.id, sight=SIGHT_OF_BOB) == FULL


async def test_what_the_cloud_alone_knows_is_hidden_as_well(world: World) -> None:
    await world.catalogue.remove("DFW", HIDDEN.id)

    assert await find_by_reference(world.ports, HIDDEN.id, sight=SIGHT_OF_BOB) == ()


async def test_an_order_is_seen_by_who_asked_and_by_who_may_see_its_backups(world: World) -> None:
    order = await world.ordered(HIDDEN)

    for sight, expected in ((SIGHT_OF_ANA, [order]), (SIGHT_OF_BOB, [])):
        assert await open_orders(world.ports, sight=sight) == expected
        found = await find_order(world.ports, order.order.id, sight=sight)
        assert found == next(iter(expected), None)
        near = await orders_maybe_meant(world.ports, order.order.id[:3], sight=sight)
        assert list(near.orders) == expected


async def test_pages_of_the_history_are_full_although_something_is_hidden(world: World) -> None:
    for number in range(3):
        await world.ordered(HIDDEN, view=f"H{number}", destinations=(("IAD", "ORD", "HKG")[number],))
        await world.ordered(FULL, view=f"F{number}", destinations=(("IAD", "ORD", "HKG")[number],))

    first = await history(world.ports, EventFilter(), size=2, sight=SIGHT_OF_BOB)
    second = await history(world.ports, EventFilter(before=first.events[-1].sequence), size=2, sight=SIGHT_OF_BOB)
    back = await history(world.ports, EventFilter(after=second.events[0].sequence), size=2, sight=SIGHT_OF_BOB)

    assert [each.event.backup_name for each in (*first.events, *second.events)] == [FULL.name] * 3
    assert (first.has_newer, first.has_older) == (False, True)
    assert (second.has_newer, second.has_older) == (True, False)
    assert back == first
    everything = await history(world.ports, EventFilter(), size=20, sight=SIGHT_OF_ANA)
    assert len(everything.events) == 6, "she asked for all of them"


async def test_an_event_about_no_copy_is_hidden_with_its_backup_also_when_that_is_gone(world: World) -> None:
    facts = {"instance": "payroll-db"}
    changed = Event(EventKind.PLAN_CHANGED, world.clock.now(), ANA, backup_id=HIDDEN.id, source="DFW", facts=facts)
    await world.record.append(changed)
    await world.record.append(Event(EventKind.BOT_STARTED, world.clock.now(), ANA))

    for forget in (False, True):
        if forget:
            await world.catalogue.remove("DFW", HIDDEN.id)
        seen = await history(world.ports, EventFilter(), sight=SIGHT_OF_BOB)
        assert [each.event.kind for each in seen.events] == [EventKind.BOT_STARTED]
