"""Request copies: a person has confirmed a plan."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.copies import Copy, CopyState
from bot.domain.events import Event, EventKind
from bot.domain.lineage import PARENT_WORDS
from bot.domain.orders import Order, OrderStanding
from bot.domain.people import Person
from bot.domain.plan import OrderPlan, OrderRequest, PlannedCopy
from bot.domain.reasons import Problem, Reason
from bot.operations.plan_order import plan_order
from bot.operations.ports import Ports


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a person confirmed.

    Attributes:
        id: names this one confirmation: however often it is delivered, it makes one order at most.
        plan_digest: `OrderPlan.digest` of the plan that was shown.
        channel: id of the channel to tell.
    """

    id: str
    request: OrderRequest
    plan_digest: str
    person: Person
    channel: str


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
    """What was confirmed is not what is there any more: the person is to be asked again."""

    plan: OrderPlan


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
        return await _join(ports, confirmation, under_way)
    plan = await plan_order(ports, confirmation.request, thoroughly=True)
    if not isinstance(plan, OrderPlan):
        return Refused(plan)
    if plan.digest != confirmation.plan_digest:
        await _note_change(ports, confirmation, plan)
        return Changed(plan)
    if plan.problems:
        return Refused(plan.problems)
    return await _open(ports, confirmation, plan)


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


async def _open(ports: Ports, confirmation: Confirmation, plan: OrderPlan) -> Outcome:
    order, copies = _new_order(confirmation, plan, ports.clock.now())
    requests = [(copy, _requested(copy, each, plan)) for copy, each in zip(copies, plan.copies, strict=True)]
    opened = await ports.record.open(order, requests, looked_at=plan.looked_at)
    if opened.standing is None:
        return Joined(await _orders_of(ports, opened.joined))
    for copy in opened.new:
        await ports.engine.start(copy.id)
    return Requested(opened.standing, opened.is_new)


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


def _requested(copy: Copy, planned: PlannedCopy, plan: OrderPlan) -> Event:
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
        },
    )


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
                },
            )
        )
