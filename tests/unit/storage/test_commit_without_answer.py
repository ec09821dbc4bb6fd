"""The answer to a COMMIT is lost with its connection: what was written is there, and whoever wrote it was not told."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from bot.domain.copies import CopyState
from bot.domain.events import EventFilter, EventKind
from bot.storage import Storage, StorageError, open_storage
from tests.fakes.clock import FakeClock
from tests.fakes.conditions import until
from tests.fakes.lossy_wire import LossyWire, lossy_wire
from tests.fakes.samples import sample_copy, sample_event, sample_order


@pytest.fixture
async def wire(postgres_place: SecretStr) -> AsyncIterator[LossyWire]:
    async with lossy_wire(postgres_place) as wire:
        yield wire


@pytest.fixture
async def storage(wire: LossyWire) -> AsyncIterator[Storage]:
    storage = await open_storage(wire.place, FakeClock())
    yield storage
    await storage.close()


async def test_nobody_is_told_that_nothing_was_changed(storage: Storage, wire: LossyWire) -> None:
    wire.loses_the_answer_to_the_commit_of("backup-1")
    with pytest.raises(StorageError, match="whether anything was changed is not known") as told:
        await storage.record.append(replace(sample_event(1), backup_id="backup-1"))
    assert wire.lost.is_set()
    assert "Nothing was changed" not in str(told.value)
    (written,) = await storage.record.events(EventFilter())
    assert written.event.backup_id == "backup-1"


async def test_the_news_of_it_is_told_and_doing_it_again_does_it_once(storage: Storage, wire: LossyWire) -> None:
    news: list[EventKind] = []
    storage.record.on_news(lambda recorded: news.append(recorded.event.kind))
    copy = replace(sample_copy(1), state=CopyState.REQUESTED)
    request = replace(sample_event(1, EventKind.COPY_REQUESTED), copy_id=copy.id)
    wire.loses_the_answer_to_the_commit_of(copy.id)
    with pytest.raises(StorageError):
        await storage.record.open(sample_order(copy), [(copy, request)])
    await until(lambda: news == [EventKind.COPY_REQUESTED])

    again = await storage.record.open(sample_order(copy), [(copy, request)])
    assert not again.is_new
    assert [found.id for found in await storage.record.open_copies()] == [copy.id]
    assert len(await storage.record.events(EventFilter())) == 1
