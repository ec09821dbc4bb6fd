"""Orders in SQLite: written wholly or not at all, and kept over a restart."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.events import EventFilter, EventKind
from bot.storage import Storage, StorageError, open_storage
from tests.fakes.clock import FakeClock
from tests.fakes.samples import sample_copy, sample_event, sample_order


async def test_an_order_that_cannot_be_written_to_its_end_leaves_nothing(storage: Storage) -> None:
    first, others = sample_copy(0), [sample_copy(1), sample_copy(2)]
    await storage.record.open(sample_order(first), [(first, sample_event(0))])
    twice = replace(sample_order(*others), id=first.order_id)

    with pytest.raises(StorageError):
        await storage.record.open(twice, [(each, sample_event(9)) for each in others])

    assert await storage.record.open_copies() == [first]
    assert len(await storage.record.events(EventFilter())) == 1
    assert [each.order for each in await storage.record.open_orders()] == [sample_order(first)]


async def test_an_order_is_the_same_after_a_restart(tmp_path: Path) -> None:
    copies = [sample_copy(1), replace(sample_copy(2), order_id=sample_copy(1).order_id, after=sample_copy(1).id)]
    copies[1] = replace(copies[1], despite_existing_copy=True)
    order = replace(sample_order(*copies), wanted_ids=(copies[1].id,), name="{name}-before-migration")
    storage = await open_storage(tmp_path / "bot.db", FakeClock())
    await storage.record.open(order, [(each, sample_event(1, EventKind.COPY_REQUESTED)) for each in copies])
    await storage.close()

    storage = await open_storage(tmp_path / "bot.db", FakeClock())
    found = await storage.record.order(order.id)
    await storage.close()

    assert found is not None
    assert found.order == order
    assert list(found.copies) == copies


async def test_copies_are_looked_up_by_index(storage: Storage, tmp_path: Path) -> None:
    """What is asked for on every plan and every send must not get slower with the years."""
    questions = {
        "SELECT body FROM copies WHERE copied_id = 'x' AND destination = 'IAD'": "copies_arrived",
        "SELECT body FROM copies WHERE backup_id = 'b' AND source = 'DFW' AND destination = 'IAD' "
        "AND state = 'completed' AND ended_at >= 'x'": "copies_",
        "SELECT json_extract(body, '$.sent_at') FROM copies WHERE source = 'DFW' AND destination = 'IAD' "
        "AND state = 'completed' ORDER BY ended_at DESC LIMIT 100": "copies_done",
    }
    with closing(sqlite3.connect(tmp_path / "bot.db")) as file:
        for question, index in questions.items():
            (plan,) = file.execute(f"EXPLAIN QUERY PLAN {question}").fetchall()
            assert f"USING INDEX {index}" in plan[-1], plan
