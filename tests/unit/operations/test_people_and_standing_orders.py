"""Standing orders are made, seen, paused, resumed and ended by those who may."""

from dataclasses import replace

import pytest

from bot.domain.backup import Origin
from bot.domain.coverage import Standing
from bot.domain.events import EventFilter, EventKind
from bot.domain.people import Person
from bot.domain.policy import AccessRules
from bot.domain.reasons import Reason
from bot.domain.rules import AllowRule, ApprovalRule, Freeze, People, Rules, Scope
from bot.domain.sight import EVERYTHING, Sight
from bot.domain.standing_orders import KeepRequest, StandingOrder, StandingState
from bot.operations.history import history
from bot.operations.standing_orders import (
    END,
    PAUSE,
    RESUME,
    change_keeping,
    find_kept,
    find_origins,
    kept_as_seen,
    may_change,
    order_keeping,
    preview,
)
from tests.fakes.standing_orders import standing_order
from tests.fakes.world import ANA, ANYBODY, BOB, CHILD, World, in_region, member_of
from tests.unit.operations.keeping import HOUR, Stage, set_stage

CAROL = Person("U-carol", "carol")
ORDERS, USERS = Origin("instance", "orders-db"), Origin("ha", "users-db")
ID = standing_order().id


@pytest.fixture
async def stage(world: World) -> Stage:
    return await set_stage(world)


def wanted(region: str = "SYD", origin: Origin = ORDERS) -> KeepRequest:
    return KeepRequest(origin, region, 24 * HOUR, "C-databases")


def sees_only(instance: str, person: Person = BOB) -> Sight:
    return Sight(person.id, (Scope(instances=(instance,)),))


# What somebody means


@pytest.mark.parametrize("typed", ["orders-db", "ORDERS-DB", "orders-d", CHILD.id, CHILD.name])
async def test_an_instance_is_meant_by_its_id_its_beginning_or_one_of_its_backups(stage: Stage, typed: str) -> None:
    assert (await find_origins(stage.keeping, typed)).origins == (ORDERS,)


async def test_an_id_that_is_like_another_is_offered(stage: Stage) -> None:
    meant = await find_origins(stage.keeping, "ordres-db")
    assert (meant.origins, meant.near) == ((), ("orders-db",))


async def test_what_several_instances_begin_with_means_none_of_them(stage: Stage) -> None:
    await stage.appears("other", origin=Origin("instance", "orders-db-2"), parent_id=None)
    assert len((await find_origins(stage.keeping, "orders-d")).origins) == 2
    assert (await find_origins(stage.keeping, "orders-db")).origins == (ORDERS,)


@pytest.mark.parametrize("typed", ["orders-db", "orders-d", "ordres-db", CHILD.id, CHILD.name])
async def test_what_may_not_be_seen_is_neither_found_nor_offered(stage: Stage, typed: str) -> None:
    meant = await find_origins(stage.keeping, typed, sight=sees_only("users-db"))
    assert (meant.origins, meant.near) == ((), ())


# What is confirmed


async def test_the_confirmation_says_how_it_stands_and_what_is_copied_first(stage: Stage) -> None:
    found = await preview(stage.keeping, wanted(), member_of(ANA))
    assert found.can_be_ordered
    assert found.cell.standing is Standing.MISSING
    assert found.cell.cure is not None
    assert (found.cell.cure.region, found.cell.cure.id) == ("DFW", CHILD.id)


async def test_where_nothing_has_to_be_copied_now_it_can_be_ordered_all_the_same(stage: Stage) -> None:
    stage.world.cloud.put(in_region(stage.full, "SYD"), in_region(stage.child, "SYD"))
    await stage.lists_are_read()
    found = await preview(stage.keeping, wanted(), member_of(ANA))
    assert (found.cell.standing, found.cell.cure, found.can_be_ordered) == (Standing.FINE, None, True)


async def test_where_more_of_it_is_kept_than_at_home_it_can_be_ordered_all_the_same(stage: Stage) -> None:
    copies = [in_region(stage.child, "SYD", id=f"old-{number}", name=f"old-{number}") for number in range(5)]
    stage.world.cloud.put(in_region(stage.full, "SYD"), *copies)
    await stage.lists_are_read()
    assert (await preview(stage.keeping, wanted("SYD"), member_of(ANA))).can_be_ordered


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (wanted("LON"), Reason.REGION_NOT_ALLOWED),
        (wanted("DFW"), Reason.NOTHING_NEWER),
        (wanted(origin=USERS), Reason.NOTHING_NEWER),
    ],
)
async def test_what_cannot_be_kept_is_said_before_anything_is_ordered(
    stage: Stage, request_: KeepRequest, reason: Reason
) -> None:
    found = await preview(stage.keeping, request_, member_of(ANA))
    assert [problem.reason for problem in found.problems] == [reason]
    assert await order_keeping(stage.keeping, request_, member_of(ANA), "V1") == found
    assert stage.told() == []


async def test_what_only_holds_up_a_single_copy_is_said_and_does_not_hinder(stage: Stage) -> None:
    second = ApprovalRule("second person", People(frozenset({BOB.id})), "C-leads")
    freeze = Freeze("release", "the release")
    stage.world.rules.rules = replace(ANYBODY.rules, approvals=(second,), freezes=(freeze,))
    found = await preview(stage.keeping, wanted(), member_of(ANA))
    assert [each.reason for each in found.judgement.refusals] == [Reason.FROZEN]
    assert found.judgement.needs == (second,)
    assert found.can_be_ordered


