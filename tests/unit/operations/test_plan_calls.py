"""What a plan costs: with a fresh catalogue one call to each region, all at once, and nothing is believed blindly."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from bot.domain.backup import Backup
from bot.domain.lineage import (
    Evidence,
    FullBackup,
    ParentAbsent,
    ParentArriving,
    ParentGone,
    ParentReady,
    ParentUnchecked,
    Recognised,
)
from bot.domain.plan import OrderPlan
from bot.domain.reasons import Fault, Reason
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.keep_catalogue_fresh import refresh_catalogue
from bot.operations.look_at_destination import BELIEVED_FOR
from bot.operations.plan_order import plan_order
from bot.operations.request_order import Changed, Requested, request_order
from tests.fakes.conditions import until
from tests.fakes.world import CHILD, DOWN, FULL, World, chain_of, in_region, request_for


async def with_fresh_catalogue(*backups: Backup) -> World:
    """A world whose catalogue has just seen every region to its end."""
    world = World.new()
    world.cloud.put(*backups)
    await refresh(world)
    return world


async def refresh(world: World, *regions: str) -> None:
    for region in regions or world.cloud.regions:
        assert await refresh_catalogue(world.cloud, world.catalogue, world.clock, region) is None
    world.cloud.calls.clear()


def asked(world: World) -> list[tuple[str, str | None]]:
    """What was asked for since the last refresh, by region and id."""
    return sorted((call.region, call.backup_id) for call in world.cloud.calls)


@pytest.mark.parametrize("length", [1, 2, 3, 64])
async def test_a_chain_is_planned_with_one_call_to_each_region_at_the_same_time(length: int) -> None:
    chain = chain_of(length)
    world = await with_fresh_catalogue(*chain)
    held = world.cloud.hold("show")
    planning = asyncio.create_task(plan_order(world.ports, request_for(chain[-1], whole_chain=True)))
    await until(lambda: len(world.cloud.calls) == 2)  # nobody has got an answer yet
    held.set()
    plan = await planning
    assert isinstance(plan, OrderPlan)
    assert [copy.backup for copy in plan.copies] == chain
    assert [region for region, _ in asked(world)] == ["DFW", "IAD"]


async def test_a_backup_that_goes_to_two_regions_is_asked_for_once() -> None:
    chain = chain_of(4)
    world = await with_fresh_catalogue(*chain)
    plan = await world.order_plan(chain[3], destinations=("IAD", "ORD"), whole_chain=True)
    assert len(plan.copies) == 8
    assert Counter(call.region for call in world.cloud.calls) == {"DFW": 1, "IAD": 1, "ORD": 1}


async def test_of_several_backups_each_is_asked_for_once_on_both_sides() -> None:
    chain = chain_of(4)
    world = await with_fresh_catalogue(*chain)
    await world.order_plan(chain[3], chain[2], whole_chain=True)
    assert Counter(call.region for call in world.cloud.calls) == {"DFW": 2, "IAD": 2}


@pytest.mark.parametrize(
    ("backup", "there", "decisive"),
    [
        (FULL, (), FULL.id),
        (FULL, (in_region(FULL),), FULL.id),
        (FULL, (in_region(FULL, id="new"),), "new"),
        (CHILD, (), FULL.id),
        (CHILD, (in_region(FULL),), FULL.id),
        (CHILD, (in_region(FULL, id="new"),), "new"),
        (CHILD, (in_region(FULL), in_region(CHILD)), CHILD.id),
    ],
    ids=[
        "a full backup",
        "a full backup that is there",
        "a full backup that is there under a new id",
        "an absent parent",
        "a parent",
        "a parent under a new id",
        "a copy that is there",
    ],
)
async def test_the_destination_is_asked_what_decides_the_plan(
    backup: Backup, there: tuple[Backup, ...], decisive: str
) -> None:
    world = await with_fresh_catalogue(*there)
    plan = await world.plan(backup)
    assert asked(world) == [("DFW", backup.id), ("IAD", decisive)]
    thorough = await plan_order(world.ports, request_for(backup), thoroughly=True)
    assert isinstance(thorough, OrderPlan)
    assert thorough.digest == OrderPlan(request_for(backup), (plan,)).digest
    assert (thorough.plans[0].parent, thorough.plans[0].existing) == (plan.parent, plan.existing)


async def test_a_parent_that_this_bot_is_copying_is_not_asked_for() -> None:
    world = await with_fresh_catalogue()
    copy = await world.requested(FULL)
    world.cloud.calls.clear()
    plan = await world.plan(CHILD)
    assert isinstance(plan.parent, ParentArriving)
    assert plan.parent.copy_id == copy.id
    assert asked(world) == [("DFW", CHILD.id), ("IAD", CHILD.id)]


# What is believed is confirmed, or looked at thoroughly


async def test_a_parent_that_has_vanished_is_not_believed_to_be_there() -> None:
    world = await with_fresh_catalogue(in_region(FULL))
    world.cloud.remove("IAD", FULL.id)
    assert isinstance((await world.plan(CHILD)).parent, ParentAbsent)
    assert await world.catalogue.backup("IAD", FULL.id) is None


async def test_a_parent_that_has_arrived_meanwhile_is_not_believed_to_be_absent() -> None:
    world = await with_fresh_catalogue()
    world.cloud.put(in_region(FULL))
    plan = await world.plan(CHILD)
    assert plan.parent == ParentReady(FULL, Recognised(in_region(FULL), Evidence.SAME_ID))


async def test_a_copy_that_was_deleted_is_not_believed_to_exist_and_what_is_there_is_found() -> None:
    world = await with_fresh_catalogue(in_region(CHILD), in_region(FULL))
    world.cloud.remove("IAD", CHILD.id)
    plan = await world.plan(CHILD)
    assert plan.existing is None
    assert isinstance(plan.parent, ParentReady)


async def test_a_parent_that_has_failed_meanwhile_is_not_believed_to_be_whole() -> None:
    world = await with_fresh_catalogue(in_region(FULL, status="BUILDING"))
    assert isinstance((await world.plan(CHILD)).parent, ParentArriving)
    world.cloud.put(in_region(FULL, status="FAILED"))
    assert isinstance((await world.plan(CHILD)).parent, ParentAbsent)


async def test_a_chain_that_seems_broken_is_looked_at_before_anybody_is_told() -> None:
    chain = chain_of(3)
    world = await with_fresh_catalogue(chain[2])
    world.cloud.put(*chain)
    assert isinstance((await world.plan(chain[2])).parent, ParentAbsent)
    world.cloud.remove("DFW", chain[0].id)
    await world.catalogue.remove("DFW", chain[0].id)
    assert (await world.plan(chain[2])).parent == ParentGone(chain[0].id)


async def test_a_destination_that_does_not_answer_is_told_though_the_catalogue_is_fresh() -> None:
    world = await with_fresh_catalogue(in_region(FULL))
    world.cloud.refuse(DOWN, region="IAD", times=None)
    assert (await world.plan(CHILD)).parent == ParentUnchecked("IAD", DOWN)


async def test_a_backup_that_has_changed_since_it_was_seen_is_planned_as_it_is_now() -> None:
    world = await with_fresh_catalogue()
    world.cloud.put(replace(CHILD, parent_id=None, size_gb=9.0))
    plan = await world.plan(CHILD)
    assert (plan.parent, plan.backup.size_gb) == (FullBackup(), 9.0)


async def test_a_backup_that_nobody_has_seen_is_planned_in_two_steps() -> None:
    world = await with_fresh_catalogue()
    new = replace(CHILD, id="brand-new")
    world.cloud.put(new)
    await world.plan(new)
    assert asked(world) == [("DFW", "brand-new"), ("IAD", FULL.id)]


# When the catalogue is not believed


@pytest.mark.parametrize("region", ["DFW", "IAD"])
async def test_a_catalogue_that_is_too_old_on_either_side_is_not_believed(region: str) -> None:
    world = await with_fresh_catalogue(in_region(FULL))
    world.clock.jump(BELIEVED_FOR.total_seconds() + 1)
    await refresh(world, *(each for each in ("DFW", "IAD") if each != region))
    await world.plan(CHILD)
    assert asked(world) == [("DFW", FULL.id), ("DFW", CHILD.id), ("IAD", FULL.id), ("IAD", CHILD.id)]


@pytest.mark.parametrize("region", ["DFW", "IAD"])
async def test_a_catalogue_whose_last_refresh_failed_is_not_believed(region: str) -> None:
    world = await with_fresh_catalogue()
    world.cloud.refuse(DOWN, call="list", region=region)
    assert await refresh_catalogue(world.cloud, world.catalogue, world.clock, region) == DOWN
    world.cloud.calls.clear()
    await world.plan(CHILD)
    assert len(world.cloud.calls) == 4


async def test_other_regions_need_not_be_fresh() -> None:
    world = World.new()
    await refresh(world, "DFW", "IAD")
    world.cloud.refuse(DOWN, call="list", region="SYD")
    await refresh_catalogue(world.cloud, world.catalogue, world.clock, "SYD")
    world.cloud.calls.clear()
    await world.plan(CHILD)
    assert len(world.cloud.calls) == 2


# At the confirmation all is asked for


async def test_a_confirmation_asks_for_the_parent_and_a_copy_on_both_sides() -> None:
    world = await with_fresh_catalogue(in_region(FULL))
    confirmation = await world.confirm(CHILD)
    world.cloud.calls.clear()
    assert isinstance(await request_order(world.ports, confirmation), Requested)
    assert asked(world) == [("DFW", FULL.id), ("DFW", CHILD.id), ("IAD", FULL.id), ("IAD", CHILD.id)]


async def test_what_was_believed_and_is_not_true_is_found_before_anything_is_sent() -> None:
    world = await with_fresh_catalogue(in_region(FULL))
    confirmation = await world.confirm(CHILD)
    world.cloud.put(in_region(CHILD))  # where the quick look does not look
    outcome = await request_order(world.ports, confirmation)
    assert isinstance(outcome, Changed)
    assert outcome.plan.plans[0].existing is not None
    assert world.opened == []


async def test_a_parent_deleted_after_the_quick_look_is_found_at_the_confirmation() -> None:
    world = await with_fresh_catalogue(in_region(FULL), in_region(CHILD))
    confirmation = await world.confirm(CHILD, despite_existing_copy=True)
    world.cloud.remove("IAD", FULL.id)  # of which the quick look asks nothing: it asks for the copy
    plan = await world.plan(CHILD, despite_existing_copy=True)
    assert isinstance(plan.parent, ParentReady)
    assert isinstance(await request_order(world.ports, confirmation), Changed)


async def test_a_chain_that_was_confirmed_quickly_runs_to_its_end() -> None:
    chain = chain_of(5)
    world = await with_fresh_catalogue(*chain)
    world.watch.before_look = lambda _: world.cloud.finish_copies()
    for copy in (await world.ordered(chain[4], whole_chain=True)).copies:
        await carry_out_copy(world.ports, copy.id)
    assert [call.backup_id for call in world.cloud.copy_requests] == [each.id for each in chain]
    assert all((found := world.cloud.backup("IAD", each.id)) and found.is_usable for each in chain)


@pytest.mark.parametrize("fault", [DOWN, Fault(Reason.NOT_FOUND, 404)], ids=["503", "404"])
async def test_a_quick_plan_leaves_no_task_behind(fault: Fault) -> None:
    world = await with_fresh_catalogue()
    world.cloud.refuse(fault, region="DFW", times=None)
    assert isinstance(await plan_order(world.ports, request_for(FULL, CHILD, destinations=("IAD", "ORD"))), tuple)
    for _ in range(10):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
