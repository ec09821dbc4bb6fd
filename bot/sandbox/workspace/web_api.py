"""The Web API over HTTP: who calls, with which scopes, at which rate; then the method itself."""

import asyncio
from collections.abc import Iterable
from urllib.parse import parse_qsl

from pydantic_core import from_json, to_json
from starlette.requests import Request
from starlette.responses import Response

from bot.sandbox.loopback import cut_connection
from bot.sandbox.workspace.method import Method
from bot.sandbox.workspace.refusals import Payload, SlackError
from bot.sandbox.workspace.state import RecordedRequest, WorkspaceState
from bot.sandbox.workspace.trouble import Fault, Hold, Rates, Trouble, refusal_of


class WebApi:
    """Answers `POST /api/{method}`."""

    def __init__(
        self, state: WorkspaceState, methods: Iterable[Method], trouble: Trouble, *, rates: Rates | None
    ) -> None:
        """Knows the methods.

        Args:
            state: The workspace.
            methods: What can be called.
            trouble: What goes wrong on demand.
            rates: Slack's rates; None: they are not kept.
        """
        self._state = state
        self._methods = {method.name: method for method in methods}
        self._trouble = trouble
        self._rates = rates

    async def handle(self, request: Request, name: str) -> Response | None:
        """Answers one call.

        Args:
            request: The call.
            name: The method's name.

        Returns:
            The answer; None: the connection was cut instead.
        """
        body = await request.body()
        faults = self._trouble.met_by(name)
        for fault in faults:
            if fault.kind == "slow":
                await asyncio.sleep(fault.seconds)
            elif isinstance(fault, Hold) and not fault.after_work:
                await fault.until_released()
            elif fault.kind == "cut_connection":
                self._record(name, {}, {}, 0)
                await cut_connection(request)
                return None
            elif fault.kind == "server_error":
                self._record(name, {}, {}, fault.status)
                return Response("upstream error", status_code=fault.status, media_type="text/html")
        given: Payload = {}
        try:
            given, token = _read(request, body)
            answer = self._answer(name, given, token, faults)
        except SlackError as refused:
            answer = refused.answer()
        wait = self._trouble.closed_for(name) if answer.get("error") == "ratelimited" else 0
        for fault in faults:
            if isinstance(fault, Hold) and fault.after_work:
                await fault.until_released()
        if any(fault.kind == "lose_answer" for fault in faults):
            self._record(name, given, answer, 0)
            await cut_connection(request)
            return None
        self._record(name, given, answer, 429 if wait else 200)
        return self._response(name, answer, wait)

    def _answer(self, name: str, given: Payload, token: str | None, faults: list[Fault]) -> Payload:
        if self._trouble.closed_for(name):
            raise SlackError("ratelimited")
        for fault in faults:
            if fault.kind == "refuse":
                raise refusal_of(fault)
        method = self._methods.get(name)
        if method is None:
            raise SlackError("unknown_method", details={"req_method": name})
        if method.caller != "anyone":
            self._check_caller(method, token)
        if self._rates is not None:
            channel = given.get("channel")
            wait = self._rates.wait_for(name, method.tier, channel if isinstance(channel, str) else None)
            if wait:
                self._trouble.close(name, wait)
                raise SlackError("ratelimited")
        return method.call(self._state, given)

    def _check_caller(self, method: Method, token: str | None) -> None:
        if token is None:
            raise SlackError("not_authed")
        app = self._state.installed
        if app is None or token not in (app.bot_token, app.app_token):
            raise SlackError("invalid_auth")
        if (token == app.app_token) != (method.caller == "app"):
            raise SlackError("not_allowed_token_type")
        if method.caller == "bot" and app.token_error is not None:
            raise SlackError(app.token_error)
        if method.scopes:
            self._state.require_scope(*method.scopes)

    def _response(self, name: str, answer: Payload, wait: int) -> Response:
        headers = {}
        method, app = self._methods.get(name), self._state.installed
        if method is not None and method.caller == "bot" and app is not None:
            headers["x-oauth-scopes"] = ",".join(app.scopes)
            if method.scopes:
                headers["x-accepted-oauth-scopes"] = ",".join(method.scopes)
        if wait:
            headers["retry-after"] = str(wait)
        return Response(
            to_json(answer),
            status_code=429 if wait else 200,
            headers=headers,
            media_type="application/json; charset=utf-8",
        )

    def _record(self, name: str, given: Payload, answer: Payload, status: int) -> None:
        self._state.requests.append(RecordedRequest(name, given, answer, status, self._state.clock()))
        self._state.changes.publish("request", method=name, ok=answer.get("ok", False), error=answer.get("error"))


def _read(request: Request, body: bytes) -> tuple[Payload, str | None]:
    """The arguments without the token, and the token.

    Raises:
        SlackError: `invalid_json`, `json_not_object`, `invalid_post_type` or `invalid_form_data`.
    """
    given: Payload = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    authorization = request.headers.get("authorization", "")
    token = authorization[7:].strip() if authorization.lower().startswith("bearer ") else None
    if kind == "application/json":
        given.update(_read_json(body))
        given.pop("token", None)  # Slack takes the token of a JSON call from the header alone
        return given, token
    if kind == "application/x-www-form-urlencoded":
        try:
            given.update(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body)))
        except ValueError:
            raise SlackError("invalid_form_data") from None
    elif body:
        raise SlackError("invalid_post_type" if kind else "missing_post_type")
    in_form = given.pop("token", None)
    return given, token or (in_form if isinstance(in_form, str) else None)


def _read_json(body: bytes) -> Payload:
    try:
        document: object = from_json(body)
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(document, dict):
        raise SlackError("json_not_object")
    return document
