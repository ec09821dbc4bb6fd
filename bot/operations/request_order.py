"""Request copies: a person has confirmed a plan."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.approval import Approval, BrokenGlass
from bot.domain.copies import Copy, CopyState
from bot.domain.events import Event, EventKind
from bot.domain.judgement import Judgement
from bot.domain.lineage import PARENT_WORDS
from bot.domain.orders import Order, OrderStanding
from bot.domain.people import Person
from bot.domain.plan import OrderPlan, OrderRequest, PlannedCopy
from bot.domain.policy import Member
from bot.domain.reasons import Problem, Reason
from bot.operations.judge_order import judge_order, may_ask_for
from bot.operations.moves import Facts, request_facts
from bot.operations.plan_order import plan_order
from bot.operations.ports import Ports


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a person confirmed.

    Attributes:
        id: names this one confirmation: however often it is delivered, it makes one order at most.
        plan_digest: `OrderPlan.digest` of the plan that was shown.
        member: who confirmed, as the chat knows them.
        channel: id of the channel to tell.
        asks_for_approval: whether the person was told that other people have to agree.
        glass_reason: why nobody needs to agree, nor to wait for a freeze or a limit: the person breaks the glass, which
            counts only for who may.
    """

    id: str
    request: OrderRequest
    plan_digest: str
    member: Member
    channel: str
    asks_for_approval: bool = False
    glass_reason: str | None = None

    @property
    def person(self) -> Person:
        """Who confirmed."""
        return Person(self.member.id, self.member.name)


