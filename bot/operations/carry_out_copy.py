"""Carry out a copy: from the request that was written down to its end.

Everything that matters is in the record. Each step reads the copy, does one thing and moves it, or waits and looks
again; so this can be cut off at any point and started anew, and two executions of one copy do no harm: a move
fails for whoever comes second.

The copy request is not idempotent and its answer names no backup. So the move to SENDING is written before the
request; whoever finds a copy in SENDING, also after a lost answer, first finds out whether it began
(`bot.operations.find_out`), and only then sends again.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind
from bot.domain.reasons import Reason
from bot.operations.find_out import find_out_whether_it_began
from bot.operations.follow_copy import follow_copy
from bot.operations.moves import move
from bot.operations.ports import Ports
from bot.operations.send_copy import copy_elsewhere, send_copy
from bot.operations.wait_for_approval import wait_for_approval
from bot.operations.wait_for_parent import wait_for_parent

logger = logging.getLogger(__name__)

STEPS: Mapping[CopyState, Callable[[Ports, Copy], Awaitable[None]]] = MappingProxyType(
    {
        CopyState.REQUESTED: send_copy,
        CopyState.AWAITING_APPROVAL: wait_for_approval,
        CopyState.WAITING: wait_for_parent,
        CopyState.SENDING: find_out_whether_it_began,
        CopyState.UNDECIDED: find_out_whether_it_began,
        CopyState.RUNNING: follow_copy,
    }
)
"""What is done for a copy in each state that is not an end."""


async def carry_out_copy(ports: Ports, copy_id: str) -> None:
    """Work on a copy until it has ended. May be cancelled at any point, and called again.

    A copy that could have begun and has not for `Pace.give_up` seconds has failed. One that comes after another, or
    whose backup is being copied to another region by this bot, waits for as long as that one is open. For a copy that
    the record does not know nothing is done: it was written down before anybody was to work on it, so this record is
    an older one that was put back.
    """
    while True:
        copy = await ports.record.copy(copy_id)
        if copy is None:
            logger.warning("copy %s is not in the record, which is older than the work on it: nothing is done", copy_id)
            return
        if not copy.is_open:
            return
        if await _has_waited_too_long(ports, copy):
            reason = copy.reason or Reason.WATCHED_TOO_LONG
            await move(ports, copy, CopyState.FAILED, EventKind.FAILED, reason=reason, ended_at=ports.clock.now())
            continue
        await STEPS[copy.state](ports, copy)


async def _has_waited_too_long(ports: Ports, copy: Copy) -> bool:
    if (
        not copy.can_be_stopped
        or copy.state is CopyState.AWAITING_APPROVAL
        or (copy.state is CopyState.WAITING and copy.after)
    ):
        return False
    waited = (ports.clock.now() - (copy.ready_at or copy.requested_at)).total_seconds()
    return waited >= ports.pace.give_up and await copy_elsewhere(ports, copy) is None
