"""Finding in another region the backup that is the same as a known one, by asking that region."""

import asyncio
from collections.abc import Sequence

from bot.domain.backup import Backup
from bot.domain.lineage import Recognised, recognise
from bot.domain.reasons import Fault, Reason
from bot.operations.ports import Ports

MOST_CANDIDATES = 6
"""Backups of the other region that are asked for at most: the likeliest are first, and each costs one call."""


async def show(ports: Ports, region: str, backup_id: str, *, urgent: bool) -> Backup | Fault:
    """One backup as the cloud shows it now; the catalogue learns of it."""
    seen = await ports.cloud.show(region, backup_id, urgent=urgent)
    if isinstance(seen, Backup):
        await ports.catalogue.put([seen])
    elif seen.reason is Reason.NOT_FOUND:
        await ports.catalogue.remove(region, backup_id)
    return seen


async def candidates_in(ports: Ports, original: Backup, region: str, *, names: Sequence[str] = ()) -> list[str]:
    """Ids under which ``original`` may be known in another region, the likeliest first, without asking it."""
    recorded = await ports.record.copies(backup_id=original.id, destination=region)
    likely = await ports.catalogue.likely_copies(original, region, names=names)
    ids = [original.id, *(copy.copied_id for copy in recorded if copy.copied_id), *(backup.id for backup in likely)]
    return list(dict.fromkeys(ids))


async def find_in_region(
    ports: Ports, original: Backup, region: str, *, names: Sequence[str] = (), urgent: bool = True
) -> Recognised | Fault | None:
    """The backup of ``region`` that is the same as ``original``, as the cloud shows it now.

    All candidates are asked for at once: one round trip.

    Args:
        ports: the world.
        original: as it stands, or last stood, in its own region.
        region: where to look.
        names: names a copy may have been given.
        urgent: whether a person waits for the answer.

    Returns:
        ``None`` when none of the candidates is there; a `Fault` when that could not be found out.
    """
    ids = (await candidates_in(ports, original, region, names=names))[:MOST_CANDIDATES]
    answers = await asyncio.gather(*(show(ports, region, each, urgent=urgent) for each in ids))
    recorded = await ports.record.copies(backup_id=original.id, destination=region)
    found = recognise(
        original,
        [answer for answer in answers if isinstance(answer, Backup)],
        recorded_ids=[copy.copied_id for copy in recorded if copy.copied_id],
        names=[*names, *(copy.name for copy in recorded)],
    )
    if found:
        return found
    faults = (answer for answer in answers if isinstance(answer, Fault) and answer.reason is not Reason.NOT_FOUND)
    return next(faults, None)
