"""Rows about the audit log as it grows: writing, reading, verifying."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bot.domain.events import Event, EventFilter, EventKind
from bot.domain.people import Person
from bot.operations.ports import Record, Verified
from bot.storage import open_storage, verify
from bot.storage.connection import Place
from bot.storage.moving import move
from bot.workflow.clock import SystemClock
from tests.bench.rows import TIMES, Verdict
from tests.bench.work.databases import by_size, not_measured
from tests.fakes.postgres import PostgresServer

FLAT = 1.5
"""How many times as long something may take in the largest log as in the smallest, to count as not growing."""

GOAL_PAGE_MS = 10.0
GOAL_VERIFIED_A_SECOND = 200_000

APPENDED = 200
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
        verified: events that are verified in a second.
    """

    events: int
    append: float
    page: float
    verified: float

    @property
    def size(self) -> str:
        return f"{self.events:,} events"


async def audit_log_rows(server: PostgresServer | None, sizes: Sequence[int]) -> AsyncIterator[Verdict]:
    """The audit log at several sizes, from the smallest to the largest, in both kinds of databases."""
    in_file: list[_At] = []
    on_server: list[_At] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bot.sqlite"
        for size in sizes:
            await _fill(file, size)
            if server is not None:
                place = server.new_database()
                await asyncio.to_thread(move, file, place)  # a million events, one by one, take the server an hour
                on_server.append(await _measured(place, size))
            in_file.append(await _measured(file, size))
    for row in _rows("SQLite", in_file):
        yield row
    if server is None:
        yield not_measured(f"Audit log of up to {sizes[-1]:,} events (PostgreSQL)")
        return
    for row in _rows("PostgreSQL", on_server):
        yield row


def _rows(database: str, measured: Sequence[_At]) -> Iterator[Verdict]:
    smallest, largest = measured[0], measured[-1]
    growth = largest.append / smallest.append
    yield Verdict(
        what=f"Audit log: an append at {largest.size}, over one at {smallest.size} ({database})",
        goal=f"flat: at most {FLAT:g} times; it takes {largest.append:.2g} ms",
        unit=TIMES,
        measured=growth,
        references=(),
        holds=growth <= FLAT,
    )
    slowest = max(each.page for each in measured)
    yield by_size(
        f"Audit log of {largest.size}: newest page, also of one person ({database})",
        goal=f"less than {GOAL_PAGE_MS:g} ms",
        unit="ms",
        measured=[(each.size, each.page) for each in measured],
        holds=slowest < GOAL_PAGE_MS,
    )
    yield by_size(
        f"Audit log: verifying {largest.size} ({database})",
        goal=f"more than {GOAL_VERIFIED_A_SECOND:,} a second",
        unit="/s",
        measured=[(each.size, each.verified) for each in measured],
        holds=largest.verified > GOAL_VERIFIED_A_SECOND,
        less_is_better=False,
    )


async def _fill(file: Path, size: int) -> None:
    """Let a log grow up to a size."""
    storage = await open_storage(file, SystemClock())
    try:
        there = await storage.record.events(EventFilter(), limit=1)
        missing = size - (there[0].sequence if there else 0)
        for first in range(0, missing, FILLED_AT_ONCE):
            await _append(storage.record, min(FILLED_AT_ONCE, missing - first))
    finally:
        await storage.close()


async def _measured(place: Place, size: int) -> _At:
    """Measure a log that was filled up to a size; it grows by a few events."""
    verified = await asyncio.to_thread(_verified_a_second, place)
    storage = await open_storage(place, SystemClock())
    try:
        appends = [await _milliseconds_to_append(storage.record) for _ in range(ROUNDS)]
        pages = [await _milliseconds_of_page(storage.record, wanted) for wanted in _pages() for _ in range(ROUNDS)]
    finally:
        await storage.close()
    newest, of_person = pages[:ROUNDS], pages[ROUNDS:]
    return _At(size, median(appends) / APPENDED, max(median(newest), median(of_person)), verified)


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


def _verified_a_second(place: Place) -> float:
    began = time.perf_counter()
    found = verify(place)
    seconds = time.perf_counter() - began
    assert isinstance(found, Verified), found
    return found.events / seconds
