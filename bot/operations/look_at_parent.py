"""Look at what a backup needs in the destination: its parent, and where that is missing, the whole chain."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

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
    recognise,
)
from bot.domain.plan import MOST_COPIES
from bot.domain.reasons import Fault, Reason
from bot.operations.ports import Ports
from bot.operations.recognition import find_in_region, show


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


async def look_at_chain(ports: Ports, backup: Backup, destination: str, *, urgent: bool = True) -> ParentStatus:
    """The same as `look_at_parent`; where the parent is absent, with the chain beneath it.

    The parent is asked for now. What is beneath it comes from the catalogue, and is asked for again before each copy
    is sent.
    """
    status = await look_at_parent(ports, backup, destination, urgent=urgent)
    if isinstance(status, ParentAbsent):
        return await _chain_beneath(ports, status.parent, destination)
    return status


async def _chain_beneath(ports: Ports, parent: Backup, destination: str) -> ParentAbsent | ParentGone:
    missing = [parent]
    known = {each.id: each for each in await ports.catalogue.ancestors(parent, limit=MOST_COPIES)}
    while (ancestor_id := missing[-1].parent_id) is not None:
        if base := await _in_destination(ports, parent.region, ancestor_id, known.get(ancestor_id), destination):
            return ParentAbsent(parent, Chain(tuple(reversed(missing)), base))
        ancestor = known.get(ancestor_id) or await show(ports, parent.region, ancestor_id, urgent=True)
        if isinstance(ancestor, Fault) and ancestor.reason is not Reason.NOT_FOUND:
            return ParentAbsent(parent)
        if isinstance(ancestor, Fault) or _is_lost(ancestor) or ancestor.id in {each.id for each in missing}:
            return ParentGone(ancestor_id, ancestor if isinstance(ancestor, Backup) else None)
        missing.append(ancestor)
        if len(missing) > MOST_COPIES:
            break
    return ParentAbsent(parent, Chain(tuple(reversed(missing))))


def _is_lost(backup: Backup) -> bool:
    """Whether nothing can be made of it any more."""
    return backup.has_failed and not backup.is_copyable


async def _in_destination(
    ports: Ports, region: str, backup_id: str, known: Backup | None, destination: str
) -> Recognised | ParentArriving | None:
    """A backup as it stands in the destination by what is remembered: there and whole, or on its way there."""
    copies = await ports.record.copies(backup_id=backup_id, destination=destination)
    original = known or _from_record(copies, region) or Backup(id=backup_id, region=region, name=backup_id, status="")
    found = recognise(
        original,
        await ports.catalogue.likely_copies(original, destination, names=[copy.name for copy in copies]),
        recorded_ids=[copy.copied_id for copy in copies if copy.copied_id],
        names=[copy.name for copy in copies],
    )
    if found and found.backup.is_usable:
        return found
    ours = next((copy for copy in copies if copy.is_open and copy.backup.region == region), None)
    if ours:
        return _arriving(ours)
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


def _arriving(copy: Copy) -> ParentArriving:
    return ParentArriving(
        parent_id=copy.backup.id,
        parent_name=copy.backup.title,
        copy_id=copy.id,
        since=copy.requested_at,
        requested_by=copy.requested_by.id,
    )
