"""The workspace's HTTP and WebSocket face: the Web API, response_urls, Socket Mode, and a look from outside."""

from collections.abc import Awaitable, Callable

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from bot.sandbox.workspace.interactions import CommandAnswer, Interactions
from bot.sandbox.workspace.messages import StoredMessage
from bot.sandbox.workspace.refusals import Payload, SlackError
from bot.sandbox.workspace.socket_mode import SocketMode
from bot.sandbox.workspace.state import RecordedRequest, WorkspaceState
from bot.sandbox.workspace.web_api import WebApi

_REQUESTS = TypeAdapter(list[RecordedRequest])


def workspace_app(state: WorkspaceState, web_api: WebApi, sockets: SocketMode, interactions: Interactions) -> ASGIApp:
    """The ASGI application. The Web API goes past Starlette's routing: it has to be fast."""
    rest = _slower_part(state, sockets, interactions)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/api/"):
            request = Request(scope, receive, send)
            response = await web_api.handle(request, scope["path"].removeprefix("/api/"))
            if response is not None:
                await response(scope, receive, send)
        else:
            await rest(scope, receive, send)

    return app


def _slower_part(state: WorkspaceState, sockets: SocketMode, interactions: Interactions) -> Starlette:
    async def link(websocket: WebSocket) -> None:
        await sockets.connect(websocket)

    return Starlette(
        routes=[
            WebSocketRoute("/link/", link),
            Route("/response/{secret}", _response_url(state, interactions), methods=["POST"]),
            Route("/control/channels/{channel}/messages", _messages(state)),
            Route("/control/requests", _requests(state)),
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


def _messages(state: WorkspaceState) -> Callable[[Request], Awaitable[Response]]:
    async def messages(request: Request) -> Response:
        try:
            channel = state.directory.channel_named(request.path_params["channel"])
        except LookupError as error:
            return _json({"error": str(error)}, 404)
        shown: list[Payload] = []
        for one in state.messages.top_level(channel.id):
            replies = state.messages.replies(channel.id, one.ts)
            shown.append({**_shown(state, one), "thread": [_shown(state, reply) for reply in replies]})
        return _json({"messages": shown})

    return messages


def _shown(state: WorkspaceState, message: StoredMessage) -> Payload:
    rendered = state.render.message(message.text, message.accepted.blocks)
    return {**message.payload(state.team.id, with_metadata=True), "rendered": rendered}


def _requests(state: WorkspaceState) -> Callable[[Request], Awaitable[Response]]:
    async def requests(_request: Request) -> Response:
        return Response(_REQUESTS.dump_json(list(state.requests)), media_type="application/json")

    return requests


def _json(content: Payload, status: int = 200) -> Response:
    return Response(to_json(content), status_code=status, media_type="application/json")
