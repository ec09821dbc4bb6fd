"""Find out whether a copy began, when the answer to its request is not known.

The answer was lost, was a 500, or the bot was cut off between the request and writing its outcome down.
"""

from bot.domain.backup import Backup
from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind
from bot.domain.progress import Arrived, Broken, CannotTell, InProgress, Look, NothingThere, progress_of
from bot.domain.reasons import Reason
from bot.operations.moves import move
from bot.operations.ports import Ports


async def find_out_whether_it_began(ports: Ports, copy: Copy) -> None:
    """Look at both sides again and again until it is known what became of the request, and write that down.

    The copy goes on as RUNNING if it began; is sent again if nothing is to be seen for `Pace.settle` seconds after
    the request; and becomes UNDECIDED, for a person to say, if the cloud cannot be asked for `Pace.patience`.
    """
    if copy.reason is None:
        await move(ports, copy, copy.state, EventKind.OUTCOME_UNKNOWN, reason=Reason.OUTCOME_UNKNOWN)
        return
    sent_at = copy.sent_at or copy.requested_at
    while True:
        look = await ports.watch.look(copy, not_before=ports.clock.now())
        sent_at = min(sent_at, look.at)  # the clock may have been set back since
        age = (look.at - sent_at).total_seconds()
        if await _is_found_out(ports, copy, look, age):
            return
        seen = await ports.record.changed(copy, ports.pace.until_next_look(age))
        if seen.revision != copy.revision:
            return


async def _is_found_out(ports: Ports, copy: Copy, look: Look, age: float) -> bool:
    """Whether a look says what became of the request, or that a person has to; what follows is written down."""
    match progress_of(copy, look):
        case InProgress() if await _another_copy_explains(ports, copy, look):
            return False
        case InProgress() | Arrived() | Broken():
            await move(ports, copy, CopyState.RUNNING, EventKind.FOUND_BEGUN, reason=None, fault=None)
        case NothingThere() if age >= ports.pace.settle:
            await _send_again_or_fail(ports, copy)
        case CannotTell(fault) if age >= ports.pace.patience and copy.state is CopyState.SENDING:
            reason = Reason.OUTCOME_UNKNOWN
            await move(ports, copy, CopyState.UNDECIDED, EventKind.ASKED_PERSON, reason=reason, fault=fault)
        case _:
            return False
    return True


async def _another_copy_explains(ports: Ports, copy: Copy, look: Look) -> bool:
    """Whether the source is COPYING because of another copy of this bot, to another region: then its status says
    nothing about this one.
    """
    if not isinstance(look.source, Backup) or look.source.is_copyable:
        return False
    return any(
        other.id != copy.id and other.state in {CopyState.RUNNING, CopyState.SENDING}
        for other in await ports.record.copies(backup_id=copy.backup.id)
    )


async def _send_again_or_fail(ports: Ports, copy: Copy) -> None:
    if copy.attempts < ports.pace.attempts:
        await move(ports, copy, CopyState.REQUESTED, EventKind.FOUND_NOT_BEGUN, next_attempt_at=None)
        return
    await move(ports, copy, CopyState.FAILED, EventKind.FAILED, ended_at=ports.clock.now())
