"""Apps of other people, against the simulated workspace: with Bolt and Slack's own SDK, as anybody would write them,
and without any library.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.loopback import loopback_server
from bot.sandbox.workspace import SimulatedWorkspace

SCOPES = (
    "commands",
    "chat:write",
    "chat:write.public",
    "channels:read",
    "groups:read",
    "channels:history",
    "groups:history",
    "channels:join",
    "users:read",
    "usergroups:read",
    "im:write",
    "reactions:write",
)

Json: TypeAlias = dict[str, Any]
Reachable: TypeAlias = Callable[[AsyncApp], AbstractAsyncContextManager[None]]


def manifest(*, socket_mode: bool = False, scopes: tuple[str, ...] = SCOPES, should_escape: bool = False) -> Json:
    url = "https://bot.example.com/slack/events"
    return {
        "display_information": {"name": "Copy Backup"},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "bot_user": {"display_name": "copy-backup"},
            "shortcuts": [
                {"name": "Copy a backup", "type": "global", "callback_id": "copy", "description": "Copies a backup"},
                {"name": "Again", "type": "message", "callback_id": "again", "description": "Once more"},
            ],
            "slash_commands": [
                {"command": "/copy-backup", "url": url, "description": "Copies", "should_escape": should_escape}
            ],
        },
        "oauth_config": {"scopes": {"bot": list(scopes)}},
        "settings": {
            "event_subscriptions": {"request_url": url, "bot_events": ["app_home_opened"]},
            "interactivity": {"is_enabled": True, "request_url": url},
            "socket_mode_enabled": socket_mode,
        },
    }


@dataclass
class Setting:
    """A served workspace with an installed app, and Slack's client for it."""

    workspace: SimulatedWorkspace
    api_url: str
    client: AsyncWebClient


def by_http(setting: Setting) -> Reachable:
    @asynccontextmanager
    async def running(bolt: AsyncApp) -> AsyncIterator[None]:
        handler = AsyncSlackRequestHandler(bolt)

        async def events(request: Request) -> Response:
            return await handler.handle(request)

        async with loopback_server(Starlette(routes=[Route("/slack/events", events, methods=["POST"])])) as port:
            setting.workspace.deliver_to(f"http://127.0.0.1:{port}/slack/events")
            yield

    return running


def by_socket_mode(setting: Setting) -> Reachable:
    @asynccontextmanager
    async def running(bolt: AsyncApp) -> AsyncIterator[None]:
        setting.workspace.install(manifest(socket_mode=True))
        handler = AsyncSocketModeHandler(bolt, setting.workspace.app.app_token)
        await handler.connect_async()  # type: ignore[no-untyped-call]  # slack_bolt does not annotate it
        await setting.workspace.until_a_socket_is_open()
        try:
            yield
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]  # as above

    return running


class RawApp:
    """An app without any library: keeps what it gets, answers what it is told to."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, dict[str, str]]] = []
        self.answers: list[Response] = []

    async def handle(self, request: Request) -> Response:
        self.received.append((await request.body(), dict(request.headers)))
        return self.answers.pop(0) if self.answers else Response()

    def payload(self, place: int = -1) -> Json:
        fields = parse_qs(self.received[place][0].decode())
        return dict(json.loads(fields["payload"][0]))


def words(text: str) -> Json:
    """A text object without markup."""
    return {"type": "plain_text", "text": text}


@asynccontextmanager
async def form_with(setting: Setting, **more: object) -> AsyncIterator[None]:
    request = setting.workspace.signed_command("alice", "/copy-backup")
    trigger_id = parse_qs(request.body.decode())["trigger_id"][0]
    view = {"type": "modal", "title": words("Form"), "submit": words("Go"), "blocks": [], **more}
    await setting.client.views_open(trigger_id=trigger_id, view=view)
    yield


def text_input(**more: object) -> Json:
    element = {"type": "plain_text_input", "action_id": "typed", **more}
    return {"type": "input", "block_id": "name", "label": words("Name"), "element": element}
