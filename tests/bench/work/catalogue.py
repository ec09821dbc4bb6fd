"""Rows about what is asked of the catalogue: searching while somebody types, and the plan of a long chain."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles

from bot.domain.backup import REGIONS_FOR_COPIES, Backup, Datastore, Origin
from bot.domain.rules import Scope
from bot.operations.catalogue import Catalogue
from bot.storage import open_storage
from bot.storage.connection import Place
from bot.workflow.clock import SystemClock
from tests.bench.rows import Verdict
from tests.bench.work.databases import Databases, by_size, not_measured
from tests.fakes.world import FULL, World

GOAL_SEARCH_MS = 15.0
GOAL_NARROWED = 3.0
NARROWED = (Scope(backups=("nightly-7*",)), Scope(instances=("instance-3*",)))
LENGTH_OF_CHAIN = 64
REGIONS_TO_ASK = 2
TYPED = ("", "n", "ni", "nightly", "nightly-7", "orders 2026", "mysql", "000000ff", "instance-3", "nothing like it")


@dataclass(frozen=True, slots=True)
class _At:
    """Milliseconds of searches in a catalogue of one size, by somebody who may see all of it, or a part."""

    backups: int
    whole: list[float]
    part: list[float]

    @property
    def size(self) -> str:
        return f"{self.backups:,} backups"


async def typed_search(databases: Databases, sizes: Sequence[int]) -> AsyncIterator[Verdict]:
    """Row 5: how long it takes to find backups for what somebody has typed so far, and how much longer where the rules
    let somebody see a part of them only; in catalogues from the smallest to the largest.
    """
    what = f"Typed search over {sizes[-1]:,} backups"
    if databases.new is None:
        yield not_measured(f"{what} ({databases.name})")
        return
    measured = [await _searched(databases.new(), backups) for backups in sizes]
    p99 = _p99(measured[-1].whole)
    yield by_size(
        f"{what}, p99 ({databases.name})",
        goal=f"less than {GOAL_SEARCH_MS:g} ms",
        unit="ms",
        measured=[(at.size, _p99(at.whole)) for at in measured],
        holds=p99 < GOAL_SEARCH_MS,
    )
    longer = median(measured[-1].part) / median(measured[-1].whole)
    yield by_size(
        f"{what} of which the rules show a part, median ({databases.name})",
        goal=f"at most {GOAL_NARROWED:g} times as long as over all of them; it is {longer:.1f} times",
        unit="ms",
        measured=[(at.size, median(at.part)) for at in measured],
        holds=longer <= GOAL_NARROWED,
    )


def _p99(milliseconds: Sequence[float]) -> float:
    return quantiles(milliseconds, n=100)[98]


async def _searched(place: Place, backups: int) -> _At:
    """Fill a catalogue and search in it."""
    now = datetime.now(UTC)
    storage = await open_storage(place, SystemClock())
    try:
        await storage.catalogue.replace("DFW", now, [_backup(number, now) for number in range(backups)])
        whole = await _milliseconds_to_search(storage.catalogue, None)
        part = await _milliseconds_to_search(storage.catalogue, NARROWED)
    finally:
        await storage.close()
    return _At(backups, whole, part)


async def _milliseconds_to_search(catalogue: Catalogue, scopes: Sequence[Scope] | None) -> list[float]:
    taken = []
    for text in TYPED * 20:
        began = time.perf_counter()
        await catalogue.search("DFW", text, limit=100, scopes=scopes)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def _backup(number: int, now: datetime) -> Backup:
    return Backup(
        id=f"{number:08x}-0000-4000-8000-000000000000",
        region="DFW",
        name=f"nightly-{number % 400}-2026",
        status="COMPLETED",
        parent_id=None,
        size_gb=1.0,
        created=now - timedelta(minutes=number),
        datastore=Datastore("mysql", "5.6"),
        origin=Origin("instance", f"instance-{number // 14}"),
        description="orders" if number % 3 else None,
    )


async def plan_of_a_long_chain() -> Verdict:
    """Row 6: what a plan costs when nothing of a long chain is in the destination, the catalogue being warm."""
    world = World.new()
    chain = [replace(FULL, id="link-00", name="weekly")]
    for number in range(1, LENGTH_OF_CHAIN):
        chain.append(replace(chain[-1], id=f"link-{number:02}", name=f"nightly-{number}", parent_id=chain[-1].id))
    world.cloud.put(*chain)
    for region in REGIONS_FOR_COPIES:
        await world.catalogue.replace(region, world.clock.now(), world.cloud.backups(region))
    before = len(world.cloud.calls)
    let_go = world.cloud.hold("show")
    planning = asyncio.create_task(world.order_plan(chain[-1], whole_chain=True))
    for _ in range(200):
        await asyncio.sleep(0)
    at_once = len(world.cloud.calls) - before
    let_go.set()
    plan = await planning
    assert len(plan.copies) == LENGTH_OF_CHAIN
    calls = len(world.cloud.calls) - before
    return Verdict(
        what=f"Plan for a chain of {LENGTH_OF_CHAIN}, catalogue warm: cloud calls, of which {at_once} at once",
        goal=f"no more than the {REGIONS_TO_ASK} regions to ask, one round trip deep",
        unit="calls",
        measured=calls,
        references=(),
        holds=calls <= REGIONS_TO_ASK and at_once == calls,
    )
