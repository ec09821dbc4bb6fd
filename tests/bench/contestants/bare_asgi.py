"""The least that an app can do: check the signature, answer, and open the form by one pooled call. No framework."""

import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast
from urllib.parse import parse_qs

import aiohttp
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.server import serving
from tests.bench.contestants.copy_form import FORM
from tests.bench.slack_commands import BOT_TOKEN, SIGNING_SECRET

OLDEST_SECONDS = 300
_SECRET = SIGNING_SECRET.encode()


def _is_slacks(headers: dict[bytes, bytes], body: bytes) -> bool:
    timestamp = headers.get(b"x-slack-request-timestamp", b"")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > OLDEST_SECONDS:
        return False
    digest = hmac.digest(_SECRET, b"v0:" + timestamp + b":" + body, "sha256").hex()
    return hmac.compare_digest(b"v0=" + digest.encode(), headers.get(b"x-slack-signature", b""))


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += cast("bytes", message.get("body", b""))
        if not message.get("more_body"):
            return body


def application(session: aiohttp.ClientSession, api_url: str) -> ASGIApp:
    """The app: answers first, then opens the form.

    Args:
        session: with the connections to Slack's Web API.
        api_url: of Slack's Web API, with a slash at its end.
    """
    authorization = {"Authorization": f"Bearer {BOT_TOKEN}", "Content-Type": "application/json;charset=utf-8"}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        is_slacks = _is_slacks(dict(scope["headers"]), body)
        await send(
            {
                "type": "http.response.start",
                "status": 200 if is_slacks else 401,
                "headers": [(b"content-length", b"0")],
            }
        )
        await send({"type": "http.response.body", "body": b""})
        if not is_slacks:
            return
        trigger = parse_qs(body.decode())["trigger_id"][0]
        call = json.dumps({"trigger_id": trigger, "view": FORM})
        async with session.post(api_url + "views.open", data=call, headers=authorization) as response:
            answer = await response.json()
            if not answer["ok"]:
                raise RuntimeError(answer["error"])

    return app


@asynccontextmanager
async def bare_asgi(api_url: str) -> AsyncIterator[int]:
    """On the bot's own server; yields the port."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        web = cast("Starlette", application(session, api_url))  # uvicorn takes any ASGI application
        async with serving(web, "127.0.0.1", 0) as port:
            yield port
