"""Orders that need the same copies: each backup is copied once, and whoever asked is told."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from bot.domain.backup import Backup
from bot.domain.copies import CopyState
from bot.domain.events import EventFilter, EventKind
from bot.domain.orders import OrderStanding
from bot.domain.policy import AccessRules
from bot.domain.reasons import Reason
from bot.domain.rules import Rules
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.request_order import Changed, Confirmation, Joined, Outcome, Requested, request_order
from bot.operations.stop_order import stop_order
from tests.fakes.world import ANA, BOB, World, chain_of

TRUNK = chain_of(3)
LEAF, OTHER = (replace(TRUNK[-1], id=each, name=each, parent_id=TRUNK[-1].id) for each in ("leaf", "other"))

T = TypeVar("T")

MOMENTS = range(0, 60, 2)
"""Turns of the event loop after which something else happens: more than what it meets is long."""


@pytest.fixture
async def world() -> World:
    world = World.new()
    world.cloud.put(*TRUNK, LEAF, OTHER)
    await world.catalogue.put([*TRUNK, LEAF, OTHER])
    return world


async def after(moments: int, happens: Awaitable[T]) -> T:
    for _ in range(moments):
        await asyncio.sleep(0)
    return await happens


async def confirms_until_it_is_what_is_there(world: World, confirmation: Confirmation) -> Outcome:
    """What comes of a confirmation whose person is shown what has changed, and says yes to that."""
    outcome = await request_order(world.ports, confirmation)
    for _ in range(3):
        if isinstance(outcome, Changed):
            seen = replace(confirmation, plan_digest=outcome.plan.digest)
            outcome = await request_order(world.ports, seen)
    return outcome


async def work_on_everything(world: World) -> None:
    """Carry out every copy that was ever started, until all have ended."""
    async with asyncio.timeout(20):
        await asyncio.gather(*(carry_out_copy(world.ports, copy_id) for copy_id in list(world.opened)))


def finish_at_each_look(world: World) -> None:
    world.watch.before_look = lambda _: world.cloud.finish_copies()


def sent(world: World) -> list[str | None]:
    return [call.backup_id for call in world.cloud.copy_requests]


async def confirmed(world: World, outcome: Outcome) -> OrderStanding:
    assert isinstance(outcome, Requested), outcome
    now = await world.record.order(outcome.standing.order.id)
    assert now is not None
    return now


async def confirm_both(world: World) -> tuple[Confirmation, Confirmation]:
    first = await world.confirm(LEAF, view="V1", whole_chain=True)
    return first, await world.confirm(OTHER, view="V2", person=BOB, whole_chain=True)


@pytest.mark.parametrize("moments", MOMENTS)
async def test_two_leaves_of_one_tree_are_copied_with_one_trunk(world: World, moments: int) -> None:
    first, second = await confirm_both(world)
    outcomes = await asyncio.gather(
        request_order(world.ports, first), after(moments, confirms_until_it_is_what_is_there(world, second))
    )
    finish_at_each_look(world)
    await work_on_everything(world)
    for outcome in outcomes:
        ended = await confirmed(world, outcome)
        assert {copy.state for copy in ended.copies} == {CopyState.COMPLETED}
    assert sorted(map(str, sent(world))) == ["leaf", "link-0", "link-1", "link-2", "other"]


async def test_both_orders_hear_of_the_trunk_they_share(world: World) -> None:
    first, second = await confirm_both(world)
    one, two = await asyncio.gather(*(request_order(world.ports, each) for each in (first, second)))
    mine, theirs = await confirmed(world, one), await confirmed(world, two)
    assert [copy.id for copy in mine.copies[:3]] == [copy.id for copy in theirs.copies[:3]]
    assert theirs.copies[3].after == mine.copies[2].id
    assert {copy.order_id for copy in theirs.copies} == {mine.order.id, theirs.order.id}
    joined = await world.record.events(EventFilter(kinds=(EventKind.COPY_JOINED,)))
    assert {(each.event.who, each.event.reason) for each in joined} == {(BOB, Reason.COPY_UNDER_WAY)}
    assert len(joined) == 3
    finish_at_each_look(world)
    await work_on_everything(world)
    for order in (mine, theirs):
        story = [each.event for each in await world.record.story(order.order.id)]
        assert sum(event.kind is EventKind.COMPLETED for event in story) == 4


async def test_who_comes_later_waits_for_what_is_on_its_way(world: World) -> None:
    first = await world.ordered(LEAF, view="V1", whole_chain=True)
    second = await world.ordered(OTHER, view="V2", whole_chain=True)
    assert [copy.id for copy in second.copies] == [second.order.id]
    assert second.main.after == first.copies[2].id
    finish_at_each_look(world)
    await work_on_everything(world)
    assert (await world.now(second.main)).state is CopyState.COMPLETED
    assert sorted(map(str, sent(world))) == ["leaf", "link-0", "link-1", "link-2", "other"]


async def test_who_asks_for_what_is_needed_beneath_another_joins(world: World) -> None:
    first = await world.ordered(LEAF, view="V1", whole_chain=True)
    outcome = await request_order(world.ports, await world.confirm(TRUNK[1], view="V2", person=BOB))
    assert isinstance(outcome, Joined)
    assert [each.order.id for each in outcome.orders] == [first.order.id]


async def test_an_order_shares_what_is_under_way_and_makes_the_rest(world: World) -> None:
    first = await world.ordered(TRUNK[0], view="V1")
    second = await world.ordered(TRUNK[0], view="V2", destinations=("IAD", "ORD"))
    assert [copy.id for copy in second.wanted] == [first.main.id, second.copies[1].id]
    finish_at_each_look(world)
    await work_on_everything(world)
    assert sorted(call.destination or "" for call in world.cloud.copy_requests) == ["IAD", "ORD"]
    ended = await world.record.order(second.order.id)
    assert ended is not None
    assert not ended.is_open


# While an order is being opened


def right_before_it_is_opened(world: World, happens: Callable[[], Awaitable[object]]) -> None:
    async def once() -> None:
        world.record.before_open = None
        await happens()

    world.record.before_open = once


async def bring(world: World, *backups: Backup) -> None:
    """The open copies of these backups arrive, as fast as can be."""
    world.watch.before_look = lambda _: world.cloud.finish_copies()
    for backup in backups:
        copy = await world.record.open_copy(backup_id=backup.id, source="DFW", destination="IAD")
        assert copy is not None
        await carry_out_copy(world.ports, copy.id)


async def test_a_wanted_copy_that_arrives_while_another_asks_for_it_is_not_made_twice(world: World) -> None:
    first = await world.ordered(TRUNK[0], view="V1")
    second = await world.confirm(TRUNK[0], view="V2", person=BOB, destinations=("IAD", "ORD"))
    right_before_it_is_opened(world, lambda: bring(world, TRUNK[0]))
    opened = await confirmed(world, await request_order(world.ports, second))
    assert opened.wanted[0].id == first.main.id
    await work_on_everything(world)
    assert [call.destination for call in world.cloud.copy_requests] == ["IAD", "ORD"]


async def test_all_that_was_wanted_arrives_while_another_asks_for_it(world: World) -> None:
    confirmations = [await world.confirm(TRUNK[0], view=view) for view in ("V1", "V2")]

    async def first_is_faster() -> None:
        assert isinstance(await request_order(world.ports, confirmations[0]), Requested)
        await bring(world, TRUNK[0])

    right_before_it_is_opened(world, first_is_faster)
    outcome = await request_order(world.ports, confirmations[1])
    assert isinstance(outcome, Joined)
    assert [copy.state for order in outcome.orders for copy in order.copies] == [CopyState.COMPLETED]
    assert len(world.cloud.copy_requests) == 1


async def test_a_trunk_that_arrives_while_a_leaf_is_asked_for_is_not_copied_twice(world: World) -> None:
    confirmations = await confirm_both(world)

    async def first_is_faster() -> None:
        standing = await confirmed(world, await request_order(world.ports, confirmations[0]))
        await bring(world, *(copy.backup for copy in standing.copies))

    right_before_it_is_opened(world, first_is_faster)
    second = await confirmed(world, await request_order(world.ports, confirmations[1]))
    assert [copy.state for copy in second.copies] == [*[CopyState.COMPLETED] * 3, CopyState.WAITING]
    await work_on_everything(world)
    assert (await world.now(second.main)).state is CopyState.COMPLETED
    assert sent(world) == ["link-0", "link-1", "link-2", "leaf", "other"]


async def test_a_trunk_that_was_waited_for_and_arrives_meanwhile_lets_the_leaf_go_on(world: World) -> None:
    await world.ordered(TRUNK[0], view="V1")
    child = await world.confirm(TRUNK[1], view="V2", person=BOB)
    right_before_it_is_opened(world, lambda: bring(world, TRUNK[0]))
    opened = await confirmed(world, await request_order(world.ports, child))
    await work_on_everything(world)
    assert (await world.now(opened.main)).state is CopyState.COMPLETED


@pytest.mark.parametrize("end", [CopyState.FAILED, CopyState.STOPPED])
async def test_a_leaf_whose_trunk_ends_badly_while_it_is_asked_for_is_undone_with_the_reason(
    world: World, end: CopyState
) -> None:
    first = await world.ordered(TRUNK[0], view="V1")
    child = await world.confirm(TRUNK[1], view="V2", person=BOB)
    ended = first.main.moved(end, ended_at=world.clock.now(), reason=Reason.FORBIDDEN)
    right_before_it_is_opened(world, lambda: world.record.move(ended, world.record.history[-1].event))
    opened = await confirmed(world, await request_order(world.ports, child))
    await work_on_everything(world)
    undone = await world.now(opened.main)
    assert (undone.state, undone.reason) == (CopyState.STOPPED, Reason.PARENT_NOT_COPIED)
    told = world.record.history[-1].event
    assert (told.kind, told.facts["parent_state"]) == (EventKind.LEFT_UNDONE, end.value)


async def test_a_shared_trunk_that_fails_while_a_whole_chain_is_asked_for_is_copied_by_that(world: World) -> None:
    confirmations = await confirm_both(world)

    async def first_fails() -> None:
        standing = await confirmed(world, await request_order(world.ports, confirmations[0]))
        failed = standing.copies[0].moved(CopyState.FAILED, ended_at=world.clock.now())
        assert await world.record.move(failed, world.record.history[-1].event)

    right_before_it_is_opened(world, first_fails)
    second = await confirmed(world, await request_order(world.ports, confirmations[1]))
    finish_at_each_look(world)
    await work_on_everything(world)
    ended = await world.record.order(second.order.id)
    assert ended is not None
    assert ended.copies[0].state is CopyState.COMPLETED
    assert {copy.state for copy in ended.copies[1:]} <= {CopyState.STOPPED, CopyState.COMPLETED}
    assert not ended.is_open


@pytest.mark.parametrize("moments", MOMENTS)
async def test_a_leaf_that_is_asked_for_while_its_trunk_is_being_stopped_ends_one_way_or_the_other(
    world: World, moments: int
) -> None:
    first = await world.ordered(TRUNK[0], view="V1")
    child = await world.confirm(TRUNK[1], view="V2", person=BOB)
    stopping = stop_order(world.ports, first.order.id, ANA, None)
    outcome, _ = await asyncio.gather(request_order(world.ports, child), after(moments, stopping))
    finish_at_each_look(world)
    await work_on_everything(world)
    if isinstance(outcome, Changed):
        assert outcome.plan.problems
        return
    ended, parent = (await confirmed(world, outcome)).main, await world.now(first.main)
    if parent.state is CopyState.STOPPED:
        assert (ended.state, ended.reason) == (CopyState.STOPPED, Reason.PARENT_NOT_COPIED)
    else:
        assert (ended.state, parent.state) == (CopyState.COMPLETED, CopyState.COMPLETED)


@pytest.mark.parametrize("moments", MOMENTS)
async def test_an_order_opened_at_any_moment_of_another_brings_each_backup_once(world: World, moments: int) -> None:
    """The trunk is being sent, followed and completed meanwhile."""
    finish_at_each_look(world)
    first = await world.ordered(TRUNK[0], view="V1")
    second = await world.confirm(TRUNK[0], view="V2", person=BOB, destinations=("IAD", "ORD"))
    working = asyncio.create_task(carry_out_copy(world.ports, first.main.id))
    outcome = await after(moments, request_order(world.ports, second))
    await working
    await work_on_everything(world)
    expected = ["IAD"] if isinstance(outcome, Changed) else ["IAD", "ORD"]
    assert [call.destination for call in world.cloud.copy_requests] == expected


async def test_many_people_ask_for_everything_at_once(world: World) -> None:
    people = [replace(ANA, id=f"U{number}") for number in range(20)]
    world.rules.rules = Rules.only(AccessRules(people=frozenset(person.id for person in people)))
    backups = [*TRUNK, LEAF, OTHER]
    confirmations = [
        await world.confirm(backups[number % 5], view=f"V{number}", person=person, whole_chain=True)
        for number, person in enumerate(people)
    ]
    outcomes = await asyncio.gather(*(request_order(world.ports, each) for each in confirmations))
    assert all(isinstance(outcome, Requested | Joined) for outcome in outcomes)
    finish_at_each_look(world)
    await work_on_everything(world)
    assert sorted(map(str, sent(world))) == ["leaf", "link-0", "link-1", "link-2", "other"]
    assert not await world.record.open_orders()
