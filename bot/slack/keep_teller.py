"""Tells the channel of a standing order what became of it without anybody's doing: that a run brought no copy, that the
bot paused it, and that all is well again.

Each is told once, also over restarts: the record remembers what was told. What may have been told and is not
remembered, as the bot was killed or an answer was lost, is looked for in the channel first, where the bot may read.
"""

import asyncio
import logging
from collections.abc import Sequence

from bot.domain.events import EventFilter, EventKind, RecordedEvent
from bot.domain.people import BOT
from bot.domain.standing_orders import StandingOrder
from bot.operations.ports import Ports, StandingOrders, StoreTroubleError
from bot.slack.answers import Metadata
from bot.slack.client import SlackClient
from bot.slack.errands import Errands
from bot.slack.notifier import WORKSPACE_ERRORS
from bot.slack.pacing import Pacer
from bot.slack.trouble import SlackTroubleError
from bot.slack.views import keep
from bot.slack.views.blocks import Message

logger = logging.getLogger(__name__)

TOLD = (EventKind.KEEP_FAILED, EventKind.KEEP_PAUSED, EventKind.KEEP_RECOVERED)

MOST = 100
"""Events that are told at most after a time without Slack, the latest ones."""

SECONDS_BEFORE = 86_400.0
"""How much older than its event a message may look: this machine's clock may have been wrong by hours."""

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0


class KeepTeller:
    """One task at a time tells all there is, in order. What a person did is answered to them where they did it."""

    def __init__(
        self,
        ports: Ports,
        client: SlackClient,
        standing_orders: StandingOrders,
        errands: Errands,
        pacer: Pacer,
        *,
        command: str,
    ) -> None:
        """Nothing is told yet.

        Args:
            ports: the world.
            client: talks to Slack.
            standing_orders: those there are.
            errands: that tell.
            pacer: keeps Slack's rates.
            command: the slash command's name.
        """
        self._command = command
        self._ports = ports
        self._client = client
        self._standing_orders = standing_orders
        self._errands = errands
        self._pacer = pacer
        self._news = asyncio.Event()
        self._telling: asyncio.Task[None] | None = None
        self._is_first_look = True
        self._doubtful: set[int] = set()
        """Events that may have been told, by their sequence: what this process found untold at its beginning, and what
        it tried to tell.
        """

    def start(self) -> None:
        """Tell what another process has left untold."""
        self._wake()

    def on_event(self, recorded: RecordedEvent) -> None:
        """Something was committed to the audit log. Returns at once."""
        if _is_told(recorded):
            self._wake()

    async def aclose(self) -> None:
        """Stop telling. What was not told is told by the next process."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.wait([self._telling])

    def _wake(self) -> None:
        self._news.set()
        if self._telling is None or self._telling.done():
            self._telling = self._errands.start(self._tell_all(), "tell what became of standing orders")

    async def _tell_all(self) -> None:
        """Tell until there is nothing new, whatever Slack's trouble."""
        pause = FIRST_PAUSE
        while self._news.is_set():
            self._news.clear()
            try:
                for recorded in await self._untold():
                    await self._tell(recorded)
            except (SlackTroubleError, StoreTroubleError) as trouble:
                asked = trouble.retry_after if isinstance(trouble, SlackTroubleError) else None
                logger.warning("what became of standing orders could not be told: %s; again in %g s", trouble, pause)
                self._news.set()
                await asyncio.sleep(max(pause, asked or 0.0))
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                pause = FIRST_PAUSE

    async def _untold(self) -> Sequence[RecordedEvent]:
        """What is still to be told, oldest first."""
        found = await self._ports.record.events(EventFilter(kinds=TOLD), limit=MOST)
        to_tell = [recorded for recorded in reversed(found) if _is_told(recorded)]
        told = await self._ports.record.are_noted([_key(recorded) for recorded in to_tell])
        untold = [recorded for recorded in to_tell if _key(recorded) not in told]
        if self._is_first_look:
            self._doubtful = {recorded.sequence for recorded in untold}
            self._is_first_look = False
        return untold

    async def _tell(self, recorded: RecordedEvent) -> None:
        """Tell one, and remember that it is told.

        Raises:
            SlackTroubleError: it has to be tried again.
            StoreTroubleError: the same.
        """
        standing = await self._standing_orders.standing_order(str(recorded.event.facts.get("keep")))
        if standing is not None:
            message = keep.draw_news(standing, recorded.event, command=self._command)
            try:
                await self._post_once(standing.channel, message, recorded)
            except SlackTroubleError as trouble:
                if trouble.is_passing or trouble.error in WORKSPACE_ERRORS:
                    raise
                await self._tell_directly(standing, message, recorded, trouble)
        await self._ports.record.note_once({_key(recorded): None})
        self._doubtful.discard(recorded.sequence)

    async def _tell_directly(
        self, standing: StandingOrder, message: Message, recorded: RecordedEvent, trouble: SlackTroubleError
    ) -> None:
        """The channel cannot be told: who ordered it is."""
        logger.warning("%s could not be told of standing order %s: %s", standing.channel, standing.id, trouble)
        try:
            channel = await self._client.open_direct_messages(standing.ordered_by.id)
            await self._post_once(channel, message, recorded)
        except SlackTroubleError as also:
            if also.is_passing or also.error in WORKSPACE_ERRORS:
                raise
            logger.error("nobody could be told of standing order %s: %s", standing.id, also)  # noqa: TRY400 - its text is all

    async def _post_once(self, channel: str, message: Message, recorded: RecordedEvent) -> None:
        """Post it, unless it was posted and that is not remembered."""
        if recorded.sequence in self._doubtful and await self._is_there(channel, recorded):
            return
        self._doubtful.add(recorded.sequence)
        async with self._pacer.writing(channel):
            await self._client.post_message(channel, message, metadata=keep.metadata(recorded))

    async def _is_there(self, channel: str, recorded: RecordedEvent) -> bool:
        """Whether the bot itself has posted it; ``False`` where it may not read."""
        await self._pacer.turn("conversations.history")
        oldest = recorded.event.at.timestamp() - SECONDS_BEFORE
        try:
            me, _ = await self._client.who_am_i()
            async for message in self._client.messages(channel, oldest=oldest):
                if message.metadata and me.has_written(message) and _tells(message.metadata, recorded):
                    return True
        except SlackTroubleError as trouble:
            if trouble.is_passing or trouble.error in WORKSPACE_ERRORS:
                raise
            logger.warning("it cannot be seen what was told in %s already: %s", channel, trouble)
        return False


def _tells(metadata: Metadata, recorded: RecordedEvent) -> bool:
    return keep.tells(metadata.event_type, metadata.event_payload, recorded)


def _is_told(recorded: RecordedEvent) -> bool:
    return recorded.event.kind in TOLD and recorded.event.who.id == BOT.id


def _key(recorded: RecordedEvent) -> str:
    """By which the record remembers that it was told."""
    return f"told {recorded.sequence}"
