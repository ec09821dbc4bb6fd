"""Requests to Cloud Databases that are under way: each goes on to its end, whoever leaves."""

import asyncio
import logging
from dataclasses import dataclass

import anyio
import httpx

from bot.cloud.faults import fault_of
from bot.cloud.identity import IdentityError
from bot.domain.reasons import Fault, Reason
from bot.operations.ports import Clock

logger = logging.getLogger(__name__)

MOST_BYTES = 8 * 1024 * 1024
"""Bytes of an answer that are read at most; a page of 20 backups has some 20,000."""

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer below 300."""

    status: int
    body: bytes


class Exchanges:
    """Those of one client.

    Args:
        client: with the connections.
        auth: logs in, and again after a 401.
        clock: the time.
        longest: seconds until a request is given up.
    """

    def __init__(self, client: httpx.AsyncClient, auth: httpx.Auth, clock: Clock, *, longest: float) -> None:
        self._client = client
        self._auth = auth
        self._clock = clock
        self._longest = longest
        self._under_way: dict[asyncio.Task[Answer | Fault], anyio.CancelScope] = {}

    async def aclose(self) -> None:
        """Give up what is under way."""
        for scope in self._under_way.values():
            scope.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def send(self, request: httpx.Request) -> Answer | Fault:
        """Send a request, which goes on to its end when whoever waits for it leaves.

        httpx knows anyio's cancellation, not asyncio's: a task that is cancelled at the wrong moment leaves its
        connection in the pool, new and of use to nobody, and those unclosed that the pool puts away just then
        (httpcore 1.0.9, ``AsyncConnectionPool``).
        """
        scope = anyio.CancelScope(deadline=anyio.current_time() + self._longest)
        exchange = asyncio.create_task(self._exchange(request, scope), name="exchange with the cloud")
        self._under_way[exchange] = scope
        exchange.add_done_callback(self._under_way.pop)
        return await asyncio.shield(exchange)

    async def _exchange(self, request: httpx.Request, scope: anyio.CancelScope) -> Answer | Fault:
        with scope:
            return await self._send_once(request)
        logger.info("%s %s: no answer until it was given up", request.method, request.url)
        return Fault(Reason.NO_ANSWER)

    async def _send_once(self, request: httpx.Request) -> Answer | Fault:
        """Send a request; again only after a 401."""
        try:
            response = await self._client.send(request, auth=self._auth, stream=True)
            try:
                body = await _body_of(response)
            finally:
                await response.aclose()
        except IdentityError as error:
            return error.fault
        except _NEVER_SENT as error:
            logger.info("%s %s: no connection: %s", request.method, request.url, type(error).__name__)
            return Fault(Reason.SERVICE_UNAVAILABLE)
        except httpx.RequestError as error:
            logger.info("%s %s: no answer: %s", request.method, request.url, type(error).__name__)
            return Fault(Reason.NO_ANSWER)
        if response.is_success:
            return Answer(response.status_code, body)
        logger.info("%s %s: %d", request.method, request.url, response.status_code)
        token = request.headers.get("X-Auth-Token", "")
        return fault_of(response.status_code, response.headers, body, now=self._clock.now(), secret=token)


async def _body_of(response: httpx.Response) -> bytes:
    """The body of an answer, cut where it is far too long. Where the status says it all, what there is of it."""
    body = bytearray()
    try:
        async for part in response.aiter_bytes():
            body += part
            if len(body) > MOST_BYTES:
                break
    except httpx.RequestError:
        if response.status_code == httpx.codes.OK:
            raise
    return bytes(body)
