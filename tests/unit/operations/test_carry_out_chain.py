"""Carrying out a chain: oldest first, and what becomes of the rest when something goes wrong in the middle."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.domain.backup import Backup
from bot.domain.copies import CopyState
from bot.domain.events import EventFilter, EventKind
from bot.domain.lineage import Evidence
from bot.domain.orders import OrderStanding
from bot.domain.reasons import Fault, Reason
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.review import what_is_left
from bot.operations.settle_copy import say_it_was_copied
from tests.fakes.conditions import until
from tests.fakes.world import ANA, CHILD, FULL, QUICK, World, chain_of, in_region

CHAIN = chain_of(4)


async def ordered(world: World, *backups: Backup, view: str = "V1", **changes: object) -> OrderStanding:
    """An order of the last of these backups, with the chain beneath it."""
    world.cloud.put(*(each for each in backups if world.cloud.backup(each.region, each.id) is None))
    await world.catalogue.put(backups)
    return await world.ordered(backups[-1], view=view, whole_chain=True, **changes)


async def carried_out(world: World, standing: OrderStanding) -> OrderStanding:
    """The order when all of its copies have ended, each worked on at the same time as the others."""
    async with asyncio.timeout(20):
        await asyncio.gather(*(carry_out_copy(world.ports, copy.id) for copy in standing.copies))
    ended = await world.record.order(standing.order.id)
    assert ended is not None
    return ended


def ends(world: World, **by_backup: str) -> None:
    """Let each copy end at the next look; of backups that are named, with that status."""

    def at_look(_: int) -> None:
        running = world.cloud.copy_requests[-1].backup_id or ""
        world.cloud.finish_copies(by_backup.get(running.replace("-", "_"), "COMPLETED"))

    world.watch.before_look = at_look


def sent(world: World) -> list[str | None]:
    return [call.backup_id for call in world.cloud.copy_requests]


def states(standing: OrderStanding) -> list[CopyState]:
    return [copy.state for copy in standing.copies]


@pytest.mark.parametrize("keeps_ids", [True, False])
async def test_a_chain_is_copied_oldest_first_and_nothing_is_refused(world: World, keeps_ids: bool) -> None:
    world.cloud.keeps_ids = keeps_ids
    ends(world)
    ended = await carried_out(world, await ordered(world, *CHAIN))
    assert states(ended) == [CopyState.COMPLETED] * 4
    assert sent(world) == [each.id for each in CHAIN]
    assert EventKind.REFUSED not in world.kinds()
    assert EventKind.WILL_SEND_AGAIN not in world.kinds()


async def test_each_copy_of_a_chain_remembers_the_parent_it_was_sent_with(world: World) -> None:
    world.cloud.keeps_ids = False
    ends(world)
    ended = await carried_out(world, await ordered(world, *CHAIN))
    assert [copy.parent_id for copy in ended.copies] == [None, *(copy.copied_id for copy in ended.copies[:-1])]
    assert [copy.parent_evidence for copy in ended.copies] == [None, *[Evidence.OWN_RECORD] * 3]


async def test_names_and_facts_that_are_all_the_same_confuse_nobody(world: World) -> None:
    """Copies have new ids, and only this bot's own record tells one from another."""
    world.cloud.keeps_ids = False
    chain = [replace(each, name="nightly", size_gb=0.1) for each in CHAIN]
    ends(world)
    ended = await carried_out(world, await ordered(world, *chain, name="{name}-copy"))
    assert states(ended) == [CopyState.COMPLETED] * 4
    assert sent(world) == [each.id for each in chain]
    assert len({copy.name for copy in ended.copies}) == len({copy.copied_id for copy in ended.copies}) == 4


# A failure in the middle