@dataclass(frozen=True, slots=True)
class Requested:
    """It is in the audit log, and somebody works on it.

    Attributes:
        is_new: ``False`` where this confirmation had been delivered before.
    """

    standing: OrderStanding
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class Joined:
    """All of it is under way already: these are the orders that do it."""

    orders: tuple[OrderStanding, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """What was confirmed is not what is there any more, or other people have to agree to it now: the person is to be
    asked again.
    """

    plan: OrderPlan
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Refused:
    """It cannot be done."""

    problems: tuple[Problem, ...]


Outcome = Requested | Joined | Changed | Refused


async def request_order(ports: Ports, confirmation: Confirmation) -> Outcome:
    """Open an order in the audit log and have it carried out, if what was confirmed is still true."""
    if earlier := await ports.record.order(order_id_of(confirmation)):
        return Requested(earlier, is_new=False)
    if under_way := await _under_way(ports, confirmation.request):
        if not may_ask_for(ports, under_way, confirmation.member, confirmation.channel):
            return Refused((Problem(Reason.NOT_IN_RULES),))
        return await _join(ports, confirmation, under_way)
    plan = await plan_order(ports, confirmation.request, thoroughly=True)
    if not isinstance(plan, OrderPlan):
        return Refused(plan)
    judgement = await judge_order(ports, plan, confirmation.member, confirmation.channel)
    is_broken = confirmation.glass_reason is not None and judgement.may_break_glass
    if plan.digest != confirmation.plan_digest:
        await _note_change(ports, confirmation, plan)
        return Changed(plan, judgement)
    if problems := (*plan.problems, *judgement.problems(glass_is_broken=is_broken)):
        return Refused(problems)
    if judgement.needs and not (confirmation.asks_for_approval or is_broken):
        return Changed(plan, judgement)
    return await _open(ports, confirmation, plan, judgement)


def order_id_of(confirmation: Confirmation) -> str:
    """The id of the order that a confirmation makes."""
    return _short_id(confirmation.id)


def _short_id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


async def _under_way(ports: Ports, request: OrderRequest) -> tuple[Copy, ...]:
    """The open copies of all that is asked for; nothing unless there is one for each."""
    found = [
        await ports.record.open_copy(backup_id=each.backup_id, source=each.source, destination=each.destination)
        for each in request.single
    ]
    copies = tuple(copy for copy in found if copy)
    return copies if len(copies) == len(found) else ()


async def _open(ports: Ports, confirmation: Confirmation, plan: OrderPlan, judgement: Judgement) -> Outcome:
    order, copies = _new_order(confirmation, plan, ports.clock.now())
    order = _by_the_rules(ports, order, confirmation, judgement)
    if order.approval:
        copies = tuple(replace(copy, state=CopyState.AWAITING_APPROVAL) for copy in copies)
    requests = [(copy, _requested(copy, each, plan, order)) for copy, each in zip(copies, plan.copies, strict=True)]
    opened = await ports.record.open(order, requests, looked_at=plan.looked_at)
    if opened.standing is None:
        return Joined(await _orders_of(ports, opened.joined))
    return Requested(opened.standing, opened.is_new)


def _by_the_rules(ports: Ports, order: Order, confirmation: Confirmation, judgement: Judgement) -> Order:
    """The order, with the agreement that it waits for, or the glass that was broken for it."""
    glass = ports.rules.now().break_glass
    if confirmation.glass_reason is not None and glass and judgement.may_break_glass:
        passed_over = (*(rule.name for rule in judgement.needs), *(each.reason.value for each in judgement.refusals))
        return replace(order, glass=BrokenGlass(confirmation.glass_reason, glass.channel, passed_over))
    if judgement.needs:
        return replace(order, approval=Approval.asked(judgement.needs, order.requested_at))
    return order


def _new_order(confirmation: Confirmation, plan: OrderPlan, now: datetime) -> tuple[Order, tuple[Copy, ...]]:
    """The order and its copies. The first copy that was asked for has the order's own id."""
    order_id = order_id_of(confirmation)
    planned = plan.copies
    first = next(each for each in planned if each.is_wanted)
    ids = {each.key: _short_id(f"{confirmation.id}/{'/'.join(each.key)}") for each in planned} | {first.key: order_id}
    order = Order(
        id=order_id,
        confirmation_id=confirmation.id,
        requested_by=confirmation.person,
        requested_at=now,
        channel=confirmation.channel,
        plan_digest=confirmation.plan_digest,
        copy_ids=tuple(ids.values()),
        wanted_ids=tuple(ids[each.key] for each in planned if each.is_wanted),
        name=plan.request.name,
    )
    return order, tuple(_new_copy(order, each, ids) for each in planned)


def _new_copy(order: Order, planned: PlannedCopy, ids: Mapping[tuple[str, str, str], str]) -> Copy:
    after = ids[planned.needs] if planned.needs else planned.after
    return Copy(
        id=ids[planned.key],
        revision=0,
        order_id=order.id,
        backup=planned.backup,
        destination=planned.destination,
        name=planned.name,
        description=planned.description,
        requested_by=order.requested_by,
        requested_at=order.requested_at,
        channel=order.channel,
        state=CopyState.WAITING if after else CopyState.REQUESTED,
        after=after,
        is_wanted=planned.is_wanted,
        despite_existing_copy=planned.despite_existing_copy,
    )


def _requested(copy: Copy, planned: PlannedCopy, plan: OrderPlan, order: Order) -> Event:
    wanted = {(each.backup.id, each.request.destination): each for each in plan.plans}
    own = wanted.get((copy.backup.id, copy.destination))
    return Event(
        kind=EventKind.COPY_REQUESTED,
        at=copy.requested_at,
        who=copy.requested_by,
        copy_id=copy.id,
        backup_id=copy.backup.id,
        backup_name=copy.backup.name,
        source=copy.backup.region,
        destination=copy.destination,
        where=copy.channel,
        facts={
            "order": copy.order_id,
            "instance": copy.backup.origin.id if copy.backup.origin else None,
            "name": copy.name,
            "description": copy.description,
            "size_gb": copy.backup.size_gb,
            "parent": PARENT_WORDS[type(own.parent)] if own else None,
            "after": copy.after,
            "waits_for": planned.waits_for,
            "plan": plan.digest,
            **_what_the_rules_asked_for(order),
            **request_facts(),
        },
    )


def _what_the_rules_asked_for(order: Order) -> Facts:
    if order.glass:
        return {"glass": order.glass.reason, "passed_over": ", ".join(order.glass.passed_over)}
    return {"approval": ", ".join(need.rule for need in order.approval.needs)} if order.approval else {}


async def _join(ports: Ports, confirmation: Confirmation, copies: tuple[Copy, ...]) -> Joined:
    """Tell of the copies there are. The audit log and those who asked first hear of it."""
    for copy in copies:
        await ports.record.append(
            Event(
                kind=EventKind.COPY_JOINED,
                at=ports.clock.now(),
                who=confirmation.person,
                copy_id=copy.id,
                backup_id=copy.backup.id,
                backup_name=copy.backup.name,
                source=copy.backup.region,
                destination=copy.destination,
                where=confirmation.channel,
                reason=Reason.COPY_UNDER_WAY,
                facts=request_facts(),
            )
        )
    return Joined(await _orders_of(ports, copies))


async def _orders_of(ports: Ports, copies: tuple[Copy, ...]) -> tuple[OrderStanding, ...]:
    found = [await ports.record.order(order_id) for order_id in dict.fromkeys(copy.order_id for copy in copies)]
    return tuple(order for order in found if order)


async def _note_change(ports: Ports, confirmation: Confirmation, plan: OrderPlan) -> None:
    for each in plan.plans:
        await ports.record.append(
            Event(
                kind=EventKind.PLAN_CHANGED,
                at=ports.clock.now(),
                who=confirmation.person,
                backup_id=each.backup.id,
                backup_name=each.backup.name,
                source=each.backup.region,
                destination=each.request.destination,
                where=confirmation.channel,
                reason=Reason.PLAN_CHANGED,
                facts={
                    "instance": each.backup.origin.id if each.backup.origin else None,
                    "parent": PARENT_WORDS[type(each.parent)],
                    "plan": plan.digest,
                    "confirmed": confirmation.plan_digest,
                    **request_facts(),
                },
            )
        )
