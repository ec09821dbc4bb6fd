"""Several processes on one PostgreSQL database: each hears what the others write."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from bot.domain.copies import Copy, CopyState
from bot.domain.events import Event, EventKind
from bot.domain.reasons import Fault, Reason
from bot.storage import Storage, open_storage
from bot.storage.feed import LOOK_EVERY
from bot.storage.postgres import PostgresConnection
from tests.fakes.clock import FakeClock
from tests.fakes.conditions import until
from tests.fakes.postgres import PostgresServer
from tests.fakes.samples import sample_copy, sample_event, sample_order

LONG = 30.0


@pytest.fixture
async def here(postgres_place: SecretStr) -> AsyncIterator[Storage]:
    storage = await open_storage(postgres_place, FakeClock())
    yield storage
    await storage.close()


@pytest.fixture
async def there(postgres_place: SecretStr, here: Storage) -> AsyncIterator[Storage]:
    del here  # is there first
    storage = await open_storage(postgres_place, FakeClock())
    yield storage
    await storage.close()


def heard_by(storage: Storage) -> list[int]:
    heard: list[int] = []
    storage.record.on_news(lambda recorded: heard.append(recorded.sequence))
    return heard


async def opened(storage: Storage) -> Copy:
    copy = replace(sample_copy(1), state=CopyState.REQUESTED)
    await storage.record.open(sample_order(copy), [(copy, event_of(copy, EventKind.COPY_REQUESTED))])
    return copy


def event_of(copy: Copy, kind: EventKind) -> Event:
    return replace(sample_event(1, kind), copy_id=copy.id)


def moved(copy: Copy) -> Copy:
    return replace(copy, state=CopyState.SENDING, revision=copy.revision + 1)


async def test_each_hears_of_every_event_once_and_in_order_whoever_wrote_it(here: Storage, there: Storage) -> None:
    heard = heard_by(here), heard_by(there)
    await asyncio.gather(
        *(storage.record.append(sample_event(number)) for number in range(20) for storage in (here, there))
    )
    await until(lambda: min(map(len, heard)) == 40)
    assert heard == (list(range(1, 41)), list(range(1, 41)))


async def test_who_is_new_hears_of_nothing_that_is_old(here: Storage, postgres_place: SecretStr) -> None:
    await here.record.append(sample_event(1))
    later = await open_storage(postgres_place, FakeClock())
    heard = heard_by(later)
    await here.record.append(sample_event(2))
    await until(lambda: bool(heard))
    assert heard == [2]
    await later.close()


async def test_who_waits_for_a_copy_is_woken_by_a_move_that_another_has_made(here: Storage, there: Storage) -> None:
    copy = await opened(here)
    waiting = asyncio.create_task(here.record.changed(copy, LONG))
    assert await there.record.move(moved(copy), event_of(copy, EventKind.SENDING))
    assert (await asyncio.wait_for(waiting, LONG / 2)).state is CopyState.SENDING


async def test_who_waits_is_not_woken_by_what_was_there_before(here: Storage) -> None:
    copy = await opened(here)
    waiting = asyncio.create_task(here.record.changed(copy, 0.5))
    assert await waiting == copy


async def test_what_another_changes_makes_what_is_known_of_everything_old(here: Storage, there: Storage) -> None:
    record, catalogue = here.record.revision, here.catalogue.revision
    await opened(there)
    await there.catalogue.put([sample_copy(1).backup])
    await until(lambda: here.record.revision > record and here.catalogue.revision > catalogue)


async def test_how_a_refresh_goes_is_seen_by_all(here: Storage, there: Storage) -> None:
    await there.catalogue.note_refresh("DFW", running=20, fault=None)
    assert (await here.catalogue.refreshed("DFW")).running == 20
    fault = Fault(Reason.SERVICE_UNAVAILABLE, 503, "serviceUnavailable", "Try later.", retry_after=5.0)
    await there.catalogue.note_refresh("DFW", running=None, fault=fault)
    assert (await here.catalogue.refreshed("DFW")).fault == fault


async def test_a_connection_that_is_cut_loses_nothing(
    here: Storage, there: Storage, postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    heard = heard_by(here)
    place = here.files[0].place
    assert isinstance(place, SecretStr)
    await asyncio.to_thread(
        postgres.run,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = 'copy-backup-bot news'",
        place,
    )
    await until(lambda: "no news of postgresql://" in caplog.text)
    await there.record.append(sample_event(1))
    await until(lambda: heard == [1])


async def test_what_nobody_gave_word_of_is_heard_a_little_later(
    here: Storage, there: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Versions before this one give none."""
    heard = heard_by(here)
    monkeypatch.setattr(PostgresConnection, "announce", lambda _: None)
    await there.record.append(sample_event(1))
    await until(lambda: heard == [1], seconds=LOOK_EVERY * 5)
