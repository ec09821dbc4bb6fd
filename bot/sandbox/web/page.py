"""The page on a real socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount, WebSocketRoute
from starlette.staticfiles import StaticFiles

from bot.sandbox.cloud import SimulatedCloud
from bot.sandbox.cloud.control import control_interface
from bot.sandbox.loopback import loopback_server
from bot.sandbox.web.backup_map import backup_map
from bot.sandbox.web.deeds import deed_routes
from bot.sandbox.web.guard import Guard
from bot.sandbox.web.guide import Guide
from bot.sandbox.web.live import Live
from bot.sandbox.web.switches import BotSwitch, Switches
from bot.sandbox.web.wire import WireTab
from bot.sandbox.workspace import SimulatedWorkspace

_STATIC = Path(__file__).parent / "static"


class SandboxPage:
    """A page for one simulated workspace and one simulated cloud."""

    def __init__(
        self, workspace: SimulatedWorkspace, cloud: SimulatedCloud, bot: BotSwitch, guide: Guide | None = None
    ) -> None:
        """Puts the page together.

        Args:
            workspace: What it shows.
            cloud: What is behind it.
            bot: Whoever can crash and start the bot.
            guide: What a stranger is told.
        """
        switches = Switches(workspace, cloud, bot)
        wire = WireTab(workspace, cloud)
        drawer = {"cloud": lambda: backup_map(cloud), "wire": wire.shown, "trouble": switches.shown}
        live = Live(workspace, drawer, guide or Guide())
        routes = [
            WebSocketRoute("/live", live.serve),
            *deed_routes(workspace),
            *switches.routes(),
            *wire.routes(),
            Mount("/cloud", routes=[control_interface(cloud)]),
            Mount("/slack", routes=[workspace.control_interface()]),
            Mount("/", StaticFiles(directory=_STATIC, html=True)),
        ]
        self._app = Guard(Starlette(routes=routes))

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[str]:
        """Serves the page on loopback until the block is left.

        Args:
            port: The TCP port, 0 for any free one.

        Yields:
            Its address.

        Raises:
            OSError: The port cannot be had.
        """
        async with loopback_server(self._app, port=port) as bound:
            yield f"http://127.0.0.1:{bound}/"
