"""Follow a copy that began, to its end."""

from datetime import datetime

from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind
from bot.domain.lineage import Recognised
from bot.domain.progress import Arrived, Broken, InProgress, NothingThere, Progress, progress_of
from bot.domain.reasons import Reason
from bot.operations.moves import Facts, move
from bot.operations.plan_order import learned_of
from bot.operations.ports import Ports


async def follow_copy(ports: Ports, copy: Copy) -> None:
    """Look at both sides again and again until something has changed, and write that down.

    A copy that is nowhere to be seen, with its source COMPLETED again, has failed after `Pace.grace` seconds; one
    watched for `Pace.give_up` seconds is LOST. One that runs longer than nearly all before it between these regions is
    called slow, once.
    """
    nothing_since: datetime | None = None  # never later than now: the clock may be set back
    learned = None if copy.is_slow else await learned_of(ports, copy.backup, copy.destination)
    while True:
        look = await ports.watch.look(copy, not_before=ports.clock.now())
        age = (look.at - (copy.sent_at or copy.requested_at)).total_seconds()
        progress = progress_of(copy, look)
        nothing_since = min(nothing_since or look.at, look.at) if isinstance(progress, NothingThere) else None
        match progress:
            case Arrived(found):
                await _complete(ports, copy, found, age)
                return
            case Broken(reason, status):
                await _end(ports, copy, CopyState.FAILED, reason, {"status": status, "seconds": round(age)})
                return
            case NothingThere() if nothing_since and (look.at - nothing_since).total_seconds() >= ports.pace.grace:
                await _end(ports, copy, CopyState.FAILED, Reason.COPY_NEVER_APPEARED, {"seconds": round(age)})
                return
            case _ if age >= ports.pace.give_up:
                await _end(ports, copy, CopyState.LOST, Reason.WATCHED_TOO_LONG, {"seconds": round(age)})
                return
        is_slow = learned is not None and learned.is_slow(age)
        noted = await _note(ports, copy, progress, age, is_slow=is_slow)
        if noted is None:
            return
        copy = noted
        seen = await ports.record.changed(copy, ports.pace.until_next_look(age))
        if seen.revision != copy.revision:
            return


async def _note(ports: Ports, copy: Copy, progress: Progress, age: float, *, is_slow: bool) -> Copy | None:
    """Write down what is new about a copy that goes on.

    Returns:
        The copy after it; ``None`` if it has moved on meanwhile.
    """
    if isinstance(progress, InProgress) and progress.status and progress.status != copy.shown_status:
        status = progress.status
        return await move(ports, copy, CopyState.RUNNING, EventKind.SEEN, facts={"status": status}, shown_status=status)
    if is_slow and not copy.is_slow:
        seconds = round(age)
        return await move(ports, copy, CopyState.RUNNING, EventKind.SLOW, facts={"seconds": seconds}, is_slow=True)
    return copy


async def _complete(ports: Ports, copy: Copy, found: Recognised, age: float) -> None:
    await move(
        ports,
        copy,
        CopyState.COMPLETED,
        EventKind.COMPLETED,
        facts={"copied_id": found.backup.id, "evidence": found.evidence.value, "seconds": round(age)},
        copied_id=found.backup.id,
        copied_evidence=found.evidence,
        shown_status=found.backup.status,
        ended_at=ports.clock.now(),
    )


async def _end(ports: Ports, copy: Copy, state: CopyState, reason: Reason, facts: Facts) -> None:
    kind = EventKind.LOST if state is CopyState.LOST else EventKind.FAILED
    await move(ports, copy, state, kind, facts=facts, reason=reason, ended_at=ports.clock.now())