@pytest.mark.parametrize("end", ["FAILED", "COPY_ERROR"])
async def test_a_failure_in_the_middle_leaves_the_rest_undone_with_the_reason(world: World, end: str) -> None:
    ends(world, link_1=end)
    ended = await carried_out(world, await ordered(world, *CHAIN))
    assert states(ended) == [CopyState.COMPLETED, CopyState.FAILED, CopyState.STOPPED, CopyState.STOPPED]
    assert [copy.reason for copy in ended.copies[2:]] == [Reason.PARENT_NOT_COPIED] * 2
    assert sent(world) == ["link-0", "link-1"]
    undone = [each.event for each in await world.record.events(EventFilter(kinds=(EventKind.LEFT_UNDONE,)))]
    assert [(event.backup_id, event.facts["parent"], event.facts["parent_state"]) for event in undone] == [
        ("link-3", "night-2", "stopped"),
        ("link-2", "night-1", "failed"),
    ]


async def test_trying_again_goes_on_from_where_it_failed(world: World) -> None:
    ends(world, link_1="FAILED")
    ended = await carried_out(world, await ordered(world, *CHAIN))
    ends(world)
    again = what_is_left(ended)
    assert again.backup_ids == ("link-3",)
    second = await carried_out(world, await ordered(world, *CHAIN, view="V2", name=again.name))
    assert states(second) == [CopyState.COMPLETED] * 3
    assert sent(world) == ["link-0", "link-1", "link-1", "link-2", "link-3"]


async def test_a_copy_that_is_lost_from_sight_leaves_the_rest_undone() -> None:
    world = World.new(replace(QUICK, give_up=0.2))
    ended = await carried_out(world, await ordered(world, *CHAIN[:2]))
    assert states(ended) == [CopyState.LOST, CopyState.STOPPED]
    assert ended.copies[1].reason is Reason.PARENT_NOT_COPIED


async def test_a_final_no_in_the_middle_leaves_the_rest_undone(world: World) -> None:
    ends(world)
    world.cloud.refuse(Fault(Reason.FORBIDDEN, 403), call="copy", backup_id="link-1", times=None)
    ended = await carried_out(world, await ordered(world, *CHAIN))
    assert states(ended) == [CopyState.COMPLETED, CopyState.FAILED, CopyState.STOPPED, CopyState.STOPPED]


# What was confirmed is what runs


@pytest.mark.parametrize(("is_automated", "reason"), [(False, Reason.BACKUP_NOT_FOUND), (True, Reason.ROTATED_AWAY)])
async def test_a_backup_that_is_deleted_before_its_turn_is_told_as_what_it_is(
    world: World, is_automated: bool, reason: Reason
) -> None:
    chain = [replace(each, is_automated=is_automated) for each in CHAIN]
    standing = await ordered(world, *chain)
    ends(world)
    for deleted in chain[1:]:
        world.cloud.remove("DFW", deleted.id)
    ended = await carried_out(world, standing)
    assert states(ended) == [CopyState.COMPLETED, CopyState.FAILED, CopyState.STOPPED, CopyState.STOPPED]
    assert ended.copies[1].reason is reason
    assert sent(world) == ["link-0"]


@pytest.mark.parametrize(
    "change", [{"size_gb": 99.0}, {"parent_id": None}, {"parent_id": "another"}], ids=["size", "full", "parent"]
)
async def test_a_backup_that_is_not_what_was_confirmed_any_more_is_not_copied(
    world: World, change: dict[str, object]
) -> None:
    standing = await ordered(world, *CHAIN)
    ends(world)
    world.cloud.put(replace(CHAIN[2], **change))  # type: ignore[arg-type]  # attributes of Backup
    ended = await carried_out(world, standing)
    assert [copy.state for copy in ended.copies[2:]] == [CopyState.FAILED, CopyState.STOPPED]
    assert ended.copies[2].reason is Reason.BACKUP_CHANGED
    assert sent(world) == ["link-0", "link-1"]


async def test_a_new_name_or_description_is_no_change(world: World) -> None:
    standing = await ordered(world, *CHAIN)
    ends(world)
    world.cloud.put(replace(CHAIN[3], description="was renamed"))
    assert (await carried_out(world, standing)).main.state is CopyState.COMPLETED


