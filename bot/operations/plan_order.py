"""Plan copies: look at both sides and say what would happen."""

import asyncio
from datetime import datetime

from bot.domain.backup import Backup
from bot.domain.learned import Learned, learn
from bot.domain.plan import MOST_COPIES, CopyPlan, CopyRequest, OrderPlan, OrderRequest, problems_of
from bot.domain.reasons import Fault, Problem, Reason
from bot.domain.retention import Rotation, expected_rotation
from bot.operations.look_at_destination import look_at_destination
from bot.operations.ports import Ports
from bot.operations.recognition import show

Seen = Backup | Fault


async def plan_order(
    ports: Ports, request: OrderRequest, *, thoroughly: bool = False
) -> OrderPlan | tuple[Problem, ...]:
    """What would happen if the request were confirmed. Each backup is asked for once, everything at the same time.

    Args:
        ports: the world.
        request: what was asked for.
        thoroughly: as the cloud shows it now; otherwise what was seen lately in the destinations is believed where
            one question to each confirms it (`bot.operations.look_at_destination`).

    Returns:
        A plan, which may still have `OrderPlan.problems`; or all that is wrong where there can be no plan.
    """
    if problems := problems_of(request, ports.cloud.regions):
        return problems
    began = ports.clock.now()
    backup_ids = dict.fromkeys(each.backup_id for each in request.single)
    sources = {
        backup_id: asyncio.ensure_future(show(ports, request.source, backup_id, urgent=True))
        for backup_id in backup_ids
    }
    try:
        planning = (
            _plan_copy(ports, each, sources[each.backup_id], began=began, thoroughly=thoroughly)
            for each in request.single
        )
        plans = await asyncio.gather(*planning)
    finally:
        for source in sources.values():
            source.cancel()
    wrong = tuple(dict.fromkeys(plan for plan in plans if isinstance(plan, Problem)))
    return wrong or OrderPlan(request, tuple(plan for plan in plans if isinstance(plan, CopyPlan)))


async def _plan_copy(
    ports: Ports, request: CopyRequest, source: asyncio.Future[Seen], *, began: datetime, thoroughly: bool
) -> CopyPlan | Problem:
    """The plan of one copy. Where the catalogue knows the backup already, both sides are asked at once."""
    under_way = await ports.record.open_copy(  # before the cloud: what arrives meanwhile is seen there
        backup_id=request.backup_id, source=request.source, destination=request.destination
    )
    remembered = await ports.catalogue.backup(request.source, request.backup_id)
    ahead = (
        asyncio.ensure_future(look_at_destination(ports, request, remembered, thoroughly=thoroughly))
        if remembered
        else None
    )
    try:
        backup = await source
        if isinstance(backup, Fault):
            return _problem_of_source(backup, request)
        known_well = remembered is not None and remembered.parent_id == backup.parent_id
        there = await (
            ahead if ahead and known_well else look_at_destination(ports, request, backup, thoroughly=thoroughly)
        )
    finally:
        if ahead:
            ahead.cancel()
    return CopyPlan(
        request=request,
        backup=backup,
        parent=there.parent,
        existing=there.existing,
        looked_at=began,
        under_way=under_way,
        learned=await learned_of(ports, backup, request.destination),
        rotation=await _rotation(ports, backup),
    )


def _problem_of_source(fault: Fault, request: CopyRequest) -> Problem:
    if fault.reason is Reason.NOT_FOUND:
        return Problem(Reason.BACKUP_NOT_FOUND, about=request.source, fault=fault)
    return Problem(fault.reason, about=request.source, fault=fault)


async def learned_of(ports: Ports, backup: Backup, destination: str) -> Learned | None:
    """How long a copy of this backup takes, by those that were made between the same regions."""
    return learn(await ports.record.times(backup.region, destination), backup.size_gb)


async def _rotation(ports: Ports, backup: Backup) -> Rotation | None:
    """When a schedule is likely to delete the full backup that this one was made from, and this one with it."""
    beneath = await ports.catalogue.ancestors(backup, limit=MOST_COPIES)
    oldest = beneath[-1] if beneath else backup
    return expected_rotation(oldest, await ports.catalogue.fulls_of(oldest)) if oldest.parent_id is None else None
