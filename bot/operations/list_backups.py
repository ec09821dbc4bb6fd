"""List the backups there are, as last seen, with where else each of them is."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.backup import Backup
from bot.domain.lineage import Recognised
from bot.domain.sight import EVERYTHING, Sight
from bot.operations.catalogue import Listed, Refresh
from bot.operations.ports import Ports
from bot.operations.recognition import remembered_in_region


@dataclass(frozen=True, slots=True)
class ListedBackup:
    """One backup of the list.

    Attributes:
        elsewhere: the same backup in other regions, as they were last seen, each with how it was recognised.
    """

    backup: Backup
    elsewhere: tuple[Recognised, ...] = ()


@dataclass(frozen=True, slots=True)
class BackupPage:
    """A page of the list, newest first.

    Attributes:
        page: its number, from 1.
        total: how many backups all pages have.
        pages: how many there are; 1 at least.
        freshness: of the list of each region that was looked in.
    """

    backups: tuple[ListedBackup, ...]
    page: int
    total: int
    pages: int
    freshness: tuple[Refresh, ...]


async def list_backups(
    ports: Ports, regions: Sequence[str], text: str, *, page: int = 1, size: int = 8, sight: Sight = EVERYTHING
) -> BackupPage:
    """Backups of some regions, in any state. From the catalogue: the cloud is not asked.

    Args:
        ports: the world.
        regions: where to look.
        text: words that all have to be in what people search by; see `Catalogue.search`.
        page: the number of the page, from 1; the last one instead of one behind it.
        size: backups on a page.
        sight: what is not seen is neither given nor counted.
    """

    async def part(number: int) -> Listed:
        offset = (number - 1) * size
        return await ports.catalogue.listed(regions, text, limit=size, offset=offset, scopes=sight.scopes)

    found = await part(page)
    pages = max(1, -(-found.total // size))
    if page > pages:  # backups went while somebody was leafing through them
        page, found = pages, await part(pages)
    listed = [ListedBackup(backup, await _elsewhere(ports, backup, sight)) for backup in found.backups]
    freshness = [await ports.catalogue.refreshed(region) for region in regions]
    return BackupPage(tuple(listed), page, found.total, pages, tuple(freshness))


async def _elsewhere(ports: Ports, backup: Backup, sight: Sight) -> tuple[Recognised, ...]:
    others = [region for region in ports.cloud.regions if region != backup.region]
    found = await asyncio.gather(*(remembered_in_region(ports, backup, region) for region in others))
    return tuple(each for each in found if each and sight.sees(each.backup))
