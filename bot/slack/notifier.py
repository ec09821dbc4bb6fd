"""The one message of a copy in its channel: kept true, with the copy's story in its thread.

What was posted is remembered before and after (`Posts`), and every message carries metadata by which it is found
again: so a crash, or an answer that was lost, posts nothing twice (``slack-platform.md``, Where a message can go).
Only a direct message may come twice rather than not at all: the bot may not read those.
A copy does not wait for any of this: what cannot be told now is told when Slack is back.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from bot.domain.copies import Copy
from bot.domain.events import RecordedEvent
from bot.domain.posts import Post
from bot.operations.ports import Ports, StoreTroubleError
from bot.slack.client import SlackClient, SlackTroubleError
from bot.slack.errands import Errands
from bot.slack.views import answers, copy_message, thread
from bot.slack.views.blocks import Message

logger = logging.getLogger(__name__)

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0

WORKSPACE_ERRORS = frozenset({"token_revoked", "account_inactive", "invalid_auth", "not_authed", "token_expired"})
"""Nothing can be told to anybody until somebody cures this: it is tried again, rarely."""

SECONDS_BEFORE = 300.0
"""How much older than its copy a message may look: clocks differ."""


class Posts(Protocol):
    """What was posted, remembered."""

    async def post_of(self, copy_id: str) -> Post | None:
        """The message of a copy; ``None`` before anything was tried."""
        ...

    async def save(self, post: Post) -> None:
        """Remember a message as it stands now."""
        ...

    async def unfinished(self) -> Sequence[str]:
        """Ids of the copies of which something is still to be told."""
        ...


class Pacer:
    """Keeps to one write in so many seconds for each channel; who waits for a turn shows the latest afterwards."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._next: dict[str, float] = {}

    async def turn(self, channel: str) -> None:
        """Return when it is time for one write to this channel."""
        async with self._locks[channel]:
            loop = asyncio.get_running_loop()
            wait = self._next.get(channel, 0.0) - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            self._next[channel] = loop.time() + self._seconds


