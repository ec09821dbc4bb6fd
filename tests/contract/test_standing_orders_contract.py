"""What every store of standing orders promises, whatever it is made of."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.backup import Origin
from bot.domain.events import Event, EventFilter, EventKind
from bot.domain.people import Person
from bot.domain.reasons import Reason
from bot.domain.standing_orders import StandingState
from bot.operations.ports import Clock, Record, StandingOrders
from bot.storage import open_storage
from tests.fakes.places import place_of
from tests.fakes.record import MemoryRecord
from tests.fakes.standing_orders import MemoryStandingOrders, standing_order

ORDERED = Event(EventKind.KEEP_ORDERED, datetime(2026, 11, 22, 9, tzinfo=UTC), Person("U-ana", "ana"))


@dataclass(frozen=True, slots=True)
class Both:
    store: StandingOrders
    record: Record

    async def events(self) -> int:
        return len(await self.record.events(EventFilter()))


@pytest.fixture(params=["sqlite", "postgresql", "memory"])
async def both(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[Both]:
    if request.param == "memory":
        record = MemoryRecord()
        yield Both(MemoryStandingOrders(record), record)
        return
    storage = await open_storage(place_of(request, tmp_path), clock)
    yield Both(storage.standing_orders, storage.record)
    await storage.close()


async def test_what_is_written_is_read_as_it_was_with_its_event(both: Both) -> None:
    standing = standing_order(next_at=ORDERED.at, told=(Reason.FROZEN,), order_id="0123456789ab")
    assert await both.store.write(standing, ORDERED)
    assert await both.store.kept() == [standing]
    assert await both.store.standing_order(standing.id) == standing
    (recorded,) = await both.record.events(EventFilter())
    assert recorded.event == ORDERED


async def test_there_is_one_at_a_time_for_an_instance_and_a_region(both: Both) -> None:
    first = standing_order()
    assert await both.store.write(first, ORDERED)
    assert not await both.store.write(standing_order(id="another"), ORDERED)
    assert await both.events() == 1
    assert await both.store.write(standing_order(id="other region", region="SYD"))
    assert await both.store.write(standing_order(id="other instance", origin=Origin("instance", "users-db")))
    assert await both.store.write(first.changed(state=StandingState.ENDED))
    assert await both.store.write(standing_order(id="another"))
    assert [each.id for each in await both.store.kept()] == ["other region", "other instance", "another"]


async def test_one_that_has_changed_since_it_was_read_is_not_written(both: Both) -> None:
    first = standing_order()
    await both.store.write(first)
    paused = first.changed(state=StandingState.PAUSED)
    assert await both.store.write(paused, ORDERED)
    assert not await both.store.write(first.changed(runs=1), ORDERED)
    assert not await both.store.write(standing_order(id="unknown", revision=3), ORDERED)
    assert not await both.store.write(first, ORDERED)
    assert await both.store.standing_order(first.id) == paused
    assert await both.events() == 1


async def test_one_that_has_ended_is_kept_no_more_and_still_known(both: Both) -> None:
    ended = standing_order().changed(state=StandingState.ENDED)
    await both.store.write(standing_order())
    await both.store.write(ended)
    assert await both.store.kept() == []
    assert await both.store.standing_order(ended.id) == ended


async def test_a_unique_beginning_of_its_id_of_six_characters_is_enough(both: Both) -> None:
    await both.store.write(standing_order(id="7f3a91c2d5e6"))
    await both.store.write(standing_order(id="7f3a91000000", region="SYD"))
    assert await both.store.standing_order("7f3a9") is None
    assert await both.store.standing_order("7f3a91") is None
    found = await both.store.standing_order("7f3a91c")
    assert found is not None
    assert found.region == "IAD"
