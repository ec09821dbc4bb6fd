"""Plan copies: look at both sides and say what would happen."""

import asyncio

from bot.domain.backup import Backup
from bot.domain.learned import Learned, learn
from bot.domain.lineage import FullBackup, ParentAbsent, ParentStatus, Recognised
from bot.domain.names import name_from
from bot.domain.plan import CopyPlan, CopyRequest, ExistingCopy, OrderPlan, OrderRequest, problems_of
from bot.domain.reasons import Fault, Problem, Reason
from bot.domain.retention import Rotation, expected_rotation
from bot.operations.look_at_parent import look_at_chain
from bot.operations.ports import Ports
from bot.operations.recognition import find_in_region, show


async def plan_order(ports: Ports, request: OrderRequest) -> OrderPlan | tuple[Problem, ...]:
    """What would happen if the request were confirmed, as the cloud shows it now.

    Returns:
        A plan, which may still have `OrderPlan.problems`; or all that is wrong where there can be no plan.
    """
    if problems := problems_of(request, ports.cloud.regions):
        return problems
    plans = await asyncio.gather(*(_plan_copy(ports, each) for each in request.single))
    wrong = tuple(dict.fromkeys(plan for plan in plans if isinstance(plan, Problem)))
    return wrong or OrderPlan(request, tuple(plan for plan in plans if isinstance(plan, CopyPlan)))


async def _plan_copy(ports: Ports, request: CopyRequest) -> CopyPlan | Problem:
    """The plan of one copy. Where the catalogue knows the backup already, everything is asked at once."""
    remembered = await ports.catalogue.backup(request.source, request.backup_id)
    ahead = asyncio.ensure_future(_look_at_destination(ports, request, remembered)) if remembered else None
    try:
        backup = await show(ports, request.source, request.backup_id, urgent=True)
        if isinstance(backup, Fault):
            return _problem_of_source(backup, request)
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
        learned=await learned_of(ports, backup, request.destination),
        rotation=await _rotation(ports, backup, parent),
    )


def _problem_of_source(fault: Fault, request: CopyRequest) -> Problem:
    if fault.reason is Reason.NOT_FOUND:
        return Problem(Reason.BACKUP_NOT_FOUND, about=request.source, fault=fault)
    return Problem(fault.reason, about=request.source, fault=fault)


async def _look_at_destination(
    ports: Ports, request: CopyRequest, backup: Backup
) -> tuple[ParentStatus, ExistingCopy | None]:
    return await asyncio.gather(
        look_at_chain(ports, backup, request.destination), _existing_copy(ports, backup, request)
    )


async def _existing_copy(ports: Ports, backup: Backup, request: CopyRequest) -> ExistingCopy | None:
    names = [name_from(request.name, backup.title)]
    found = await find_in_region(ports, backup, request.destination, names=names)
    if not isinstance(found, Recognised):
        return None
    recorded = await ports.record.copies(backup_id=backup.id, destination=request.destination)
    ours = next((copy for copy in recorded if copy.copied_id == found.backup.id), None)
    if ours is None:
        return ExistingCopy(found)
    return ExistingCopy(found, requested_by=ours.requested_by.id, completed_at=ours.ended_at)


async def learned_of(ports: Ports, backup: Backup, destination: str) -> Learned | None:
    """How long a copy of this backup takes, by those that were made between the same regions."""
    return learn(await ports.record.times(backup.region, destination), backup.size_gb)


async def _rotation(ports: Ports, backup: Backup, parent: ParentStatus) -> Rotation | None:
    """When a schedule is likely to delete the full backup that all of this rests on, where it has to be copied."""
    match parent:
        case ParentAbsent(chain=chain) if chain and chain.base is None:
            oldest = chain.missing[0]
        case FullBackup():
            oldest = backup
        case _:
            return None
    return expected_rotation(oldest, await ports.catalogue.fulls_of(oldest))
