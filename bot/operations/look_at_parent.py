"""Look at what a backup needs in the destination: its parent, and where that is missing, the whole chain."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.backup import Backup
from bot.domain.copies import Copy
from bot.domain.lineage import (
    Chain,
    FullBackup,
    ParentAbsent,
    ParentArriving,
    ParentGone,
    ParentStatus,
    Recognised,
    parent_status,
)
from bot.domain.plan import MOST_COPIES
from bot.domain.reasons import Fault, Reason
from bot.operations.ports import Ports
from bot.operations.recognition import find_in_region, remembered_in_region, show


@dataclass(frozen=True, slots=True)
class RememberedParent:
    """What a backup needs in the destination, as both sides were last seen.

    Attributes:
        there: the parent as it was last seen in the destination.
    """

    status: ParentStatus
    there: Recognised | None = None


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
    arriving = await _arriving(ports, backup, destination)  # before the cloud: what arrives meanwhile is seen there
    remembered = await _remembered(ports, backup.region, backup.parent_id)
    in_source, in_destination = await asyncio.gather(
        show(ports, backup.region, backup.parent_id, urgent=urgent),
        find_in_region(ports, remembered, destination, urgent=urgent),
    )
    if isinstance(in_source, Backup) and in_destination is None and in_source != remembered:
        in_destination = await find_in_region(ports, in_source, destination, urgent=urgent)
    return parent_status(
        backup,
        in_source=None if isinstance(in_source, Fault) and in_source.reason is Reason.NOT_FOUND else in_source,
        in_destination=in_destination,
        arriving=arriving,
        destination=destination,
    )


async def look_at_chain(ports: Ports, backup: Backup, destination: str) -> ParentStatus:
    """The same as `look_at_parent`; where the parent is absent, with the chain beneath it.

    The parent is asked for now. What is beneath it comes from the catalogue, and is asked for again before each copy
    is sent.
    """
    return await _with_chain(ports, await look_at_parent(ports, backup, destination), destination)


async def remembered_chain(ports: Ports, backup: Backup, destination: str) -> RememberedParent:
    """The same as `look_at_chain`, as both sides were last seen: only what nobody ever saw is asked for."""
    if backup.parent_id is None:
        return RememberedParent(FullBackup())
    arriving = await _arriving(ports, backup, destination)
    parent = await _remembered(ports, backup.region, backup.parent_id)
    there = await remembered_in_region(ports, parent, destination)
    status = parent_status(
        backup,
        in_source=await ports.catalogue.backup(backup.region, backup.parent_id),
        in_destination=there,
        arriving=arriving,
        destination=destination,
    )
    return RememberedParent(await _with_chain(ports, status, destination), there)


async def _with_chain(ports: Ports, status: ParentStatus, destination: str) -> ParentStatus:
    return await _chain_beneath(ports, status.parent, destination) if isinstance(status, ParentAbsent) else status


async def _chain_beneath(ports: Ports, parent: Backup, destination: str) -> ParentAbsent | ParentGone:
    missing = {parent.id: parent}
    known = {each.id: each for each in await ports.catalogue.ancestors(parent, limit=MOST_COPIES)}
    ancestor_id = parent.parent_id
    while ancestor_id is not None and len(missing) <= MOST_COPIES:
        if base := await _in_destination(ports, parent.region, ancestor_id, destination):
            return ParentAbsent(parent, _chain(missing, base))
        ancestor = known.get(ancestor_id) or await show(ports, parent.region, ancestor_id, urgent=True)
        if isinstance(ancestor, Fault) and ancestor.reason is not Reason.NOT_FOUND:
            return ParentAbsent(parent)
        if isinstance(ancestor, Fault) or _is_lost(ancestor) or ancestor.id in missing:
            return ParentGone(ancestor_id, ancestor if isinstance(ancestor, Backup) else None)
        missing[ancestor.id] = ancestor
        ancestor_id = ancestor.parent_id
    return ParentAbsent(parent, _chain(missing, None))


def _chain(missing: dict[str, Backup], base: Recognised | ParentArriving | None) -> Chain:
    """The chain, of what is missing with the newest first."""
    return Chain(tuple(reversed(missing.values())), base)


def _is_lost(backup: Backup) -> bool:
    """Whether nothing can be made of it any more."""
    return backup.has_failed and not backup.is_copyable


async def _in_destination(
    ports: Ports, region: str, backup_id: str, destination: str
) -> Recognised | ParentArriving | None:
    """A backup as it stands in the destination by what is remembered: there and whole, or on its way there."""
    ours = await ports.record.open_copy(backup_id=backup_id, source=region, destination=destination)
    found = await remembered_in_region(ports, await _remembered(ports, region, backup_id), destination)
    if found and found.backup.is_usable:
        return found
    if ours:
        return _brought_by(ours)
    return ParentArriving(backup_id, found.backup.title, since=found.backup.created) if found else None


async def _remembered(ports: Ports, region: str, backup_id: str) -> Backup:
    """A backup as it was last seen, or as it was when it was copied, or nothing but its id."""
    known = await ports.catalogue.backup(region, backup_id)
    if known:
        return known
    copied = await ports.record.copies(backup_id=backup_id, limit=1)
    return _from_record(copied, region) or Backup(id=backup_id, region=region, name=backup_id, status="")


def _from_record(copies: Sequence[Copy], region: str) -> Backup | None:
    """A backup as it was when it was copied."""
    return replace(copies[0].backup, region=region) if copies else None


async def _arriving(ports: Ports, backup: Backup, destination: str) -> ParentArriving | None:
    """This bot's own open copy of the parent."""
    ours = await ports.record.open_copy(backup_id=backup.parent_id or "", source=backup.region, destination=destination)
    return _brought_by(ours) if ours else None


def _brought_by(copy: Copy) -> ParentArriving:
    return ParentArriving(
        parent_id=copy.backup.id,
        parent_name=copy.backup.title,
        copy_id=copy.id,
        since=copy.requested_at,
        requested_by=copy.requested_by.id,
    )
