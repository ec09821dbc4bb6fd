"""Posts the head of the audit log to a channel once a day, and reads there what was posted.

What was posted is written into the log; the time of the next one comes from there. Before one is posted, the channel
is searched for one that was posted and not written down: so a crash, or an answer that was lost, posts nothing twice,
where the bot may read.
"""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta

from bot.domain.events import Event, EventFilter, EventKind, RecordedEvent
from bot.domain.people import BOT
from bot.domain.witness import Witness
from bot.operations.ports import Ports, StoreTroubleError
from bot.slack.client import SlackClient
from bot.slack.pacing import Pacer
from bot.slack.trouble import SlackTroubleError
from bot.slack.views import witness as view

logger = logging.getLogger(__name__)

DAY = timedelta(days=1)

SEARCHED = 2 * DAY
"""How far back one is searched that was posted and not written down: more than a day, for clocks that are wrong."""

FIRST_PAUSE = 60.0
LONGEST_PAUSE = 3600.0


async def posted_witnesses(
    client: SlackClient, channel: str, *, oldest: float = 0.0
) -> AsyncIterator[tuple[Witness, str]]:
    """What the bot itself has posted in a channel, newest first, each with its ``ts``. Others' messages do not count.

    Args:
        client: of the bot that posted them.
        channel: id of the channel.
        oldest: seconds since 1970: nothing older is given.

    Raises:
        SlackTroubleError: the channel cannot be read.
    """
    me, _ = await client.who_am_i()
    async for message in client.messages(channel, oldest=oldest):
        is_mine = message.user == me.user_id or (me.bot_id is not None and message.bot_id == me.bot_id)
        if is_mine and message.metadata:
            found = view.read_metadata(message.metadata.event_type, message.metadata.event_payload, message.ts)
            if found:
                yield found, message.ts


class WitnessPoster:
    """Has a witness posted once a day, for as long as it is kept going."""

    def __init__(self, ports: Ports, client: SlackClient, pacer: Pacer, channel: str) -> None:
        """Nothing is posted yet.

        Args:
            ports: the world.
            client: of the bot.
            pacer: gives turns to write to channels.
            channel: id of the channel.
        """
        self._ports = ports
        self._client = client
        self._pacer = pacer
        self._channel = channel

    async def keep_posting(self) -> None:
        """Post whenever it is time to, until cancelled; again and again where that does not work."""
        pause = FIRST_PAUSE
        while True:
            try:
                seconds = await self._post_when_due()
                pause = FIRST_PAUSE
            except (SlackTroubleError, StoreTroubleError) as trouble:
                asked = trouble.retry_after if isinstance(trouble, SlackTroubleError) else None
                seconds, pause = max(pause, asked or 0.0), min(pause * 2, LONGEST_PAUSE)
                logger.warning("no witness could be posted in %s: %s; again in %.0f s", self._channel, trouble, seconds)
            await self._ports.clock.sleep(seconds)

    async def _post_when_due(self) -> float:
        """Post one, if a day has gone by since the last.

        Returns:
            The seconds until it is time to look again.
        """
        last = await self._last()
        wait = self._seconds_left(last)
        if wait > 0:
            return wait
        witness, ts = await self._found(last) or await self._post()
        await self._ports.record.append(
            Event(
                EventKind.WITNESS_POSTED,
                self._ports.clock.now(),
                BOT,
                where=self._channel,
                facts={"sequence": witness.sequence, "hash": witness.hash, "message_ts": ts},
            )
        )
        return DAY.total_seconds()

    async def _last(self) -> RecordedEvent | None:
        """The last one that was posted to this channel."""
        found = await self._ports.record.events(EventFilter(kinds=(EventKind.WITNESS_POSTED,)), limit=1)
        return found[0] if found and found[0].event.where == self._channel else None

    def _seconds_left(self, last: RecordedEvent | None) -> float:
        """Until a day has gone by; a clock that was set back makes it no longer than that."""
        if last is None:
            return 0.0
        return min(DAY, last.event.at + DAY - self._ports.clock.now()).total_seconds()

    async def _post(self) -> tuple[Witness, str]:
        async with self._pacer.writing(self._channel):
            head = (await self._ports.record.events(EventFilter(), limit=1))[0]
            witness = Witness(head.sequence, head.hash, self._ports.clock.now())
            return witness, await self._client.post_message(
                self._channel, view.draw(witness), metadata=view.metadata(witness)
            )

    async def _found(self, last: RecordedEvent | None) -> tuple[Witness, str] | None:
        """One of this log that was posted, and that the log does not know of."""
        known = last.event.facts.get("sequence") if last else None
        written = known if isinstance(known, int) else 0
        oldest = (self._ports.clock.now() - SEARCHED).timestamp()
        try:
            async for witness, ts in posted_witnesses(self._client, self._channel, oldest=oldest):
                if witness.sequence > written and await self._fits(witness):
                    return witness, ts
        except SlackTroubleError as trouble:
            if trouble.is_passing:
                raise
            logger.warning("it cannot be seen which witnesses are in %s already: %s", self._channel, trouble)
        return None

    async def _fits(self, witness: Witness) -> bool:
        """Whether it is of this log: another may have been posted there, before this one took its place."""
        found = await self._ports.record.events(EventFilter(before=witness.sequence + 1), limit=1)
        return bool(found) and (found[0].sequence, found[0].hash) == (witness.sequence, witness.hash)
