"""Rows about the audit log as it grows: writing, reading, verifying."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bot.domain.events import Event, EventFilter, EventKind
from bot.domain.people import Person
from bot.operations.ports import Record, Verified
from bot.storage import open_storage, verify
from bot.workflow.clock import SystemClock
from tests.bench.rows import Verdict

FLAT = 1.5
"""How many times as long something may take in the largest log as in the smallest, to count as not growing."""

GOAL_PAGE_MS = 10.0
GOAL_VERIFIED_A_SECOND = 200_000

APPENDED = 500
"""Events of one measured round of writing, all on their way at once."""

FILLED_AT_ONCE = 5_000
ROUNDS = 7
PEOPLE = [Person(f"U{number:08}", f"person-{number}") for number in range(200)]


@dataclass(frozen=True, slots=True)
class _At:
    """What was measured at one size.

    Attributes:
        append: milliseconds of one event, when many are written.
        page: milliseconds of the slower of the newest page and the newest page of one person.
    """

    events: int
    append: float
    page: float


async def audit_log_rows(sizes: Sequence[int]) -> AsyncIterator[Verdict]:
    """The audit log at several sizes, from the smallest to the largest."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bot.sqlite"
        storage = await open_storage(path, SystemClock())
        try:
            measured = [await _measured(storage.record, size) for size in sizes]
        finally:
            await storage.close()
        smallest, largest = measured[0], measured[-1]
        growth = largest.append / smallest.append
        yield Verdict(
            what=f"Audit log: an append at {largest.events:,} events, over one at {smallest.events:,}",
            goal=f"flat: at most {FLAT:g} times",
            unit="times",
            measured=growth,
            references=(),
            holds=growth <= FLAT,
        )
        slowest = max(each.page for each in measured)
        yield Verdict(
            what=f"Audit log of up to {largest.events:,} events: newest page, also of one person",
            goal=f"less than {GOAL_PAGE_MS:g} ms",
            unit="ms",
            measured=slowest,
            references=(),
            holds=slowest < GOAL_PAGE_MS,
        )
        yield await asyncio.to_thread(_verified, path)


async def _measured(record: Record, size: int) -> _At:
    """Fill a log up to a size, and measure there."""
    there = await record.events(EventFilter(), limit=1)
    missing = size - (there[0].sequence if there else 0)
    for first in range(0, missing, FILLED_AT_ONCE):
        await _append(record, min(FILLED_AT_ONCE, missing - first))
    appends = [await _milliseconds_to_append(record) for _ in range(ROUNDS)]
    pages = [await _milliseconds_of_page(record, wanted) for wanted in _pages() for _ in range(ROUNDS)]
    newest, of_person = pages[:ROUNDS], pages[ROUNDS:]
    return _At(size, median(appends) / APPENDED, max(median(newest), median(of_person)))


def _pages() -> tuple[EventFilter, EventFilter]:
    return EventFilter(), EventFilter(person=PEOPLE[7].id)


async def _milliseconds_to_append(record: Record) -> float:
    began = time.perf_counter()
    await _append(record, APPENDED)
    return (time.perf_counter() - began) * 1000


async def _milliseconds_of_page(record: Record, wanted: EventFilter) -> float:
    began = time.perf_counter()
    assert await record.events(wanted, limit=20)
    return (time.perf_counter() - began) * 1000


async def _append(record: Record, number: int) -> None:
    at = datetime.now(UTC)
    await asyncio.gather(*(record.append(_event(each, at)) for each in range(number)))


def _event(number: int, at: datetime) -> Event:
    return Event(
        EventKind.SEEN,
        at=at,
        who=PEOPLE[number % len(PEOPLE)],
        copy_id=f"{number // 5:012x}",
        backup_id=f"{number // 5:08x}-0000-4000-8000-000000000000",
        backup_name=f"nightly-{number % 400}-2026",
        source="DFW",
        destination="IAD",
        facts={"status": "BUILDING"},
    )


def _verified(path: Path) -> Verdict:
    began = time.perf_counter()
    found = verify(path)
    seconds = time.perf_counter() - began
    assert isinstance(found, Verified), found
    a_second = found.events / seconds
    return Verdict(
        what=f"Audit log: verifying {found.events:,} events",
        goal=f"more than {GOAL_VERIFIED_A_SECOND:,} a second",
        unit="/s",
        measured=a_second,
        references=(),
        holds=a_second > GOAL_VERIFIED_A_SECOND,
    )
