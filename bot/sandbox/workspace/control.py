"""The control interface over HTTP, for other processes: JSON under `/control`, without any login.

| request | what it does |
|---|---|
| `GET /control/state` | people, channels with members, the app, open sockets, the trouble that is on |
| `GET /control/channels/NAME/messages` | the messages of a channel with their threads, also as a reader sees them |
| `GET /control/requests` | the Web API calls of the app |
| `GET /control/wire` | the latest requests both ways with answers, times and no secrets; `?after=NUMBER&most=100` |
| `POST /control/trouble/refuse` | `{"method": "chat.postMessage", "error": "not_in_channel", "times": 2}` |
| `POST /control/trouble/rate_limit` | 429: `{"method": "chat.update", "retry_after": 5}` |
| `POST /control/trouble/slow` | `{"method": "*", "seconds": 2}` |
| `POST /control/trouble/lose_answer` | the work is done: `{"method": "chat.postMessage"}` |
| `POST /control/trouble/cut_connection` | the work is not done: `{"method": "views.open"}` |
| `POST /control/trouble/server_error` | no JSON: `{"method": "views.open", "status": 503}` |
| `POST /control/trouble/revoke_token` | every call with the bot token fails: `{"error": "token_revoked"}` |
| `POST /control/trouble/disconnect_sockets` | `{"reason": "refresh_requested", "closes_after": 5}` |
| `POST /control/trouble/refuse_sockets` | `{"times": 2}` |
| `DELETE /control/trouble` | ends all of it |

`times` is how many calls meet the trouble; null: all, until it is ended. A request that makes no sense is
answered with 422 and the reasons. Changes are answered with the state after them.
"""

from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from bot.sandbox.controls import Body, NotThereError, answer, mounted, read_body, shows_wire
from bot.sandbox.masking import masked_document
from bot.sandbox.workspace.directory import Conversation
from bot.sandbox.workspace.messages import StoredMessage
from bot.sandbox.workspace.refusals import Payload
from bot.sandbox.workspace.socket_mode import SocketMode
from bot.sandbox.workspace.state import RecordedRequest, WorkspaceState
from bot.sandbox.workspace.trouble import Trouble

_REQUESTS = TypeAdapter(list[RecordedRequest])
_ErrorName = Annotated[str, Field(pattern=r"^[a-z_]+$")]


class _Calls(Body):
    method: Annotated[str, Field(pattern=r"^(\*|[a-z]+(\.[a-zA-Z]+)+)$")]
    times: Annotated[int, Field(ge=1)] | None = 1


class _Refuse(_Calls):
    error: _ErrorName
    details: dict[str, object] = Field(default_factory=dict)


class _RateLimit(_Calls):
    retry_after: Annotated[int, Field(ge=1, le=3600)] = 1


class _Slow(_Calls):
    seconds: Annotated[float, Field(ge=0, le=3600)]
    times: Annotated[int, Field(ge=1)] | None = None


class _ServerError(_Calls):
    status: Annotated[int, Field(ge=500, le=599), AfterValidator(lambda status: HTTPStatus(status).value)] = 500


class _RevokeToken(Body):
    error: Literal["token_revoked", "account_inactive", "invalid_auth", "token_expired"] = "token_revoked"


class _DisconnectSockets(Body):
    reason: Literal["warning", "refresh_requested", "link_disabled"] = "refresh_requested"
    closes_after: Annotated[float, Field(ge=0, le=3600)] = 5.0


class _RefuseSockets(Body):
    times: Annotated[int, Field(ge=1)] = 1


def control_interface(state: WorkspaceState, sockets: SocketMode, trouble: Trouble) -> Mount:
    """All that is under `/control`; see the module."""
    control = _Control(state, sockets, trouble)
    return mounted(
        {
            ("GET", "/state"): control.state,
            ("GET", "/channels/{name}/messages"): control.messages,
            ("GET", "/requests"): control.requests,
            ("GET", "/wire"): shows_wire(state.wire),
            ("POST", "/trouble/refuse"): control.refuse,
            ("POST", "/trouble/rate_limit"): control.rate_limit,
            ("POST", "/trouble/slow"): control.slow,
            ("POST", "/trouble/lose_answer"): control.lose_answer,
            ("POST", "/trouble/cut_connection"): control.cut_connection,
            ("POST", "/trouble/server_error"): control.server_error,
            ("POST", "/trouble/revoke_token"): control.revoke_token,
            ("POST", "/trouble/disconnect_sockets"): control.disconnect_sockets,
            ("POST", "/trouble/refuse_sockets"): control.refuse_sockets,
            ("DELETE", "/trouble"): control.end_trouble,
        }
    )


