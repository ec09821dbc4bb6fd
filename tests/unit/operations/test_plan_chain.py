"""Planning what an incremental needs beneath it: what is there is left out, with the evidence for it."""

from dataclasses import replace

import pytest

from bot.domain.backup import Backup
from bot.domain.lineage import Chain, Evidence, ParentAbsent, ParentArriving, ParentGone, ParentStatus, Recognised
from bot.domain.plan import MOST_COPIES
from bot.domain.reasons import Fault, Problem, Reason
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.review import what_is_left
from tests.fakes.world import DOWN, FULL, World, chain_of, in_region


async def knows(world: World, *backups: Backup) -> None:
    """The backups are there, and the catalogue has seen them."""
    world.cloud.put(*backups)
    await world.catalogue.put(backups)


async def parent_of(world: World, backup: Backup, **changes: object) -> ParentStatus:
    return (await world.plan(backup, **changes)).parent


def base_of(status: ParentStatus) -> tuple[list[str], Recognised | ParentArriving | None]:
    """Ids of what is missing beneath a backup, and what that rests on."""
    assert isinstance(status, ParentAbsent), status
    assert status.chain is not None
    return [each.id for each in status.chain.missing], status.chain.base


@pytest.mark.parametrize("length", [2, 3, 7])
async def test_all_of_a_chain_is_missing_where_nothing_is_there(world: World, length: int) -> None:
    chain = chain_of(length)
    await knows(world, *chain)
    assert await parent_of(world, chain[-1]) == ParentAbsent(chain[-2], Chain(tuple(chain[:-1])))


async def test_what_the_catalogue_does_not_know_of_a_chain_is_asked_for(world: World) -> None:
    chain = chain_of(5)
    world.cloud.put(*chain)
    assert base_of(await parent_of(world, chain[-1])) == ([each.id for each in chain[:-1]], None)


@pytest.mark.parametrize(
    ("there", "evidence"),
    [
        ({}, Evidence.SAME_ID),
        ({"id": "new", "location": "https://files/link-1.xbstream.gz", "name": "x"}, Evidence.SAME_FILES),
        ({"id": "new", "name": "night-1-copy", "parent_id": "elsewhere"}, Evidence.MATCHING_FACTS),
    ],
    ids=["the same id", "the same files", "matching facts"],
)
async def test_what_is_there_already_is_left_out_with_the_evidence_for_it(
    world: World, there: dict[str, object], evidence: Evidence
) -> None:
    chain = chain_of(4)
    copied = replace(in_region(chain[1]), **there)  # type: ignore[arg-type]  # attributes of Backup
    await knows(world, *chain, copied)
    assert base_of(await parent_of(world, chain[3])) == (["link-2"], Recognised(copied, evidence))


async def test_what_this_bot_has_copied_is_left_out_by_its_own_record(world: World) -> None:
    chain = chain_of(4)
    await knows(world, *chain)
    world.cloud.keeps_ids = False
    world.watch.before_look = lambda _: world.cloud.finish_copies()
    first = await world.ordered(chain[1], whole_chain=True, name="before the migration")
    for copy in first.copies:
        await carry_out_copy(world.ports, copy.id)
        done = await world.now(copy)
        await world.catalogue.put([there for there in world.cloud.backups("IAD") if there.id == done.copied_id])
    missing, base = base_of(await parent_of(world, chain[3]))
    assert missing == ["link-2"]
    assert isinstance(base, Recognised)
    assert (base.evidence, base.backup.name) == (Evidence.OWN_RECORD, "before the migration")


async def test_a_copy_of_another_backup_that_looks_the_same_is_not_taken_for_it(world: World) -> None:
    chain = [replace(each, name="nightly", size_gb=0.1) for each in chain_of(4)]
    await knows(world, *chain)
    world.cloud.keeps_ids = False
    world.watch.before_look = lambda _: world.cloud.finish_copies()
    for copy in (await world.ordered(chain[1], whole_chain=True, name="{name}-copy")).copies:
        await carry_out_copy(world.ports, copy.id)
    await world.catalogue.put(world.cloud.backups("IAD"))
    missing, base = base_of(await parent_of(world, chain[3]))
    assert missing == ["link-2"]
    assert isinstance(base, Recognised)
    assert base.evidence is Evidence.OWN_RECORD


async def test_what_is_on_its_way_beneath_a_chain_is_waited_for(world: World) -> None:
    chain = chain_of(4)
    await knows(world, *chain)
    (full, second) = (await world.ordered(chain[1], view="V1", whole_chain=True)).copies
    plan = await world.order_plan(chain[3], whole_chain=True)
    assert plan.plans[0].parent == ParentAbsent(
        chain[2],
        Chain((chain[2],), ParentArriving("link-1", "night-1", second.id, second.requested_at, second.requested_by.id)),
    )
    first, leaf = plan.copies
    assert (first.after, first.waits_for, leaf.needs) == (second.id, "night-1", first.key)
    assert full.id != second.id


