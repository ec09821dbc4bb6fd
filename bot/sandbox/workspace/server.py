"""The workspace's HTTP and WebSocket face: the Web API, response_urls, Socket Mode, and a look from outside."""

from collections.abc import Awaitable, Callable

from pydantic_core import from_json, to_json
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from bot.sandbox.wire import recorded
from bot.sandbox.workspace.control import control_interface
from bot.sandbox.workspace.interactions import CommandAnswer, Interactions
from bot.sandbox.workspace.refusals import Payload, SlackError
from bot.sandbox.workspace.socket_mode import SocketMode
from bot.sandbox.workspace.state import WorkspaceState
from bot.sandbox.workspace.trouble import Trouble
from bot.sandbox.workspace.web_api import WebApi


def workspace_app(
    state: WorkspaceState, web_api: WebApi, sockets: SocketMode, interactions: Interactions, trouble: Trouble
) -> ASGIApp:
    """The ASGI application. The Web API goes past Starlette's routing: it has to be fast."""
    rest = _slower_part(state, sockets, interactions, trouble)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/api/"):
            request = Request(scope, receive, send)
            response = await web_api.handle(request, scope["path"].removeprefix("/api/"))
            if response is not None:
                await response(scope, receive, send)
        else:
            await rest(scope, receive, send)

    return recorded(app, state.wire, "slack")


def _slower_part(state: WorkspaceState, sockets: SocketMode, interactions: Interactions, trouble: Trouble) -> Starlette:
    async def link(websocket: WebSocket) -> None:
        await sockets.connect(websocket)

    return Starlette(
        routes=[
            WebSocketRoute("/link/", link),
            Route("/response/{secret}", _response_url(state, interactions), methods=["POST"]),
            control_interface(state, sockets, trouble),
        ]
    )


def _response_url(state: WorkspaceState, interactions: Interactions) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        try:
            known = state.response_urls.use(request.path_params["secret"])
        except SlackError as refused:
            return _json(refused.answer(), 404)
        try:
            said = CommandAnswer.model_validate(from_json(await request.body()))
            channel = state.directory.conversations[known.channel_id]
            interactions.answer(said, known.user_id, channel, known.origin)
        except ValueError:
            return _json({"ok": False, "error": "invalid_payload"}, 400)
        except SlackError as refused:
            return _json(refused.answer(), 400)
        return PlainTextResponse("ok")

    return respond


def _json(content: Payload, status: int = 200) -> Response:
    return Response(to_json(content), status_code=status, media_type="application/json")
