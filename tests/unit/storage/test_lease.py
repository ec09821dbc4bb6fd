"""One bot works on a PostgreSQL database at a time, and one whose time is over can do no harm."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from pydantic import SecretStr

from bot.domain.events import EventFilter
from bot.storage import StorageError, open_storage
from tests.fakes.clock import FakeClock
from tests.fakes.conditions import until
from tests.fakes.leases import at_work
from tests.fakes.samples import sample_event

SHORT = 1.0
"""Seconds; a lease that is not kept ends so soon."""

LONG = 600.0


async def test_while_one_is_at_work_another_stands_by_and_takes_over_when_it_ends(
    postgres_place: SecretStr, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with AsyncExitStack() as others:
        async with at_work(postgres_place, LONG) as first:
            standing_by = asyncio.create_task(others.enter_async_context(at_work(postgres_place, SHORT)))
            await until(lambda: "when it ends, this bot takes over" in caplog.text)
            assert first.is_held()
            assert not standing_by.done()
        second = await asyncio.wait_for(standing_by, 30)
        assert (first.is_held(), second.is_held()) == (False, True)
        assert second.epoch == first.epoch + 1


async def test_one_of_whom_there_is_word_stays_at_work(postgres_place: SecretStr) -> None:
    async with at_work(postgres_place, SHORT) as lease, AsyncExitStack() as others:
        other = asyncio.create_task(others.enter_async_context(at_work(postgres_place, SHORT)))
        await asyncio.sleep(2 * SHORT)
        assert (lease.is_held(), lease.lost.is_set(), other.done()) == (True, False, False)
        other.cancel()


async def test_one_of_whom_there_is_no_word_is_followed_by_another_and_can_do_nothing_more(
    postgres_place: SecretStr, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_work(postgres_place, SHORT) as first:
        storage = await open_storage(postgres_place, FakeClock(), epoch=first.epoch)
        await storage.record.append(sample_event(1))
        monkeypatch.setattr(first, "_renew", lambda _connection: True)  # the word never arrives
        async with at_work(postgres_place, SHORT) as second:
            with pytest.raises(StorageError, match="another bot has taken over"):
                await storage.record.append(sample_event(2))
            after = await open_storage(postgres_place, FakeClock(), epoch=second.epoch)
            assert len(await after.record.events(EventFilter())) == 1
            await after.close()
            monkeypatch.undo()
            await asyncio.wait_for(first.lost.wait(), 30)
            assert not first.is_held()
        await storage.close()


async def test_nothing_is_sent_once_the_word_came_too_late(
    postgres_place: SecretStr, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the bot's own clock: it may be cut off from the database, and cannot know whether another works."""

    def fails(_connection: object) -> bool:
        raise StorageError("cut off")

    async with at_work(postgres_place, SHORT) as lease:
        assert lease.is_held()
        monkeypatch.setattr(lease, "_renew", fails)
        await until(lambda: not lease.is_held())
        monkeypatch.undo()
        await until(lease.is_held)
        assert not lease.lost.is_set()
