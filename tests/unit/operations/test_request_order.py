"""Requesting a copy: one confirmation is one copy, and what was confirmed is what runs."""

import asyncio
from dataclasses import replace

from bot.domain.copies import CopyState
from bot.domain.events import EventKind
from bot.domain.reasons import Reason
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.request_order import Changed, Joined, Refused, Requested, request_order
from tests.fakes.world import ANA, BOB, CHILD, FULL, World, in_region


async def test_a_confirmed_copy_is_written_down_before_anybody_works_on_it(world: World) -> None:
    outcome = await request_order(world.ports, await world.confirm(FULL))
    assert isinstance(outcome, Requested)
    event = world.record.history[0].event
    assert (event.kind, event.who, event.copy_id) == (EventKind.COPY_REQUESTED, ANA, outcome.standing.main.id)
    assert (event.source, event.destination, event.where) == ("DFW", "IAD", "C-databases")
    assert world.opened == [outcome.standing.main.id]
    assert world.cloud.copy_requests == []


async def test_the_audit_log_says_in_words_what_the_plan_rested_on(world: World) -> None:
    await request_order(world.ports, await world.confirm(FULL, view="V1"))
    world.cloud.put(in_region(FULL))
    await request_order(world.ports, await world.confirm(CHILD, view="V2"))

    assert [recorded.event.facts["parent"] for recorded in world.record.history] == ["not needed", "there"]


async def test_pressing_twice_makes_one_copy(world: World) -> None:
    confirmation = await world.confirm(FULL)
    outcomes = await asyncio.gather(*(request_order(world.ports, confirmation) for _ in range(10)))
    assert sum(isinstance(outcome, Requested) and outcome.is_new for outcome in outcomes) == 1
    assert world.kinds() == [EventKind.COPY_REQUESTED]


async def test_two_people_at_once_make_one_copy_and_the_second_is_told_of_the_first(world: World) -> None:
    confirmations = [await world.confirm(FULL, view="V1"), await world.confirm(FULL, view="V2", person=BOB)]
    first, second = await asyncio.gather(*(request_order(world.ports, each) for each in confirmations))
    assert isinstance(first, Requested)
    assert isinstance(second, Joined)
    assert [each.order.id for each in second.orders] == [first.standing.order.id]
    assert world.kinds() == [EventKind.COPY_REQUESTED, EventKind.COPY_JOINED]
    assert world.record.history[1].event.who == BOB


async def test_a_confirmation_delivered_again_after_the_copy_has_ended_makes_no_other(world: World) -> None:
    confirmation = await world.confirm(FULL)
    first = await request_order(world.ports, confirmation)
    assert isinstance(first, Requested)
    world.watch.before_look = lambda _: world.cloud.finish_copies()
    await carry_out_copy(world.ports, first.standing.main.id)
    again = await request_order(world.ports, confirmation)
    assert isinstance(again, Requested)
    assert not again.is_new
    assert again.standing.main.state is CopyState.COMPLETED
    assert len(world.cloud.copy_requests) == 1


async def test_a_parent_that_vanished_since_the_confirmation_is_told_and_asked_again(world: World) -> None:
    world.cloud.put(in_region(FULL))
    confirmation = await world.confirm(CHILD)
    world.cloud.remove("IAD", FULL.id)
    outcome = await request_order(world.ports, confirmation)
    assert isinstance(outcome, Changed)
    assert world.kinds() == [EventKind.PLAN_CHANGED]
    assert world.opened == []


async def test_a_backup_that_failed_since_the_confirmation_is_not_copied(world: World) -> None:
    confirmation = await world.confirm(FULL)
    world.cloud.put(replace(FULL, status="FAILED"))
    assert isinstance(await request_order(world.ports, confirmation), Changed)


async def test_a_plan_with_a_problem_is_refused_even_if_it_was_confirmed(world: World) -> None:
    outcome = await request_order(world.ports, await world.confirm(CHILD))
    assert isinstance(outcome, Refused)
    assert outcome.problems[0].reason is Reason.PARENT_MISSING
    assert world.record.history == []


async def test_the_same_backup_may_be_copied_to_two_regions(world: World) -> None:
    confirmations = [
        await world.confirm(FULL, view="V1"),
        await world.confirm(FULL, view="V2", destinations=("ORD",)),
    ]
    outcomes = [await request_order(world.ports, each) for each in confirmations]
    assert all(isinstance(outcome, Requested) for outcome in outcomes)
