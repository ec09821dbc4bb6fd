"""Send the copy request: the last look, the intent, the request, and what its answer means."""

from datetime import timedelta

from bot.domain.backup import Backup, BackupStatus
from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind
from bot.domain.lineage import ParentAbsent, ParentArriving, ParentGone, ParentReady, ParentStatus, Recognised
from bot.domain.progress import new_backup
from bot.domain.reasons import Fault, Reason, Repeat
from bot.operations.look_at_parent import look_at_parent
from bot.operations.moves import move
from bot.operations.ports import Accepted, Ports
from bot.operations.recognition import find_in_region, show
from bot.operations.wait_for_parent import fail_without_parent, first_change


async def send_copy(ports: Ports, copy: Copy) -> None:
    """Send a copy that is due, if it can be sent; otherwise write down why not, or wait until it is due."""
    if not await _until_due(ports, copy):
        return
    if copy.attempts and await _arrived_already(ports, copy):
        await move(ports, copy, CopyState.RUNNING, EventKind.FOUND_BEGUN, reason=None, fault=None)
        return
    if other := await copy_elsewhere(ports, copy):
        await first_change(ports, copy, other, ports.pace.until_next_look(_age(ports, copy)))
        return
    source = await show(ports, copy.backup.region, copy.backup.id, urgent=False)
    if isinstance(source, Backup) and source.status == BackupStatus.COPYING:
        await _wait_for_other_copy(ports, copy)
        return
    if await _is_there_already(ports, copy):
        return
    if impossible := _impossible(copy, source):
        await move(ports, copy, CopyState.FAILED, EventKind.FAILED, reason=impossible, ended_at=ports.clock.now())
        return
    parent = await look_at_parent(ports, copy.backup, copy.destination, urgent=False)
    match parent:
        case ParentArriving(parent_name=name, copy_id=bringing):
            facts = {"parent": name, "parent_copy": bringing}
            await move(ports, copy, CopyState.WAITING, EventKind.WAITING_FOR_PARENT, facts=facts, after=bringing)
        case ParentAbsent() | ParentGone():
            await fail_without_parent(ports, copy, parent)
        case _:
            await _send(ports, copy, parent)


async def _until_due(ports: Ports, copy: Copy) -> bool:
    """Wait until a copy is due: never longer than a wait can be, should the clock have been set back meanwhile.

    Returns:
        ``False`` if it has moved on before that.
    """
    due_in = (copy.next_attempt_at - ports.clock.now()).total_seconds() if copy.next_attempt_at else 0.0
    if due_in <= 0:
        return True
    asked = copy.fault.retry_after if copy.fault else None
    seen = await ports.record.changed(copy, min(due_in, max(ports.pace.longest_retry, asked or 0.0)))
    return seen.revision == copy.revision


def _age(ports: Ports, copy: Copy) -> float:
    """Seconds since the copy could have been sent."""
    return (ports.clock.now() - (copy.ready_at or copy.requested_at)).total_seconds()


def _impossible(copy: Copy, source: Backup | Fault) -> Reason | None:
    """Why a backup cannot be copied, now or later: what was confirmed is what runs. A region that cannot be asked is
    no reason: its answer to the request itself will be.
    """
    if isinstance(source, Fault):
        if source.reason is not Reason.NOT_FOUND:
            return None
        return Reason.ROTATED_AWAY if copy.backup.is_automated else Reason.BACKUP_NOT_FOUND
    if source.has_failed and not source.is_copyable:
        return Reason.BACKUP_NOT_COPYABLE
    if (source.parent_id, source.size_gb) != (copy.backup.parent_id, copy.backup.size_gb):
        return Reason.BACKUP_CHANGED
    return None


async def _is_there_already(ports: Ports, copy: Copy) -> bool:
    """Whether the backup is in the destination, or on its way there from elsewhere: then it is not copied a second
    time, unless a person wants that.
    """
    found = await find_in_region(ports, copy.backup, copy.destination, names=[copy.name], urgent=False)
    if copy.attempts and await _arrived_already(ports, copy):
        await move(ports, copy, CopyState.RUNNING, EventKind.FOUND_BEGUN, reason=None, fault=None)
        return True
    if copy.despite_existing_copy or not isinstance(found, Recognised):
        return False
    if not found.backup.is_usable:
        await ports.record.changed(copy, ports.pace.until_next_look(_age(ports, copy)))
        return True
    await move(
        ports,
        copy,
        CopyState.COMPLETED,
        EventKind.FOUND_THERE,
        facts={"copied_id": found.backup.id, "evidence": found.evidence.value},
        reason=None,
        fault=None,
        copied_id=found.backup.id,
        copied_evidence=found.evidence,
        sent_at=None,
        ended_at=ports.clock.now(),
    )
    return True


