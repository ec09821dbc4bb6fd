"""Once a day the head of the log is posted: whatever happens in between, once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest

from bot.domain.events import EventKind, RecordedEvent
from bot.sandbox.workspace import Message
from bot.slack.client import SlackClient
from bot.slack.pacing import Pacer
from bot.slack.witness import WitnessPoster, posted_witnesses
from tests.fakes.conditions import until
from tests.fakes.samples import sample_event
from tests.fakes.world import World
from tests.unit.slack.conftest import Served

PATIENCE = 20.0
DAY = 86_400.0


class Sleepless:
    """A clock whose time a test turns: whoever sleeps waits for that."""

    def __init__(self, world: World) -> None:
        self._clock = world.clock
        self.wanted: list[float] = []
        self._woken = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.wanted.append(seconds)
        self._woken.clear()
        await self._woken.wait()

    def turn(self, seconds: float) -> None:
        self._clock.jump(seconds)
        self._woken.set()


@dataclass
class Witnessing:
    """A channel with witnesses, and whoever posts them."""

    served: Served
    client: SlackClient
    world: World

    @property
    def messages(self) -> list[Message]:
        app = self.served.workspace.app.bot_user_id
        return [each for each in self.served.workspace.channel("#databases").messages if each.stored.author == app]

    def written(self) -> list[RecordedEvent]:
        return [each for each in self.world.record.history if each.event.kind is EventKind.WITNESS_POSTED]

    @asynccontextmanager
    async def process(self, channel: str | None = None) -> AsyncIterator[Sleepless]:
        clock = Sleepless(self.world)
        self.world.clock.sleep = clock.sleep  # type: ignore[method-assign]  # for as long as the process lives
        where = channel or self.served.workspace.channel("#databases").id
        task = asyncio.create_task(WitnessPoster(self.world.ports, self.client, Pacer(0.0), where).keep_posting())
        try:
            yield clock
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
async def witnessing(served: Served, client: SlackClient) -> Witnessing:
    served.workspace.channel("#databases").invites_the_app()
    world = World.new()
    await world.record.append(sample_event(1))
    return Witnessing(served, client, world)


async def asleep(clock: Sleepless, times: int = 1) -> None:
    await until(lambda: len(clock.wanted) >= times, seconds=PATIENCE)


async def test_the_head_is_posted_and_written_down(witnessing: Witnessing) -> None:
    head = witnessing.world.record.history[-1]
    async with witnessing.process() as clock:
        await asleep(clock)

    (message,) = witnessing.messages
    (written,) = witnessing.written()
    assert f"event 1, hash {head.hash}" in message.rendered
    assert (written.event.facts["sequence"], written.event.facts["hash"]) == (1, head.hash)
    assert written.event.facts["message_ts"] == message.ts
    assert clock.wanted == [DAY]


async def test_a_day_later_the_next_is_posted_and_not_before(witnessing: Witnessing) -> None:
    async with witnessing.process() as clock:
        await asleep(clock)
        clock.turn(DAY / 2)
        await asleep(clock, 2)
        assert len(witnessing.messages) == 1
        clock.turn(DAY / 2 + 1)
        await asleep(clock, 3)

    assert len(witnessing.messages) == len(witnessing.written()) == 2
    assert [each.event.facts["sequence"] for each in witnessing.written()] == [1, 2]


async def test_a_restart_posts_nothing_twice(witnessing: Witnessing) -> None:
    for _ in range(3):
        async with witnessing.process() as clock:
            await asleep(clock)

    assert len(witnessing.messages) == len(witnessing.written()) == 1


async def test_a_lost_answer_posts_nothing_twice(witnessing: Witnessing) -> None:
    witnessing.served.workspace.trouble.lose_answer("chat.postMessage")
    async with witnessing.process() as clock:
        await asleep(clock)
        assert witnessing.written() == []
        clock.turn(clock.wanted[0])
        await asleep(clock, 2)

    (message,) = witnessing.messages
    assert [each.event.facts["message_ts"] for each in witnessing.written()] == [message.ts]


async def test_a_witness_of_another_log_is_not_taken_for_its_own(witnessing: Witnessing) -> None:
    async with witnessing.process() as clock:
        await asleep(clock)
    witnessing.world = World.new()
    await witnessing.world.record.append(sample_event(2))
    async with witnessing.process() as clock:
        await asleep(clock)

    assert len(witnessing.messages) == 2
    assert witnessing.written()[0].event.facts["message_ts"] == witnessing.messages[-1].ts


async def test_a_clock_that_is_set_back_delays_the_next_by_a_day_at_most(witnessing: Witnessing) -> None:
    async with witnessing.process() as clock:
        await asleep(clock)
        clock.turn(-30 * DAY)
        await asleep(clock, 2)

    assert clock.wanted[1] == DAY


async def test_while_the_channel_cannot_be_posted_to_it_is_tried_again(witnessing: Witnessing) -> None:
    async with witnessing.process("C0NOWHERE") as clock:
        await asleep(clock)
        clock.turn(clock.wanted[0])
        await asleep(clock, 2)

    assert clock.wanted == [60.0, 120.0]
    assert witnessing.written() == []


async def test_the_bots_own_witnesses_are_read_and_nobody_elses(witnessing: Witnessing) -> None:
    async with witnessing.process() as clock:
        await asleep(clock)
    (own,) = witnessing.messages
    channel = witnessing.served.workspace.channel("#databases")
    forged = witnessing.served.workspace.person("alice").says(own.rendered, "#databases")
    forged.stored.metadata = own.stored.metadata

    found = [each async for each in posted_witnesses(witnessing.client, channel.id)]
    assert [(witness.sequence, ts) for witness, ts in found] == [(1, own.ts)]
