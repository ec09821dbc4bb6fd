"""A load balancer, as the replicas of a bot have one: each request is led to the next of them that is ready."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import cycle

import httpx
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.loopback import loopback_server
from bot.server import SLACK_PATH

SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_TO_ANSWER = 2.0
"""What takes longer to say that it is ready is not."""

HEADERS = ("content-type", "x-slack-request-timestamp", "x-slack-signature")


class Balancer:
    """Leads requests to replicas in turn: to those whose ``/readyz`` said 200 at the last look, and to the next one
    where a connection is refused. Nothing that has reached one of them is sent to another.

    Args:
        addresses: of the replicas.
        client: with a connection for each request.
    """

    def __init__(self, addresses: Sequence[str], client: httpx.AsyncClient) -> None:
        self._client = client
        self._in_turn = cycle(addresses)
        self._addresses = addresses
        self.ready: frozenset[str] = frozenset()
        self.led: Counter[str] = Counter()
        """Requests by the address that answered them."""

    async def look(self) -> None:
        """See again and again who is ready."""
        while True:
            found = await asyncio.gather(*map(self._is_ready, self._addresses))
            self.ready = frozenset(
                address for address, is_ready in zip(self._addresses, found, strict=True) if is_ready
            )
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    async def lead(self, request: Request) -> Response:
        """Have a request answered."""
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response(status_code=400)
        headers = {name: request.headers[name] for name in HEADERS}
        for _ in self._addresses:
            address = next(self._in_turn)
            if address not in self.ready:
                continue
            try:
                answer = await self._client.post(f"{address}{SLACK_PATH}", content=body, headers=headers)
            except httpx.ConnectError:
                continue
            except httpx.TransportError as error:
                return Response(f"{address}: {error!r}", status_code=502)
            self.led[address] += 1
            media_type = answer.headers.get("content-type")
            return Response(answer.content, status_code=answer.status_code, media_type=media_type)
        return Response("nobody is ready", status_code=503)

    async def _is_ready(self, address: str) -> bool:
        try:
            answer = await self._client.get(f"{address}/readyz", timeout=SECONDS_TO_ANSWER)
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK


@asynccontextmanager
async def balancing(addresses: Sequence[str]) -> AsyncIterator[tuple[Balancer, str]]:
    """A balancer, and where it listens, until the block is left."""
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(trust_env=False, timeout=60, limits=limits) as client:
        balancer = Balancer(addresses, client)
        web = Starlette(routes=[Route(SLACK_PATH, balancer.lead, methods=["POST"])])
        async with loopback_server(web) as port:
            looking = asyncio.create_task(balancer.look(), name="looks who is ready")
            try:
                yield balancer, f"http://127.0.0.1:{port}{SLACK_PATH}"
            finally:
                looking.cancel()
                await asyncio.wait([looking])
