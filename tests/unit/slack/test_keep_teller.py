"""What becomes of standing orders is told in their channel: once, whatever happens in between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.domain.events import Event, EventKind
from bot.domain.people import BOT, Person
from bot.domain.reasons import Reason
from bot.domain.standing_orders import StandingOrder, StandingState
from bot.operations.standing_orders import event_of
from bot.sandbox.workspace import Message
from bot.slack.client import SlackClient
from bot.slack.errands import Errands
from bot.slack.keep_teller import KeepTeller
from bot.slack.pacing import Pacer
from bot.slack.views import keep
from tests.fakes.conditions import until
from tests.fakes.standing_orders import MemoryStandingOrders, standing_order
from tests.fakes.world import World
from tests.unit.slack.conftest import Served

PATIENCE = 20.0


@dataclass
class Channel:
    """Alice keeps an instance, and is told of it in #databases, by tellers that can be ended and replaced."""

    served: Served
    client: SlackClient
    world: World
    store: MemoryStandingOrders
    standing: StandingOrder
    tellers: list[KeepTeller] = field(default_factory=list)

    @property
    def messages(self) -> list[Message]:
        app = self.served.workspace.app.bot_user_id
        return [each for each in self.served.workspace.channel("#databases").messages if each.stored.author == app]

    @property
    def told(self) -> list[str]:
        return [message.rendered for message in self.messages]

    @asynccontextmanager
    async def process(self) -> AsyncIterator[None]:
        errands = Errands()
        teller = KeepTeller(self.world.ports, self.client, self.store, errands, Pacer(0.0), command="/copies")
        self.tellers.append(teller)
        teller.start()
        try:
            yield
        finally:
            self.tellers.remove(teller)
            await teller.aclose()
            await errands.aclose(patience=0.1)

    async def happens(
        self, kind: EventKind = EventKind.KEEP_FAILED, reason: Reason | None = Reason.FROZEN, who: Person = BOT
    ) -> Event:
        event = event_of(self.world.ports, self.standing, kind, who, reason=reason)
        await self.world.record.append(event)
        return event

    async def until_all_is_told(self) -> None:
        """The record remembers of every event so far that it was told."""
        keys = [f"told {each.sequence}" for each in self.world.record.history if each.event.who == BOT]

        async def all_told() -> bool:
            return len(await self.world.record.are_noted(keys)) == len(keys)

        await until(all_told, seconds=PATIENCE)

    def forgets(self) -> None:
        """The process was killed after it told, before that was remembered."""
        self.world.record.forget_findings()


@pytest.fixture
async def channel(served: Served, client: SlackClient) -> Channel:
    served.workspace.channel("#databases").invites_the_app()
    world, alice = World.new(), served.workspace.person("alice")
    where = served.workspace.channel("#databases").id
    standing = standing_order(ordered_by=Person(alice.id, "alice"), channel=where)
    store = MemoryStandingOrders(world.record)
    await store.write(standing)
    made = Channel(served, client, world, store, standing)

    def tell(recorded: object) -> None:
        for teller in made.tellers:
            teller.on_event(recorded)  # type: ignore[arg-type]  # what the record tells

    world.record.on_commit(tell)
    return made


async def test_a_run_that_brought_no_copy_is_told_with_its_reason_to_who_ordered_it(channel: Channel) -> None:
    async with channel.process():
        await channel.happens()
        await channel.until_all_is_told()
    (told,) = channel.told
    for said in ("@alice", "orders-db", "in IAD", channel.standing.id, "tried again by itself"):
        assert said in told


async def test_that_it_is_paused_and_that_all_is_well_again_is_told_in_order(channel: Channel) -> None:
    async with channel.process():
        await channel.happens(EventKind.KEEP_PAUSED, Reason.PERSON_IS_GUEST)
        await channel.happens(EventKind.KEEP_RECOVERED, None)
        await channel.until_all_is_told()
    paused, well = channel.told
    assert "paused" in paused
    assert f"/copies keep resume {channel.standing.id}" in paused
    assert "All is well again" in well
    assert "@alice" not in well


async def test_what_a_person_did_is_not_told(channel: Channel) -> None:
    async with channel.process():
        await channel.happens(EventKind.KEEP_PAUSED, None, who=channel.standing.ordered_by)
        await channel.happens()
        await channel.until_all_is_told()
    assert len(channel.told) == 1


async def test_what_was_not_told_by_one_process_is_told_by_the_next_and_only_once(channel: Channel) -> None:
    await channel.happens()
    for _ in range(3):
        async with channel.process():
            await channel.until_all_is_told()
    assert len(channel.told) == 1


@pytest.mark.parametrize("was_posted", [True, False])
async def test_after_a_crash_while_it_was_told_there_is_one_message(channel: Channel, was_posted: bool) -> None:
    async with channel.process():
        await channel.happens()
        await channel.until_all_is_told()
    if not was_posted:
        channel.messages[0].vanishes()
    channel.forgets()
    async with channel.process():
        await channel.until_all_is_told()
    assert len(channel.told) == 1


async def test_a_message_whose_answer_was_lost_is_not_posted_again(channel: Channel) -> None:
    channel.served.workspace.trouble.lose_answer("chat.postMessage")
    async with channel.process():
        await channel.happens()
        await channel.until_all_is_told()
    assert len(channel.told) == 1


async def test_what_nobody_can_have_told_is_not_looked_for(channel: Channel) -> None:
    async with channel.process():
        await channel.happens()
        await channel.until_all_is_told()
        searched = channel.served.calls("conversations.history")
        await channel.happens()
        await channel.until_all_is_told()
    assert channel.served.calls("conversations.history") == searched


async def test_what_happens_while_slack_is_away_is_told_when_it_is_back(channel: Channel) -> None:
    channel.served.workspace.trouble.server_error("chat.postMessage", 503, times=2)
    async with channel.process():
        await channel.happens()
        await channel.happens(EventKind.KEEP_RECOVERED, None)
        await channel.until_all_is_told()
    assert ["All is well" in told for told in channel.told] == [False, True]


async def test_where_the_channel_cannot_be_told_who_ordered_it_is_told_directly(channel: Channel) -> None:
    channel.served.workspace.channel("#databases").archives()
    async with channel.process():
        await channel.happens()
        await channel.until_all_is_told()
    direct = channel.served.workspace.person("alice").direct_messages()
    assert len(direct) == 1
    assert "orders-db" in direct[0].rendered


async def test_somebody_elses_message_with_the_same_metadata_is_not_taken_for_it(channel: Channel) -> None:
    await channel.happens()
    (recorded,) = channel.world.record.history
    theirs = channel.served.workspace.person("bob").says("All is well.", "#databases")
    theirs.stored.metadata = keep.metadata(recorded)
    async with channel.process():
        await channel.until_all_is_told()
    assert len(channel.told) == 1


def test_the_words_do_not_promise_another_try_once_it_has_ended() -> None:
    ended = replace(standing_order(), state=StandingState.ENDED, every=timedelta(hours=1))
    event = Event(EventKind.KEEP_FAILED, ended.made_at, BOT, reason=Reason.FROZEN)
    assert "tried again" not in keep.draw_news(ended, event).text
