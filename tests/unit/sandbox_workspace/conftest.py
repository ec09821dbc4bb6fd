"""An independent app: Bolt and Slack's own SDK, as anybody would write it, against the simulated workspace."""

from collections.abc import AsyncIterator, Callable

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.routing import Route

from bot.sandbox.loopback import loopback_server
from bot.sandbox.workspace import SimulatedWorkspace
from tests.fakes.slack_apps import RawApp, Reachable, Setting, by_http, by_socket_mode, manifest


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


@pytest.fixture
async def raw_app(setting: Setting) -> AsyncIterator[RawApp]:
    app = RawApp()
    async with loopback_server(Starlette(routes=[Route("/", app.handle, methods=["POST"])])) as port:
        setting.workspace.deliver_to(f"http://127.0.0.1:{port}/")
        yield app
