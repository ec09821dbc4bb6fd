"""The clock of the machine is set ahead or back while a copy is worked on (a time server, a sleeping laptop).

What a jump does at each boundary of a whole bot is in the fault matrix; here it meets other trouble, and waiting.
"""

import asyncio
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind
from bot.domain.reasons import Fault, Reason
from bot.operations.carry_out_copy import carry_out_copy
from tests.fakes.conditions import until
from tests.fakes.world import DOWN, FULL, QUICK, World

HOUR = timedelta(hours=1).total_seconds()
DAY = 24 * HOUR

LOST = Fault(Reason.NO_ANSWER)

PATIENT = replace(QUICK, give_up=30 * DAY, first_retry=0.2, longest_retry=0.2)


async def carried_out(world: World, copy: Copy) -> Copy:
    async with asyncio.timeout(30):
        await carry_out_copy(world.ports, copy.id)
    return await world.now(copy)


@pytest.mark.parametrize(
    "jump", [HOUR, DAY, -HOUR, -DAY], ids=["an hour ahead", "a day ahead", "an hour back", "a day back"]
)
@pytest.mark.parametrize("at_look", [1, 2, 3])
@pytest.mark.parametrize("answer", [None, LOST], ids=["accepted", "the answer is lost"])
async def test_at_a_look(jump: float, at_look: int, answer: Fault | None) -> None:
    world = World.new(PATIENT)
    if answer:
        world.cloud.refuse(answer, call="copy", after_work=True)

    def look(count: int) -> None:
        if count == at_look:
            world.clock.jump(jump)
        if count == 4:
            world.cloud.finish_copies()

    world.watch.before_look = look
    copy = await carried_out(world, await world.requested())
    assert copy.state is CopyState.COMPLETED
    assert len(world.cloud.copy_requests) == 1
    assert Counter(world.kinds())[EventKind.COMPLETED] == 1


@pytest.mark.parametrize(
    "jump", [HOUR, DAY, -HOUR, -DAY], ids=["an hour ahead", "a day ahead", "an hour back", "a day back"]
)
async def test_while_a_request_that_was_refused_waits_to_be_sent_again(jump: float) -> None:
    """It is sent about when it was to be, whatever the clock says: at the latest after the longest wait there is."""
    world = World.new(PATIENT)
    world.cloud.refuse(DOWN, call="copy")
    world.watch.before_look = lambda _: world.cloud.finish_copies()
    began = time.monotonic()
    working = asyncio.create_task(carried_out(world, await world.requested()))
    await until(lambda: EventKind.WILL_SEND_AGAIN in world.kinds())
    world.clock.jump(jump)
    copy = await working
    assert copy.state is CopyState.COMPLETED
    assert len(world.cloud.copy_requests) == 2
    assert time.monotonic() - began < 20


async def test_back_after_a_request_that_was_lost_on_its_way() -> None:
    """The look that shall find out seems to come before the request; it is sent again all the same."""
    world = World.new(PATIENT)
    world.cloud.refuse(LOST, call="copy")

    def look(count: int) -> None:
        if count == 1:
            world.clock.jump(-HOUR)
        if len(world.cloud.copy_requests) == 2:
            world.cloud.finish_copies()

    world.watch.before_look = look
    began = time.monotonic()
    copy = await carried_out(world, await world.requested())
    assert copy.state is CopyState.COMPLETED
    assert len(world.cloud.copy_requests) == 2
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("at_look", [1, 2])
async def test_back_while_a_copy_is_nowhere_to_be_seen(at_look: int) -> None:
    """It has failed after the time that is always left to it, not an hour later."""
    world = World.new(PATIENT)

    def look(count: int) -> None:
        world.cloud.finish_copies()
        if count == 1:
            world.cloud.remove("IAD", FULL.id)
        if count == at_look:
            world.clock.jump(-HOUR)

    world.watch.before_look = look
    copy = await carried_out(world, await world.requested())
    assert (copy.state, copy.reason) == (CopyState.FAILED, Reason.COPY_NEVER_APPEARED)


async def test_back_before_a_restart() -> None:
    """What waits to be sent again seems to be due in an hour; nobody waits that long."""
    world = World.new(PATIENT)
    world.cloud.refuse(DOWN, call="copy")
    world.watch.before_look = lambda _: world.cloud.finish_copies()
    copy = await world.requested()
    working = asyncio.create_task(carried_out(world, copy))
    await until(lambda: EventKind.WILL_SEND_AGAIN in world.kinds())
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    world.clock.jump(-HOUR)
    assert (await carried_out(world, copy)).state is CopyState.COMPLETED
    assert len(world.cloud.copy_requests) == 2
