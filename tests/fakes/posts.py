"""What the notifier remembers, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.domain.posts import Post
from tests.fakes.record import MemoryRecord


@dataclass
class MemoryPosts:
    """What `bot.storage.SqlitePosts` does; ``record`` says which copies there are."""

    record: MemoryRecord
    posts: dict[str, Post] = field(default_factory=dict)

    async def post_of(self, copy_id: str) -> Post | None:
        return self.posts.get(copy_id)

    async def save(self, post: Post) -> None:
        self.posts[post.copy_id] = post

    async def unfinished(self) -> Sequence[str]:
        copies = reversed(await self.record.copies(limit=1_000_000))
        return [copy.id for copy in copies if copy.id not in self.posts or not self.posts[copy.id].is_finished]