async def test_what_somebody_else_is_copying_beneath_a_chain_is_on_its_way(world: World) -> None:
    chain = chain_of(3)
    building = in_region(chain[0], status="BUILDING")
    await knows(world, *chain, building)
    missing, base = base_of(await parent_of(world, chain[2]))
    assert (missing, base) == (["link-1"], ParentArriving("link-0", "night-0", since=building.created))


async def test_a_failed_copy_beneath_a_chain_counts_for_nothing(world: World) -> None:
    chain = chain_of(3)
    await knows(world, *chain, in_region(chain[0], status="FAILED"))
    assert base_of(await parent_of(world, chain[2])) == (["link-0", "link-1"], None)


@pytest.mark.parametrize("status", ["FAILED", "DELETE_FAILED"])
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_chain_with_a_failed_member_is_broken(world: World, status: str, place: int) -> None:
    chain = chain_of(4)
    chain[place] = replace(chain[place], status=status)
    await knows(world, *chain)
    assert await parent_of(world, chain[-1]) == ParentGone(f"link-{place}", chain[place])
    plan = await world.plan(chain[-1], whole_chain=True)
    assert plan.problem is not None
    assert plan.problem.reason is Reason.PARENT_GONE


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_chain_with_a_deleted_member_is_broken(world: World, place: int) -> None:
    chain = chain_of(4)
    await knows(world, *(each for each in chain if each is not chain[place]))
    assert await parent_of(world, chain[-1]) == ParentGone(f"link-{place}")


async def test_a_member_whose_copy_failed_elsewhere_can_be_copied_again(world: World) -> None:
    chain = [replace(each, status="COPY_ERROR") for each in chain_of(2)]
    chain.append(replace(chain_of(3)[2]))
    await knows(world, *chain)
    assert base_of(await parent_of(world, chain[2])) == (["link-0", "link-1"], None)


async def test_a_broken_chain_rests_on_what_is_there_all_the_same(world: World) -> None:
    chain = chain_of(4)
    there = in_region(chain[1])
    await knows(world, *chain[1:], there)
    assert base_of(await parent_of(world, chain[3])) == (["link-2"], Recognised(there, Evidence.SAME_ID))


@pytest.mark.parametrize("length", [1, 2, 3, 20])
async def test_a_circle_of_backups_is_a_broken_chain(world: World, length: int) -> None:
    circle = chain_of(length)
    circle[0] = replace(circle[0], parent_id=circle[-1].id)
    leaf = replace(FULL, id="leaf", parent_id=circle[-1].id)
    await knows(world, *circle, leaf)
    assert isinstance(await parent_of(world, circle[-1]), ParentGone)
    assert isinstance(await parent_of(world, leaf), ParentGone)


async def test_a_chain_of_a_thousand_is_too_long_for_one_order_and_costs_no_more_calls(world: World) -> None:
    chain = chain_of(1000)
    await knows(world, *chain)
    plan = await world.order_plan(chain[-1], whole_chain=True)
    assert [problem.reason for problem in plan.problems] == [Reason.TOO_MANY_COPIES]
    assert len(world.cloud.calls) == 4
    assert not (await world.order_plan(chain[MOST_COPIES - 1], whole_chain=True)).problems


async def test_where_the_rest_of_a_chain_cannot_be_asked_for_none_is_offered(world: World) -> None:
    chain = chain_of(3)
    world.cloud.put(*chain)
    await world.catalogue.put(chain[1:])
    world.cloud.refuse(DOWN, backup_id="link-0", region="DFW", times=None)
    plan = await world.plan(chain[2], whole_chain=True)
    assert plan.parent == ParentAbsent(chain[1])
    assert plan.problem == Problem(Reason.PARENT_MISSING, "night-1")


async def test_planning_again_after_a_failure_goes_on_from_there(world: World) -> None:
    chain = chain_of(4)
    await knows(world, *chain)
    standing = await world.ordered(chain[3], whole_chain=True, name="mine")
    world.watch.before_look = lambda _: world.cloud.finish_copies("FAILED" if len(sent(world)) == 2 else "COMPLETED")
    for copy in standing.copies:
        await carry_out_copy(world.ports, copy.id)
    ended = await world.record.order(standing.order.id)
    assert ended is not None
    assert [copy.state.value for copy in ended.copies] == ["completed", "failed", "stopped", "stopped"]
    again = what_is_left(ended)
    assert (again.backup_ids, again.whole_chain, again.name) == (("link-3",), True, "mine")
    plan = await world.order_plan(chain[3], whole_chain=True)
    assert [each.backup.id for each in plan.copies] == ["link-1", "link-2", "link-3"]


def sent(world: World) -> list[str | None]:
    return [call.backup_id for call in world.cloud.copy_requests]


async def test_a_plan_is_told_by_a_fault_of_its_own_region_only(world: World) -> None:
    chain = chain_of(3)
    await knows(world, *chain)
    world.cloud.refuse(Fault(Reason.SERVICE_UNAVAILABLE, 503), region="ORD", times=None)
    assert base_of(await parent_of(world, chain[2])) == (["link-0", "link-1"], None)
