"""Makers of things that the contracts are about, and a clock that is turned by hand."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest


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
