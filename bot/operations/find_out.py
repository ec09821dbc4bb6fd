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
    """Look at both sides once, write down what that says, and otherwise wait for the next look.

    The copy goes on as RUNNING if it began; is sent again if nothing is to be seen for `Pace.settle` seconds after
    the request; and becomes UNDECIDED, for a person to say, if the cloud cannot be asked for `Pace.patience`.
    """
    if copy.reason is None:
        await move(ports, copy, copy.state, EventKind.OUTCOME_UNKNOWN, reason=Reason.OUTCOME_UNKNOWN)
        return
    look = await ports.watch.look(copy, not_before=ports.clock.now())
    age = (look.at - (copy.sent_at or copy.requested_at)).total_seconds()
    match progress_of(copy, look):
        case InProgress() if await _another_copy_explains(ports, copy, look):
            pass
        case InProgress() | Arrived() | Broken():
            await move(ports, copy, CopyState.RUNNING, EventKind.FOUND_BEGUN, reason=None, fault=None)
            return
        case NothingThere() if age >= ports.pace.settle:
            await _send_again_or_fail(ports, copy)
            return
        case CannotTell(fault) if age >= ports.pace.patience and copy.state is CopyState.SENDING:
            reason = Reason.OUTCOME_UNKNOWN
            await move(ports, copy, CopyState.UNDECIDED, EventKind.ASKED_PERSON, reason=reason, fault=fault)
            return
    await ports.record.changed(copy, ports.pace.until_next_look(age))


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
