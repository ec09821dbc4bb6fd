"""Standing orders are carried out: once, by the rules, in the name of who made them, and told once where they fail."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from bot.domain.approval import Approval
from bot.domain.backup import BackupStatus
from bot.domain.copies import Copy, CopyState
from bot.domain.events import Event, EventKind
from bot.domain.orders import Order
from bot.domain.policy import AccessRules, Member
from bot.domain.reasons import Fault, Reason
from bot.domain.rules import AllowRule, ApprovalRule, Freeze, People, Rules, Scope
from bot.domain.standing_orders import StandingOrder, StandingState
from bot.operations.approve_order import Decision, approve_order, decline_order
from bot.operations.keep_copies import run_what_is_due
from bot.operations.ports import Opened
from bot.operations.report_coverage import Surveyor
from bot.operations.request_order import Requested, request_order
from bot.operations.standing_orders import PAUSE, Keeping, change_keeping
from tests.fakes.conditions import until
from tests.fakes.record import MemoryRecord
from tests.fakes.standing_orders import MemoryStandingOrders, standing_order
from tests.fakes.world import ANA, ANYBODY, BOB, CHILD, FULL, World, in_region, member_of
from tests.unit.operations.keeping import HOUR, Known, Stage, set_stage

SECOND_PERSON = ApprovalRule("second person", People(frozenset({BOB.id})), "C-leads")


@pytest.fixture
async def stage(world: World) -> Stage:
    return await set_stage(world)


# What is copied


async def test_the_newest_backup_is_copied_with_all_beneath_it_as_an_ordinary_order(stage: Stage) -> None:
    await stage.look()
    (order,) = await stage.orders()
    assert [copy.backup.id for copy in order.copies] == [FULL.id, CHILD.id]
    assert (order.order.requested_by, order.order.channel) == (ANA, "C-databases")
    assert "Kept every 24h by ana" in order.main.description
    assert stage.world.kinds() == [EventKind.COPY_REQUESTED] * 2
    await stage.copies_end()
    assert [copy.state for copy in (await stage.orders())[0].copies] == [CopyState.COMPLETED] * 2


async def test_nothing_is_asked_for_while_the_last_order_goes_on(stage: Stage) -> None:
    await stage.look()
    await stage.appears("newer")
    for _ in range(3):
        await stage.look()
    assert await stage.wanted() == [CHILD.id]


async def test_what_is_young_enough_is_left_alone_and_nothing_is_written_nor_asked(stage: Stage) -> None:
    await stage.look()
    await stage.copies_end()
    await stage.look()
    await stage.appears("newer")
    written, asked = len(stage.world.record.history), len(stage.world.cloud.calls)
    standing = await stage.standing()
    for _ in range(3):
        await stage.look()
    assert (len(stage.world.record.history), len(stage.world.cloud.calls)) == (written, asked)
    assert await stage.standing() == standing


async def test_when_it_has_become_too_old_the_newest_of_that_time_is_copied(stage: Stage) -> None:
    await stage.look()
    await stage.copies_end()
    for night in range(3):
        stage.hours_pass(24)
        await stage.appears(f"night-{night}", created=stage.now - HOUR)
        await stage.look()
        await stage.copies_end()
        await stage.look()
    assert await stage.wanted() == [CHILD.id, "night-0", "night-1", "night-2"]
    assert (await stage.standing()).runs == 4


async def test_what_was_missed_while_nobody_looked_runs_once(stage: Stage) -> None:
    await stage.look()
    await stage.copies_end()
    stage.hours_pass(30 * 24)
    for night in range(3):
        await stage.appears(f"night-{night}", created=stage.now - (3 - night) * HOUR)
    for _ in range(3):
        await stage.look()
        await stage.copies_end()
    assert await stage.wanted() == [CHILD.id, "night-2"]


async def test_a_backup_that_could_not_be_restored_is_passed_over(stage: Stage) -> None:
    await stage.appears("broken", parent_id="nowhere")
    await stage.appears("failed", parent_id=None, status="FAILED")
    await stage.look()
    assert await stage.wanted() == [CHILD.id]


async def test_a_copy_that_somebody_has_made_already_is_enough(stage: Stage) -> None:
    stage.world.cloud.put(in_region(stage.full), in_region(stage.child))
    await stage.lists_are_read()
    await stage.look()
    assert await stage.orders() == []
    assert stage.told() == []


async def test_a_copy_that_was_not_seen_yet_is_found_there_and_is_no_failure(stage: Stage) -> None:
    stage.world.cloud.put(in_region(stage.full), in_region(stage.child))
    await stage.look()
    assert await stage.orders() == []
    assert stage.told() == []


async def test_a_copy_that_is_being_made_without_the_bot_is_waited_for(stage: Stage) -> None:
    stage.world.cloud.put(in_region(stage.full), in_region(stage.child, status="BUILDING"))
    await stage.lists_are_read()
    await stage.look()
    assert await stage.orders() == []
    assert stage.told() == []


async def test_what_others_copy_there_is_not_asked_for_a_second_time(stage: Stage) -> None:
    await stage.world.requested(stage.child, whole_chain=True)
    await stage.appears("newer")
    written = len(stage.world.record.history)
    for _ in range(3):
        await stage.look()
    assert await stage.wanted() == [CHILD.id]
    assert len(stage.world.record.history) == written


async def test_the_newest_is_waited_for_while_it_is_copied_elsewhere(stage: Stage) -> None:
    await stage.appears("newest", parent_id=None, status=BackupStatus.COPYING)
    for _ in range(3):
        await stage.look()
    assert await stage.orders() == []
    await stage.appears("newest", parent_id=None)
    await stage.look()
    assert await stage.wanted() == ["newest"]


async def test_it_is_not_waited_for_beyond_twice_the_wanted_age(stage: Stage) -> None:
    await stage.appears("newest", parent_id=None, status=BackupStatus.COPYING)
    stage.hours_pass(48)
    await stage.look()
    assert await stage.wanted() == [CHILD.id]


async def test_before_the_lists_were_read_nothing_is_asked_for(world: World) -> None:
    store = MemoryStandingOrders(world.record)
    await store.write(standing_order())
    await world.catalogue.put([FULL, CHILD])
    await run_what_is_due(Keeping(world.ports, store, Surveyor(world.ports), Known()))
    assert world.record.history == []


async def test_a_look_at_one_of_them_leaves_the_others_alone(stage: Stage) -> None:
    await stage.store.write(standing_order(id="elsewhere", region="SYD", made_at=stage.now))
    await run_what_is_due(stage.keeping, only="elsewhere")
    assert [order.main.destination for order in await stage.orders()] == ["SYD"]


# Once


async def test_a_copy_that_somebody_asks_for_at_the_same_moment_is_joined_and_brings_the_run_to_its_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = MemoryStandingOrders.write

    async def write_while_bob_asks(
        store: MemoryStandingOrders, standing: StandingOrder, event: Event | None = None
    ) -> bool:
        if standing.order_id and not await stage.orders():
            theirs = await stage.world.confirm(stage.child, person=BOB, whole_chain=True)
            assert isinstance(await request_order(stage.world.ports, theirs), Requested)
        return await write(store, standing, event)

    monkeypatch.setattr(MemoryStandingOrders, "write", write_while_bob_asks)
    for _ in range(3):
        await stage.look()
    (order,) = await stage.orders()
    assert (order.order.requested_by, order.main.backup.id) == (BOB, CHILD.id)
    joined = [each.event for each in stage.world.record.history if each.event.kind is EventKind.COPY_JOINED]
    assert [(event.who, event.copy_id) for event in joined] == [(ANA, order.main.id)]
    assert ((await stage.standing()).order_id, (await stage.standing()).runs) == (None, 1)

    await stage.copies_end()
    await stage.look()
    assert await stage.wanted() == [CHILD.id]
    assert stage.told() == []


async def test_a_run_is_written_down_before_it_is_asked_for(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str | None] = []
    open_order = MemoryRecord.open

    async def open_and_look(
        record: MemoryRecord, order: Order, copies: Sequence[tuple[Copy, Event]], *, looked_at: datetime | None = None
    ) -> Opened:
        written.append((await stage.standing()).order_id)
        return await open_order(record, order, copies, looked_at=looked_at)

    monkeypatch.setattr(MemoryRecord, "open", open_and_look)
    await stage.look()
    assert written == [order.order.id for order in await stage.orders()]
    assert len(written) == 1


async def test_a_run_that_was_cut_off_before_its_order_is_tried_again_as_the_same_run(stage: Stage) -> None:
    begun = replace((await stage.standing()).begun(), order_id="0123456789ab")
    assert await stage.store.write(begun)
    stage.starts_again()
    await stage.look()
    (order,) = await stage.orders()
    assert order.order.confirmation_id == begun.confirmation_id
    assert ((await stage.standing()).order_id, (await stage.standing()).runs) == (order.order.id, 1)


async def test_a_run_that_was_cut_off_after_its_order_makes_no_second_one(stage: Stage) -> None:
    for _ in range(2):
        await stage.look()
        stage.starts_again()
    await stage.copies_end()
    stage.starts_again()
    await stage.look()
    assert len(await stage.orders()) == 1
    assert (await stage.standing()).order_id is None


async def test_several_who_look_at_the_same_time_make_one_order(stage: Stage) -> None:
    await asyncio.gather(*(stage.look() for _ in range(4)))
    assert len(await stage.orders()) == 1
    assert (await stage.standing()).runs == 1


async def test_one_that_is_paused_while_the_cloud_is_asked_does_not_run(stage: Stage) -> None:
    held = stage.world.cloud.hold("show")
    looking = asyncio.create_task(stage.look())
    await until(lambda: any(call.kind == "show" for call in stage.world.cloud.calls))
    await change_keeping(stage.keeping, standing_order().id, PAUSE, BOB, "C-ops")
    held.set()
    await looking
    assert await stage.orders() == []


async def test_a_clock_that_is_set_back_makes_no_second_order(stage: Stage) -> None:
    await stage.look()
    await stage.copies_end()
    stage.hours_pass(-12)
    for _ in range(3):
        await stage.look()
    assert len(await stage.orders()) == 1


# The rules


async def test_where_the_rules_ask_for_agreement_each_run_waits_for_it(stage: Stage) -> None:
    stage.world.rules.rules = replace(ANYBODY.rules, approvals=(SECOND_PERSON,))
    for _ in range(2):
        await stage.look()
    (order,) = await stage.orders()
    assert order.awaits_approval
    assert isinstance(order.order.approval, Approval)
    assert stage.world.cloud.copy_requests == []
    decision = Decision(order.order.id, order.order.plan_digest, member_of(BOB), "C-leads")
    await approve_order(stage.world.ports, decision, member_of(ANA))
    await stage.copies_end()
    assert [copy.state for copy in (await stage.orders())[0].copies] == [CopyState.COMPLETED] * 2


async def test_a_run_that_was_declined_is_not_asked_for_again_before_the_next_would_be_due(stage: Stage) -> None:
    stage.world.rules.rules = replace(ANYBODY.rules, approvals=(SECOND_PERSON,))
    await stage.look()
    (order,) = await stage.orders()
    decision = Decision(order.order.id, order.order.plan_digest, member_of(BOB), "C-leads")
    await decline_order(stage.world.ports, decision, "not today")
    await stage.copies_end()
    await stage.look()
    assert stage.told() == [(EventKind.KEEP_FAILED, Reason.DECLINED)]
    stage.hours_pass(23)
    await stage.look()
    assert len(await stage.orders()) == 1
    stage.hours_pass(1)
    await stage.look()
    assert len(await stage.orders()) == 2


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (member_of(ANA, is_guest=True), Reason.PERSON_IS_GUEST),
        (member_of(ANA, is_deactivated=True), Reason.PERSON_NOT_ALLOWED),
    ],
)
async def test_who_has_left_or_is_a_guest_now_has_it_paused_and_told_once(
    stage: Stage, member: Member, reason: Reason
) -> None:
    stage.known.members[ANA.id] = member
    for _ in range(3):
        await stage.look()
        stage.hours_pass(25)
    standing = await stage.standing()
    assert (standing.state, standing.paused_for) == (StandingState.PAUSED, reason)
    assert stage.told() == [(EventKind.KEEP_PAUSED, reason)]
    assert await stage.orders() == []


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (AllowRule("others", AccessRules(people=frozenset({BOB.id}))), Reason.PERSON_NOT_ALLOWED),
        (
            AllowRule("elsewhere", AccessRules(people=frozenset({ANA.id})), Scope(destinations=frozenset({"SYD"}))),
            Reason.NOT_IN_RULES,
        ),
    ],
)
async def test_who_may_not_any_more_by_the_rules_has_it_paused(stage: Stage, rule: AllowRule, reason: Reason) -> None:
    stage.world.rules.rules = Rules(allow=(rule,))
    await stage.look()
    assert stage.told() == [(EventKind.KEEP_PAUSED, reason)]
    assert await stage.orders() == []


async def test_somebody_who_cannot_be_asked_about_is_not_believed_and_it_is_tried_again(stage: Stage) -> None:
    member = stage.known.members.pop(ANA.id)
    for _ in range(2):
        await stage.look()
    assert stage.told() == [(EventKind.KEEP_FAILED, Reason.PERSON_UNKNOWN)]
    stage.known.members[ANA.id] = member
    stage.hours_pass(1)
    await stage.look()
    assert len(await stage.orders()) == 1


async def test_before_the_chat_was_reached_nobody_is_asked_for_and_nothing_is_told(stage: Stage) -> None:
    stage.known.can_be_told_apart = False
    stage.known.members[ANA.id] = member_of(ANA, is_guest=True)
    await stage.look()
    assert (stage.told(), await stage.orders()) == ([], [])
    stage.known.can_be_told_apart = True
    stage.known.members[ANA.id] = member_of(ANA)
    await stage.look()
    assert len(await stage.orders()) == 1


# What goes wrong


async def test_a_freeze_is_told_once_and_so_is_that_all_is_well_again(stage: Stage) -> None:
    stage.world.rules.rules = replace(ANYBODY.rules, freezes=(Freeze("release", "the release"),))
    for _ in range(5):
        await stage.look()
        stage.hours_pass(1)
    assert stage.told() == [(EventKind.KEEP_FAILED, Reason.FROZEN)]
    stage.world.rules.rules = ANYBODY.rules
    stage.hours_pass(24)
    await stage.look()
    await stage.copies_end()
    for _ in range(3):
        await stage.look()
    assert stage.told() == [(EventKind.KEEP_FAILED, Reason.FROZEN), (EventKind.KEEP_RECOVERED, None)]
    assert (await stage.standing()).told == ()


async def test_it_is_well_again_also_when_somebody_else_has_copied_it(stage: Stage) -> None:
    stage.world.rules.rules = replace(ANYBODY.rules, freezes=(Freeze("release", "the release"),))
    await stage.look()
    stage.world.cloud.put(in_region(stage.full), in_region(stage.child))
    await stage.lists_are_read()
    await stage.look()
    assert [kind for kind, _ in stage.told()] == [EventKind.KEEP_FAILED, EventKind.KEEP_RECOVERED]


async def test_a_copy_that_failed_is_told_once_and_tried_ever_later(stage: Stage) -> None:
    stage.world.cloud.refuse(Fault(Reason.FORBIDDEN, 403, "forbidden", "No."), call="copy", times=None)
    asked_at = []
    for hour in range(12):
        before = len(await stage.orders())
        await stage.look()
        if len(await stage.orders()) > before:
            asked_at.append(hour)
        await stage.copies_end()
        await stage.look()
        stage.hours_pass(1)
    assert asked_at == [0, 1, 3, 7]
    assert stage.told() == [(EventKind.KEEP_FAILED, Reason.FORBIDDEN)]


async def test_a_destination_that_cannot_be_asked_is_told_once(stage: Stage) -> None:
    stage.world.cloud.refuse(Fault(Reason.SERVICE_UNAVAILABLE, 503), call="show", times=None)
    for _ in range(3):
        await stage.look()
        stage.hours_pass(2)
    assert stage.told() == [(EventKind.KEEP_FAILED, Reason.SERVICE_UNAVAILABLE)]
    assert await stage.orders() == []


async def test_an_instance_without_newer_backups_is_told_when_twice_the_age_has_passed(stage: Stage) -> None:
    await stage.look()
    await stage.copies_end()
    await stage.look()
    stage.hours_pass(30)
    await stage.look()
    assert stage.told() == []
    stage.hours_pass(24)
    for _ in range(2):
        await stage.look()
    assert stage.told() == [(EventKind.KEEP_FAILED, Reason.NOTHING_NEWER)]


async def test_a_copy_that_is_there_and_cannot_be_restored_is_told(stage: Stage) -> None:
    stage.world.cloud.put(in_region(stage.child))
    await stage.lists_are_read()
    await stage.look()
    assert stage.told() == [(EventKind.KEEP_FAILED, Reason.COPY_EXISTS)]
    assert await stage.orders() == []
