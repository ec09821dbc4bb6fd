"""What is left of an order, for another one."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.copies import CopyState
from bot.domain.orders import OrderStanding
from bot.domain.plan import OrderRequest
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.review import find_order, open_copies, open_orders, recent_orders_of, what_is_left
from tests.fakes.world import ANA, CHILD, FULL, World, request_for


def ended(standing: OrderStanding, *brought: tuple[str, str]) -> OrderStanding:
    """The order after these backups have come to these regions, and all else has failed."""
    copies = []
    for copy in standing.copies:
        is_there = (copy.backup.id, copy.destination) in brought
        copies.append(replace(copy, state=CopyState.COMPLETED if is_there else CopyState.FAILED))
    return replace(standing, copies=tuple(copies))


async def test_what_is_left_is_what_was_asked_for_and_has_not_come(world: World) -> None:
    standing = await world.ordered(FULL, destinations=("IAD", "ORD", "SYD"), description="for the audit")
    left = what_is_left(ended(standing, (FULL.id, "IAD")))
    assert left == OrderRequest(
        source="DFW",
        backup_ids=(FULL.id,),
        destinations=("ORD", "SYD"),
        name="weekly-2026-11-20-copy",
        description="for the audit",
    )


async def test_everything_is_left_of_an_order_of_which_all_has_come(world: World) -> None:
    standing = await world.ordered(FULL)
    again = what_is_left(ended(standing, (FULL.id, "IAD")))
    assert (again.backup_ids, again.destinations) == ((FULL.id,), ("IAD",))


async def test_what_was_never_asked_for_is_left_out_however_often_it_is_tried(world: World) -> None:
    other = replace(FULL, id="other", name="other")
    world.cloud.put(other)
    standing = await world.ordered(FULL, other, destinations=("IAD", "ORD"), name="{name}-dr")
    for view in ("V2", "V3"):
        left = what_is_left(ended(standing, (FULL.id, "IAD"), ("other", "ORD")))
        wanted = {(each.backup_id, each.destination) for each in left.single}
        assert wanted == {(FULL.id, "ORD"), ("other", "IAD")}
        for copy in standing.copies:
            current = await world.now(copy)
            if current.is_open:
                assert await world.record.move(current.moved(CopyState.STOPPED), world.record.history[-1].event)
        standing = await world.ordered(view=view, **vars_of(left))


def vars_of(request: OrderRequest) -> dict[str, object]:
    return {name: getattr(request, name) for name in OrderRequest.__slots__}


@pytest.mark.parametrize("name", ["{name}-dr", "before-migration"])
async def test_names_are_made_from_the_same_template_again(world: World, name: str) -> None:
    standing = await world.ordered(FULL, name=name)
    assert what_is_left(ended(standing)).name == name


async def test_the_chain_is_asked_for_again_where_it_was(world: World) -> None:
    standing = await world.ordered(CHILD, whole_chain=True)
    left = what_is_left(ended(standing, (FULL.id, "IAD")))
    assert (left.backup_ids, left.whole_chain) == ((CHILD.id,), True)
    alone = await world.ordered(FULL, view="V2", destinations=("ORD",))
    assert not what_is_left(ended(alone)).whole_chain


async def test_orders_are_found_by_the_beginning_of_their_id_by_person_and_while_they_are_open(world: World) -> None:
    standing = await world.ordered(FULL)
    assert await find_order(world.ports, standing.order.id[:6]) == standing
    assert await recent_orders_of(world.ports, ANA.id) == [standing]
    assert (await open_orders(world.ports), await open_copies(world.ports)) == ([standing], [standing.main])
    world.watch.before_look = lambda _: world.cloud.finish_copies()
    await asyncio.wait_for(carry_out_copy(world.ports, standing.main.id), 20)
    assert (await open_orders(world.ports), await open_copies(world.ports)) == ([], [])


def test_a_request_that_leaves_nothing_out_asks_for_each_backup_in_each_region() -> None:
    request = request_for(FULL, CHILD, destinations=("IAD", "ORD"))
    assert len(request.single) == 4