async def _arrived_already(ports: Ports, copy: Copy) -> bool:
    """Whether an earlier request for this copy had worked after all, by what was seen last."""
    candidates = await ports.catalogue.likely_copies(copy.backup, copy.destination, names=[copy.name])
    return isinstance(new_backup(copy, candidates), Recognised)


async def copy_elsewhere(ports: Ports, copy: Copy) -> Copy | None:
    """This bot's own copy of the same backup to another region, while it runs: Cloud Databases takes one at a time."""
    copies = await ports.record.copies(backup_id=copy.backup.id)
    under_way = (CopyState.SENDING, CopyState.RUNNING)
    return next((each for each in copies if each.state in under_way and each.backup.region == copy.backup.region), None)


async def _wait_for_other_copy(ports: Ports, copy: Copy) -> None:
    """The backup is being copied by somebody else at the moment: Cloud Databases would refuse this request (422)."""
    if copy.reason is not Reason.UNPROCESSABLE:
        facts = {"status": BackupStatus.COPYING.value}
        await move(
            ports, copy, CopyState.REQUESTED, EventKind.WILL_SEND_AGAIN, facts=facts, reason=Reason.UNPROCESSABLE
        )
        return
    await ports.record.changed(copy, ports.pace.until_next_look(_age(ports, copy)))


async def _send(ports: Ports, copy: Copy, parent: ParentStatus) -> None:
    found = parent.found if isinstance(parent, ParentReady) else None
    there = (
        () if copy.attempts else await ports.catalogue.likely_copies(copy.backup, copy.destination, names=[copy.name])
    )  # they could be mistaken for the result, and are there before it
    sending = await move(
        ports,
        copy,
        CopyState.SENDING,
        EventKind.SENDING,
        facts={"name": copy.name, "parent_evidence": found.evidence.value if found else None},
        attempts=copy.attempts + 1,
        sent_at=ports.clock.now(),
        next_attempt_at=None,
        present_before=copy.present_before or tuple(each.id for each in there if not each.has_failed),
        failed_before=copy.failed_before or tuple(each.id for each in there if each.has_failed),
        parent_id=found.backup.id if found else None,
        parent_evidence=found.evidence if found else None,
        reason=None,
        fault=None,
    )
    if sending is None:
        return
    answer = await ports.cloud.copy(
        copy.backup.region,
        copy.backup.id,
        destination=copy.destination,
        name=copy.name,
        description=copy.description,
        request_id=f"{copy.id}-{sending.attempts}",
    )
    if isinstance(answer, Accepted):
        await move(ports, sending, CopyState.RUNNING, EventKind.ACCEPTED)
    else:
        await _refused(ports, sending, answer)


async def _refused(ports: Ports, copy: Copy, fault: Fault) -> None:
    """Write down an answer that is not 202, and what follows from it."""
    if fault.repeat is Repeat.AFTER_LOOKING:
        await move(ports, copy, CopyState.SENDING, EventKind.OUTCOME_UNKNOWN, reason=fault.reason, fault=fault)
        return
    seconds = ports.pace.until_next_attempt(fault, copy.attempts)
    if seconds is not None:
        await move(
            ports,
            copy,
            CopyState.REQUESTED,
            EventKind.WILL_SEND_AGAIN,
            facts={"seconds": round(seconds, 1)},
            reason=fault.reason,
            fault=fault,
            next_attempt_at=ports.clock.now() + timedelta(seconds=seconds),
        )
        return
    await move(
        ports,
        copy,
        CopyState.FAILED,
        EventKind.REFUSED,
        reason=await _reason_of_refusal(ports, copy, fault),
        fault=fault,
        ended_at=ports.clock.now(),
    )


async def _reason_of_refusal(ports: Ports, copy: Copy, fault: Fault) -> Reason:
    """A 400 does not say which of its causes it has; whether it is the parent can be looked up."""
    if fault.reason is Reason.BAD_REQUEST and copy.backup.is_incremental:
        parent = await look_at_parent(ports, copy.backup, copy.destination, urgent=False)
        if isinstance(parent, ParentAbsent | ParentGone):
            return Reason.PARENT_MISSING
    return fault.reason
