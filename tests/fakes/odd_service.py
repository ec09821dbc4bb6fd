"""A service that answers whatever a test wants: for what the simulated cloud does not show."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.loopback import loopback_server

Answer = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Heard:
    """A request that came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.body)


@dataclass(slots=True)
class OddService:
    """Identity and one region, DFW.

    Attributes:
        origin: where it is, while it is served.
        access: changes to what Identity says below ``access``.
        identity: answers a login instead, if set.
        answer: answers everything else.
        heard: the requests to DFW; ``logins`` those to Identity.
    """

    origin: str = ""
    access: dict[str, object] = field(default_factory=dict)
    identity: Answer | None = None
    answer: Answer | None = None
    heard: list[Heard] = field(default_factory=list)
    logins: list[Heard] = field(default_factory=list)

    def answers(self, *responses: Response) -> None:
        """Give these answers, one after the other, and the last one for ever."""
        left = list(responses)

        async def answer(_request: Request) -> Response:
            return left.pop(0) if len(left) > 1 else left[0]

        self.answer = answer

    def catalog(self, **endpoints: str) -> list[dict[str, object]]:
        """A service catalogue with Cloud Databases in these regions."""
        listed = [{"publicURL": address, "region": region, "tenantId": "42"} for region, address in endpoints.items()]
        return [{"name": "cloudDatabases", "type": "rax:database", "endpoints": listed}]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve it; gives the address of Identity."""
        identity = Route("/v2.0/tokens", self._identity, methods=["POST"])
        region = Route("/{rest:path}", self._region, methods=["GET", "POST"])
        async with loopback_server(Starlette(routes=[identity, region])) as port:
            self.origin = f"http://127.0.0.1:{port}"
            yield f"{self.origin}/v2.0"

    async def _identity(self, request: Request) -> Response:
        self.logins.append(await _heard(request))
        if self.identity:
            return await self.identity(request)
        token = {"id": f"token-{len(self.logins)}", "expires": "2100-01-01T00:00:00Z", "tenant": {"id": "42"}}
        catalog = self.catalog(DFW=f"{self.origin}/v1.0/42")
        return JSONResponse({"access": {"token": token, "serviceCatalog": catalog, **self.access}})

    async def _region(self, request: Request) -> Response:
        self.heard.append(await _heard(request))
        assert self.answer, "the test did not say what to answer"
        return await self.answer(request)


async def _heard(request: Request) -> Heard:
    return Heard(
        request.method,
        request.scope["path"],
        dict(request.query_params),
        dict(request.headers),
        await request.body(),
    )
