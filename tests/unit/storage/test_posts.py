"""What the notifier remembers, in the file and in the fake."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.domain.posts import Post
from bot.operations.ports import Record
from bot.storage import StoredPosts, open_storage
from tests.fakes.clock import FakeClock
from tests.fakes.posts import MemoryPosts
from tests.fakes.record import MemoryRecord
from tests.fakes.samples import sample_copy, sample_event, sample_order


@dataclass
class Room:
    record: Record
    posts: StoredPosts | MemoryPosts


@pytest.fixture(params=["sqlite", "memory"])
async def room(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Room]:
    if request.param == "memory":
        record = MemoryRecord()
        yield Room(record, MemoryPosts(record))
        return
    storage = await open_storage(tmp_path / "bot.db", FakeClock())
    yield Room(storage.record, storage.posts)
    await storage.close()


async def test_a_post_comes_back_as_it_was_saved_last(room: Room) -> None:
    copy = sample_copy(1)
    await room.record.open(sample_order(copy), [(copy, sample_event(1))])
    assert await room.posts.post_of(copy.id) is None
    begun = Post(copy.id, "C0OPS")
    await room.posts.save(begun)
    assert await room.posts.post_of(copy.id) == begun
    posted = replace(
        begun, message_ts="1.5", told_sequence=3, shown_revision=2, is_finished=True, problem="is_archived"
    )
    await room.posts.save(posted)
    assert await room.posts.post_of(copy.id) == posted


async def test_an_order_is_unfinished_until_its_post_says_otherwise_also_before_it_has_one(room: Room) -> None:
    copies = [sample_copy(number) for number in (1, 2, 3)]
    for copy in copies:
        await room.record.open(sample_order(copy), [(copy, sample_event(1))])
    await room.posts.save(Post(copies[1].id, "C0OPS", "1.5", is_finished=True))
    await room.posts.save(Post(copies[2].id, "C0OPS", "1.6"))
    assert await room.posts.unfinished() == [copies[0].id, copies[2].id]
