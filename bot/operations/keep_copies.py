"""Carry out standing orders: look which are due, and ask for what they want copied as a person would.

Each run is an ordinary order under the name of who made the standing order. Its id is made of the number of the run,
which is written down before it is asked for: so whatever is cut off, and however often it is tried again, one run makes
one order.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.backup import LONGEST_DESCRIPTION, BackupStatus
from bot.domain.copies import CopyState
from bot.domain.coverage import Cell, Report, Row, Standing
from bot.domain.events import EventKind
from bot.domain.names import USUAL_TEMPLATE
from bot.domain.orders import OrderStanding
from bot.domain.people import BOT
from bot.domain.plan import OrderPlan, OrderRequest
from bot.domain.policy import Member
from bot.domain.reasons import Problem, Reason
from bot.domain.standing_orders import (
    NOT_FOR_THIS_PERSON,
    StandingOrder,
    StandingState,
    is_due,
    is_overdue,
    write_every,
)
from bot.domain.survey import Held
from bot.operations.plan_order import plan_order
from bot.operations.ports import Ports
from bot.operations.report_coverage import report_coverage
from bot.operations.request_order import Confirmation, Joined, Refused, order_id_of, request_order
from bot.operations.standing_orders import Keeping, event_of, place_in


async def run_what_is_due(keeping: Keeping, *, only: str | None = None) -> None:
    """Look at all standing orders once, one after the other. What was missed while nobody looked runs once.

    A look costs no call to the cloud unless something has to be copied. It may be cut off, and made twice at once.

    Args:
        keeping: the world.
        only: id of the one that is looked at; all of them if not given.
    """
    kept = [standing for standing in await keeping.store.kept() if only in {None, standing.id}]
    current = [await _after_the_last_run(keeping, standing) for standing in kept]
    active = [standing for standing in current if standing and standing.state is StandingState.ACTIVE]
    if active:
        report = await _report(keeping, active)
        for standing in active:
            await _run(keeping, standing, report)


async def _report(keeping: Keeping, active: Sequence[StandingOrder]) -> Report:
    """How the instances stand, measured by what their standing orders want."""
    wanted = {standing.key: standing.every for standing in active}
    return await report_coverage(
        keeping.ports, keeping.surveyor, lambda origin, region: wanted.get((origin, region)), latest=True
    )


async def _run(keeping: Keeping, standing: StandingOrder, report: Report) -> None:
    """Ask for a copy if one is wanted now, and is not on its way."""
    ports, now = keeping.ports, keeping.ports.clock.now()
    row, cell = place_in(report, standing.origin, standing.region)
    if standing.region in report.not_read:  # what is there may only not have been seen
        return
    if cell.standing is Standing.FINE:
        await _all_is_well(keeping, standing)
    elif not is_due(standing, now) or await _is_waited_for(ports, standing, row, cell):
        return
    elif cell.cure is not None:
        await _ask_for(keeping, standing, cell.cure)
    elif is_overdue(standing, cell.made, now) and not report.not_read:
        await _fail(keeping, standing, Reason.NOTHING_NEWER)


async def _is_waited_for(ports: Ports, standing: StandingOrder, row: Row, cell: Cell) -> bool:
    """Whether something that is young enough is on its way there, whoever asked for it; or the newest backup is being
    copied to another region: that is waited for, rather than an older one copied, for as long as there is time.
    """
    now = ports.clock.now()
    is_busy = row.newest is not None and row.newest.status == BackupStatus.COPYING
    if is_busy and not is_overdue(standing, cell.made, now):
        return True
    return any(
        (copy.backup.origin, copy.destination) == standing.key
        and copy.backup.created is not None
        and now - copy.backup.created <= standing.every
        for copy in await ports.record.open_copies()
    )


async def _ask_for(keeping: Keeping, standing: StandingOrder, backup: Held) -> None:
    """Ask for a copy as who ordered it: with the plan as it is now, and by the rules as they are now."""
    if not keeping.members.can_be_told_apart:
        return
    member = await keeping.members.member(standing.ordered_by.id)
    if member is None:
        await _fail(keeping, standing, Reason.PERSON_UNKNOWN)
        return
    request = OrderRequest(
        source=backup.region,
        backup_ids=(backup.id,),
        destinations=(standing.region,),
        name=USUAL_TEMPLATE,
        description=_description(standing),
        whole_chain=True,
    )
    plan = await plan_order(keeping.ports, request, thoroughly=True)
    problems = plan.problems if isinstance(plan, OrderPlan) else plan
    if isinstance(plan, OrderPlan) and not problems:
        await _request(keeping, standing.begun(), member, plan)
    elif not await _is_needless(keeping, standing, plan, problems[0]):
        await _fail(keeping, standing, problems[0].reason)


def _description(standing: StandingOrder) -> str:
    said = f"Kept every {write_every(standing.every)} by {standing.ordered_by.name} ({standing.id})"
    return said[:LONGEST_DESCRIPTION]


async def _request(keeping: Keeping, begun: StandingOrder, member: Member, plan: OrderPlan) -> None:
    """Write down that the run begins, unless the standing order was paused or ended meanwhile; then ask."""
    confirmation = Confirmation(
        id=begun.confirmation_id,
        request=plan.request,
        plan_digest=plan.digest,
        member=member,
        channel=begun.channel,
        asks_for_approval=True,
    )
    begun = replace(begun, order_id=order_id_of(confirmation))
    if not await keeping.store.write(begun):
        return
    outcome = await request_order(keeping.ports, confirmation)
    if isinstance(outcome, Joined):  # somebody else has asked for it at the same moment
        await keeping.store.write(begun.changed(order_id=None))
    elif isinstance(outcome, Refused):
        await _fail(keeping, begun, outcome.problems[0].reason)


async def _is_needless(
    keeping: Keeping, standing: StandingOrder, plan: OrderPlan | tuple[Problem, ...], problem: Problem
) -> bool:
    """Whether what stands in the way of a copy is no failure: a copy is under way, also without this bot; one is there
    with all beneath it, which had not been seen yet; or the backup is being copied elsewhere since a moment ago.
    """
    existing = plan.plans[0].existing if isinstance(plan, OrderPlan) else None
    if problem.reason is Reason.COPY_EXISTS and existing:
        there = existing.found.backup
        is_arriving = not (there.is_usable or there.has_failed)
        survey = await keeping.surveyor.survey(latest=True)
        return is_arriving or survey.is_restorable(standing.region, there.id)
    is_busy = problem.reason is Reason.BACKUP_NOT_COPYABLE and problem.about == BackupStatus.COPYING
    return is_busy or problem.reason is Reason.COPY_UNDER_WAY


# What came of it


async def _after_the_last_run(keeping: Keeping, standing: StandingOrder) -> StandingOrder | None:
    """The standing order with what came of its last run; ``None`` while that goes on, or where the standing order has
    changed meanwhile.
    """
    order = await keeping.ports.record.order(standing.order_id) if standing.order_id else None
    if order is None:  # none was asked for, or asking was cut off: then the same run is tried again
        return standing
    if order.is_open:
        return None
    if all(copy.state is CopyState.COMPLETED for copy in order.wanted):
        return await _all_is_well(keeping, standing)
    return await _fail(keeping, standing, _why_it_failed(order))


def _why_it_failed(order: OrderStanding) -> Reason:
    """The first cause: what came after it was only left undone."""
    failed = [copy for copy in order.copies if copy.state is not CopyState.COMPLETED]
    return next((copy.reason for copy in failed if copy.reason), Reason.UNEXPECTED)


async def _all_is_well(keeping: Keeping, standing: StandingOrder) -> StandingOrder | None:
    """Write down that a run brought its copy, or that none was needed. People hear of it who heard of a failure."""
    well = standing.succeeded()
    if replace(well, revision=standing.revision) == standing:
        return standing
    event = event_of(keeping.ports, well, EventKind.KEEP_RECOVERED, BOT) if standing.told else None
    return well if await keeping.store.write(well, event) else None


async def _fail(keeping: Keeping, standing: StandingOrder, reason: Reason) -> StandingOrder | None:
    """Write down that a run brought no copy. People hear of each reason once, until all is well again. Where it failed
    as the person may not ask for it, the standing order is paused.
    """
    ports = keeping.ports
    failed = standing.failed(reason, ports.clock.now())
    kind = EventKind.KEEP_FAILED
    if reason in NOT_FOR_THIS_PERSON and standing.state is StandingState.ACTIVE:
        failed = replace(failed, state=StandingState.PAUSED, paused_for=reason)
        kind = EventKind.KEEP_PAUSED
    is_news = kind is EventKind.KEEP_PAUSED or reason not in standing.told
    event = event_of(ports, failed, kind, BOT, reason=reason) if is_news else None
    return failed if await keeping.store.write(failed, event) else None
