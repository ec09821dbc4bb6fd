"""Makers of things that the contracts are about, and a clock that is turned by hand."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.operations.ports import Clock
from bot.storage import open_storage
from bot.storage.connection import Place
from tests.fakes.places import place_of
from tests.fakes.record import MemoryRecord
from tests.fakes.records import ListenedRecord


class HandClock:
    """Time stands still until a test turns it."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.turn(seconds)
        await asyncio.sleep(0)

    def turn(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return place_of(request, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql", "memory"])
async def record(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[ListenedRecord]:
    if request.param == "memory":
        yield MemoryRecord()
        return
    storage = await open_storage(place_of(request, tmp_path), clock)
    yield storage.record
    await storage.close()