async def test_a_backup_that_failed_before_its_turn_is_not_copied(world: World) -> None:
    standing = await ordered(world, *CHAIN)
    ends(world)
    world.cloud.put(replace(CHAIN[1], status="DELETE_FAILED"))
    ended = await carried_out(world, standing)
    assert (ended.copies[1].state, ended.copies[1].reason) == (CopyState.FAILED, Reason.BACKUP_NOT_COPYABLE)


# What is there when its turn comes


@pytest.mark.parametrize("place", [0, 1, 3], ids=["the full one", "one in the middle", "the one that was asked for"])
@pytest.mark.parametrize(
    ("new", "evidence"),
    [
        ({}, Evidence.SAME_ID),
        ({"id": "theirs-of-link-{place}", "location": "https://files/link-{place}.gz"}, Evidence.SAME_FILES),
    ],
    ids=["the same id", "the same files"],
)
async def test_what_somebody_else_has_copied_meanwhile_is_not_copied_again(
    world: World, place: int, new: dict[str, str], evidence: Evidence
) -> None:
    standing = await ordered(world, *CHAIN)
    ends(world)
    changes = {attribute: text.format(place=place) for attribute, text in new.items()}
    theirs = replace(in_region(CHAIN[place]), **changes)  # type: ignore[arg-type]  # attributes of Backup
    world.cloud.put(theirs)
    await world.catalogue.put([theirs])
    ended = await carried_out(world, standing)
    assert (ended.copies[place].state, ended.copies[place].copied_id) == (CopyState.COMPLETED, theirs.id)
    assert ended.copies[place].copied_evidence is evidence
    assert states(ended) == [CopyState.COMPLETED] * 4
    assert sent(world) == [each.id for each in CHAIN if each is not CHAIN[place]]
    found = await world.record.events(EventFilter(kinds=(EventKind.FOUND_THERE,)))
    assert [each.event.facts for each in found] == [{"copied_id": theirs.id, "evidence": evidence.value}]
    assert ended.copies[place].time is None


async def test_a_copy_that_is_wanted_although_there_is_one_is_made(world: World) -> None:
    world.cloud.keeps_ids = False
    world.cloud.put(in_region(FULL))
    ends(world)
    ended = await carried_out(world, await world.ordered(FULL, despite_existing_copy=True))
    assert states(ended) == [CopyState.COMPLETED]
    assert ended.main.copied_id != FULL.id
    assert sent(world) == [FULL.id]


async def test_what_is_needed_beneath_is_not_made_again_though_another_is_wanted_again(world: World) -> None:
    world.cloud.put(in_region(CHAIN[3]))
    standing = await ordered(world, *CHAIN, despite_existing_copy=True)
    assert [copy.despite_existing_copy for copy in standing.copies] == [False, False, False, True]
    world.cloud.put(in_region(CHAIN[0]))
    world.cloud.keeps_ids = False
    ends(world)
    await carried_out(world, standing)
    assert "link-0" not in sent(world)


async def test_what_somebody_else_is_copying_at_the_moment_is_waited_for(world: World) -> None:
    standing = await ordered(world, *CHAIN[:2])
    world.cloud.put(in_region(CHAIN[0], status="BUILDING"))
    ends(world)
    working = asyncio.create_task(carried_out(world, standing))
    await until(lambda: len(world.cloud.calls) > 20)
    assert sent(world) == []
    world.cloud.put(in_region(CHAIN[0]))
    assert states(await working) == [CopyState.COMPLETED] * 2
    assert sent(world) == ["link-1"]


async def test_what_has_arrived_is_enough_though_its_source_is_gone(world: World) -> None:
    standing = await ordered(world, *CHAIN[:2])
    world.cloud.put(in_region(CHAIN[0]))
    world.cloud.remove("DFW", "link-0")
    ends(world)
    assert states(await carried_out(world, standing)) == [CopyState.COMPLETED] * 2


# Waiting


