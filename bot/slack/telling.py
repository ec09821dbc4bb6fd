"""What tells Slack by itself: of orders, of standing orders, and of the head of the audit log. One bot at a time does,
whatever the number of those that answer people.
"""

import asyncio

from bot.domain.events import RecordedEvent
from bot.operations.ports import Ports, StandingOrders
from bot.slack.audiences import Approvers
from bot.slack.client import SlackClient
from bot.slack.errands import Errands
from bot.slack.keep_teller import KeepTeller
from bot.slack.notifier import Notifier, Posts
from bot.slack.options import SlackOptions
from bot.slack.pacing import Pacer
from bot.slack.witness import WitnessPoster


class Telling:
    """Tells what happens, also what another process has left untold."""

    def __init__(
        self,
        ports: Ports,
        client: SlackClient,
        *,
        options: SlackOptions,
        posts: Posts,
        approver_posts: Posts,
        standing_orders: StandingOrders,
    ) -> None:
        """Nothing is told yet.

        Args:
            ports: the world.
            client: talks to Slack.
            options: what has to be known of the settings.
            posts: what was posted to the channels in which people asked, remembered.
            approver_posts: what was posted to approvers, remembered.
            standing_orders: those there are.
        """
        self._errands = Errands()
        pacer = Pacer(options.seconds_between_writes)
        self._notifiers = (
            Notifier(ports, posts, client, self._errands, pacer),
            Notifier(ports, approver_posts, client, self._errands, pacer, audience=Approvers()),
        )
        self._keep_teller = KeepTeller(ports, client, standing_orders, self._errands, pacer, command=options.command)
        channel = options.witness_channel
        self._witnesses = WitnessPoster(ports, client, pacer, channel) if channel else None
        self._witnessing: asyncio.Task[None] | None = None

    @property
    def untold(self) -> int:
        """How many times somebody waits for news of an order: whoever asked for it, or approvers."""
        return sum(notifier.untold for notifier in self._notifiers)

    async def start(self) -> None:
        """Tell what is still to be told."""
        for notifier in self._notifiers:
            await notifier.start()
        self._keep_teller.start()
        if self._witnesses is not None:
            self._witnessing = self._errands.start(self._witnesses.keep_posting(), "post witnesses of the audit log")

    def on_event(self, recorded: RecordedEvent) -> None:
        """Something was committed to the audit log: the messages that tell of it are brought up to date."""
        for notifier in self._notifiers:
            notifier.on_event(recorded)
        self._keep_teller.on_event(recorded)

    async def aclose(self) -> None:
        """Stop telling. What was not told is told by the next process."""
        if self._witnessing is not None:
            self._witnessing.cancel()
            await asyncio.wait([self._witnessing])
        for notifier in self._notifiers:
            await notifier.aclose()
        await self._keep_teller.aclose()
        await self._errands.aclose()
