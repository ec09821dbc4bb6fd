"""Carrying out a copy, from the request to its end, whatever the cloud answers."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind
from bot.domain.lineage import Evidence
from bot.domain.reasons import Fault, Reason
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.settle_copy import say_it_was_copied, say_send_again
from bot.operations.stop_order import NotStopped, Stopped, stop_order
from tests.fakes.conditions import until
from tests.fakes.world import ANA, CHILD, DOWN, FULL, QUICK, World, in_region

LIMIT = Fault(Reason.OVER_LIMIT, 413, "overLimit", "Slow down.", retry_after=0.01)
BUSY = Fault(Reason.UNPROCESSABLE, 422, "unprocessableEntity", "Not now.")
LOST = Fault(Reason.NO_ANSWER)
BROKEN = Fault(Reason.INSTANCE_FAULT, 500, "instanceFault", "Oops.")


def finish_at_look(world: World, number: int, status: str = "COMPLETED") -> None:
    def at_look(count: int) -> None:
        if count >= number:
            world.cloud.finish_copies(status)

    world.watch.before_look = at_look


async def carried_out(world: World, copy: Copy) -> Copy:
    async with asyncio.timeout(20):
        await carry_out_copy(world.ports, copy.id)
    return await world.now(copy)


@pytest.mark.parametrize(("keeps_ids", "evidence"), [(True, Evidence.SAME_ID), (False, Evidence.MATCHING_FACTS)])
async def test_a_copy_runs_and_arrives(world: World, keeps_ids: bool, evidence: Evidence) -> None:
    world.cloud.keeps_ids = keeps_ids
    finish_at_look(world, 3)
    copy = await carried_out(world, await world.requested())
    assert copy.state is CopyState.COMPLETED
    assert copy.copied_evidence is evidence
    assert world.cloud.backup("IAD", copy.copied_id or "") is not None
    assert world.kinds() == [
        EventKind.COPY_REQUESTED,
        EventKind.SENDING,
        EventKind.ACCEPTED,
        EventKind.SEEN,
        EventKind.COMPLETED,
    ]


async def test_the_request_says_what_was_confirmed_and_is_written_down_before(world: World) -> None:
    finish_at_look(world, 1)
    await carried_out(world, await world.requested())
    (sent,) = world.cloud.copy_requests
    assert (sent.region, sent.backup_id, sent.destination) == ("DFW", FULL.id, "IAD")
    assert (sent.name, sent.description) == ("weekly-2026-11-20-copy", "drill")


async def test_an_incremental_runs_when_its_parent_is_there(world: World) -> None:
    world.cloud.put(in_region(FULL))
    finish_at_look(world, 1)
    copy = await carried_out(world, await world.requested(CHILD))
    assert copy.state is CopyState.COMPLETED
    assert (copy.parent_id, copy.parent_evidence) == (FULL.id, Evidence.SAME_ID)


async def test_an_incremental_waits_for_the_copy_of_its_parent(world: World) -> None:
    parent = await world.requested(FULL, view="V1")
    child = await world.requested(CHILD, view="V2")
    working = asyncio.create_task(carried_out(world, child))
    await until(lambda: world.stands_at(child, CopyState.WAITING))
    finish_at_look(world, 1)
    assert (await carried_out(world, parent)).state is CopyState.COMPLETED
    assert (await working).state is CopyState.COMPLETED
    assert [call.backup_id for call in world.cloud.copy_requests] == [FULL.id, CHILD.id]


async def test_an_incremental_ends_when_the_copy_of_its_parent_fails(world: World) -> None:
    parent = await world.requested(FULL, view="V1")
    child = await world.requested(CHILD, view="V2")
    finish_at_look(world, 1, "FAILED")
    await carried_out(world, parent)
    ended = await carried_out(world, child)
    assert (ended.state, ended.reason) == (CopyState.STOPPED, Reason.PARENT_NOT_COPIED)
    assert len(world.cloud.copy_requests) == 1


@pytest.mark.parametrize(
    "reason",
    [
        Reason.BAD_REQUEST,
        Reason.UNAUTHORIZED,
        Reason.FORBIDDEN,
        Reason.NOT_FOUND,
        Reason.METHOD_NOT_ALLOWED,
        Reason.UNSUPPORTED_MEDIA_TYPE,
        Reason.NOT_IMPLEMENTED,
        Reason.CREDENTIALS_REFUSED,
        Reason.NO_ENDPOINT,
    ],
)
async def test_a_final_no_ends_the_copy_with_its_reason_and_is_never_repeated(world: World, reason: Reason) -> None:
    fault = Fault(reason, 4, "faultName", "Words of the service.")
    world.cloud.refuse(fault, call="copy", times=None)
    copy = await carried_out(world, await world.requested())
    assert (copy.state, copy.reason, copy.fault) == (CopyState.FAILED, reason, fault)
    assert len(world.cloud.copy_requests) == 1
    refused = world.record.history[-1].event
    assert refused.kind is EventKind.REFUSED
    assert refused.facts["message"] == "Words of the service."


@pytest.mark.parametrize("fault", [LIMIT, BUSY, DOWN], ids=["413", "422", "503"])
async def test_a_no_for_the_moment_is_repeated_after_a_wait(world: World, fault: Fault) -> None:
    world.cloud.refuse(fault, call="copy", times=2)
    finish_at_look(world, 1)
    copy = await carried_out(world, await world.requested())
    assert copy.state is CopyState.COMPLETED
    assert len(world.cloud.copy_requests) == 3
    assert world.kinds().count(EventKind.WILL_SEND_AGAIN) == 2


@pytest.mark.parametrize(("fault", "attempts"), [(LIMIT, 4), (BUSY, 3), (DOWN, 3)], ids=["413", "422", "503"])
async def test_a_no_for_the_moment_that_stays_ends_the_copy(world: World, fault: Fault, attempts: int) -> None:
    world.cloud.refuse(fault, call="copy", times=None)
    copy = await carried_out(world, await world.requested())
    assert (copy.state, copy.reason, copy.attempts) == (CopyState.FAILED, fault.reason, attempts)


@pytest.mark.parametrize("fault", [LOST, BROKEN], ids=["lost", "500"])
async def test_a_copy_that_began_although_the_answer_was_lost_is_not_sent_again(world: World, fault: Fault) -> None:
    world.cloud.refuse(fault, call="copy", after_work=True)
    finish_at_look(world, 3)
    copy = await carried_out(world, await world.requested())
    assert copy.state is CopyState.COMPLETED
    assert len(world.cloud.copy_requests) == 1
    assert EventKind.OUTCOME_UNKNOWN in world.kinds()
    assert EventKind.FOUND_BEGUN in world.kinds()


@pytest.mark.parametrize("fault", [LOST, BROKEN], ids=["lost", "500"])
async def test_a_copy_that_had_ended_before_anybody_looked_is_not_sent_again(world: World, fault: Fault) -> None:
    world.cloud.keeps_ids = False
    world.cloud.refuse(fault, call="copy", after_work=True)
    finish_at_look(world, 1)
    copy = await carried_out(world, await world.requested())
    assert copy.state is CopyState.COMPLETED
    assert len(world.cloud.copy_requests) == 1


@pytest.mark.parametrize("fault", [LOST, BROKEN], ids=["lost", "500"])
async def test_a_copy_that_did_not_begin_is_sent_again_after_looking(world: World, fault: Fault) -> None:
    world.cloud.refuse(fault, call="copy")
    looks_before_second: list[int] = []

    def at_look(count: int) -> None:
        if len(world.cloud.copy_requests) == 2:
            looks_before_second.append(count)
            world.cloud.finish_copies()

    world.watch.before_look = at_look
    copy = await carried_out(world, await world.requested())
    assert copy.state is CopyState.COMPLETED
    assert len(world.cloud.copy_requests) == 2
    assert looks_before_second[0] > 1
    assert EventKind.FOUND_NOT_BEGUN in world.kinds()


async def test_a_copy_that_never_begins_ends_after_a_bounded_number_of_requests(world: World) -> None:
    world.cloud.refuse(BROKEN, call="copy", times=None)
    copy = await carried_out(world, await world.requested())
    assert (copy.state, copy.reason, copy.attempts) == (CopyState.FAILED, Reason.INSTANCE_FAULT, QUICK.attempts)


async def undecided(world: World) -> tuple[Copy, asyncio.Task[Copy]]:
    """A copy whose request got no answer, in a cloud that cannot be asked."""
    copy = await world.requested()

    world.cloud.refuse(LOST, call="copy")
    world.watch.before_look = lambda count: world.cloud.refuse(DOWN, times=None) if count == 1 else None
    working = asyncio.create_task(carried_out(world, copy))
    await until(lambda: world.stands_at(copy, CopyState.UNDECIDED))
    return copy, working


async def test_a_person_is_asked_when_it_cannot_be_found_out(world: World) -> None:
    copy, working = await undecided(world)
    settled = await say_it_was_copied(world.ports, copy.id, ANA, "C-databases")
    assert settled is not None
    ended = await working
    assert (ended.state, ended.copied_evidence, ended.ended_by) == (
        CopyState.COMPLETED,
        Evidence.SAID_BY_PERSON,
        ANA,
    )
    assert len(world.cloud.copy_requests) == 1


async def test_a_person_says_that_it_is_to_be_sent_again(world: World) -> None:
    copy, working = await undecided(world)
    world.cloud.lift()
    world.watch.before_look = lambda _: world.cloud.finish_copies()
    assert await say_send_again(world.ports, copy.id, ANA, "C-databases") is not None
    assert (await working).state is CopyState.COMPLETED
    assert len(world.cloud.copy_requests) == 2


async def test_a_copy_nobody_decided_on_goes_on_when_the_cloud_can_be_asked_again(world: World) -> None:
    world.cloud.hold("list").set()
    copy, working = await undecided(world)
    world.cloud.put(in_region(FULL, id="arrived", name=copy.name))
    world.cloud.lift()
    assert (await working).state is CopyState.COMPLETED
    assert len(world.cloud.copy_requests) == 1


async def test_there_is_nothing_to_say_about_a_copy_that_is_not_undecided(world: World) -> None:
    copy = await world.requested()
    assert await say_it_was_copied(world.ports, copy.id, ANA, None) is None
    assert await say_send_again(world.ports, copy.id, ANA, None) is None


async def test_a_copy_taken_up_after_a_crash_before_its_outcome_was_written_is_not_sent_twice(world: World) -> None:
    copy = await world.requested()
    held = world.cloud.hold("copy")
    working = asyncio.create_task(carry_out_copy(world.ports, copy.id))
    await until(lambda: bool(world.cloud.copy_requests))
    working.cancel()  # as kill -9 would: nothing after the request is written
    await asyncio.gather(working, return_exceptions=True)
    held.set()
    world.cloud.lift()
    sending = await world.now(copy)
    assert sending.state is CopyState.SENDING
    world.cloud.put(replace(FULL, status="COPYING"))  # the request had arrived
    world.watch.before_look = lambda count: (
        world.cloud.put(FULL, in_region(FULL, name=copy.name)) if count == 3 else None
    )
    assert (await carried_out(world, copy)).state is CopyState.COMPLETED
    assert len(world.cloud.copy_requests) == 1


async def test_two_executions_of_one_copy_send_one_request(world: World) -> None:
    copy = await world.requested()
    finish_at_look(world, 4)
    await asyncio.gather(*(carried_out(world, copy) for _ in range(5)))
    assert len(world.cloud.copy_requests) == 1
    assert (await world.now(copy)).state is CopyState.COMPLETED


async def test_a_copy_that_fails_in_the_cloud_is_told_as_failed(world: World) -> None:
    finish_at_look(world, 2, "FAILED")
    copy = await carried_out(world, await world.requested())
    assert (copy.state, copy.reason) == (CopyState.FAILED, Reason.COPY_FAILED)


async def test_a_source_that_shows_copy_error_is_told_as_failed(world: World) -> None:
    finish_at_look(world, 2, "COPY_ERROR")
    copy = await carried_out(world, await world.requested())
    assert (copy.state, copy.reason) == (CopyState.FAILED, Reason.COPY_FAILED)


@pytest.mark.parametrize("end", ["FAILED", "COPY_ERROR"])
async def test_a_copy_that_failed_is_made_by_the_next_request(world: World, end: str) -> None:
    finish_at_look(world, 2, end)
    failed = await carried_out(world, await world.requested())
    assert failed.state is CopyState.FAILED
    finish_at_look(world, 2)
    source = world.cloud.backup("DFW", FULL.id)
    assert source is not None
    again = await carried_out(world, await world.requested(source, view="V2"))
    assert (again.state, again.copied_id) == (CopyState.COMPLETED, FULL.id)


async def test_a_copy_that_ends_without_a_new_backup_has_failed_after_a_grace(world: World) -> None:
    def vanish(look: int) -> None:
        world.cloud.finish_copies()
        if look == 1:
            world.cloud.remove("IAD", FULL.id)

    world.watch.before_look = vanish
    copy = await carried_out(world, await world.requested())
    assert (copy.state, copy.reason) == (CopyState.FAILED, Reason.COPY_NEVER_APPEARED)


async def test_a_copy_watched_for_too_long_is_lost() -> None:
    world = World.new(replace(QUICK, give_up=0.2))
    copy = await carried_out(world, await world.requested())
    assert (copy.state, copy.reason) == (CopyState.LOST, Reason.WATCHED_TOO_LONG)


async def test_a_backup_that_is_being_copied_elsewhere_is_waited_for(world: World) -> None:
    copy = await world.requested()
    world.cloud.put(replace(FULL, status="COPYING"))
    working = asyncio.create_task(carried_out(world, copy))
    await until(lambda: EventKind.WILL_SEND_AGAIN in world.kinds())
    assert world.cloud.copy_requests == []
    world.cloud.put(FULL)
    finish_at_look(world, 1)
    assert (await working).state is CopyState.COMPLETED
    assert len(world.cloud.copy_requests) == 1


async def test_a_backup_that_is_deleted_before_the_request_is_sent_ends_the_copy(world: World) -> None:
    copy = await world.requested()
    world.cloud.remove("DFW", FULL.id)
    ended = await carried_out(world, copy)
    assert (ended.state, ended.reason) == (CopyState.FAILED, Reason.BACKUP_NOT_FOUND)
    assert world.cloud.copy_requests == []


async def test_a_400_of_an_incremental_whose_parent_vanished_meanwhile_says_so(world: World) -> None:
    world.cloud.put(in_region(FULL))
    copy = await world.requested(CHILD)
    held = world.cloud.hold("copy")
    working = asyncio.create_task(carried_out(world, copy))
    await until(lambda: bool(world.cloud.copy_requests))
    world.cloud.remove("IAD", FULL.id)
    held.set()
    ended = await working
    assert (ended.state, ended.reason) == (CopyState.FAILED, Reason.PARENT_MISSING)
    assert ended.fault is not None
    assert ended.fault.status == 400


async def test_a_copy_that_has_not_begun_can_be_stopped(world: World) -> None:
    world.cloud.refuse(replace(BUSY, retry_after=30.0), call="copy", times=None)
    copy = await world.requested()
    working = asyncio.create_task(carried_out(world, copy))
    await until(lambda: EventKind.WILL_SEND_AGAIN in world.kinds())
    assert isinstance(await stop_order(world.ports, copy.id, ANA, "C-databases"), Stopped)
    ended = await working
    assert (ended.state, ended.ended_by) == (CopyState.STOPPED, ANA)


async def test_a_copy_that_has_begun_cannot_be_stopped(world: World) -> None:
    copy = await world.requested()
    working = asyncio.create_task(carried_out(world, copy))
    await until(lambda: EventKind.ACCEPTED in world.kinds())
    assert isinstance(await stop_order(world.ports, copy.id, ANA, None), NotStopped)
    world.watch.before_look = lambda _: world.cloud.finish_copies()
    assert (await working).state is CopyState.COMPLETED


async def test_a_copy_that_is_not_there_cannot_be_stopped(world: World) -> None:
    assert await stop_order(world.ports, "nothing", ANA, None) == NotStopped(None)


async def test_nothing_is_done_for_a_copy_that_an_older_record_does_not_know(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await carry_out_copy(world.ports, "nothing")

    assert "copy nothing is not in the record, which is older than the work on it" in caplog.text
    assert world.cloud.copy_requests == []
