"""Where what could be restored, from what is remembered of all regions: the cloud is not asked."""

import asyncio
import time
from dataclasses import replace

from bot.domain.backup import Backup
from bot.domain.coverage import Report, Row, Wanted, coverage_of
from bot.domain.radar import Radar, radar_of
from bot.domain.sight import Sight
from bot.domain.survey import Held, Survey
from bot.operations.ports import Ports

REUSED_FOR = 4.0
"""A survey is used again for so many times as long as it took: so that whatever many people ask for, a fifth of one
processor is all it takes.
"""


class Surveyor:
    """Makes surveys of all backups. One that is still true is used again; many who ask at once share one."""

    def __init__(self, ports: Ports) -> None:
        """Nothing is surveyed yet."""
        self._ports = ports
        self._lock = asyncio.Lock()
        self._survey: Survey | None = None
        self._revision = (-1, -1)
        self._reused_until = 0.0

    async def survey(self, *, latest: bool = False) -> Survey:
        """All backups.

        Args:
            latest: with all that was known when this was asked for; otherwise a few seconds may be missing.
        """
        async with self._lock:
            ports = self._ports
            revision = (ports.catalogue.revision, ports.record.revision)
            began = time.monotonic()
            if self._survey is not None and (revision == self._revision or (not latest and began < self._reused_until)):
                return self._survey
            held = await ports.catalogue.everything()
            made = await ports.record.made()  # after the backups: whatever of them the bot has made is known here
            self._survey = await asyncio.to_thread(Survey.of, held, made)
            self._revision = revision
            ended = time.monotonic()
            self._reused_until = ended + REUSED_FOR * (ended - began)
            return self._survey


def seen(report: Report, sight: Sight) -> Report:
    """What somebody may see of a report: of instances, those of which they may see a backup."""
    if not sight.is_narrowed:
        return report
    coverage, radar = report.coverage, report.radar
    rows = tuple(row for row in coverage.rows if any(sight.sees(_backup(held)) for held in _backups_of(row)))
    return replace(
        report,
        coverage=replace(coverage, rows=rows, unknown=0),
        radar=Radar(
            tuple(each for each in radar.orphans if sight.sees(_backup(each.backup))),
            tuple(each for each in radar.pillars if sight.sees(_backup(each.backup))),
        ),
    )


def _backups_of(row: Row) -> list[Held]:
    found = [row.newest, *(held for cell in row.cells for held in (cell.newest, cell.cure))]
    return [held._replace(origin=row.origin) for held in found if held]


def _backup(held: Held) -> Backup:
    """As much of a backup as the rules look at."""
    return Backup(held.id, held.region, held.name, held.status, origin=held.origin)


async def report_coverage(ports: Ports, surveyor: Surveyor, wanted: Wanted, *, latest: bool = False) -> Report:
    """For each instance and region, the newest backup that could be restored there.

    Args:
        ports: the world.
        surveyor: knows all backups.
        wanted: how old the newest may be.
        latest: see `Surveyor.survey`.
    """
    regions = ports.cloud.regions
    refreshes = [await ports.catalogue.refreshed(region) for region in regions]
    survey = await surveyor.survey(latest=latest)
    coverage = await asyncio.to_thread(coverage_of, survey, regions, wanted, ports.clock.now())
    return Report(
        coverage,
        await asyncio.to_thread(radar_of, survey, regions),
        not_read=tuple(each.region for each in refreshes if each.complete_at is None),
        stale=tuple(each.region for each in refreshes if each.complete_at is not None and each.fault is not None),
    )
