"""Request a copy: a person has confirmed a plan."""

import hashlib
from dataclasses import dataclass

from bot.domain.copies import Copy
from bot.domain.events import Event, EventKind
from bot.domain.lineage import PARENT_WORDS
from bot.domain.people import Person
from bot.domain.plan import CopyPlan, CopyRequest
from bot.domain.reasons import Problem, Reason
from bot.operations.plan_copy import plan_copy
from bot.operations.ports import Ports


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a person confirmed.

    Attributes:
        id: names this one confirmation: however often it is delivered, it makes one copy at most.
        plan_digest: `CopyPlan.digest` of the plan that was shown.
        channel: id of the channel to tell.
    """

    id: str
    request: CopyRequest
    plan_digest: str
    person: Person
    channel: str

    @property
    def copy_id(self) -> str:
        """The id of the copy that this confirmation makes."""
        return hashlib.sha256(self.id.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Requested:
    """It is in the audit log, and somebody works on it."""

    copy: Copy


@dataclass(frozen=True, slots=True)
class Joined:
    """Such a copy is open already, or this confirmation had been delivered before."""

    copy: Copy


@dataclass(frozen=True, slots=True)
class Changed:
    """What was confirmed is not what is there any more: the person is to be asked again."""

    plan: CopyPlan


@dataclass(frozen=True, slots=True)
class Refused:
    """It cannot be done."""

    problems: tuple[Problem, ...]


Outcome = Requested | Joined | Changed | Refused


async def request_copy(ports: Ports, confirmation: Confirmation) -> Outcome:
    """Open a copy in the audit log and have it carried out, if what was confirmed is still true."""
    if earlier := await _earlier(ports, confirmation):
        return await _join(ports, confirmation, earlier)
    plan = await plan_copy(ports, confirmation.request)
    if not isinstance(plan, CopyPlan):
        return Refused(plan)
    if plan.digest != confirmation.plan_digest:
        await ports.record.append(_event(ports, confirmation, EventKind.PLAN_CHANGED, plan))
        return Changed(plan)
    if plan.under_way:
        return await _join(ports, confirmation, plan.under_way)
    if plan.problem:
        return Refused((plan.problem,))
    opened = await ports.record.open(
        _new_copy(ports, confirmation, plan), _event(ports, confirmation, EventKind.COPY_REQUESTED, plan)
    )
    if not opened.is_new:
        return await _join(ports, confirmation, opened.copy)
    await ports.engine.start(opened.copy.id)
    return Requested(opened.copy)


async def _earlier(ports: Ports, confirmation: Confirmation) -> Copy | None:
    request = confirmation.request
    return await ports.record.copy(confirmation.copy_id) or await ports.record.open_copy(
        backup_id=request.backup_id, source=request.source, destination=request.destination
    )


async def _join(ports: Ports, confirmation: Confirmation, copy: Copy) -> Joined:
    """Tell of the copy there is. The audit log hears of it when it is somebody else's."""
    if copy.confirmation_id != confirmation.id:
        await ports.record.append(
            Event(
                kind=EventKind.COPY_JOINED,
                at=ports.clock.now(),
                who=confirmation.person,
                copy_id=copy.id,
                backup_id=copy.backup.id,
                backup_name=copy.backup.name,
                source=copy.backup.region,
                destination=copy.destination,
                where=confirmation.channel,
                reason=Reason.COPY_UNDER_WAY,
            )
        )
    return Joined(copy)


def _new_copy(ports: Ports, confirmation: Confirmation, plan: CopyPlan) -> Copy:
    return Copy(
        id=confirmation.copy_id,
        revision=0,
        confirmation_id=confirmation.id,
        backup=plan.backup,
        destination=plan.request.destination,
        name=plan.request.name,
        description=plan.request.description,
        requested_by=confirmation.person,
        requested_at=ports.clock.now(),
        channel=confirmation.channel,
        plan_digest=plan.digest,
    )


def _event(ports: Ports, confirmation: Confirmation, kind: EventKind, plan: CopyPlan) -> Event:
    return Event(
        kind=kind,
        at=ports.clock.now(),
        who=confirmation.person,
        copy_id=confirmation.copy_id if kind is EventKind.COPY_REQUESTED else None,
        backup_id=plan.backup.id,
        backup_name=plan.backup.name,
        source=plan.backup.region,
        destination=plan.request.destination,
        where=confirmation.channel,
        reason=Reason.PLAN_CHANGED if kind is EventKind.PLAN_CHANGED else None,
        facts={
            "name": plan.request.name,
            "description": plan.request.description,
            "size_gb": plan.backup.size_gb,
            "parent": PARENT_WORDS[type(plan.parent)],
            "plan": plan.digest,
        },
    )