async def test_a_parent_that_a_person_called_copied_and_is_still_being_built_is_waited_for(world: World) -> None:
    full, child = (await ordered(world, *CHAIN[:2])).copies
    asked = (await world.now(full)).moved(CopyState.SENDING).moved(CopyState.UNDECIDED)
    for moved in (replace(full.moved(CopyState.SENDING)), asked):
        assert await world.record.move(moved, world.record.history[0].event)
    assert await say_it_was_copied(world.ports, full.id, ANA, None)
    world.cloud.put(in_region(CHAIN[0], status="BUILDING"))
    ends(world)
    working = asyncio.create_task(carry_out_copy(world.ports, child.id))
    await until(lambda: len(world.cloud.calls) > 30)
    assert world.kinds().count(EventKind.WAITING_FOR_PARENT) == 1
    assert (await world.now(child)).after is None
    world.cloud.put(in_region(CHAIN[0]))
    await working
    assert (await world.now(child)).state is CopyState.COMPLETED


async def test_a_copy_that_finds_its_parent_on_the_way_comes_after_that(world: World) -> None:
    world.cloud.put(in_region(FULL))
    child = await world.requested(CHILD, view="V1")
    world.cloud.remove("IAD", FULL.id)
    parent = await world.requested(FULL, view="V2")
    working = asyncio.create_task(carry_out_copy(world.ports, child.id))
    await until(lambda: world.stands_at(child, CopyState.WAITING))
    assert (await world.now(child)).after == parent.id
    ends(world)
    await carry_out_copy(world.ports, parent.id)
    await working
    assert sent(world) == [FULL.id, CHILD.id]


async def test_copies_that_wait_for_their_parents_are_not_given_up_and_those_that_could_begin_are() -> None:
    world = World.new(replace(QUICK, give_up=3600.0))
    standing = await ordered(world, *CHAIN)
    working = asyncio.create_task(carried_out(world, standing))
    for number, link in enumerate(standing.copies, start=1):
        await until(partial(world.stands_at, link, CopyState.RUNNING))
        assert len(sent(world)) == number
        world.clock.jump(3000.0)  # together longer than one may wait altogether
        world.cloud.finish_copies()
    assert states(await working) == [CopyState.COMPLETED] * 4


async def test_a_copy_that_could_begin_and_does_not_is_given_up() -> None:
    world = World.new(replace(QUICK, give_up=5.0, attempts=10_000))
    world.cloud.refuse(Fault(Reason.UNPROCESSABLE, 422), call="copy", times=None)
    standing = await ordered(world, *CHAIN[:2])
    working = asyncio.create_task(carried_out(world, standing))
    await until(lambda: len(sent(world)) > 1)
    world.clock.jump(5.0)
    ended = await working
    assert states(ended) == [CopyState.FAILED, CopyState.STOPPED]
    assert ended.copies[0].reason is Reason.UNPROCESSABLE


async def test_a_copy_that_waited_for_its_parent_is_given_up_when_it_could_have_begun_for_too_long() -> None:
    world = World.new(replace(QUICK, give_up=5.0, attempts=10_000))
    world.cloud.refuse(Fault(Reason.UNPROCESSABLE, 422), call="copy", backup_id="link-1", times=None)
    standing = await ordered(world, *CHAIN[:2])
    ends(world)
    working = asyncio.create_task(carried_out(world, standing))
    await until(lambda: "link-1" in sent(world))
    world.clock.jump(5.0)
    assert states(await working) == [CopyState.COMPLETED, CopyState.FAILED]


# Several regions


async def test_one_backup_goes_to_several_regions_one_after_the_other(world: World) -> None:
    ends(world)
    standing = await world.ordered(FULL, destinations=("IAD", "ORD", "SYD"))
    ended = await carried_out(world, standing)
    assert states(ended) == [CopyState.COMPLETED] * 3
    assert sorted(call.destination or "" for call in world.cloud.copy_requests) == ["IAD", "ORD", "SYD"]
    assert EventKind.REFUSED not in world.kinds()


async def test_a_chain_goes_to_several_regions(world: World) -> None:
    ends(world)
    ended = await carried_out(world, await ordered(world, *CHAIN, destinations=("IAD", "ORD")))
    assert states(ended) == [CopyState.COMPLETED] * 8
    for region in ("IAD", "ORD"):
        of_region = [call.backup_id for call in world.cloud.copy_requests if call.destination == region]
        assert of_region == [each.id for each in CHAIN]


