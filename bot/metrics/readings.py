"""What there is, read when somebody asks. Neither Slack nor the cloud is asked for it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from bot.domain.copies import ENDED, CopyState
from bot.domain.events import EventFilter
from bot.operations.observing import BudgetState
from bot.operations.ports import Ports, StoreTroubleError
from bot.operations.readiness import DATABASE, RULES, SLACK, Readiness

OPEN = tuple(state for state in CopyState if state not in ENDED)

PATIENCE = 5.0
"""Seconds one kind of reading may take: Prometheus waits 10 for all of them, unless it is told otherwise."""

Families = Sequence[Metric]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where it is read.

    Attributes:
        budgets: what is left of each.
        sizes: bytes of each part of what the bot remembers, by its name; called in a thread.
        untold: how many orders have news that Slack is still to be told, from memory.
        at_work: whether this bot is the one that works on copies.
        version: of the bot.
    """

    ports: Ports
    readiness: Readiness
    budgets: Callable[[], Awaitable[Iterable[BudgetState]]]
    sizes: Callable[[], Mapping[str, int]]
    untold: Callable[[], int]
    at_work: Callable[[], bool]
    version: str


async def read(sources: Sources) -> Sequence[Metric]:
    """Everything that can be read; what the files do not tell at the moment is left out."""
    readings = (_readiness, _budgets, _copies, _told, _catalogue, _files)
    families = await asyncio.gather(*(_unless_in_trouble(reading(sources)) for reading in readings))
    return [_info(sources), _work(sources), *(family for some in families for family in some)]


async def _unless_in_trouble(reading: Awaitable[Families]) -> Families:
    """What was read; nothing where that takes longer than who asks has time, or where the files are in trouble, which
    readiness tells.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            return await reading
    except (StoreTroubleError, TimeoutError):
        return ()


async def _readiness(sources: Sources) -> Families:
    standing = await sources.readiness.now()
    ready = GaugeMetricFamily("copy_backup_ready", "Whether the bot can be used.", float(standing.is_ready))
    needs = GaugeMetricFamily("copy_backup_dependency_up", "Whether it can be had.", labels=("dependency",))
    lacking = {*standing.missing, *standing.warnings}
    for name in dict.fromkeys([DATABASE, SLACK, *sources.ports.cloud.regions, RULES, *sorted(lacking)]):
        needs.add_metric((name,), float(name not in lacking))
    return ready, needs


async def _copies(sources: Sources) -> Families:
    regions = sources.ports.cloud.regions
    numbers = Counter(
        (copy.state, copy.backup.region, copy.destination) for copy in await sources.ports.record.open_copies()
    )
    usual = ((state, *way) for state in OPEN for way in permutations(regions, 2))
    copies = GaugeMetricFamily(
        "copy_backup_copies", "Copies that have not ended.", labels=("state", "source", "destination")
    )
    for state, source, destination in dict.fromkeys([*usual, *numbers]):
        copies.add_metric((state.value, source, destination), numbers[state, source, destination])
    return (copies,)


async def _told(sources: Sources) -> Families:
    last = await sources.ports.record.events(EventFilter(), limit=1)
    size = last[0].sequence if last else 0
    return (
        GaugeMetricFamily("copy_backup_audit_log_size", "Number of the last event of the audit log.", size),
        GaugeMetricFamily("copy_backup_untold_orders", "Orders with news that are not told yet.", sources.untold()),
    )


async def _catalogue(sources: Sources) -> Families:
    backups = GaugeMetricFamily("copy_backup_catalogue_backups", "Backups that are known.", labels=("region",))
    age = GaugeMetricFamily(
        "copy_backup_catalogue_age_seconds", "Since the whole list was read; absent before.", labels=("region",)
    )
    for region in sources.ports.cloud.regions:
        refresh = await sources.ports.catalogue.refreshed(region)
        backups.add_metric((region,), refresh.backups)
        if refresh.complete_at is not None:
            age.add_metric((region,), (sources.ports.clock.now() - refresh.complete_at).total_seconds())
    return backups, age


async def _files(sources: Sources) -> Families:
    sizes = GaugeMetricFamily("copy_backup_file_bytes", "Size of the files of the bot.", labels=("file",))
    for name, size in (await asyncio.to_thread(sources.sizes)).items():
        sizes.add_metric((name,), size)
    return (sizes,)


async def _budgets(sources: Sources) -> Families:
    labels = ("region", "call")
    left = GaugeMetricFamily("copy_backup_cloud_budget_left", "Calls that could be made now.", labels=labels)
    waiting = GaugeMetricFamily("copy_backup_cloud_calls_waiting", "Calls that wait for their turn.", labels=labels)
    for state in await sources.budgets():
        left.add_metric((state.region, state.call), state.left)
        waiting.add_metric((state.region, state.call), state.waiting)
    return left, waiting


def _work(sources: Sources) -> Metric:
    return GaugeMetricFamily(
        "copy_backup_at_work", "Whether this bot is the one that works on copies.", float(sources.at_work())
    )


def _info(sources: Sources) -> Metric:
    info = GaugeMetricFamily("copy_backup_info", "Which bot this is; always 1.", labels=("version",))
    info.add_metric((sources.version,), 1)
    return info
