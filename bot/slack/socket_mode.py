"""Socket Mode: the connection through which Slack's requests come (``slack-platform.md``, Requests to the app).

Bolt and slack_sdk keep it: they answer pings, and connect anew when it breaks. Two things they do not: say that Slack
refuses the app token, which they would ask with for ever; and ask for another address after a connection has failed,
although an address works once (Python Slack SDK 3.48, ``socket_mode/aiohttp``: ``connect``).
"""

import asyncio

from pydantic import SecretStr
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.client import SlackClient

SECONDS_BETWEEN_LOOKS = 2.0


class SocketMode:
    """The connection, kept open."""

    def __init__(self, app: AsyncApp, client: SlackClient, app_token: SecretStr, api_url: str) -> None:
        """Nothing is opened before `open`.

        Args:
            app: answers what comes.
            client: asks for the first address.
            app_token: with the scope ``connections:write``.
            api_url: such as ``https://slack.com/api/``.
        """
        self._app = app
        self._client = client
        self._app_token = app_token
        self._api_url = api_url
        self._handler: AsyncSocketModeHandler | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect, and stay connected. Whoever stops waiting for the connection stops nothing else.

        Raises:
            SlackTroubleError: Slack gives no address; nothing was begun.
        """
        if self._connecting is None:
            self._connecting = await self._begin()
        await asyncio.wait([self._connecting])

    async def is_open(self) -> bool:
        """Whether requests can come."""
        return self._handler is not None and await self._handler.client.is_connected()

    async def aclose(self) -> None:
        """Close it; nothing more comes. May be called without `open`."""
        tasks = [task for task in (self._connecting, self._renewing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._handler is not None:
            await self._handler.close_async()  # type: ignore[no-untyped-call]  # Bolt has no types here

    async def _begin(self) -> asyncio.Task[None]:
        opened, _ = await self._client.call("apps.connections.open", {}, repeat=True, token=self._app_token)
        token = self._app_token.get_secret_value()
        self._handler = AsyncSocketModeHandler(self._app, token, web_client=AsyncWebClient(base_url=self._api_url))
        self._handler.client.wss_uri = str(opened.get("url"))
        self._renewing = asyncio.create_task(self._renew_addresses(self._handler), name="renews addresses")
        return asyncio.create_task(self._connect(self._handler), name="connects by Socket Mode")

    async def _connect(self, handler: AsyncSocketModeHandler) -> None:
        await handler.connect_async()  # type: ignore[no-untyped-call]  # as above

    async def _renew_addresses(self, handler: AsyncSocketModeHandler) -> None:
        """See that the next try to connect asks for an address of its own."""
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            if not await self.is_open():
                handler.client.wss_uri = None
