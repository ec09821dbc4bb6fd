"""Wait until the parent of an incremental backup is in the destination."""

import asyncio

from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind
from bot.domain.lineage import FullBackup, ParentAbsent, ParentArriving, ParentGone, ParentReady
from bot.domain.reasons import Reason
from bot.operations.look_at_parent import look_at_parent
from bot.operations.moves import move
from bot.operations.ports import Ports


async def wait_for_parent(ports: Ports, copy: Copy) -> None:
    """Look whether the parent is there now; if not, wait for the next reason to look.

    A copy that comes after another one of this bot only watches that one: the cloud is not asked.
    """
    bringing = await ports.record.copy(copy.after) if copy.after else None
    if bringing is None:
        await _look(ports, copy)
    elif bringing.is_open:
        age = (ports.clock.now() - copy.requested_at).total_seconds()
        await first_change(ports, copy, bringing, ports.pace.until_next_look(age))
    elif bringing.state is CopyState.COMPLETED:
        await _go_on(ports, copy)
    else:
        await _leave_undone(ports, copy, bringing)


async def _look(ports: Ports, copy: Copy) -> None:
    age = (ports.clock.now() - copy.requested_at).total_seconds()
    match await look_at_parent(ports, copy.backup, copy.destination, urgent=False):
        case FullBackup() | ParentReady():
            await _go_on(ports, copy)
        case ParentAbsent() | ParentGone() as missing:
            await fail_without_parent(ports, copy, missing)
        case ParentArriving(copy_id=str() as parent_copy) if bringing := await ports.record.copy(parent_copy):
            await first_change(ports, copy, bringing, ports.pace.until_next_look(age))
        case _:
            await ports.record.changed(copy, ports.pace.until_next_look(age))


async def _go_on(ports: Ports, copy: Copy) -> None:
    now = ports.clock.now()
    await move(ports, copy, CopyState.REQUESTED, EventKind.PARENT_ARRIVED, reason=None, fault=None, ready_at=now)


async def fail_without_parent(ports: Ports, copy: Copy, missing: ParentAbsent | ParentGone) -> None:
    """End a copy that Cloud Databases would refuse: its parent is not there (any more), and not on its way."""
    reason = Reason.PARENT_MISSING if isinstance(missing, ParentAbsent) else Reason.PARENT_GONE
    await move(ports, copy, CopyState.FAILED, EventKind.FAILED, reason=reason, ended_at=ports.clock.now())


async def _leave_undone(ports: Ports, copy: Copy, bringing: Copy) -> None:
    """End a copy that has not begun: what it needs has not arrived."""
    await move(
        ports,
        copy,
        CopyState.STOPPED,
        EventKind.LEFT_UNDONE,
        facts={"parent": bringing.backup.title, "parent_copy": bringing.id, "parent_state": bringing.state.value},
        reason=Reason.PARENT_NOT_COPIED,
        ended_at=ports.clock.now(),
    )


async def first_change(ports: Ports, copy: Copy, other: Copy, timeout_seconds: float) -> None:
    """Return when this copy or the other one moves on, or when the time is over."""
    watched = [copy, other] if other.is_open else [copy]
    waiting = [asyncio.ensure_future(ports.record.changed(each, timeout_seconds)) for each in watched]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