class Notifier:
    """Tells what happens to copies. One task for each copy of which something is to be told."""

    def __init__(
        self, ports: Ports, posts: Posts, client: SlackClient, errands: Errands, *, seconds_between_writes: float = 1.0
    ) -> None:
        self._ports = ports
        self._posts = posts
        self._client = client
        self._errands = errands
        self._pacer = Pacer(seconds_between_writes)
        self._news: dict[str, asyncio.Event] = {}
        self._tellers: set[asyncio.Task[None]] = set()
        self._certain: set[str] = set()
        """Copies of which this process knows what was told: it told it, or looked."""
        self._closing = False

    async def start(self) -> None:
        """Go on with everything that was not told to the end."""
        for copy_id in {*await self._posts.unfinished(), *(copy.id for copy in await self._ports.record.open_copies())}:
            self.wake(copy_id)

    def wake(self, copy_id: str) -> None:
        """Something happened to this copy. Returns at once."""
        if copy_id in self._news:
            self._news[copy_id].set()
            return
        if self._closing:
            return
        self._news[copy_id] = asyncio.Event()
        teller = self._errands.start(self._tell_all(copy_id), f"tell what happens to copy {copy_id}")
        self._tellers.add(teller)
        teller.add_done_callback(self._tellers.discard)

    async def aclose(self) -> None:
        """Stop telling. What was not told is told by the next process."""
        self._closing = True
        for teller in self._tellers:
            teller.cancel()
        await asyncio.gather(*self._tellers, return_exceptions=True)

    async def _tell_all(self, copy_id: str) -> None:
        """Tell until there is nothing new; whatever Slack's trouble, nothing is left out."""
        pause = FIRST_PAUSE
        news = self._news[copy_id]
        try:
            while True:
                news.clear()
                try:
                    await self._tell(copy_id)
                except (SlackTroubleError, StoreTroubleError) as trouble:
                    retry_after = self._note_trouble(copy_id, trouble)
                    logger.warning("copy %s could not be told: %s; again in %.0f s", copy_id, trouble, pause)
                    await asyncio.sleep(max(pause, retry_after))
                    pause = min(pause * 2, LONGEST_PAUSE)
                    continue
                pause = FIRST_PAUSE
                if not news.is_set():
                    return
        finally:
            del self._news[copy_id]

    def _note_trouble(self, copy_id: str, trouble: SlackTroubleError | StoreTroubleError) -> float:
        """What follows from trouble: whether something may have been told that is not remembered as told.

        Returns:
            The seconds Slack asks to wait.
        """
        if isinstance(trouble, StoreTroubleError) or trouble.leaves_open:
            self._certain.discard(copy_id)
        return 0.0 if isinstance(trouble, StoreTroubleError) else trouble.retry_after or 0.0

    async def _tell(self, copy_id: str) -> None:
        """Bring the message and its thread up to date.

        Raises:
            SlackTroubleError: it has to be tried again.
            StoreTroubleError: the same.
        """
        copy = await self._ports.record.copy(copy_id)
        post = await self._posts.post_of(copy_id)
        if copy is None or (post is not None and post.is_finished):
            return
        if post is not None and post.problem in answers.MESSAGE_GONE:
            await self._tell_directly(copy, post)
            return
        try:
            post = await self._posted(copy, post)
            post = await self._brought_up_to_date(copy, post)
            post = await self._told_in_thread(post)
        except SlackTroubleError as trouble:
            if trouble.is_passing or trouble.error in WORKSPACE_ERRORS:
                raise
            await self._without_channel(copy, trouble)

    async def _posted(self, copy: Copy, post: Post | None) -> Post:
        """The message, posted if it is not there yet."""
        if post is not None and post.message_ts is not None:
            return post
        if post is None:
            post = Post(copy_id=copy.id, channel=copy.channel)
            await self._posts.save(post)
            self._certain.add(copy.id)
        elif copy.id not in self._certain and (found := await self._find_message(copy)):
            return await self._save(replace(post, message_ts=found, problem=None))
        await self._pacer.turn(copy.channel)
        copy, story = await self._latest(copy)
        drawn = copy_message.draw(copy, now=self._ports.clock.now(), story=story)
        ts = await self._client.post_message(copy.channel, drawn, metadata=copy_message.metadata(copy))
        return await self._save(replace(post, message_ts=ts, shown_revision=copy.revision, problem=None))

    async def _brought_up_to_date(self, copy: Copy, post: Post) -> Post:
        """The message, showing the copy as it stands."""
        copy = await self._ports.record.copy(copy.id) or copy
        if post.message_ts is None or post.shown_revision == copy.revision:
            return post
        await self._pacer.turn(post.channel)
        copy, story = await self._latest(copy)
        drawn = copy_message.draw(copy, now=self._ports.clock.now(), story=story)
        await self._client.update_message(post.channel, post.message_ts, drawn, metadata=copy_message.metadata(copy))
        return await self._save(replace(post, shown_revision=copy.revision, problem=None))

    async def _told_in_thread(self, post: Post) -> Post:
        """The thread, with every line of the story. When the last is told, the post is finished."""
        if post.message_ts is None:
            return post
        if post.copy_id not in self._certain:
            told = await self._told_already(post)
            post = await self._save(replace(post, told_sequence=max(post.told_sequence, told)))
            self._certain.add(post.copy_id)
        for recorded in await self._ports.record.story(post.copy_id, after=post.told_sequence):
            copy = await self._ports.record.copy(post.copy_id)
            line = thread.line(recorded, copy) if copy else None
            if line is not None:
                await self._pacer.turn(post.channel)
                await self._reply(post, line, recorded.sequence)
            post = await self._save(replace(post, told_sequence=recorded.sequence))
        copy = await self._ports.record.copy(post.copy_id)
        if copy is not None and not copy.is_open and post.shown_revision == copy.revision:
            post = await self._save(replace(post, is_finished=True))
            self._certain.discard(post.copy_id)
        return post

    async def _reply(self, post: Post, line: Message, sequence: int) -> None:
        metadata = {
            "event_type": copy_message.EVENT_TYPE,
            "event_payload": {"copy_id": post.copy_id, "sequence": sequence},
        }
        await self._client.post_message(post.channel, line, metadata=metadata, thread_ts=post.message_ts)

    async def _without_channel(self, copy: Copy, trouble: SlackTroubleError) -> None:
        """The channel cannot be told."""
        logger.warning("copy %s cannot be told in channel %s: %s", copy.id, copy.channel, trouble)
        post = await self._posts.post_of(copy.id) or Post(copy_id=copy.id, channel=copy.channel)
        post = await self._save(replace(post, problem=trouble.error))
        await self._tell_directly(copy, post)

    async def _tell_directly(self, copy: Copy, post: Post) -> None:
        """Tell the person who asked how it ended; nothing before that."""
        copy = await self._ports.record.copy(copy.id) or copy
        if copy.is_open:
            return
        told = answers.not_told(copy, post.problem or "", now=self._ports.clock.now())
        try:
            direct = await self._client.open_direct_messages(copy.requested_by.id)
            await self._client.post_message(direct, told)
        except SlackTroubleError as also:
            if also.is_passing or also.error in WORKSPACE_ERRORS:
                raise
            logger.error("nobody could be told how copy %s ended: %s", copy.id, also)  # noqa: TRY400 - its text is all
        await self._save(replace(post, is_finished=True))

    async def _find_message(self, copy: Copy) -> str | None:
        """The message that was posted before a crash, or whose answer was lost."""
        oldest = copy.requested_at.timestamp() - SECONDS_BEFORE
        try:
            async for message in self._client.messages(copy.channel, oldest=oldest):
                payload = message.metadata.event_payload if message.metadata else {}
                if payload.get("copy_id") == copy.id and "sequence" not in payload:
                    return message.ts
        except SlackTroubleError as trouble:
            if trouble.is_passing or trouble.error in WORKSPACE_ERRORS:
                raise
            logger.warning("it cannot be seen whether copy %s has a message already: %s", copy.id, trouble)
        return None

    async def _told_already(self, post: Post) -> int:
        """The last event of which the thread has a line."""
        last = 0
        oldest = float(post.message_ts or 0)
        async for message in self._client.messages(post.channel, oldest=oldest, thread_ts=post.message_ts):
            payload = message.metadata.event_payload if message.metadata else {}
            sequence = payload.get("sequence")
            if payload.get("copy_id") == post.copy_id and isinstance(sequence, int):
                last = max(last, sequence)
        return last

    async def _latest(self, copy: Copy) -> tuple[Copy, Sequence[RecordedEvent]]:
        """The copy and its story as they stand after waiting for a turn."""
        story = await self._ports.record.story(copy.id)
        return await self._ports.record.copy(copy.id) or copy, story

    async def _save(self, post: Post) -> Post:
        await self._posts.save(post)
        return post
