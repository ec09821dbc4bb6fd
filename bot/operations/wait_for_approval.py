"""Wait until other people have agreed to an order."""

from datetime import datetime

from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind
from bot.domain.orders import OrderStanding
from bot.domain.reasons import Reason
from bot.operations.moves import move
from bot.operations.ports import Ports
from bot.operations.wait_for_parent import first_change

LONGEST_WAIT = 60.0
"""Seconds until the clock is looked at again: it may have been set."""


async def wait_for_approval(ports: Ports, copy: Copy) -> None:
    """Wait for the next thing to happen: an agreement, the reminder, the end of the time for it.

    The agreement is written to one copy of the order, its gate; the others follow that one.
    """
    standing = await ports.record.order(copy.order_id)
    if standing is None:
        raise LookupError(f"no order {copy.order_id} in the record")
    gate = standing.gate
    if copy.id != gate.id:
        await _follow(ports, copy, gate)
    elif not await _is_due(ports, copy, standing):
        await ports.record.changed(copy, _until_next(standing, copy, ports.clock.now()))


async def _follow(ports: Ports, copy: Copy, gate: Copy) -> None:
    if gate.state is CopyState.AWAITING_APPROVAL:
        await first_change(ports, copy, gate, LONGEST_WAIT)
    elif gate.state is CopyState.STOPPED and gate.ready_at is None:
        await _stop(ports, copy, EventKind.LEFT_UNDONE, gate.reason or Reason.STOPPED, gate)
    else:
        await move(ports, copy, copy.first_state, EventKind.RELEASED, ready_at=ports.clock.now())


async def _is_due(ports: Ports, copy: Copy, standing: OrderStanding) -> bool:
    """Whether the time is over, or it is time to remind people; then that is written down."""
    approval, now = standing.order.approval, ports.clock.now()
    if approval is None or now >= approval.expires_at:
        await _stop(ports, copy, EventKind.APPROVAL_EXPIRED, Reason.APPROVAL_EXPIRED)
        return True
    if approval.reminds_at is None or copy.is_reminded or now < approval.reminds_at:
        return False
    await move(ports, copy, copy.state, EventKind.APPROVAL_REMINDED, is_reminded=True)
    return True


def _until_next(standing: OrderStanding, copy: Copy, now: datetime) -> float:
    """Seconds until it is due again, as far as that is not too far away."""
    approval = standing.order.approval
    moments = [approval.expires_at, None if copy.is_reminded else approval.reminds_at] if approval else []
    return min([LONGEST_WAIT, *((moment - now).total_seconds() for moment in moments if moment)])


async def _stop(ports: Ports, copy: Copy, kind: EventKind, reason: Reason, like: Copy | None = None) -> None:
    await move(
        ports,
        copy,
        CopyState.STOPPED,
        kind,
        reason=reason,
        ended_at=ports.clock.now(),
        ended_by=like.ended_by if like else None,
    )