async def test_one_confirmation_makes_one_standing_order(stage: Stage) -> None:
    first = await order_keeping(stage.keeping, wanted(), member_of(ANA), "V1")
    assert await order_keeping(stage.keeping, wanted(), member_of(ANA), "V1") == first
    assert isinstance(first, StandingOrder)
    assert (first.ordered_by, first.channel, first.every) == (ANA, "C-databases", 24 * HOUR)
    assert [kind for kind, _ in stage.told()] == [EventKind.KEEP_ORDERED]


async def test_what_is_kept_already_is_not_ordered_twice(stage: Stage) -> None:
    outcome = await order_keeping(stage.keeping, wanted("IAD"), member_of(BOB), "V1")
    assert not isinstance(outcome, StandingOrder)
    assert outcome.existing == await stage.standing()
    assert stage.told() == []


async def test_after_it_has_ended_it_can_be_ordered_again(stage: Stage) -> None:
    await change_keeping(stage.keeping, ID, END, ANA, "C-ops")
    assert isinstance(await order_keeping(stage.keeping, wanted("IAD"), member_of(BOB), "V1"), StandingOrder)


async def test_who_may_not_ask_for_such_a_copy_cannot_order_it(stage: Stage) -> None:
    others = AccessRules(people=frozenset({BOB.id}))
    stage.world.rules.rules = Rules(allow=(AllowRule("others", others),))
    assert not isinstance(await order_keeping(stage.keeping, wanted(), member_of(ANA), "V1"), StandingOrder)
    assert stage.told() == []


# Who sees them, and who may change them


async def test_those_of_instances_that_may_not_be_seen_are_not_seen_but_for_ones_own(stage: Stage) -> None:
    standing = await stage.standing()
    for sight in (EVERYTHING, sees_only("orders-db"), sees_only("users-db", ANA)):
        assert await kept_as_seen(stage.keeping, sight) == [standing]
        assert await find_kept(stage.keeping, ID[:6], sight) == standing
    assert await kept_as_seen(stage.keeping, sees_only("users-db")) == []
    assert await find_kept(stage.keeping, ID, sees_only("users-db")) is None


async def test_the_history_hides_them_as_it_hides_backups(stage: Stage) -> None:
    await change_keeping(stage.keeping, ID, PAUSE, ANA, "C-ops")
    for sight, seen in ((sees_only("orders-db"), 1), (sees_only("users-db"), 0), (sees_only("users-db", ANA), 1)):
        assert len((await history(stage.world.ports, EventFilter(), sight=sight)).events) == seen


async def test_who_ordered_it_may_change_it_and_who_may_ask_for_such_copies(stage: Stage) -> None:
    standing = await stage.standing()
    to_iad, elsewhere = Scope(destinations=frozenset({"IAD"})), Scope(destinations=frozenset({"SYD"}))
    stage.world.rules.rules = Rules(
        allow=(
            AllowRule("there", AccessRules(people=frozenset({BOB.id})), to_iad),
            AllowRule("elsewhere", AccessRules(people=frozenset({CAROL.id})), elsewhere),
        )
    )
    assert await may_change(stage.keeping, standing, member_of(ANA))
    assert await may_change(stage.keeping, standing, member_of(BOB))
    assert not await may_change(stage.keeping, standing, member_of(CAROL))


async def test_it_can_be_ended_also_when_the_instance_has_no_backups_any_more(stage: Stage) -> None:
    gone = standing_order(id="000000000000", origin=USERS)
    assert await may_change(stage.keeping, gone, member_of(BOB))
    assert not await may_change(stage.keeping, gone, member_of(CAROL))


async def test_one_that_is_paused_does_nothing_until_it_is_resumed(stage: Stage) -> None:
    done = await change_keeping(stage.keeping, ID[:6], PAUSE, BOB, "C-ops")
    assert done is not None
    assert done.is_new
    await stage.look()
    assert await stage.orders() == []
    again = await change_keeping(stage.keeping, ID, PAUSE, BOB, "C-ops")
    assert again is not None
    assert not again.is_new
    await change_keeping(stage.keeping, ID, RESUME, BOB, "C-ops")
    await stage.look()
    (order,) = await stage.orders()
    assert order.order.requested_by == ANA
    assert [kind for kind, _ in stage.told()] == [EventKind.KEEP_PAUSED, EventKind.KEEP_RESUMED]
    assert {each.event.who for each in stage.world.record.history if each.event.kind is EventKind.KEEP_PAUSED} == {BOB}


async def test_what_came_of_a_run_is_noted_also_while_it_is_paused(stage: Stage) -> None:
    await stage.look()
    await change_keeping(stage.keeping, ID, PAUSE, ANA, "C-ops")
    await stage.copies_end()
    await stage.look()
    standing = await stage.standing()
    assert (standing.state, standing.order_id) == (StandingState.PAUSED, None)


async def test_resuming_tries_again_at_once_what_had_failed(stage: Stage) -> None:
    stage.world.rules.rules = replace(ANYBODY.rules, freezes=(Freeze("release", "the release"),))
    await stage.look()
    stage.world.rules.rules = ANYBODY.rules
    for change in (PAUSE, RESUME):
        await change_keeping(stage.keeping, ID, change, ANA, "C-ops")
    await stage.look()
    assert len(await stage.orders()) == 1


async def test_one_that_has_ended_stays_so(stage: Stage) -> None:
    await change_keeping(stage.keeping, ID, END, BOB, "C-ops")
    done = await change_keeping(stage.keeping, ID, RESUME, BOB, "C-ops")
    assert done is not None
    assert (done.standing.state, done.is_new) == (StandingState.ENDED, False)
    await stage.look()
    assert await stage.orders() == []
    assert await change_keeping(stage.keeping, "unknown", END, BOB, "C-ops") is None
