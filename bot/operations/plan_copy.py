"""Plan a copy: look at both sides and say what would happen."""

import asyncio
from dataclasses import replace

from bot.domain.backup import Backup
from bot.domain.copies import Copy
from bot.domain.lineage import FullBackup, ParentArriving, ParentStatus, Recognised, parent_status
from bot.domain.plan import CopyPlan, CopyRequest, ExistingCopy, problems_of
from bot.domain.reasons import Fault, Problem, Reason
from bot.operations.ports import Ports
from bot.operations.recognition import find_in_region, show


async def plan_copy(ports: Ports, request: CopyRequest) -> CopyPlan | tuple[Problem, ...]:
    """What would happen if the request were confirmed, as the cloud shows it now.

    Where the catalogue knows the backup already, everything is asked at once: one round trip.

    Returns:
        A plan, which may still have a `CopyPlan.problem`; or all that is wrong where there can be no plan.
    """
    if problems := problems_of(request, ports.cloud.regions):
        return problems
    remembered = await ports.catalogue.backup(request.source, request.backup_id)
    ahead = asyncio.ensure_future(_look_at_destination(ports, request, remembered)) if remembered else None
    try:
        backup = await show(ports, request.source, request.backup_id, urgent=True)
        if isinstance(backup, Fault):
            return (_problem_of_source(backup, request),)
        known_well = remembered is not None and remembered.parent_id == backup.parent_id
        parent, existing = await (ahead if ahead and known_well else _look_at_destination(ports, request, backup))
    finally:
        if ahead:
            ahead.cancel()
    return CopyPlan(
        request=request,
        backup=backup,
        parent=parent,
        existing=existing,
        looked_at=ports.clock.now(),
        under_way=await ports.record.open_copy(
            backup_id=backup.id, source=request.source, destination=request.destination
        ),
    )


def _problem_of_source(fault: Fault, request: CopyRequest) -> Problem:
    if fault.reason is Reason.NOT_FOUND:
        return Problem(Reason.BACKUP_NOT_FOUND, about=request.source, fault=fault)
    return Problem(fault.reason, about=request.source, fault=fault)


async def _look_at_destination(
    ports: Ports, request: CopyRequest, backup: Backup
) -> tuple[ParentStatus, ExistingCopy | None]:
    return await asyncio.gather(
        look_at_parent(ports, backup, request.destination), _existing_copy(ports, backup, request)
    )


async def _existing_copy(ports: Ports, backup: Backup, request: CopyRequest) -> ExistingCopy | None:
    found = await find_in_region(ports, backup, request.destination, names=[request.name])
    if not isinstance(found, Recognised):
        return None
    recorded = await ports.record.copies(backup_id=backup.id, destination=request.destination)
    ours = next((copy for copy in recorded if copy.copied_id == found.backup.id), None)
    if ours is None:
        return ExistingCopy(found)
    return ExistingCopy(found, requested_by=ours.requested_by.id, completed_at=ours.ended_at)


async def look_at_parent(ports: Ports, backup: Backup, destination: str, *, urgent: bool = True) -> ParentStatus:
    """What a backup needs in the destination and whether it is there, as the cloud shows it now.

    Args:
        ports: the world.
        backup: what is to be copied.
        destination: where to.
        urgent: whether a person waits for the answer.
    """
    if backup.parent_id is None:
        return FullBackup()
    remembered = await _remembered(ports, backup.region, backup.parent_id)
    in_source, in_destination, arriving = await asyncio.gather(
        show(ports, backup.region, backup.parent_id, urgent=urgent),
        find_in_region(ports, remembered, destination, urgent=urgent),
        ports.record.open_copy(backup_id=backup.parent_id, source=backup.region, destination=destination),
    )
    if isinstance(in_source, Backup) and in_destination is None and in_source != remembered:
        in_destination = await find_in_region(ports, in_source, destination, urgent=urgent)
    return parent_status(
        backup,
        in_source=None if isinstance(in_source, Fault) and in_source.reason is Reason.NOT_FOUND else in_source,
        in_destination=in_destination,
        arriving=_arriving(arriving) if arriving else None,
        destination=destination,
    )


async def _remembered(ports: Ports, region: str, backup_id: str) -> Backup:
    """A backup as it was last seen, or as it was when it was copied, or nothing but its id."""
    known = await ports.catalogue.backup(region, backup_id)
    if known:
        return known
    copied = await ports.record.copies(backup_id=backup_id, limit=1)
    if copied:
        return replace(copied[0].backup, region=region)
    return Backup(id=backup_id, region=region, name=backup_id, status="")


def _arriving(copy: Copy) -> ParentArriving:
    return ParentArriving(
        parent_id=copy.backup.id,
        parent_name=copy.backup.title,
        copy_id=copy.id,
        since=copy.requested_at,
        requested_by=copy.requested_by.id,
    )
