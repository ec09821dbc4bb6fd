"""Socket Mode: the connection through which Slack's requests come (``slack-platform.md``, Requests to the app).

Bolt and slack_sdk keep it: they answer pings, and connect anew when it breaks. Four things they do not: say that Slack
refuses the app token, which they would ask with for ever; ask for another address after a connection has failed,
although an address works once; answer what they have taken before they close; and close it soon where Slack does not
take part in that (Python Slack SDK 3.48, ``socket_mode/aiohttp``: ``connect``, ``close``).
"""

import asyncio
from contextlib import suppress

from pydantic import SecretStr
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.client import SlackClient

SECONDS_BETWEEN_LOOKS = 2.0

SECONDS_TO_ANSWER = 3.0
"""How long what was taken may take to be answered when the connection is to be closed: Slack waits no longer."""

SECONDS_TO_PART = 1.0
"""How long Slack may take to close its side."""

_A_MOMENT = 0.01


class _Handler(AsyncSocketModeHandler):
    """Bolt's, which knows what it has not answered yet."""

    def __init__(self, app: AsyncApp, app_token: str, web_client: AsyncWebClient) -> None:
        super().__init__(app, app_token, web_client=web_client)
        self._answering = 0

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]  # as Bolt does
        self._answering += 1
        try:
            await super().handle(client, req)
        finally:
            self._answering -= 1

    async def finish(self) -> None:
        """Answer what was read, and what comes meanwhile: Slack sends until the connection is closed."""
        idle = 0
        while idle < 2:  # what was taken from the queue begins to be answered a moment later
            await asyncio.sleep(_A_MOMENT)
            idle = 0 if self._answering or not self.client.message_queue.empty() else idle + 1

    async def part(self) -> None:
        """Close the connection, whether Slack takes part in it or not."""
        client = self.client
        client.closed, client.auto_reconnect_enabled = True, False
        keeping = (client.message_processor, client.current_session_monitor, client.message_receiver)
        tasks = [task for task in keeping if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS_TO_PART):
                await client.disconnect()  # type: ignore[no-untyped-call]  # slack_sdk has no types here
        await client.aiohttp_client_session.close()


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
        self._handler: _Handler | None = None
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
        """Take nothing more, answer what was taken, and close it. May be called twice, and without `open`."""
        tasks = [task for task in (self._connecting, self._renewing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        handler, self._handler = self._handler, None
        if handler is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(SECONDS_TO_ANSWER):
                    await handler.finish()
            await handler.part()

    async def _begin(self) -> asyncio.Task[None]:
        opened, _ = await self._client.call("apps.connections.open", {}, repeat=True, token=self._app_token)
        token = self._app_token.get_secret_value()
        self._handler = _Handler(self._app, token, AsyncWebClient(base_url=self._api_url))
        self._handler.client.wss_uri = str(opened.get("url"))
        self._renewing = asyncio.create_task(self._renew_addresses(self._handler), name="renews addresses")
        return asyncio.create_task(self._connect(self._handler), name="connects by Socket Mode")

    async def _connect(self, handler: _Handler) -> None:
        await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt has no types here

    async def _renew_addresses(self, handler: _Handler) -> None:
        """See that the next try to connect asks for an address of its own."""
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            if not await self.is_open():
                handler.client.wss_uri = None
