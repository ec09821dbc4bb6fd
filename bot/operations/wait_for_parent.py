"""Wait until the parent of an incremental backup is in the destination."""

import asyncio

from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind
from bot.domain.lineage import FullBackup, ParentAbsent, ParentArriving, ParentGone, ParentReady
from bot.domain.reasons import Reason
from bot.operations.moves import move
from bot.operations.plan_copy import look_at_parent
from bot.operations.ports import Ports


async def wait_for_parent(ports: Ports, copy: Copy) -> None:
    """Look whether the parent is there now; if not, wait for the next reason to look."""
    age = (ports.clock.now() - copy.requested_at).total_seconds()
    match await look_at_parent(ports, copy.backup, copy.destination, urgent=False):
        case FullBackup() | ParentReady():
            await move(ports, copy, CopyState.REQUESTED, EventKind.PARENT_ARRIVED, reason=None, fault=None)
        case ParentAbsent() | ParentGone() as missing:
            await fail_without_parent(ports, copy, missing)
        case ParentArriving(copy_id=str() as parent_copy):
            await _first_change(ports, copy, parent_copy, ports.pace.until_next_look(age))
        case _:
            await ports.record.changed(copy, ports.pace.until_next_look(age))


async def fail_without_parent(ports: Ports, copy: Copy, missing: ParentAbsent | ParentGone) -> None:
    """End a copy that Cloud Databases would refuse: its parent is not there (any more), and not on its way."""
    reason = Reason.PARENT_MISSING if isinstance(missing, ParentAbsent) else Reason.PARENT_GONE
    await move(ports, copy, CopyState.FAILED, EventKind.FAILED, reason=reason, ended_at=ports.clock.now())


async def _first_change(ports: Ports, copy: Copy, parent_copy_id: str, timeout_seconds: float) -> None:
    """Return when this copy or that of its parent moves on, or when the time is over."""
    parent = await ports.record.copy(parent_copy_id)
    watched = [copy] if parent is None or not parent.is_open else [copy, parent]
    waiting = [asyncio.ensure_future(ports.record.changed(each, timeout_seconds)) for each in watched]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
