"""The two ways a command reaches an app: an HTTP connection that is kept, and Socket Mode's WebSocket."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Protocol, cast

import httptools
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.bench.slack_commands import envelope, http_request

LISTENING_BACKLOG = 1024


class Delivery(Protocol):
    """Where one person's commands go, one after the other."""

    async def send(self, trigger: str, person: int) -> int:
        """Send a command and wait for its acknowledgement.

        Returns:
            The HTTP status it was answered with; 200 for an acknowledged envelope.

        Raises:
            OSError: the app could not be reached, or hung up.
        """
        ...

    def reset(self) -> None:
        """Forget the command on its way: its answer would be taken for that of the next."""
        ...


class _Connection(asyncio.Protocol):
    """One HTTP connection, with one request on its way at most."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of asyncio's

    async def send(self, transport: asyncio.Transport, request: bytes) -> int:
        self._answer = asyncio.get_running_loop().create_future()
        transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        answer, self._answer = self._answer, None
        if not self._parser.should_keep_alive():
            self.hang_up()
        if answer is not None and not answer.done():
            answer.set_result(self._parser.get_status_code())

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.abort()
            self.transport = None

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("the server hung up"))


class HttpDelivery:
    """Signed requests on one HTTP connection, which is kept for as long as the server keeps it.

    Args:
        port: of the app's server.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection = _Connection()

    async def send(self, trigger: str, person: int) -> int:
        """Send a command as a signed request, and connect first where no connection is left."""
        transport = self._connection.transport
        if transport is None:
            loop = asyncio.get_running_loop()
            transport, self._connection = await loop.create_connection(_Connection, "127.0.0.1", self._port)
        return await self._connection.send(transport, http_request(trigger, person))

    def reset(self) -> None:
        """Hang up."""
        self._connection.hang_up()


class SocketMode:
    """Slack's end of Socket Mode: apps connect, each at an address of its own, and acknowledge envelopes."""

    def __init__(self) -> None:
        self._apps: dict[str, ServerConnection] = {}
        self._waiting: dict[str, asyncio.Future[int]] = {}

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Wait for apps on a free port, which it yields, for as long as the block runs."""
        async with serve(self._talk, "127.0.0.1", 0, compression=None, backlog=LISTENING_BACKLOG) as server:
            yield int(next(iter(server.sockets)).getsockname()[1])

    async def send(self, app: str, trigger: str, person: int) -> int:
        """Send an app a command in an envelope; see `Delivery.send`."""
        connection = self._apps.get(app)
        if connection is None:
            raise ConnectionRefusedError(f"{app} is not connected by Socket Mode")
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[trigger] = answer
        try:
            await connection.send(envelope(trigger, person))
            return await answer
        except ConnectionClosed as error:
            raise ConnectionResetError("the app hung up") from error
        finally:
            self._waiting.pop(trigger, None)

    async def _talk(self, app: ServerConnection) -> None:
        path = app.request.path if app.request else ""
        self._apps[path.partition("?")[0].strip("/")] = app
        await app.send(json.dumps({"type": "hello", "num_connections": 1}))
        async for text in app:
            answer = self._waiting.get(json.loads(text).get("envelope_id", ""))
            if answer is not None and not answer.done():
                answer.set_result(HTTPStatus.OK)


class SocketModeDelivery:
    """Envelopes to one app, however many people type.

    Args:
        socket_mode: that it is connected by.
        app: its name.
    """

    def __init__(self, socket_mode: SocketMode, app: str) -> None:
        self._socket_mode = socket_mode
        self._app = app

    async def send(self, trigger: str, person: int) -> int:
        """Send a command in an envelope."""
        return await self._socket_mode.send(self._app, trigger, person)

    def reset(self) -> None:
        """Nothing to forget: an acknowledgement names its envelope."""
