"""Find the backup to copy."""

import asyncio

from bot.domain.backup import Backup
from bot.operations.ports import Found, Ports
from bot.operations.recognition import show


async def find_backups(ports: Ports, region: str, text: str, *, limit: int = 100) -> Found:
    """Backups of a region that match what somebody has typed so far. From the catalogue: the cloud is not asked."""
    return await ports.catalogue.search(region, text, limit=limit)


async def remembered_by_reference(ports: Ports, reference: str) -> tuple[Backup, ...]:
    """The same as `find_by_reference`, from the catalogue alone."""
    return tuple(await ports.catalogue.regions_of(reference))


async def find_by_reference(ports: Ports, reference: str) -> tuple[Backup, ...]:
    """The backup a person means by its id, the unique beginning of its id, or its exact name.

    Only where the catalogue does not know it the cloud is asked, in all regions at once.

    Returns:
        Nothing if there is none; several if the name is not unique, or the backup is in several regions.
    """
    if known := await remembered_by_reference(ports, reference):
        return known
    answers = await asyncio.gather(*(show(ports, region, reference, urgent=True) for region in ports.cloud.regions))
    return tuple(answer for answer in answers if isinstance(answer, Backup))


async def last_source_region(ports: Ports, person_id: str) -> str | None:
    """The region of the backup this person last asked to copy."""
    last = await ports.record.copies(requested_by=person_id, limit=1)
    return last[0].backup.region if last else None
