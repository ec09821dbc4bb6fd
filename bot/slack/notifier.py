"""The one message of an order for one audience: kept true, with the order's story in its thread.

What was posted is remembered before and after (`Posts`), and every message carries metadata by which it is found
again: so a crash, or an answer that was lost, posts nothing twice (``slack-platform.md``, Where a message can go).
Where the bot may not read (direct messages, and public channels that it is not in), something may come twice rather
than not at all. Anybody may post a message with the same metadata: only the bot's own count.
No copy waits for any of this: what cannot be told now is told when Slack is back.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from bot.domain.copies import CopyState
from bot.domain.events import RecordedEvent
from bot.domain.orders import Order, OrderStanding
from bot.domain.posts import Post
from bot.operations.plan_order import learned_of
from bot.operations.ports import Ports, StoreTroubleError
from bot.slack.answers import Identity, Metadata, PostedMessage
from bot.slack.audiences import Audience, Requesters
from bot.slack.client import SlackClient
from bot.slack.errands import Errands
from bot.slack.pacing import Pacer
from bot.slack.trouble import SlackTroubleError
from bot.slack.views import answers
from bot.slack.views.blocks import Message
from bot.telemetry import in_request

logger = logging.getLogger(__name__)

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0

WORKSPACE_ERRORS = frozenset({"token_revoked", "account_inactive", "invalid_auth", "not_authed", "token_expired"})
"""Nothing can be told to anybody until somebody cures this: it is tried again, rarely."""

SECONDS_TO_FINISH = 3.0
"""How long a write that has begun may take after the order to stop. Left alone, Slack might carry it out after the
next process has looked for it.
"""

SECONDS_BEFORE = 86_400.0
"""How much older than its order a message may look: Slack's clock is right, this machine's may have been wrong by hours
when it wrote the order down.
"""


class Posts(Protocol):
    """What was posted, remembered."""

    async def post_of(self, order_id: str) -> Post | None:
        """The message of an order; ``None`` before anything was tried."""
        ...

    async def order_at(self, channel: str, message_ts: str) -> str | None:
        """The id of the order that a message is about."""
        ...

    async def save(self, post: Post) -> None:
        """Remember a message as it stands now."""
        ...

    async def unfinished(self) -> Sequence[str]:
        """Ids of the orders of which something is still to be told."""
        ...


class Notifier:
    """Tells what happens to orders. One task for each order of which something is to be told."""

    def __init__(
        self,
        ports: Ports,
        posts: Posts,
        client: SlackClient,
        errands: Errands,
        pacer: Pacer,
        *,
        audience: Audience | None = None,
    ) -> None:
        """Nothing is told yet.

        Args:
            ports: the world.
            posts: what was told this audience already.
            client: talks to Slack.
            errands: that tell.
            pacer: keeps Slack's rates.
            audience: who is told; the channel that was chosen, if not given.
        """
        self._audience: Audience = audience or Requesters()
        self._ports = ports
        self._posts = posts
        self._client = client
        self._errands = errands
        self._pacer = pacer
        self._me: Identity | None = None
        self._news: dict[str, asyncio.Event] = {}
        self._tellers: set[asyncio.Task[None]] = set()
        self._writes: set[asyncio.Future[Post]] = set()
        self._certain: set[str] = set()
        """Orders of which this process knows what was told: it told it, or looked."""
        self._closing = False

    @property
    def untold(self) -> int:
        """How many orders have news that are not told yet."""
        return len(self._news)

    async def start(self) -> None:
        """Go on with everything that was not told to the end."""
        for order_id in await self._posts.unfinished():
            self.wake(order_id)

    def on_event(self, recorded: RecordedEvent) -> None:
        """Something was committed: the orders that it is about are brought up to date. Returns at once."""
        if recorded.event.copy_id is not None and not self._closing:
            self._errands.start(self._wake_orders_with(recorded.event.copy_id), "find out whom an event concerns")

    async def _wake_orders_with(self, copy_id: str) -> None:
        for standing in await self._ports.record.orders_with(copy_id):
            self.wake(standing.order.id)

    def wake(self, order_id: str) -> None:
        """Something happened to this order. Returns at once."""
        if order_id in self._news:
            self._news[order_id].set()
            return
        if self._closing:
            return
        self._news[order_id] = asyncio.Event()
        teller = self._errands.start(self._tell_all(order_id), f"tell what happens to order {order_id}")
        self._tellers.add(teller)
        teller.add_done_callback(self._tellers.discard)

    async def aclose(self) -> None:
        """Stop telling. What was not told is told by the next process."""
        self._closing = True
        for teller in self._tellers:
            teller.cancel()
        await asyncio.gather(*self._tellers, return_exceptions=True)
        writes = list(self._writes)
        if writes:
            await asyncio.wait(writes, timeout=SECONDS_TO_FINISH)
        for write in writes:
            write.cancel()
        await asyncio.gather(*writes, return_exceptions=True)

    async def _tell_all(self, order_id: str) -> None:
        """Tell until there is nothing new; whatever Slack's trouble, nothing is left out."""
        pause = FIRST_PAUSE
        news = self._news[order_id]
        try:
            while True:
                news.clear()
                try:
                    with in_request(order_id):
                        await self._tell(order_id)
                except (SlackTroubleError, StoreTroubleError) as trouble:
                    retry_after = self._note_trouble(order_id, trouble)
                    logger.warning("order %s could not be told: %s; again in %.0f s", order_id, trouble, pause)
                    await asyncio.sleep(max(pause, retry_after))
                    pause = min(pause * 2, LONGEST_PAUSE)
                    continue
                pause = FIRST_PAUSE
                if not news.is_set():
                    return
        finally:
            del self._news[order_id]

    def _note_trouble(self, order_id: str, trouble: SlackTroubleError | StoreTroubleError) -> float:
        """What follows from trouble: whether something may have been told that is not remembered as told.

        Returns:
            The seconds Slack asks to wait.
        """
        if isinstance(trouble, StoreTroubleError) or trouble.leaves_open:
            self._certain.discard(order_id)
        return 0.0 if isinstance(trouble, StoreTroubleError) else trouble.retry_after or 0.0

    async def _tell(self, order_id: str) -> None:
        """Bring the message and its thread up to date.

        Raises:
            SlackTroubleError: it has to be tried again.
            StoreTroubleError: the same.
        """
        standing = await self._ports.record.order(order_id)
        post = await self._posts.post_of(order_id)
        channel = self._audience.channel(standing.order) if standing else None
        if standing is None or channel is None or (post is not None and post.is_finished):
            return
        if post is not None and post.problem in answers.MESSAGE_GONE:
            await self._tell_directly(post)
            return
        try:
            post = await self._posted(standing.order, post or Post(standing.order.id, channel), is_new=post is None)
            post = await self._brought_up_to_date(post)
            post = await self._told_in_thread(post)
        except SlackTroubleError as trouble:
            if trouble.is_passing or trouble.error in WORKSPACE_ERRORS:
                raise
            await self._without_channel(standing.order, channel, trouble)

    async def _posted(self, order: Order, post: Post, *, is_new: bool) -> Post:
        """The message, posted if it is not there yet."""
        if post.message_ts is not None:
            return post
        if is_new:
            await self._posts.save(post)
            self._certain.add(order.id)
        elif order.id not in self._certain and (found := await self._find_message(order, post.channel)):
            return await self._save(replace(post, message_ts=found, problem=None))
        return await self._write(post.channel, partial(self._post, post))

    async def _brought_up_to_date(self, post: Post) -> Post:
        """The message, showing the order as it stands."""
        if post.message_ts is None or post.shown_revision == await self._revision(post.order_id):
            return post
        await self._pacer.turn("chat.update")
        return await self._write(post.channel, partial(self._update, post, post.message_ts))

    async def _told_in_thread(self, post: Post) -> Post:
        """The thread, with every line of the story. When the last is told, the post is finished."""
        if post.message_ts is None:
            return post
        post = await self._as_thread_has_it(post)
        standing, untold = await self._standing_and_untold(post)
        for recorded in untold:
            line = self._audience.line(recorded, standing, is_last=recorded is untold[-1] and not standing.is_open)
            if line is None:
                post = await self._save(replace(post, told_sequence=recorded.sequence))
            else:
                post = await self._write(post.channel, partial(self._reply, post, line, recorded.sequence))
        standing, untold = await self._standing_and_untold(post)
        is_over = self._audience.is_over(standing, await self._ports.record.story(post.order_id))
        if is_over and not untold and post.shown_revision == await self._revision(post.order_id):
            post = await self._save(replace(post, is_finished=True))
        return post

    async def _standing_and_untold(self, post: Post) -> tuple[OrderStanding, Sequence[RecordedEvent]]:
        """The order, and what is not told of it: the whole rest of its story where it has ended, and never its end
        where it has not.
        """
        untold = await self._ports.record.story(post.order_id, after=post.told_sequence)
        standing = await self._standing(post.order_id)
        if not standing.is_open:  # it may have ended after the story was read
            untold = await self._ports.record.story(post.order_id, after=post.told_sequence)
        return standing, untold

    async def _as_thread_has_it(self, post: Post) -> Post:
        """The post, with all that the thread tells remembered as told. What may have been told and is not remembered
        is looked for in the thread; where nothing can have been, Slack is not asked.
        """
        if post.order_id in self._certain:
            return post
        story = await self._ports.record.story(post.order_id, after=post.told_sequence)
        if any(self._audience.tells(each.event.kind) for each in story):
            told = await self._told_already(post)
            post = await self._save(replace(post, told_sequence=max(post.told_sequence, told)))
        self._certain.add(post.order_id)
        return post

    async def _write(self, channel: str, work: Callable[[], Awaitable[Post]]) -> Post:
        """Write to a channel when it is time to, and remember it: once begun, both are done whoever stops waiting."""
        async with self._pacer.writing(channel):
            write = asyncio.ensure_future(work())
            self._writes.add(write)
            write.add_done_callback(self._writes.discard)
            return await asyncio.shield(write)

    async def _post(self, post: Post) -> Post:
        standing, drawn, revision = await self._drawn(post.order_id)
        ts = await self._client.post_message(post.channel, drawn, metadata=self._audience.metadata(standing))
        return await self._save(replace(post, message_ts=ts, shown_revision=revision, problem=None))

    async def _update(self, post: Post, ts: str) -> Post:
        standing, drawn, revision = await self._drawn(post.order_id)
        await self._client.update_message(post.channel, ts, drawn, metadata=self._audience.metadata(standing))
        return await self._save(replace(post, shown_revision=revision, problem=None))

    async def _reply(self, post: Post, line: Message, sequence: int) -> Post:
        metadata = {
            "event_type": self._audience.event_type,
            "event_payload": {"order_id": post.order_id, "sequence": sequence},
        }
        await self._client.post_message(post.channel, line, metadata=metadata, thread_ts=post.message_ts)
        return await self._save(replace(post, told_sequence=sequence))

    async def _say(self, direct: str, post: Post, told: Message) -> Post:
        await self._client.post_message(direct, told)
        return await self._save(replace(post, is_finished=True))

    async def _without_channel(self, order: Order, channel: str, trouble: SlackTroubleError) -> None:
        """The channel cannot be told."""
        logger.warning("order %s cannot be told in channel %s: %s", order.id, channel, trouble)
        post = await self._posts.post_of(order.id) or Post(order.id, channel)
        await self._tell_directly(await self._save(replace(post, problem=trouble.error)))

    async def _tell_directly(self, post: Post) -> None:
        """Tell the person who asked, as soon as there is something to be told to them."""
        standing = await self._standing(post.order_id)
        told = self._audience.instead(standing, post.problem or "", self._ports.clock.now())
        if told is None:
            return
        try:
            direct = await self._client.open_direct_messages(standing.order.requested_by.id)
            await self._write(direct, partial(self._say, direct, post, told))
        except SlackTroubleError as also:
            if also.is_passing or also.error in WORKSPACE_ERRORS:
                raise
            logger.error("nobody could be told how order %s ended: %s", post.order_id, also)  # noqa: TRY400 - its text is all
            await self._save(replace(post, is_finished=True))

    async def _find_message(self, order: Order, channel: str) -> str | None:
        """The message that was posted before a crash, or whose answer was lost."""
        await self._pacer.turn("conversations.history")
        oldest = order.requested_at.timestamp() - SECONDS_BEFORE
        async for message in self._own_messages(order.id, channel, oldest):
            if _sequence_of(message) is None:
                return message.ts
        return None

    async def _told_already(self, post: Post) -> int:
        """The last event of which the thread has a line."""
        await self._pacer.turn("conversations.replies")
        messages = self._own_messages(post.order_id, post.channel, float(post.message_ts or 0), post.message_ts)
        return max([sequence async for message in messages if (sequence := _sequence_of(message))], default=0)

    async def _own_messages(
        self, order_id: str, channel: str, oldest: float, thread_ts: str | None = None
    ) -> AsyncIterator[PostedMessage]:
        """What the bot itself has posted about an order; nothing where it may not read."""
        try:
            me = await self._who_am_i()
            async for message in self._client.messages(channel, oldest=oldest, thread_ts=thread_ts):
                if message.metadata and self._is_about(message.metadata, order_id) and me.has_written(message):
                    yield message
        except SlackTroubleError as trouble:
            if trouble.is_passing or trouble.error in WORKSPACE_ERRORS | answers.MESSAGE_GONE:
                raise
            logger.warning("it cannot be seen what was told of order %s already: %s", order_id, trouble)

    def _is_about(self, metadata: Metadata, order_id: str) -> bool:
        is_for_them = metadata.event_type == self._audience.event_type
        return is_for_them and metadata.event_payload.get("order_id") == order_id

    async def _who_am_i(self) -> Identity:
        if self._me is None:
            self._me, _ = await self._client.who_am_i()
        return self._me

    async def _revision(self, order_id: str) -> int:
        return self._audience.revision(await self._standing(order_id), await self._ports.record.story(order_id))

    async def _drawn(self, order_id: str) -> tuple[OrderStanding, Message, int]:
        """The order as it stands after waiting for a turn, its message, and the revision that shows."""
        story = await self._ports.record.story(order_id)
        standing = await self._standing(order_id)
        running = standing.in_state(CopyState.RUNNING)
        learned = {copy.id: await learned_of(self._ports, copy.backup, copy.destination) for copy in running}
        likely = {copy_id: each for copy_id, each in learned.items() if each}
        drawn = self._audience.draw(standing, story, likely, self._ports.clock.now())
        return standing, drawn, self._audience.revision(standing, story)

    async def _standing(self, order_id: str) -> OrderStanding:
        standing = await self._ports.record.order(order_id)
        if standing is None:
            raise LookupError(f"no order {order_id} in the record")
        return standing

    async def _save(self, post: Post) -> Post:
        await self._posts.save(post)
        if post.is_finished:
            self._certain.discard(post.order_id)
        return post


def _sequence_of(message: PostedMessage) -> int | None:
    """The event that a line of the thread tells; ``None`` for the message itself."""
    sequence = message.metadata.event_payload.get("sequence") if message.metadata else None
    return sequence if isinstance(sequence, int) else None
