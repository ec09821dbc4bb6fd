"""Planning a copy: what is looked at, and what is said."""

import asyncio

import pytest

from bot.domain.backup import Origin
from bot.domain.lineage import (
    Chain,
    Evidence,
    FullBackup,
    ParentAbsent,
    ParentArriving,
    ParentGone,
    ParentReady,
    ParentUnchecked,
)
from bot.domain.plan import OrderPlan
from bot.domain.reasons import Fault, Problem, Reason
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.plan_order import plan_order
from tests.fakes.conditions import until
from tests.fakes.world import ANA, CHILD, DOWN, FULL, World, in_region, request_for


async def test_a_full_backup_needs_nothing(world: World) -> None:
    plan = await world.plan(FULL)
    assert (plan.backup, plan.parent, plan.existing, plan.problem) == (FULL, FullBackup(), None, None)


async def test_a_wrong_request_is_told_before_the_cloud_is_asked(world: World) -> None:
    problems = await plan_order(world.ports, request_for(FULL, destinations=("LON",), name=""))
    assert problems == (Problem(Reason.REGION_NOT_ALLOWED, "LON"), Problem(Reason.NAME_MISSING))
    assert world.cloud.calls == []


async def test_a_backup_that_is_gone_is_told(world: World) -> None:
    world.cloud.remove("DFW", FULL.id)
    problems = await plan_order(world.ports, request_for(FULL))
    assert isinstance(problems, tuple)
    assert (problems[0].reason, problems[0].about) == (Reason.BACKUP_NOT_FOUND, "DFW")


async def test_a_source_region_that_cannot_be_asked_is_told_with_its_answer(world: World) -> None:
    world.cloud.refuse(DOWN, region="DFW", times=None)
    assert await plan_order(world.ports, request_for(FULL)) == (Problem(Reason.SERVICE_UNAVAILABLE, "DFW", DOWN),)


async def test_an_incremental_is_ready_when_its_parent_has_the_same_id_there(world: World) -> None:
    world.cloud.put(in_region(FULL))
    plan = await world.plan(CHILD)
    assert isinstance(plan.parent, ParentReady)
    assert plan.parent.found.evidence is Evidence.SAME_ID
    assert plan.problem is None


async def test_a_parent_with_a_new_id_is_found_through_the_catalogue(world: World) -> None:
    copied = in_region(FULL, id="new-id", name="weekly-2026-11-20-copy")
    world.cloud.put(copied)
    await world.catalogue.put([FULL, CHILD, copied])
    plan = await world.plan(CHILD)
    assert isinstance(plan.parent, ParentReady)
    assert plan.parent.found.evidence is Evidence.MATCHING_FACTS


async def test_a_parent_this_bot_copied_is_found_by_its_own_record(world: World) -> None:
    world.cloud.keeps_ids = False
    copy = await world.requested(FULL, name="renamed beyond recognition")
    world.watch.before_look = lambda _: world.cloud.finish_copies()
    await carry_out_copy(world.ports, copy.id)
    plan = await world.plan(CHILD)
    assert isinstance(plan.parent, ParentReady)
    assert plan.parent.found.evidence is Evidence.OWN_RECORD


async def test_an_incremental_whose_parent_is_not_there_would_be_refused(world: World) -> None:
    plan = await world.plan(CHILD)
    assert plan.parent == ParentAbsent(FULL, Chain((FULL,)))
    assert plan.problem == Problem(Reason.PARENT_MISSING, FULL.name)


async def test_an_incremental_whose_parent_was_deleted_cannot_be_copied(world: World) -> None:
    world.cloud.remove("DFW", FULL.id)
    plan = await world.plan(CHILD)
    assert plan.parent == ParentGone(FULL.id)


async def test_a_parent_that_this_bot_is_copying_is_waited_for(world: World) -> None:
    copy = await world.requested(FULL)
    plan = await world.plan(CHILD)
    assert plan.parent == ParentArriving(FULL.id, FULL.name, copy.id, copy.requested_at, ANA.id)
    assert plan.problem is None


async def test_a_destination_that_cannot_be_asked_leaves_the_parent_unchecked(world: World) -> None:
    world.cloud.refuse(DOWN, region="IAD", times=None)
    plan = await world.plan(CHILD)
    assert plan.parent == ParentUnchecked("IAD", DOWN)
    assert (await world.plan(CHILD, despite_unchecked_parent=True)).problem is None


async def test_a_copy_that_is_there_already_is_told_with_who_made_it(world: World) -> None:
    copy = await world.requested(FULL)
    world.watch.before_look = lambda _: world.cloud.finish_copies()
    await carry_out_copy(world.ports, copy.id)
    plan = await world.plan(FULL)
    assert plan.existing is not None
    assert plan.existing.requested_by == ANA.id
    assert plan.problem == Problem(Reason.COPY_EXISTS, copy.name)


async def test_a_copy_made_elsewhere_is_told_without_a_name(world: World) -> None:
    world.cloud.put(in_region(FULL))
    plan = await world.plan(FULL)
    assert plan.existing is not None
    assert plan.existing.requested_by is None


async def test_a_copy_under_way_is_told(world: World) -> None:
    copy = await world.requested(FULL)
    assert (await world.plan(FULL)).problem == Problem(Reason.COPY_UNDER_WAY, copy.id)


async def test_a_backup_of_another_database_with_the_same_name_is_no_copy(world: World) -> None:
    other = in_region(FULL, id="other", origin=Origin("instance", "billing-db"))
    world.cloud.put(other)
    await world.catalogue.put([other])
    assert (await world.plan(FULL)).existing is None


async def test_a_backup_the_catalogue_knows_is_planned_in_one_round_trip(world: World) -> None:
    await world.catalogue.put([FULL, CHILD])
    held = world.cloud.hold("show")
    planning = asyncio.create_task(plan_order(world.ports, request_for(CHILD)))
    try:
        await until(lambda: len(world.cloud.calls) >= 4)
        asked = {(call.region, call.backup_id) for call in world.cloud.calls}
        assert asked == {("DFW", CHILD.id), ("DFW", FULL.id), ("IAD", CHILD.id), ("IAD", FULL.id)}
    finally:
        held.set()
    assert isinstance(await planning, OrderPlan)
    assert len(world.cloud.calls) == 4


async def test_everything_a_person_waits_for_is_urgent(world: World) -> None:
    await world.plan(CHILD)
    assert all(call.urgent for call in world.cloud.calls)


async def test_what_was_seen_is_put_into_the_catalogue(world: World) -> None:
    world.cloud.put(in_region(FULL))
    await world.plan(CHILD)
    assert await world.catalogue.backup("IAD", FULL.id) == in_region(FULL)
    world.cloud.remove("IAD", FULL.id)
    await world.plan(CHILD)
    assert await world.catalogue.backup("IAD", FULL.id) is None


async def test_a_parent_that_changed_since_the_catalogue_saw_the_backup_is_looked_up_anew(world: World) -> None:
    await world.catalogue.put([in_region(CHILD, "DFW", parent_id=None)])
    assert (await world.plan(CHILD)).parent == ParentAbsent(FULL, Chain((FULL,)))


@pytest.mark.parametrize("fault", [DOWN, Fault(Reason.NOT_FOUND, 404)])
async def test_planning_leaves_no_task_behind(world: World, fault: Fault) -> None:
    await world.catalogue.put([FULL])
    world.cloud.refuse(fault, region="DFW", times=None)
    assert isinstance(await plan_order(world.ports, request_for(FULL)), tuple)
    for _ in range(5):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
