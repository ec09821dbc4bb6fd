"""Everything at once, at random moments: processes are killed and stand still, connections are cut, and people ask all
the time. What is planned follows from a seed; what it meets does not.
"""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from bot.domain.events import EventKind
from tests.fakes.conditions import until
from tests.fakes.postgres import PostgresServer
from tests.faults.processes import READY, BotProcess
from tests.faults.stage import Stage, Wish

PEOPLE = ("alice", "bob", "ana", "carol")

LONGEST_CHAIN = 3

BETWEEN = (2.0, 8.0)
"""Seconds from one blow to the next."""

STANDSTILL = (1.0, 20.0)
"""Seconds that a process stands still."""

CUT = (0.2, 3.0)
"""Seconds that the network is cut."""

PATIENCE = 180.0
"""Seconds that everything may take to be done once all is well again."""

WITHOUT_END = 10_000
"""How often somebody tries to ask for a copy."""


class Blow(StrEnum):
    """What happens."""

    KILL = "kill -9"
    STANDSTILL = "SIGSTOP"
    NO_DATABASE = "database connections cut"
    NO_NETWORK = "network cut"


@dataclass(frozen=True, slots=True)
class Strike:
    """One blow.

    Attributes:
        after: seconds since the one before.
        bot: which of them.
        seconds: how long it lasts, where it does.
    """

    after: float
    blow: Blow
    bot: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Trial:
    """How hard it gets.

    Attributes:
        seed: from which it follows.
        seconds: that it lasts.
        report: takes a name and what happened.
    """

    seed: int
    seconds: float
    report: Callable[[str, object], None]

    def planned(self, bots: int, blows: Sequence[Blow]) -> list[Strike]:
        """The blows, the same for the same seed."""
        numbers, plan, passed = random.Random(self.seed), list[Strike](), 0.0
        while passed < self.seconds:
            blow = numbers.choice(blows)
            lasting = numbers.uniform(*(CUT if blow is Blow.NO_NETWORK else STANDSTILL))
            plan.append(Strike(numbers.uniform(*BETWEEN), blow, numbers.randrange(bots), lasting))
            passed += plan[-1].after
        return plan


@dataclass(slots=True)
class Chaos:
    """What befalls some bots.

    Attributes:
        postgres: has their database; ``None`` where it is a file.
        counts: the blows that struck, and the times that a bot was started again after it had ended by itself.
    """

    stage: Stage
    bots: Sequence[BotProcess]
    postgres: PostgresServer | None = None
    counts: Counter[str] = field(default_factory=Counter)
    _network: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def supervised(self) -> AsyncIterator[None]:
        """Start every bot, and start it again whenever it has ended, until the block is left."""
        async with asyncio.TaskGroup() as tasks:
            watching = [tasks.create_task(self._keep_running(bot)) for bot in self.bots]
            yield
            for task in watching:
                task.cancel()

    async def _keep_running(self, bot: BotProcess) -> None:
        while True:
            await bot.begin()
            if await bot.ends(seconds=float("inf")) != -signal.SIGKILL:
                self.counts["ended by itself"] += 1

    async def strike(self, plan: Sequence[Strike]) -> None:
        """Let it happen, to bots that have come as far as to be ready: on a busy machine that takes a while. In the end
        nothing is cut and nobody stands still any more.
        """
        await until(lambda: all(map(_is_ready, self.bots)), seconds=PATIENCE, every=0.1)
        async with asyncio.TaskGroup() as lasting:
            for strike in plan:
                await asyncio.sleep(strike.after)
                bot = self.bots[strike.bot]
                if not _is_ready(bot):
                    continue
                self.counts[strike.blow] += 1
                match strike.blow:
                    case Blow.KILL:
                        bot.signal(signal.SIGKILL)
                    case Blow.STANDSTILL:
                        lasting.create_task(self._stand_still(bot.pid, bot, strike.seconds))
                    case Blow.NO_DATABASE:
                        await asyncio.to_thread(self._cut_database, strike.bot)
                    case Blow.NO_NETWORK:
                        lasting.create_task(self._cut_network(strike.seconds))

    async def _stand_still(self, process: int, bot: BotProcess, seconds: float) -> None:
        bot.signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        if bot.is_running and bot.pid == process:
            os.kill(process, signal.SIGCONT)

    async def _cut_network(self, seconds: float) -> None:
        async with self._network, self.stage.network.cut():
            await asyncio.sleep(seconds)

    def _cut_database(self, number: int) -> None:
        assert self.postgres is not None
        self.postgres.run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role_of(number)}'"  # noqa: S608
        )


def _is_ready(bot: BotProcess) -> bool:
    return bot.is_running and READY in bot.said


def role_of(number: int) -> str:
    """The role by which a bot comes to the database, so that its connections are known there."""
    return f"replica_{number}"


class People:
    """Each asks for one copy, or a chain of them, after the other, as often as it takes.

    Attributes:
        wishes: what was asked for.
    """

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._numbers = random.Random(seed)
        self._go_on = True
        self.wishes: list[Wish] = []
        stage.workspace.group("dba").extend(stage.workspace.person(name).id for name in PEOPLE)

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """They do that until the block is left, and then until the bot has taken what they want."""
        async with asyncio.TaskGroup() as tasks:
            for name in PEOPLE:
                tasks.create_task(self._asks(name))
            yield
            self._go_on = False

    async def _asks(self, name: str) -> None:
        while self._go_on:
            wish = self._stage.new_wish(len(self.wishes), name, self._numbers.randint(1, LONGEST_CHAIN))
            self.wishes.append(wish)
            await self._stage.asks(wish, tries=WITHOUT_END)
            await until(partial(self._stage.has_ended, wish), seconds=PATIENCE, every=0.5)

    async def are_told(self) -> None:
        """Wait until everybody was told of everything. One after the other: looking at all of them at once keeps the
        simulators from their work.
        """
        for wish in self.wishes:
            await until(partial(self._stage.is_current, wish), seconds=PATIENCE, every=0.1)


def numbers_of(chaos: Chaos, people: People, seed: int) -> str:
    """What happened, in one line."""
    kinds = Counter(chaos.stage.kinds())
    happened = {
        "seed": seed,
        "wishes": len(people.wishes),
        "copies": kinds[EventKind.COMPLETED],
        "copy requests": len(chaos.stage.cloud.copy_requests()),
        "starts": sum(bot.lives for bot in chaos.bots),
        "work taken up": sum(bot.log.read_text().count("this bot works on the copies now") for bot in chaos.bots),
        "events": kinds.total(),
        **chaos.counts,
    }
    return ", ".join(f"{name} {number}" for name, number in happened.items())
