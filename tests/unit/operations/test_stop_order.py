"""Stopping an order: what has not begun, unless others need it."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.copies import CopyState
from bot.domain.events import EventFilter, EventKind
from bot.domain.orders import OrderStanding
from bot.domain.reasons import Reason
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.request_order import Requested, request_order
from bot.operations.stop_order import NotStopped, Stopped, stop_order
from tests.fakes.conditions import until
from tests.fakes.world import ANA, BOB, FULL, World, chain_of

CHAIN = chain_of(4)
LEAF = replace(CHAIN[3], id="other", name="other")


@pytest.fixture
async def world() -> World:
    world = World.new()
    world.cloud.put(*CHAIN, LEAF)
    await world.catalogue.put([*CHAIN, LEAF])
    return world


async def now(world: World, standing: OrderStanding) -> list[CopyState]:
    found = await world.record.order(standing.order.id)
    assert found is not None
    return [copy.state for copy in found.copies]


async def test_all_of_a_chain_that_has_not_begun_is_stopped(world: World) -> None:
    standing = await world.ordered(CHAIN[3], whole_chain=True)
    stopped = await stop_order(world.ports, standing.order.id, BOB, "C-databases")
    assert isinstance(stopped, Stopped)
    assert [copy.backup for copy in stopped.copies] == CHAIN
    assert {(copy.state, copy.reason, copy.ended_by) for copy in stopped.standing.copies} == {
        (CopyState.STOPPED, Reason.STOPPED, BOB)
    }
    events = await world.record.events(EventFilter(kinds=(EventKind.STOPPED,)))
    assert {(each.event.who, each.event.where) for each in events} == {(BOB, "C-databases")}
    assert len(events) == 4


async def test_the_rest_of_a_chain_is_stopped_and_what_has_begun_goes_on(world: World) -> None:
    standing = await world.ordered(CHAIN[3], whole_chain=True)
    working = [asyncio.create_task(carry_out_copy(world.ports, copy.id)) for copy in standing.copies]
    await until(lambda: world.stands_at(standing.copies[0], CopyState.RUNNING))
    stopped = await stop_order(world.ports, standing.order.id[:8], ANA, None)
    assert isinstance(stopped, Stopped)
    assert [copy.backup for copy in stopped.copies] == CHAIN[1:]
    world.cloud.finish_copies()
    await asyncio.gather(*working)
    assert await now(world, standing) == [CopyState.COMPLETED, *[CopyState.STOPPED] * 3]
    assert len(world.cloud.copy_requests) == 1
    assert EventKind.LEFT_UNDONE not in world.kinds()


async def test_what_another_order_shares_is_not_stopped(world: World) -> None:
    first, second = await shared(world)
    stopped = await stop_order(world.ports, first.order.id, ANA, None)
    assert isinstance(stopped, Stopped)
    assert [copy.backup for copy in stopped.copies] == [CHAIN[3]]
    assert [copy.backup for copy in stopped.shared] == CHAIN[2::-1]
    assert await now(world, second) == [CopyState.REQUESTED, *[CopyState.WAITING] * 3]


async def shared(world: World) -> tuple[OrderStanding, OrderStanding]:
    """Two orders of two leaves, opened at the same time, with one trunk."""
    confirmations = [
        await world.confirm(each, view=each.id, person=person, whole_chain=True)
        for each, person in ((CHAIN[3], ANA), (LEAF, BOB))
    ]
    first, second = await asyncio.gather(*(request_order(world.ports, each) for each in confirmations))
    assert isinstance(first, Requested)
    assert isinstance(second, Requested)
    return first.standing, second.standing


async def test_what_the_second_order_comes_after_is_not_stopped(world: World) -> None:
    first = await world.ordered(CHAIN[1], view="V1", whole_chain=True)
    second = await world.ordered(CHAIN[3], view="V2", whole_chain=True)
    assert second.copies[0].after == first.copies[1].id
    answer = await stop_order(world.ports, first.order.id, ANA, None)
    assert isinstance(answer, NotStopped)
    assert [copy.backup for copy in answer.shared] == [CHAIN[1], CHAIN[0]]
    assert await now(world, first) == [CopyState.REQUESTED, CopyState.WAITING]


async def test_when_both_have_stopped_nothing_goes_on(world: World) -> None:
    first, second = await shared(world)
    await stop_order(world.ports, first.order.id, ANA, None)
    stopped = await stop_order(world.ports, second.order.id, BOB, None)
    assert isinstance(stopped, Stopped)
    assert stopped.shared == ()
    assert {*await now(world, first), *await now(world, second)} == {CopyState.STOPPED}


async def test_an_order_whose_copies_have_all_ended_is_not_stopped(world: World) -> None:
    standing = await world.ordered(FULL)
    await stop_order(world.ports, standing.order.id, ANA, None)
    again = await stop_order(world.ports, standing.order.id, ANA, None)
    assert isinstance(again, NotStopped)
    assert again.standing is not None
    assert not again.standing.is_open


@pytest.mark.parametrize("moments", range(0, 60, 2))
async def test_a_copy_is_either_stopped_or_sent_whenever_it_is_stopped(world: World, moments: int) -> None:
    world.watch.before_look = lambda _: world.cloud.finish_copies()
    standing = await world.ordered(CHAIN[1], whole_chain=True)
    working = [asyncio.create_task(carry_out_copy(world.ports, copy.id)) for copy in standing.copies]
    for _ in range(moments):
        await asyncio.sleep(0)
    await stop_order(world.ports, standing.order.id, ANA, None)
    async with asyncio.timeout(20):
        await asyncio.gather(*working)
    found = await world.record.order(standing.order.id)
    assert found is not None
    sent = [call.backup_id for call in world.cloud.copy_requests]
    assert sent == [copy.backup.id for copy in found.copies if copy.state is CopyState.COMPLETED]
    assert {copy.state for copy in found.copies} <= {CopyState.COMPLETED, CopyState.STOPPED}
