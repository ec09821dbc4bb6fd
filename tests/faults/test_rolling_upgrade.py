"""Three replicas are replaced by a newer version one after the other, and nobody who works with them notices."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from bot.sandbox.workspace import DispatchFailed
from tests.conftest import NUMBERS
from tests.fakes.conditions import until
from tests.fakes.postgres import PostgresServer
from tests.faults.checks import nothing_is_lost_and_nothing_is_done_twice
from tests.faults.patience import PATIENCE, eventually
from tests.faults.processes import REPOSITORY
from tests.faults.replicas import REPLICAS, Replicas, replicas_on
from tests.faults.stage import CHANNEL, COMMAND, Stage, Wish
from tests.faults.test_upgrade import older_version

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

TO_BE_DONE = 120.0
"""Seconds: who asks for more copies than the account may make in a minute waits for the next one."""

WORDS_OF_TROUBLE = ("broke", "too slow", "try again", "cannot be reached")

PEOPLE = 4

SOCKET_CLOSED = "the socket closed before the acknowledgement"

T = TypeVar("T")

AT_WORK = "this bot works on the copies now"


@dataclass(slots=True)
class Asked:
    """What people have done so far, and were answered.

    Attributes:
        wishes: the copies that were confirmed.
        looks: forms and lists that were asked for.
        lost: what Slack said where it had to be done again.
        stops: seconds that each bot took to end.
    """

    wishes: list[Wish] = field(default_factory=list)
    looks: int = 0
    lost: list[str] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        stops = ", ".join(f"{seconds:.1f} s" for seconds in self.stops)
        done = f"{len(self.wishes)} copies, {self.looks} forms and lists, {len(self.lost)} done again"
        return f"{done}; stopped in {stops}"


class People:
    """Two who copy one backup after the other, one who opens forms, and one who looks how things are. Each does it once
    and is content with the answer, or the test fails. Only what Slack has sent to a socket in the moment in which that
    was closed is done again: Socket Mode has no way to say that nothing more is to be sent.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._go_on = True
        self.asked = Asked()

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[Asked]:
        """They do that until the block is left, and end what they have begun."""
        async with asyncio.TaskGroup() as doing:
            for name in ("alice", "bob"):
                doing.create_task(self._copies(name))
            doing.create_task(self._opens_forms("ana"))
            doing.create_task(self._looks("carol"))
            yield self.asked
            self._go_on = False

    async def _copies(self, name: str) -> None:
        while self._go_on:
            wish = self._stage.new_wish(len(self.asked.wishes), name)
            self.asked.wishes.append(wish)
            confirmation = await self._does(partial(self._stage.confirms, wish))
            submitted = await self._does(confirmation.submits)
            assert submitted.form is not None
            await submitted.form.shows("Copy started", timeout=PATIENCE)
            await submitted.form.closes(all_of_them=True)
            await self._ends(wish)

    async def _does(self, deed: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await deed()
            except DispatchFailed as failure:
                if SOCKET_CLOSED not in str(failure):
                    raise
                self.asked.lost.append(str(failure))

    async def _ends(self, wish: Wish) -> None:
        try:
            await until(partial(self._stage.has_ended, wish), seconds=TO_BE_DONE, every=0.3)
        except TimeoutError as error:
            raise AssertionError(f"{wish.person}'s copy got stuck: {self._stage.kinds(wish)}") from error

    async def _opens_forms(self, name: str) -> None:
        person = self._stage.workspace.person(name)
        while self._go_on:
            await self._does(partial(person.types, COMMAND, CHANNEL))
            form = await person.sees_form("Copy a backup", timeout=PATIENCE)
            await form.closes(all_of_them=True)
            self.asked.looks += 1

    async def _looks(self, name: str) -> None:
        person = self._stage.workspace.person(name)
        while self._go_on:
            person.reloads()
            await self._does(partial(person.types, f"{COMMAND} status", CHANNEL))
            await eventually(lambda: len(person.ephemeral_messages) == 1)
            assert "broke" not in person.ephemeral_messages[0].rendered
            self.asked.looks += 1


async def replaced_in_turn(replicas: Replicas, asked: Asked) -> None:
    for bot in replicas.bots:
        await work_goes_on(replicas, asked)
        assert "this is the older version" in bot.said
        began = time.monotonic()
        assert await bot.stop() == 0  # of itself, and not because its time was over
        asked.stops.append(time.monotonic() - began)
        bot.code = REPOSITORY
        await bot.start()
        assert "this is the older version" not in bot.said
        await replicas.are_ready()
    await work_goes_on(replicas, asked)


async def work_goes_on(replicas: Replicas, asked: Asked) -> None:
    """Some more is asked for and done."""
    stage, looks, number = replicas.stage, asked.looks, len(asked.wishes)
    await eventually(lambda: asked.looks >= looks + 5 and len(asked.wishes) > number)
    await until(lambda: stage.has_ended(asked.wishes[number]), seconds=TO_BE_DONE, every=0.3)


async def everybody_is_told(stage: Stage, asked: Asked) -> None:
    """One after the other: looking at all of them at once keeps the simulators from their work."""
    for wish in asked.wishes:
        await until(partial(stage.is_current, wish), seconds=TO_BE_DONE, every=0.1)


@pytest.mark.parametrize("socket_mode", [False, True], ids=["HTTP", "Socket Mode"])
async def test_nobody_sees_an_error_and_no_copy_is_lost(
    tmp_path: Path,
    postgres: PostgresServer,
    socket_mode: bool,
    record_property: Callable[[str, object], None],
) -> None:
    older = older_version(tmp_path / "older")
    place = postgres.new_database()
    async with replicas_on(tmp_path, place, socket_mode=socket_mode, speed=300.0) as replicas:
        stage = replicas.stage
        stage.workspace.group("dba").extend(stage.workspace.person(name).id for name in ("ana", "carol"))
        for bot in replicas.bots:
            bot.code = older
            await bot.start()
        await replicas.are_ready()
        people = People(stage)
        async with people.asking() as asked:
            await replaced_in_turn(replicas, asked)
        await everybody_is_told(stage, asked)
        record_property(NUMBERS, asked)

        nothing_is_lost_and_nothing_is_done_twice(stage, *asked.wishes)
        failed = [each for each in stage.workspace.deliveries if each.status != 200]
        assert len(failed) == len(asked.lost) <= REPLICAS * PEOPLE
        for name in stage.workspace.people:
            seen = [message.rendered for message in stage.workspace.person(name).ephemeral_messages]
            assert not [text for text in seen for word in WORDS_OF_TROUBLE if word in text]
        logs = [bot.log.read_text() for bot in replicas.bots]
        assert not [log for log in logs if "Traceback" in log or "unexpected error" in log]
        assert sum(log.count(AT_WORK) for log in logs) >= 2  # at least once it was handed over
