"""Carry out standing orders: look which are due, and ask for what they want copied as a person would.

Each run is an ordinary order under the name of who made the standing order. The name of its confirmation is made of
the number of the run: so whatever is cut off, and however often it is tried again, one run makes one order.
"""

from dataclasses import replace

from bot.domain.copies import CopyState
from bot.domain.events import EventKind
from bot.domain.names import USUAL_TEMPLATE
from bot.domain.orders import OrderStanding
from bot.domain.people import BOT
from bot.domain.plan import OrderPlan, OrderRequest
from bot.domain.policy import Member
from bot.domain.reasons import Reason
from bot.domain.standing_orders import (
    NOT_FOR_THIS_PERSON,
    Kept,
    StandingOrder,
    StandingState,
    is_due,
    is_fresh,
    is_overdue,
    write_every,
)
from bot.operations.plan_order import plan_order
from bot.operations.request_order import Confirmation, Refused, Requested, request_order
from bot.operations.standing_orders import Keeping, event_of, look_at_kept

BETWEEN_LOOKS = 60.0
"""Seconds. A look costs no call to the cloud unless something has to be copied."""


async def keep_copies(keeping: Keeping) -> None:
    """Look at all standing orders, again and again, until cancelled. What was missed while nobody looked runs once."""
    while True:
        await run_what_is_due(keeping)
        await keeping.ports.clock.sleep(BETWEEN_LOOKS)


async def run_what_is_due(keeping: Keeping) -> None:
    """Look at all standing orders once, one after the other."""
    for standing in await keeping.store.kept():
        await run(keeping, standing)


async def run(keeping: Keeping, standing: StandingOrder) -> None:
    """Look at one standing order, and ask for a copy if it wants one now."""
    current = await _after_the_last_run(keeping, standing)
    ports, now = keeping.ports, keeping.ports.clock.now()
    if current is None or not is_due(current, now) or not await _are_known(keeping, current):
        return
    kept = await look_at_kept(ports, current.origin, current.source, current.region)
    made = kept.there.created if kept.there else None
    if is_fresh(current, made, now):
        if current.told:
            await keeping.store.write(current.succeeded())
        return
    if kept.newest is None:
        if is_overdue(current, made, now):
            await _fail(keeping, current, Reason.NOTHING_NEWER)
        return
    member = await keeping.members.member(current.ordered_by.id)
    if member is None:
        await _fail(keeping, current, Reason.PERSON_UNKNOWN)
        return
    await _ask(keeping, current, kept, member)


async def _ask(keeping: Keeping, standing: StandingOrder, kept: Kept, member: Member) -> None:
    """Ask for the copy, as this person."""
    ports = keeping.ports
    if kept.newest is None:
        return
    request = OrderRequest(
        source=standing.source,
        backup_ids=(kept.newest.id,),
        destinations=(standing.region,),
        name=USUAL_TEMPLATE,
        description=f"Kept every {write_every(standing.every)} by {standing.ordered_by.name} ({standing.id})"[:255],
        whole_chain=True,
    )
    plan = await plan_order(ports, request, thoroughly=True)
    if not isinstance(plan, OrderPlan):
        await _fail(keeping, standing, plan[0].reason)
        return
    confirmation = Confirmation(
        id=standing.confirmation_id,
        request=request,
        plan_digest=plan.digest,
        member=member,
        channel=standing.channel,
        asks_for_approval=True,
    )
    outcome = await request_order(ports, confirmation)
    if isinstance(outcome, Requested):
        order_id = outcome.standing.order.id
        await keeping.store.write(standing.changed(runs=standing.runs + 1, order_id=order_id))
    elif isinstance(outcome, Refused) and not await _is_needless(keeping, standing, kept, outcome.problems[0].reason):
        await _fail(keeping, standing, outcome.problems[0].reason)


async def _is_needless(keeping: Keeping, standing: StandingOrder, kept: Kept, reason: Reason) -> bool:
    """Whether nothing has to be copied after all: it is under way, or was seen to be there with all beneath it."""
    if reason is not Reason.COPY_EXISTS:
        return reason is Reason.COPY_UNDER_WAY
    now = await look_at_kept(keeping.ports, standing.origin, standing.source, standing.region)
    return now.there == kept.newest


async def _are_known(keeping: Keeping, standing: StandingOrder) -> bool:
    """Whether both regions were read to the end: before that, what is there may only not have been seen."""
    catalogue = keeping.ports.catalogue
    refreshes = [await catalogue.refreshed(region) for region in (standing.source, standing.region)]
    return all(refresh.complete_at is not None for refresh in refreshes)


async def _after_the_last_run(keeping: Keeping, standing: StandingOrder) -> StandingOrder | None:
    """The standing order with what came of its last run; ``None`` while that goes on, or if it has changed meanwhile."""
    if standing.order_id is None:
        return standing
    order = await keeping.ports.record.order(standing.order_id)
    if order is not None and order.is_open:
        return None
    if order is None or _has_come(order):
        done = standing.succeeded()
        return done if await keeping.store.write(done) else None
    return await _fail(keeping, standing, _why_it_failed(order))


def _has_come(order: OrderStanding) -> bool:
    return all(copy.state is CopyState.COMPLETED for copy in order.wanted)


def _why_it_failed(order: OrderStanding) -> Reason:
    """The first cause: what came after it was only left undone."""
    failed = [copy for copy in order.copies if copy.state is not CopyState.COMPLETED]
    return next((copy.reason for copy in failed if copy.reason), Reason.UNEXPECTED)


async def _fail(keeping: Keeping, standing: StandingOrder, reason: Reason) -> StandingOrder | None:
    """Write down that a run brought no copy. People hear of it once, until one has, or it fails otherwise. Where it
    fails as the person may not, the standing order is paused.
    """
    ports = keeping.ports
    failed = standing.failed(reason, ports.clock.now())
    kind = EventKind.KEEP_FAILED
    if reason in NOT_FOR_THIS_PERSON and standing.state is StandingState.ACTIVE:
        failed = replace(failed, state=StandingState.PAUSED, paused_for=reason)
        kind = EventKind.KEEP_PAUSED
    is_news = kind is EventKind.KEEP_PAUSED or reason is not standing.told
    event = event_of(ports, failed, kind, BOT, reason) if is_news else None
    return failed if await keeping.store.write(failed, event) else None
