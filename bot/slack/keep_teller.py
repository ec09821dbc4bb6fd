"""Tells the channel of a standing order that a run brought no copy."""

import logging

from bot.domain.events import Event, EventKind, RecordedEvent
from bot.domain.people import BOT
from bot.operations.ports import StandingOrders
from bot.slack.client import SlackClient, SlackTroubleError
from bot.slack.errands import Errands
from bot.slack.views import keep

logger = logging.getLogger(__name__)

TOLD = frozenset({EventKind.KEEP_FAILED, EventKind.KEEP_PAUSED})


class KeepTeller:
    """Each such event is posted once: in the channel, or to who made the standing order where that cannot be."""

    def __init__(self, client: SlackClient, standing_orders: StandingOrders, errands: Errands) -> None:
        self._client = client
        self._standing_orders = standing_orders
        self._errands = errands

    def on_event(self, recorded: RecordedEvent) -> None:
        """Something was committed to the audit log. What a person did is answered to them where they did it."""
        if recorded.event.kind in TOLD and recorded.event.who.id == BOT.id:
            self._errands.start(self._tell(recorded.event), "tell that a standing order brought no copy")

    async def _tell(self, event: Event) -> None:
        standing = await self._standing_orders.standing_order(str(event.facts.get("keep")))
        if standing is None:
            return
        message = keep.failed(standing, event)
        try:
            await self._client.post_message(standing.channel, message)
        except SlackTroubleError as trouble:
            logger.warning("%s could not be told of standing order %s: %s", standing.channel, standing.id, trouble)
            if trouble.is_passing or trouble.leaves_open:  # it may be told; `keep list` and the audit log say it too
                return
            channel = await self._client.open_direct_messages(standing.ordered_by.id)
            await self._client.post_message(channel, message)
