"""Find the backup to copy."""

import asyncio
from collections.abc import Sequence

from bot.domain.backup import Backup
from bot.domain.sight import EVERYTHING, Sight
from bot.operations.ports import Ports
from bot.operations.recognition import show


async def find_backups(
    ports: Ports, region: str, text: str, *, limit: int = 100, sight: Sight = EVERYTHING
) -> Sequence[Backup]:
    """Backups of a region that match what somebody has typed so far. From the catalogue: the cloud is not asked."""
    return await ports.catalogue.search(region, text, limit=limit, scopes=sight.scopes)


async def remembered_backup(ports: Ports, region: str, backup_id: str, *, sight: Sight = EVERYTHING) -> Backup | None:
    """One backup of a region, from the catalogue; one that may not be seen is as good as none."""
    known = await ports.catalogue.backup(region, backup_id)
    return known if known and sight.sees(known) else None


async def remembered_by_reference(ports: Ports, reference: str, *, sight: Sight = EVERYTHING) -> tuple[Backup, ...]:
    """The same as `find_by_reference`, from the catalogue alone."""
    return tuple(backup for backup in await ports.catalogue.regions_of(reference) if sight.sees(backup))


async def find_by_reference(ports: Ports, reference: str, *, sight: Sight = EVERYTHING) -> tuple[Backup, ...]:
    """The backup a person means by its id, the unique beginning of its id, or its exact name.

    Only where the catalogue does not know it the cloud is asked, in all regions at once.

    Returns:
        Nothing if there is none that may be seen; several if the name is not unique, or the backup is in several
        regions.
    """
    if known := await ports.catalogue.regions_of(reference):
        return tuple(backup for backup in known if sight.sees(backup))
    answers = await asyncio.gather(*(show(ports, region, reference, urgent=True) for region in ports.cloud.regions))
    return tuple(answer for answer in answers if isinstance(answer, Backup) and sight.sees(answer))


async def last_source_region(ports: Ports, person_id: str) -> str | None:
    """The region of the backup this person last asked to copy."""
    last = await ports.record.copies(requested_by=person_id, limit=1)
    return last[0].backup.region if last else None
