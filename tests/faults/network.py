"""The network between the bot and the simulators: it can be cut, and is there again on the same ports."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from bot.sandbox.cloud import RunningCloud, SimulatedCloud
from bot.sandbox.workspace import ServedWorkspace, SimulatedWorkspace


@dataclass(slots=True)
class Network:
    """Both simulators' servers.

    Attributes:
        ports: the cloud's and the workspace's.
    """

    cloud: SimulatedCloud
    workspace: SimulatedWorkspace
    ports: tuple[int, int]
    _servers: AsyncExitStack = field(default_factory=AsyncExitStack)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[tuple[RunningCloud, ServedWorkspace]]:
        """Both are served until the block is left."""
        try:
            yield await self._connect()
        finally:
            await self._servers.aclose()

    @asynccontextmanager
    async def cut(self) -> AsyncIterator[None]:
        """Nobody can be reached, and what was connected is not any more, until the block is left."""
        await self._servers.aclose()
        yield
        await self._connect()

    async def _connect(self) -> tuple[RunningCloud, ServedWorkspace]:
        cloud, workspace = self.ports
        return (
            await self._servers.enter_async_context(self.cloud.serving(cloud)),
            await self._servers.enter_async_context(self.workspace.serving(workspace)),
        )
