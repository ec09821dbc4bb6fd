"""Look at the destination of a copy that is being planned: what the backup needs there, and a copy that is there.

What both regions were seen to have a few minutes ago is believed as long as one decisive question to the destination
is answered as expected: so a plan takes one call to each region, however long the chain is. Whoever is about to act
on it looks thoroughly.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.backup import Backup
from bot.domain.lineage import ParentArriving, ParentGone, ParentStatus, Recognised
from bot.domain.names import name_from
from bot.domain.plan import CopyRequest, ExistingCopy
from bot.domain.reasons import Fault, Reason
from bot.operations.look_at_parent import RememberedParent, look_at_chain, remembered_chain
from bot.operations.ports import Ports
from bot.operations.recognition import find_in_region, remembered_in_region, show

BELIEVED_FOR = timedelta(minutes=10)
"""For so long after a refresh of a region's catalogue went through, it is taken for what the region has."""


@dataclass(frozen=True, slots=True)
class InDestination:
    """What matters in the destination.

    Attributes:
        parent: what the backup needs there, and whether that is there.
        existing: a copy of the backup that is there already.
    """

    parent: ParentStatus
    existing: ExistingCopy | None


async def look_at_destination(ports: Ports, request: CopyRequest, backup: Backup, *, thoroughly: bool) -> InDestination:
    """What matters in the destination, with the chain beneath an absent parent.

    Args:
        ports: the world.
        request: what was asked for.
        backup: as it stands in the source region, or last stood there.
        thoroughly: ask for everything that may be the parent or a copy, whatever is remembered of it.
    """
    if not thoroughly and await _are_fresh(ports, request.source, request.destination):
        remembered = await _remembered(ports, request, backup)
        if remembered:
            return remembered
    parent, found = await asyncio.gather(
        look_at_chain(ports, backup, request.destination),
        find_in_region(ports, backup, request.destination, names=_names(request, backup)),
    )
    return InDestination(parent, await _existing(ports, backup, found))


async def _are_fresh(ports: Ports, *regions: str) -> bool:
    """Whether the catalogue has seen all of these regions to the end lately, and nothing has gone wrong since."""
    refreshes = [await ports.catalogue.refreshed(region) for region in regions]
    since = ports.clock.now() - BELIEVED_FOR
    return all(each.fault is None and each.complete_at and each.complete_at >= since for each in refreshes)


async def _remembered(ports: Ports, request: CopyRequest, backup: Backup) -> InDestination | None:
    """What is remembered; ``None`` where it is not to be relied on: the destination does not answer as expected, or
    something is missing that may only not have been seen yet.
    """
    parent = await remembered_chain(ports, backup, request.destination)
    found = await remembered_in_region(ports, backup, request.destination, names=_names(request, backup))
    if isinstance(parent.status, ParentGone):
        return None
    asked, expected = _decisive(backup, parent, found)
    answer = await show(ports, request.destination, asked, urgent=True)
    is_gone = isinstance(answer, Fault) and answer.reason is Reason.NOT_FOUND
    if answer != expected and not (expected is None and is_gone):
        return None
    return InDestination(parent.status, await _existing(ports, backup, found))


def _decisive(backup: Backup, parent: RememberedParent, found: Recognised | None) -> tuple[str, Backup | None]:
    """The id in the destination that says most, and the backup that is expected there, if any.

    That is a copy of the backup which makes another one needless; else the parent, without which it cannot be made;
    or where each is most likely to be, if it is there at all: under its own id.
    """
    known = found or parent.there
    if known:
        return known.backup.id, known.backup
    is_on_its_way = isinstance(parent.status, ParentArriving)
    return (backup.id if is_on_its_way or backup.parent_id is None else backup.parent_id), None


def _names(request: CopyRequest, backup: Backup) -> list[str]:
    return [name_from(request.name, backup.title)]


async def _existing(ports: Ports, backup: Backup, found: Recognised | Fault | None) -> ExistingCopy | None:
    """A copy that was found, with who asked this bot for it."""
    if not isinstance(found, Recognised):
        return None
    recorded = await ports.record.copies(backup_id=backup.id, destination=found.backup.region)
    ours = next((copy for copy in recorded if copy.copied_id == found.backup.id), None)
    if ours is None:
        return ExistingCopy(found)
    return ExistingCopy(found, requested_by=ours.requested_by.id, completed_at=ours.ended_at)
