"""Keep the catalogue of backups fresh, behind the scenes and within the cloud's budget."""

import asyncio

from bot.domain.backup import Backup
from bot.domain.reasons import Fault
from bot.operations.catalogue import Catalogue
from bot.operations.ports import Clock, Cloud, Ports
from bot.operations.report_coverage import Surveyor
from bot.operations.watch_copies import watch_copies

SOONER = 30.0
"""Seconds after which a region that could not be read is tried again, at most."""


async def refresh_catalogue(cloud: Cloud, catalogue: Catalogue, clock: Clock, region: str) -> Fault | None:
    """Read all backups of a region into the catalogue.

    What was read is there at once; what is gone in the region leaves when the last page was read.

    Returns:
        Why it could not be read to the end, if so: then the catalogue keeps what it had.
    """
    began = clock.now()
    seen: list[Backup] = []
    await catalogue.note_refresh(region, running=0, fault=None)
    async for page in cloud.pages(region):
        if isinstance(page, Fault):
            await catalogue.note_refresh(region, running=None, fault=page)
            return page
        seen.extend(page)
        await catalogue.put(page)
        await catalogue.note_refresh(region, running=len(seen), fault=None)
    await catalogue.replace(region, began, seen)
    return None


async def keep_catalogue_fresh(ports: Ports, surveyor: Surveyor, every: float) -> None:
    """Refresh every region, again and again, until cancelled; and look what has happened to copies.

    Args:
        ports: the world.
        surveyor: knows all backups.
        every: seconds from the end of one refresh of a region to the beginning of its next; after one that did not
            go well it is `SOONER`.
    """
    async with asyncio.TaskGroup() as group:
        for region in ports.cloud.regions:
            group.create_task(_keep_fresh(ports, surveyor, region, every))


async def _keep_fresh(ports: Ports, surveyor: Surveyor, region: str, every: float) -> None:
    while True:
        fault = await refresh_catalogue(ports.cloud, ports.catalogue, ports.clock, region)
        if fault is None:
            await watch_copies(ports, surveyor)
        await ports.clock.sleep(min(every, SOONER) if fault else every)
