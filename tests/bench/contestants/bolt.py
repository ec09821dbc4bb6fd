"""Bolt for Python as its documentation shows it: ``ack()``, then ``views_open``. On the bot's own server, and on
Bolt's two development servers. And the leanest that can be had with Bolt.
"""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import aiohttp
import slack_bolt.app.app as bolt_app
from aiohttp import web
from slack_bolt import Ack, App
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.app.async_server import AsyncSlackAppServer
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk import WebClient
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import Response

from bot.operations.readiness import Standing
from bot.server import build_web, serving
from tests.bench.contestants.copy_form import FORM
from tests.bench.slack_commands import APP_TOKEN, BOT_TOKEN, COMMAND, SIGNING_SECRET, SLACK_PATH


def _app(api_url: str) -> AsyncApp:
    app = AsyncApp(
        token=BOT_TOKEN, signing_secret=SIGNING_SECRET, client=AsyncWebClient(token=BOT_TOKEN, base_url=api_url)
    )

    @app.command(COMMAND)
    async def copy_backup(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    return app


@asynccontextmanager
async def _on_the_bots_server(app: AsyncApp) -> AsyncIterator[int]:
    handler = AsyncSlackRequestHandler(app)

    async def slack(request: Request) -> Response:
        return await handler.handle(request)

    async with serving(build_web(slack, _ready), "127.0.0.1", 0) as port:
        yield port


async def _ready() -> Standing:
    return Standing()


@asynccontextmanager
async def bolt_on_uvicorn(api_url: str) -> AsyncIterator[int]:
    """AsyncApp, Starlette adapter, uvicorn; yields the port."""
    async with _on_the_bots_server(_app(api_url)) as port:
        yield port


@asynccontextmanager
async def bolt_on_aiohttp(api_url: str) -> AsyncIterator[int]:
    """``AsyncApp.start()``'s server, but for the address and port; yields the port."""
    server = AsyncSlackAppServer(port=0, path=SLACK_PATH, app=_app(api_url), host="127.0.0.1")
    runner = web.AppRunner(server.web_app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


class _LoopbackServer(HTTPServer):
    """http.server's, which Bolt would have listen to the whole network."""

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", address[1]), handler)


@asynccontextmanager
async def bolt_on_http_server(api_url: str) -> AsyncIterator[int]:
    """``App.start()``'s server, but for the address and port; yields the port."""
    app = App(token=BOT_TOKEN, signing_secret=SIGNING_SECRET, client=WebClient(token=BOT_TOKEN, base_url=api_url))

    @app.command(COMMAND)
    def copy_backup(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=FORM)

    bolt_app.HTTPServer = _LoopbackServer  # type: ignore[assignment, attr-defined]  # no argument does it
    server: HTTPServer = bolt_app.SlackAppDevelopmentServer(
        port=0, path=SLACK_PATH, app=app, http_server_logger_enabled=False
    )._server
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()


@asynccontextmanager
async def bolt_in_socket_mode(api_url: str) -> AsyncIterator[None]:
    """``AsyncSocketModeHandler``, as Bolt's documentation starts it."""
    handler = AsyncSocketModeHandler(_app(api_url), APP_TOKEN)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt has no types here
    try:
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # the same


@asynccontextmanager
async def leanest_bolt(api_url: str) -> AsyncIterator[int]:
    """As much as Bolt lets an app have: no waiting for ``ack()``, one session, the form opened beside the answer."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=api_url, session=session)
        app = AsyncApp(
            token=BOT_TOKEN,
            signing_secret=SIGNING_SECRET,
            client=AsyncWebClient(token=BOT_TOKEN, base_url=api_url),
            process_before_response=True,
        )
        opening: set[asyncio.Task[object]] = set()

        @app.command(COMMAND)
        async def copy_backup(ack: AsyncAck, body: dict[str, Any]) -> None:
            task: asyncio.Task[object] = asyncio.create_task(
                client.views_open(trigger_id=body["trigger_id"], view=FORM)
            )
            opening.add(task)
            task.add_done_callback(opening.discard)
            await ack()

        async with _on_the_bots_server(app) as port:
            yield port
