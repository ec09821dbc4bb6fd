"""Several bots on one PostgreSQL database, and people who ask them all the time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from tests.fakes.ports import held_ports
from tests.faults.balancer import Balancer, balancing
from tests.faults.patience import eventually
from tests.faults.processes import ServedBot
from tests.faults.stage import Stage, set_stage

REPLICAS = 3


@dataclass(frozen=True)
class Replicas:
    """They, and what they stand on.

    Attributes:
        stage: whose bot is the first of them.
        bots: all of them.
        balancer: leads Slack's requests to them; ``None`` in Socket Mode.
    """

    stage: Stage
    bots: tuple[ServedBot, ...]
    balancer: Balancer | None

    async def are_ready(self) -> None:
        """Wait until requests can be led to each of them."""
        await eventually(self._all_can_be_used)

    def _all_can_be_used(self) -> bool:
        if self.balancer:
            return len(self.balancer.ready) == len(self.bots)
        return self.stage.workspace.open_sockets == len(self.bots)


def address_of(bot: ServedBot) -> str:
    """Where a bot listens."""
    return f"http://127.0.0.1:{bot.environment['PORT']}"


@asynccontextmanager
async def replicas_on(folder: Path, place: SecretStr, *, socket_mode: bool, speed: float) -> AsyncIterator[Replicas]:
    """Three replicas that are not started yet.

    Args:
        folder: for their logs.
        place: of their database.
        socket_mode: whether they connect to Slack, rather than Slack to them.
        speed: how much faster than true copies run.
    """
    url = place.get_secret_value()
    with held_ports(REPLICAS - 1) as ports:
        async with set_stage(folder, socket_mode=socket_mode, speed=speed, DATABASE_URL=url) as stage:
            assert isinstance(stage.bot, ServedBot)
            others = [_replica(stage, folder / f"replica-{number}", port) for number, port in enumerate(ports, 2)]
            bots = (stage.bot, *others)
            try:
                async with _balancer_of(stage, bots, socket_mode=socket_mode) as balancer:
                    yield Replicas(stage, bots, balancer)
            finally:
                await asyncio.gather(*(bot.kill() for bot in bots))


def _replica(stage: Stage, folder: Path, port: int) -> ServedBot:
    folder.mkdir()
    return ServedBot({**stage.bot.environment, "PORT": str(port)}, folder)


@asynccontextmanager
async def _balancer_of(
    stage: Stage, bots: tuple[ServedBot, ...], *, socket_mode: bool
) -> AsyncIterator[Balancer | None]:
    if socket_mode:
        yield None
        return
    async with balancing([address_of(bot) for bot in bots]) as (balancer, url):
        stage.workspace.deliver_to(url)
        yield balancer
