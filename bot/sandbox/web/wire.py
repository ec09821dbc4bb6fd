"""Each request between Slack, the bot and the cloud: when, what, how it ended, and what was said, without secrets."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from pydantic_core import from_json, to_json
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.sandbox.cloud import RequestRecord, SimulatedCloud
from bot.sandbox.workspace import RecordedDelivery, RecordedRequest, SimulatedWorkspace

MOST_SHOWN = 150
"""The newest requests: the drawer is for looking on, not for searching."""

_SECRET = re.compile(r'("(?:token|id_token|apiKey|api_key|response_url|ticket)"\s*:\s*)"[^"]*"')
_TOKEN = re.compile(r"\bxox[abp]-[\w-]+|\bxapp-[\w-]+")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    Attributes:
        id: By which the page asks for what was said.
        at: When, in seconds since 1970.
        sender: Slack, Bot or Cloud.
        receiver: The same.
        what: The method, the kind or the path.
        status: The HTTP status; None: no answer, or none yet.
        request: What was sent.
        answer: What was answered.
    """

    id: str
    at: float
    sender: str
    receiver: str
    what: str
    status: int | None
    request: object
    answer: object

    def line(self) -> dict[str, object]:
        """It as one line of a list."""
        return {
            "id": self.id,
            "at": self.at,
            "from": self.sender,
            "to": self.receiver,
            "what": self.what,
            "status": self.status,
        }


class Wire:
    """Reads what both simulators recorded."""

    def __init__(self, workspace: SimulatedWorkspace, cloud: SimulatedCloud) -> None:
        """Knows both."""
        self._workspace = workspace
        self._cloud = cloud

    def routes(self) -> list[BaseRoute]:
        """The route to what was said in one exchange."""
        return [Route("/wire/{id}", self._said)]

    def shown(self) -> list[dict[str, object]]:
        """The newest exchanges, the newest first."""
        return [one.line() for one in self._newest()]

    def _newest(self) -> list[Exchange]:
        workspace = self._workspace
        found = [
            *(_call(one) for one in islice(reversed(workspace.requests), MOST_SHOWN)),
            *(_delivery(one) for one in islice(reversed(workspace.deliveries), MOST_SHOWN)),
            *(_cloud_request(one) for one in islice(reversed(self._cloud.requests), MOST_SHOWN)),
        ]
        return sorted(found, key=lambda one: one.at, reverse=True)[:MOST_SHOWN]

    async def _said(self, request: Request) -> Response:
        for one in self._newest():
            if one.id == request.path_params["id"]:
                said = {"request": self._readable(one.request), "answer": self._readable(one.answer)}
                return JSONResponse(said)
        return JSONResponse({"request": "", "answer": "It is too long ago."}, 404)

    def _readable(self, said: object) -> str:
        """Indented JSON without anything that is worth stealing."""
        if said in (None, "", {}):
            return ""
        text = said if isinstance(said, str) else to_json(_unpacked(said), indent=2).decode()
        app = self._workspace.app
        for secret in (app.bot_token, app.app_token, app.signing_secret, app.verification_token):
            text = text.replace(secret, "••••")
        return _TOKEN.sub("••••", _SECRET.sub(r'\1"••••"', text))


def _call(one: RecordedRequest) -> Exchange:
    return Exchange(f"call-{one.at}", one.at, "Bot", "Slack", one.method, one.status or None, one.arguments, one.answer)


def _delivery(one: RecordedDelivery) -> Exchange:
    kind = one.payload.get("type") if one.kind == "interactive" else one.payload.get("command", one.kind)
    return Exchange(f"delivery-{one.at}", one.at, "Slack", "Bot", str(kind), one.status or None, one.payload, None)


def _cloud_request(one: RequestRecord) -> Exchange:
    at = one.time.timestamp()
    what = f"{one.method} {one.path}"
    return Exchange(f"cloud-{at}", at, "Bot", "Cloud", what, one.status, one.body, None)


def _unpacked(said: object) -> object:
    """JSON within JSON as what it is: arguments of the Web API are strings."""
    if isinstance(said, dict):
        return {name: _unpacked(value) for name, value in _pairs(said)}
    if isinstance(said, str) and said[:1] in ("{", "["):
        try:
            inner: object = from_json(said)
        except ValueError:
            return said
        return inner
    return said


def _pairs(said: dict[object, object]) -> Iterator[tuple[str, object]]:
    return ((str(name), value) for name, value in said.items())
