"""What the notifier remembers, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.domain.posts import Post
from tests.fakes.record import MemoryRecord


@dataclass
class MemoryPosts:
    """What `bot.storage.SqlitePosts` does; ``record`` says which orders there are."""

    record: MemoryRecord
    posts: dict[str, Post] = field(default_factory=dict)
    of_approvers: bool = False

    async def post_of(self, order_id: str) -> Post | None:
        return self.posts.get(order_id)

    async def order_at(self, channel: str, message_ts: str) -> str | None:
        at = (each.order_id for each in self.posts.values() if (each.channel, each.message_ts) == (channel, message_ts))
        return next(at, None)

    async def save(self, post: Post) -> None:
        self.posts[post.order_id] = post

    async def unfinished(self) -> Sequence[str]:
        orders = await self.record.all_orders()
        if self.of_approvers:
            orders = [each for each in orders if each.approval or each.glass]
        return [each.id for each in orders if each.id not in self.posts or not self.posts[each.id].is_finished]
