"""The simulated cloud on a real socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette

from bot.sandbox.cloud.control import control_interface
from bot.sandbox.cloud.identity import REGIONS
from bot.sandbox.cloud.state import CloudState
from bot.sandbox.cloud.web import DatabasesApi
from bot.sandbox.loopback import loopback_server
from bot.sandbox.wire import recorded


@dataclass(frozen=True, slots=True)
class RunningCloud:
    """Where a served cloud is found, and what a client needs to come in.

    Attributes:
        identity_url: The address of Identity, without `/tokens`.
        username: The account's user.
        api_key: Its API key, which is worth nothing outside this machine.
        account: The account id.
        regions: The public address of each region.
        port: The TCP port of all of it.
    """

    identity_url: str
    username: str
    api_key: str
    account: str
    regions: dict[str, str]
    port: int


class SimulatedCloud(CloudState):
    """Cloud Databases and its Identity service; see the package."""

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[RunningCloud]:
        """Serves the cloud on loopback until the block is left. What happened stays, and can be served again.

        Args:
            port: The TCP port, 0 for any free one.

        Yields:
            Where it is.

        Raises:
            OSError: The port cannot be had.
        """
        app = Starlette(routes=[control_interface(self), *DatabasesApi(self).routes()])
        async with loopback_server(recorded(app, self.wire, "cloud"), port=port) as given:
            origin = f"http://127.0.0.1:{given}"
            account = self.identity.account
            self.region_urls = {region: f"{origin}/{region.lower()}/v1.0/{account}" for region in REGIONS}
            yield RunningCloud(
                identity_url=f"{origin}/v2.0",
                username=self.identity.username,
                api_key=self.identity.api_key,
                account=account,
                regions=dict(self.region_urls),
                port=given,
            )