async def test_waiting_for_the_same_backup_to_reach_another_region_is_no_reason_to_give_up() -> None:
    world = World.new(replace(QUICK, give_up=5.0))
    first, second = (await world.ordered(FULL, destinations=("IAD", "ORD"))).copies
    working = [asyncio.create_task(carry_out_copy(world.ports, first.id))]
    await until(lambda: world.stands_at(first, CopyState.RUNNING))
    world.clock.jump(4.0)
    working.append(asyncio.create_task(carry_out_copy(world.ports, second.id)))
    world.clock.jump(0.9)
    await asyncio.sleep(0.01)
    assert (await world.now(second)).is_open
    world.cloud.finish_copies()
    await until(lambda: len(sent(world)) == 2)
    world.cloud.finish_copies()
    await asyncio.gather(*working)
    assert (await world.now(second)).state is CopyState.COMPLETED


# Slow


async def with_known_times(world: World, *seconds: float) -> None:
    """This bot has made copies from DFW to IAD that took so long."""
    for number, took in enumerate(seconds):
        full = replace(FULL, id=f"earlier-{number}")
        world.cloud.put(full)
        copy = await world.requested(full, view=f"earlier {number}", name=f"earlier-{number}")
        now = world.clock.now()
        event = world.record.history[-1].event
        steps = [copy.moved(CopyState.SENDING, sent_at=now - timedelta(seconds=took))]
        steps.append(steps[-1].moved(CopyState.RUNNING))
        steps.append(steps[-1].moved(CopyState.COMPLETED, ended_at=now))
        for moved in steps:
            assert await world.record.move(moved, event)


async def test_a_copy_slower_than_nearly_all_before_it_is_pointed_out_once(world: World) -> None:
    await with_known_times(world, *[1.0] * 10)
    copy = await world.requested(FULL)
    working = asyncio.create_task(carry_out_copy(world.ports, copy.id))
    await until(lambda: world.watch.looks > 3)
    assert EventKind.SLOW not in world.kinds()
    world.clock.jump(2.0)
    await until(lambda: EventKind.SLOW in world.kinds())
    looks = world.watch.looks
    await until(lambda: world.watch.looks > looks + 5)
    world.cloud.finish_copies()
    await working
    assert world.kinds().count(EventKind.SLOW) == 1
    assert (await world.now(copy)).is_slow


async def test_slowness_is_not_pointed_out_again_after_a_restart(world: World) -> None:
    await with_known_times(world, *[1.0] * 10)
    copy = await world.requested(FULL)
    working = asyncio.create_task(carry_out_copy(world.ports, copy.id))
    await until(lambda: world.stands_at(copy, CopyState.RUNNING))
    world.clock.jump(2.0)
    await until(lambda: EventKind.SLOW in world.kinds())
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    looks = world.watch.looks
    again = asyncio.create_task(carry_out_copy(world.ports, copy.id))
    await until(lambda: world.watch.looks > looks + 3)
    world.cloud.finish_copies()
    await again
    assert world.kinds().count(EventKind.SLOW) == 1


async def test_nothing_is_called_slow_while_too_little_is_known(world: World) -> None:
    await with_known_times(world, *[1.0] * 9)
    copy = await world.requested(FULL)
    working = asyncio.create_task(carry_out_copy(world.ports, copy.id))
    await until(lambda: world.stands_at(copy, CopyState.RUNNING))
    world.clock.jump(50.0)
    looks = world.watch.looks
    await until(lambda: world.watch.looks > looks + 3)
    world.cloud.finish_copies()
    await working
    assert EventKind.SLOW not in world.kinds()


async def test_copies_that_were_found_there_teach_nothing_about_time(world: World) -> None:
    standing = await ordered(world, *CHAIN[:2])
    world.cloud.put(in_region(CHAIN[0]))
    ends(world)
    await carried_out(world, standing)
    assert len(await world.record.times("DFW", "IAD")) == 1
