"""An independent app: Bolt and Slack's own SDK, as anybody would write it, against the simulated workspace."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import pytest
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

Json: TypeAlias = dict[str, object]


def manifest(*, socket_mode: bool = False, scopes: tuple[str, ...] = SCOPES, should_escape: bool = False) -> Json:
    url = "https://bot.example.com/slack/events"
    return {
        "display_information": {"name": "Copy Backup"},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "bot_user": {"display_name": "copy-backup"},
            "shortcuts": [
                {"name": "Copy a backup", "type": "global", "callback_id": "copy", "description": "Copies a backup"}
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
    bodies: list[Json] = field(default_factory=list)


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    workspace = SimulatedWorkspace(seed=7)
    async with workspace.serving() as running:
        app = workspace.install(manifest())
        yield Setting(workspace, running.api_url, AsyncWebClient(token=app.bot_token, base_url=running.api_url))


@pytest.fixture
def make_bolt(setting: Setting) -> Callable[[], AsyncApp]:
    def make() -> AsyncApp:
        app = setting.workspace.app
        return AsyncApp(
            client=AsyncWebClient(token=app.bot_token, base_url=setting.api_url),
            signing_secret=app.signing_secret,
            process_before_response=False,
        )

    return make


@pytest.fixture
def bolt(make_bolt: Callable[[], AsyncApp]) -> AsyncApp:
    return make_bolt()


Reachable: TypeAlias = Callable[[AsyncApp], AbstractAsyncContextManager[None]]


@pytest.fixture(params=["http", "socket mode"])
def reachable(request: pytest.FixtureRequest, setting: Setting) -> Reachable:
    """Makes a Bolt app reachable, by HTTP and by Socket Mode."""
    return by_http(setting) if request.param == "http" else by_socket_mode(setting)


@pytest.fixture
def over_http(setting: Setting) -> Reachable:
    return by_http(setting)


@pytest.fixture
def over_sockets(setting: Setting) -> Reachable:
    return by_socket_mode(setting)


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