class _Control:
    """One method for each request."""

    def __init__(self, state: WorkspaceState, sockets: SocketMode, trouble: Trouble) -> None:
        self._state = state
        self._sockets = sockets
        self._trouble = trouble

    async def state(self, _request: Request) -> Response:
        directory, app = self._state.directory, self._state.installed
        described = None if app is None else {"name": app.name, "scopes": app.scopes, "token_error": app.token_error}
        return answer(
            {
                "people": [user.name for user in directory.users.values() if not user.is_bot],
                "channels": [self._described(one) for one in directory.conversations.values()],
                "app": described,
                "open_sockets": self._sockets.open_connections,
                "trouble": [asdict(fault) for fault in self._trouble.faults],
            }
        )

    def _described(self, channel: Conversation) -> Payload:
        members = sorted(self._state.name_of(member) for member in channel.members)
        return {"id": channel.id, "name": channel.name, "kind": channel.kind, "members": members}

    async def messages(self, request: Request) -> Response:
        state = self._state
        try:
            channel = state.directory.channel_named(request.path_params["name"])
        except LookupError:
            raise NotThereError(f"channel {request.path_params['name']}") from None
        shown: list[Payload] = []
        for one in state.messages.top_level(channel.id):
            replies = state.messages.replies(channel.id, one.ts)
            shown.append({**self._shown(one), "thread": [self._shown(reply) for reply in replies]})
        return answer({"messages": shown})

    def _shown(self, message: StoredMessage) -> Payload:
        rendered = self._state.render.message(message.text, message.accepted.blocks)
        return {**message.payload(self._state.team.id, with_metadata=True), "rendered": rendered}

    async def requests(self, _request: Request) -> Response:
        recorded = _REQUESTS.dump_python(list(self._state.requests), mode="json")
        return answer(masked_document(recorded, self._state.secrets()))

    async def refuse(self, request: Request) -> Response:
        wanted = await read_body(request, _Refuse)
        self._trouble.refuse(wanted.method, wanted.error, wanted.times, **wanted.details)
        return await self.state(request)

    async def rate_limit(self, request: Request) -> Response:
        self._trouble.rate_limit(**(await read_body(request, _RateLimit)).model_dump())
        return await self.state(request)

    async def slow(self, request: Request) -> Response:
        self._trouble.slow(**(await read_body(request, _Slow)).model_dump())
        return await self.state(request)

    async def lose_answer(self, request: Request) -> Response:
        return await self._of_calls(request, self._trouble.lose_answer)

    async def cut_connection(self, request: Request) -> Response:
        return await self._of_calls(request, self._trouble.cut_connection)

    async def _of_calls(self, request: Request, switch_on: Callable[[str, int | None], None]) -> Response:
        wanted = await read_body(request, _Calls)
        switch_on(wanted.method, wanted.times)
        return await self.state(request)

    async def server_error(self, request: Request) -> Response:
        self._trouble.server_error(**(await read_body(request, _ServerError)).model_dump())
        return await self.state(request)

    async def revoke_token(self, request: Request) -> Response:
        wanted = await read_body(request, _RevokeToken)
        self._app_token_fails_with(wanted.error)
        return await self.state(request)

    async def disconnect_sockets(self, request: Request) -> Response:
        self._trouble.disconnect_sockets(**(await read_body(request, _DisconnectSockets)).model_dump())
        return await self.state(request)

    async def refuse_sockets(self, request: Request) -> Response:
        self._trouble.refuse_sockets((await read_body(request, _RefuseSockets)).times)
        return await self.state(request)

    async def end_trouble(self, request: Request) -> Response:
        self._trouble.clear()
        self._app_token_fails_with(None)
        return await self.state(request)

    def _app_token_fails_with(self, error: str | None) -> None:
        if self._state.installed is not None:
            self._state.installed.token_error = error
