"""What needs the agreement of other people waits for it, and goes on only with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind
from bot.domain.orders import OrderStanding
from bot.domain.people import Person
from bot.domain.policy import AccessRules, Member
from bot.domain.reasons import Reason
from bot.domain.rules import AllowRule, ApprovalRule, BreakGlass, Freeze, Limit, People, Per, Rules, Scope
from bot.operations.approve_order import (
    Approved,
    Decision,
    Declined,
    NotDecided,
    Obstacle,
    approve_order,
    decline_order,
)
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.request_order import Changed, Joined, Refused, Requested, request_order
from bot.operations.stop_order import Stopped, stop_order
from tests.fakes.conditions import until
from tests.fakes.world import ANA, ANYBODY, BOB, CHILD, FULL, World, member_of

EVE = Person("U-eve", "eve")
DAN = Person("U-dan", "dan")
ANA_NOW = member_of(ANA)
LEADS = People(people=frozenset({ANA.id, EVE.id, DAN.id}))
SECOND_PERSON = ApprovalRule("second person", LEADS, channel="C-leads")


def rules(*approvals: ApprovalRule, **others: object) -> Rules:
    return replace(ANYBODY.rules, approvals=approvals, **others)  # type: ignore[arg-type]  # attributes of Rules


@pytest.fixture
def world() -> World:
    world = World.new()
    world.rules.rules = rules(SECOND_PERSON)
    world.watch.before_look = lambda _: world.cloud.finish_copies()
    return world


async def asked(world: World, **changes: object) -> OrderStanding:
    """Ana asks for it, and is told that others have to agree."""
    confirmation = replace(await world.confirm(CHILD, whole_chain=True), asks_for_approval=True)
    outcome = await request_order(world.ports, replace(confirmation, **changes))  # type: ignore[arg-type]  # attributes of Confirmation
    assert isinstance(outcome, Requested), outcome
    return outcome.standing


def decision(standing: OrderStanding, person: Person = EVE, **changes: object) -> Decision:
    made = Decision(standing.order.id, standing.order.plan_digest, member_of(person), "C-leads")
    return replace(made, **changes)  # type: ignore[arg-type]  # attributes of Decision


async def approved(
    world: World, standing: OrderStanding, person: Person = EVE, requester: Member | None = ANA_NOW
) -> Approved | NotDecided:
    return await approve_order(world.ports, decision(standing, person), requester)


@asynccontextmanager
async def at_work(world: World, standing: OrderStanding) -> AsyncIterator[None]:
    """Somebody works on all copies of an order."""
    tasks = [asyncio.create_task(carry_out_copy(world.ports, copy.id)) for copy in standing.copies]
    try:
        yield
        await asyncio.wait_for(asyncio.gather(*tasks), 20)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def states(world: World, standing: OrderStanding) -> list[CopyState]:
    now = await world.record.order(standing.order.id)
    assert now is not None
    return [copy.state for copy in now.copies]


async def obstacle(outcome: Approved | Declined | NotDecided) -> Obstacle:
    assert isinstance(outcome, NotDecided), outcome
    return outcome.reason


# Asking


async def test_who_was_not_told_that_others_have_to_agree_is_asked_again(world: World) -> None:
    outcome = await request_order(world.ports, await world.confirm(FULL))
    assert isinstance(outcome, Changed)
    assert [rule.name for rule in outcome.judgement.needs] == ["second person"]
    assert world.record.history == []


async def test_nothing_is_sent_before_somebody_else_agrees(world: World) -> None:
    standing = await asked(world)
    assert await states(world, standing) == [CopyState.AWAITING_APPROVAL] * 2
    async with at_work(world, standing):
        await asyncio.sleep(0.05)
        assert world.cloud.copy_requests == []
        assert isinstance(await approved(world, standing), Approved)
    assert await states(world, standing) == [CopyState.COMPLETED] * 2
    assert [call.backup_id for call in world.cloud.copy_requests] == [FULL.id, CHILD.id]


async def test_the_audit_log_says_who_asked_by_which_rule_and_who_agreed(world: World) -> None:
    standing = await asked(world)
    await approved(world, standing)
    events = {recorded.event.kind: recorded.event for recorded in world.record.history}
    assert events[EventKind.COPY_REQUESTED].facts["approval"] == "second person"
    agreed = events[EventKind.APPROVED]
    assert (agreed.who, agreed.where, agreed.facts) == (EVE, "C-leads", {"rules": "second person", "missing": 0})


async def test_where_no_rule_asks_for_agreement_none_is_needed(world: World) -> None:
    world.rules.rules = rules(replace(SECOND_PERSON, scope=Scope(destinations=frozenset({"SYD"}))))
    assert await states(world, await asked(world)) == [CopyState.REQUESTED, CopyState.WAITING]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"allow": (AllowRule("others", AccessRules(people=frozenset({BOB.id}))),)}, Reason.PERSON_NOT_ALLOWED),
        (
            {"allow": (replace(ANYBODY.rules.allow[0], scope=Scope(destinations=frozenset({"SYD"}))),)},
            Reason.NOT_IN_RULES,
        ),
        ({"freezes": (Freeze("release", "the release"),)}, Reason.FROZEN),
        ({"limits": (Limit("few", Per.PERSON, running=1),)}, Reason.TOO_MANY_RUNNING),
        ({"limits": (Limit("few", Per.CHANNEL, gb_running=9.0),)}, Reason.TOO_MANY_RUNNING),
        ({"limits": (Limit("few", Per.CHANNEL, copies_a_day=1),)}, Reason.TOO_MANY_COPIES_A_DAY),
        ({"limits": (Limit("few", Per.PERSON, gb_a_day=9.0),)}, Reason.TOO_MUCH_A_DAY),
    ],
)
async def test_what_the_rules_do_not_let_be_is_refused(
    world: World, changes: dict[str, object], reason: Reason
) -> None:
    world.rules.rules = rules(**changes)
    confirmation = replace(await world.confirm(CHILD, whole_chain=True), asks_for_approval=True)
    outcome = await request_order(world.ports, confirmation)
    assert isinstance(outcome, Refused)
    assert [problem.reason for problem in outcome.problems] == [reason]


async def test_what_was_asked_for_already_counts_in_a_limit(world: World) -> None:
    world.cloud.put(replace(FULL, id="third"))
    world.rules.rules = rules(limits=(Limit("few", Per.PERSON, running=2),))
    await world.requested(FULL, view="V1")
    await world.requested(CHILD, view="V2")
    outcome = await request_order(world.ports, await world.confirm(replace(FULL, id="third"), view="V3"))
    assert isinstance(outcome, Refused)
    assert [problem.reason for problem in outcome.problems] == [Reason.TOO_MANY_RUNNING]


async def test_who_may_not_ask_for_a_copy_does_not_learn_that_it_is_under_way(world: World) -> None:
    world.rules.rules = ANYBODY.rules
    await world.requested(FULL)
    again = await world.confirm(FULL, view="V2", person=BOB)
    world.rules.rules = Rules.only(AccessRules(people=frozenset({ANA.id})))
    outcome = await request_order(world.ports, again)
    assert isinstance(outcome, Refused)


async def test_who_asks_for_what_waits_already_is_told_of_it(world: World) -> None:
    standing = await asked(world)
    again = replace(await world.confirm(CHILD, view="V2", person=BOB, whole_chain=True), asks_for_approval=True)
    outcome = await request_order(world.ports, again)
    assert isinstance(outcome, Joined)
    assert [each.order.id for each in outcome.orders] == [standing.order.id]
    assert await states(world, standing) == [CopyState.AWAITING_APPROVAL] * 2


# Agreeing


async def test_nobody_agrees_to_what_they_asked_for_also_if_they_are_an_approver(world: World) -> None:
    standing = await asked(world)
    assert await obstacle(await approved(world, standing, ANA)) is Obstacle.ASKED_FOR_IT
    assert await states(world, standing) == [CopyState.AWAITING_APPROVAL] * 2


@pytest.mark.parametrize(
    "changes", [{}, {"is_guest": True}, {"is_bot": True}, {"is_deactivated": True}], ids=lambda each: str(list(each))
)
async def test_who_is_no_approver_cannot_agree(world: World, changes: dict[str, object]) -> None:
    standing = await asked(world)
    person = EVE if changes else BOB
    made = decision(standing, approver=member_of(person, **changes))
    assert await obstacle(await approve_order(world.ports, made, member_of(ANA))) is Obstacle.NO_APPROVER
    assert await obstacle(await decline_order(world.ports, made, "no")) is Obstacle.NO_APPROVER


async def test_members_of_a_group_of_approvers_can(world: World) -> None:
    world.rules.rules = rules(replace(SECOND_PERSON, approvers=People(groups=frozenset({"S-leads"}))))
    standing = await asked(world)
    made = decision(standing, approver=member_of(BOB, groups=frozenset({"S-leads"})))
    assert isinstance(await approve_order(world.ports, made, member_of(ANA)), Approved)


async def test_two_have_to_agree_where_the_rule_says_so(world: World) -> None:
    world.rules.rules = rules(replace(SECOND_PERSON, approvals=2))
    standing = await asked(world)
    first = await approved(world, standing, EVE)
    assert isinstance(first, Approved)
    assert first.missing == (("second person", 1),)
    assert await obstacle(await approved(world, standing, EVE)) is Obstacle.AGREED_ALREADY
    assert await states(world, standing) == [CopyState.AWAITING_APPROVAL] * 2
    second = await approved(world, standing, DAN)
    assert isinstance(second, Approved)
    assert second.missing == ()


async def test_each_rule_needs_its_own_approvers(world: World) -> None:
    other = replace(SECOND_PERSON, name="storage team", approvers=People(people=frozenset({BOB.id})))
    world.rules.rules = rules(SECOND_PERSON, other)
    standing = await asked(world)
    first = await approved(world, standing, EVE)
    assert isinstance(first, Approved)
    assert first.missing == (("storage team", 1),)
    assert isinstance(await approved(world, standing, BOB), Approved)
    assert (await states(world, standing))[0] is CopyState.REQUESTED


async def test_a_button_pressed_twice_at_once_counts_once(world: World) -> None:
    world.rules.rules = rules(replace(SECOND_PERSON, approvals=2))
    standing = await asked(world)
    outcomes = await asyncio.gather(*(approved(world, standing, EVE) for _ in range(4)))
    assert sum(isinstance(outcome, Approved) for outcome in outcomes) == 1
    assert await states(world, standing) == [CopyState.AWAITING_APPROVAL] * 2


async def test_what_was_decided_is_not_decided_again(world: World) -> None:
    standing = await asked(world)
    await approved(world, standing)
    assert await obstacle(await approved(world, standing, DAN)) is Obstacle.NOT_WAITING
    assert await obstacle(await decline_order(world.ports, decision(standing), "no")) is Obstacle.NOT_WAITING


async def test_what_was_shown_is_what_is_agreed_to(world: World) -> None:
    standing = await asked(world)
    made = decision(standing, plan_digest="another")
    assert await obstacle(await approve_order(world.ports, made, member_of(ANA))) is Obstacle.OTHER_PLAN


async def test_an_order_that_nobody_knows_is_not_decided(world: World) -> None:
    made = decision(await asked(world), order_id="no-such-order")
    assert await obstacle(await approve_order(world.ports, made, member_of(ANA))) is Obstacle.UNKNOWN


# The rules of the moment count


async def test_a_freeze_that_came_meanwhile_keeps_it_waiting(world: World) -> None:
    standing = await asked(world)
    world.rules.rules = rules(SECOND_PERSON, freezes=(Freeze("release", "the release"),))
    outcome = await approved(world, standing)
    assert isinstance(outcome, NotDecided)
    assert (outcome.reason, outcome.problems[0].reason) == (Obstacle.AGAINST_THE_RULES, Reason.FROZEN)
    world.rules.rules = rules(SECOND_PERSON)
    assert isinstance(await approved(world, standing), Approved)


@pytest.mark.parametrize("requester", [None, member_of(ANA, is_deactivated=True)], ids=["unknown", "has left"])
async def test_who_asked_must_still_be_somebody_who_may(world: World, requester: Member | None) -> None:
    standing = await asked(world)
    outcome = await approved(world, standing, requester=requester)
    assert await obstacle(outcome) is Obstacle.AGAINST_THE_RULES


async def test_a_rule_that_came_meanwhile_asks_for_more(world: World) -> None:
    standing = await asked(world)
    world.rules.rules = rules(SECOND_PERSON, replace(SECOND_PERSON, name="also", approvers=People(frozenset({BOB.id}))))
    first = await approved(world, standing)
    assert isinstance(first, Approved)
    assert first.missing == (("also", 1),)


async def test_its_own_copies_do_not_count_against_it_a_second_time(world: World) -> None:
    world.rules.rules = rules(SECOND_PERSON, limits=(Limit("few", Per.PERSON, running=2, copies_a_day=2),))
    assert isinstance(await approved(world, await asked(world)), Approved)


# Not agreeing


async def test_a_no_ends_it_with_its_reason(world: World) -> None:
    standing = await asked(world)
    async with at_work(world, standing):
        outcome = await decline_order(world.ports, decision(standing), "wait for Monday")
        assert isinstance(outcome, Declined)
    now = await world.record.order(standing.order.id)
    assert now is not None
    assert {(copy.state, copy.reason, copy.ended_by) for copy in now.copies} == {
        (CopyState.STOPPED, Reason.DECLINED, EVE)
    }
    assert world.cloud.copy_requests == []
    declined = next(each.event for each in world.record.history if each.event.kind is EventKind.DECLINED)
    assert declined.facts["because"] == "wait for Monday"


async def test_who_asked_withdraws_it(world: World) -> None:
    standing = await asked(world)
    async with at_work(world, standing):
        assert isinstance(await stop_order(world.ports, standing.order.id, ANA, None), Stopped)
    assert await states(world, standing) == [CopyState.STOPPED] * 2
    assert await obstacle(await approved(world, standing)) is Obstacle.NOT_WAITING


async def test_nobody_agrees_after_the_time_for_it(world: World) -> None:
    standing = await asked(world)
    world.clock.jump(timedelta(hours=24).total_seconds())
    assert await obstacle(await approved(world, standing)) is Obstacle.NOT_WAITING
    async with at_work(world, standing):
        pass
    now = await world.record.order(standing.order.id)
    assert now is not None
    assert {(copy.state, copy.reason) for copy in now.copies} == {(CopyState.STOPPED, Reason.APPROVAL_EXPIRED)}


async def test_approvers_are_reminded_once(world: World) -> None:
    world.rules.rules = rules(replace(SECOND_PERSON, reminds_after=timedelta(milliseconds=50)))
    standing = await asked(world)
    async with at_work(world, standing):
        await until(lambda: EventKind.APPROVAL_REMINDED in world.kinds())
        await asyncio.sleep(0.1)
        await approved(world, standing)
    assert world.kinds().count(EventKind.APPROVAL_REMINDED) == 1
    assert await states(world, standing) == [CopyState.COMPLETED] * 2


async def test_a_restart_between_agreement_and_work_loses_nothing(world: World) -> None:
    """The gate has moved on; the other copies of the order still wait when somebody takes them up."""
    standing = await asked(world)
    await approved(world, standing)
    assert await states(world, standing) == [CopyState.REQUESTED, CopyState.AWAITING_APPROVAL]
    async with at_work(world, standing):
        pass
    assert await states(world, standing) == [CopyState.COMPLETED] * 2


async def test_a_copy_that_was_approved_and_then_stopped_does_not_stop_the_others_as_declined(world: World) -> None:
    standing = await asked(world)
    await approved(world, standing)
    gate: Copy = (await world.record.order(standing.order.id) or standing).gate
    stopped = gate.moved(CopyState.STOPPED, reason=Reason.STOPPED, ended_at=world.clock.now())
    assert await world.record.move(stopped, world.record.history[0].event)
    async with at_work(world, standing):
        pass
    now = await world.record.order(standing.order.id)
    assert now is not None
    assert now.copies[1].reason is Reason.PARENT_NOT_COPIED


# Breaking the glass

GLASS = BreakGlass(People(people=frozenset({ANA.id})), channel="C-leads")


async def test_who_may_break_the_glass_goes_on_at_once_with_a_reason_that_is_kept(world: World) -> None:
    world.rules.rules = rules(SECOND_PERSON, freezes=(Freeze("release", "the release"),), break_glass=GLASS)
    standing = await asked(world, asks_for_approval=False, glass_reason="the region is on fire")
    assert await states(world, standing) == [CopyState.REQUESTED, CopyState.WAITING]
    assert standing.order.glass is not None
    assert standing.order.glass.reason == "the region is on fire"
    assert standing.order.glass.passed_over == ("second person", "frozen")
    assert world.record.history[0].event.facts["glass"] == "the region is on fire"


async def test_who_may_not_break_the_glass_gains_nothing_by_trying(world: World) -> None:
    world.rules.rules = rules(SECOND_PERSON, break_glass=replace(GLASS, people=People(frozenset({BOB.id}))))
    confirmation = replace(await world.confirm(FULL), glass_reason="please")
    outcome = await request_order(world.ports, confirmation)
    assert isinstance(outcome, Changed)


async def test_the_glass_lets_nobody_in_who_may_not_ask(world: World) -> None:
    world.rules.rules = Rules(allow=(AllowRule("others", AccessRules(people=frozenset({BOB.id}))),), break_glass=GLASS)
    confirmation = replace(await world.confirm(FULL), glass_reason="please")
    outcome = await request_order(world.ports, confirmation)
    assert isinstance(outcome, Refused)
    assert [problem.reason for problem in outcome.problems] == [Reason.PERSON_NOT_ALLOWED]
