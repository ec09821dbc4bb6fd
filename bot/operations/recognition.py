"""Finding in another region the backup that is the same as a known one: by asking it, or as it was last seen."""

import asyncio
from collections.abc import Sequence

from bot.domain.backup import Backup
from bot.domain.copies import Copy
from bot.domain.lineage import Evidence, Recognised, recognise
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
    recorded = await ports.record.copies(backup_id=original.id, destination=region)
    likely = await _likely(ports, original, region, recorded, names)
    ids = [original.id, *_recorded_ids(recorded), *(each.id for each in likely)]
    asked = list(dict.fromkeys(ids))[:MOST_CANDIDATES]
    answers = await asyncio.gather(*(show(ports, region, each, urgent=urgent) for each in asked))
    there = [answer for answer in answers if isinstance(answer, Backup)]
    if found := await _same(ports, original, there, recorded, names):
        return found
    faults = (answer for answer in answers if isinstance(answer, Fault) and answer.reason is not Reason.NOT_FOUND)
    return next(faults, None)


async def remembered_in_region(
    ports: Ports, original: Backup, region: str, *, names: Sequence[str] = ()
) -> Recognised | None:
    """The same as `find_in_region`, as the region was last seen: it is not asked."""
    recorded = await ports.record.copies(backup_id=original.id, destination=region)
    return await _same(ports, original, await _likely(ports, original, region, recorded, names), recorded, names)


async def _likely(
    ports: Ports, original: Backup, region: str, recorded: Sequence[Copy], names: Sequence[str]
) -> list[Backup]:
    """Backups of another region that may be ``original``, those first that would be taken for it as last seen."""
    all_names = _names(recorded, names)
    likely = await ports.catalogue.likely_copies(original, region, names=all_names)
    ids = _recorded_ids(recorded)
    return sorted(likely, key=lambda each: recognise(original, [each], recorded_ids=ids, names=all_names) is None)


async def _same(
    ports: Ports, original: Backup, candidates: Sequence[Backup], recorded: Sequence[Copy], names: Sequence[str]
) -> Recognised | None:
    """What is recognised, unless it only looks the same and this bot has made it from another backup."""
    left = list(candidates)
    ids, all_names = _recorded_ids(recorded), _names(recorded, names)
    while found := recognise(original, left, recorded_ids=ids, names=all_names):
        if found.evidence is not Evidence.MATCHING_FACTS or not await _is_of_another(ports, original, found.backup):
            return found
        left.remove(found.backup)
    return None


async def _is_of_another(ports: Ports, original: Backup, candidate: Backup) -> bool:
    """Whether this bot has made a backup, and not from what ``original`` is or was made from."""
    first = await _first_of(ports, candidate)
    return first != (candidate.region, candidate.id) and first != await _first_of(ports, original)


async def _first_of(ports: Ports, backup: Backup) -> tuple[str, str]:
    """Region and id of the backup from which one came, copy after copy, as far as this bot made them."""
    way = {(backup.region, backup.id): None}
    while True:
        region, backup_id = next(reversed(way))
        made = await ports.record.copies(copied_id=backup_id, destination=region, limit=1)
        if not made or (made[0].backup.region, made[0].backup.id) in way:
            return region, backup_id
        way[made[0].backup.region, made[0].backup.id] = None


def _recorded_ids(recorded: Sequence[Copy]) -> list[str]:
    return [copy.copied_id for copy in recorded if copy.copied_id]


def _names(recorded: Sequence[Copy], names: Sequence[str]) -> list[str]:
    return [*names, *(copy.name for copy in recorded)]
