"""Serves an ASGI application on a real loopback socket, inside the event loop that is running already.

uvicorn's own `Server.serve` installs signal handlers, ends the process when the port is taken, and
waits for busy connections when it stops. A simulator inside a test or a demo must do none of this, so
uvicorn's parts are driven here.
"""

import asyncio
import socket
from asyncio.transports import Transport
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import Server, ServerState

_KEEP_ALIVE_SECONDS = 75  # long, as a proxy's: a client's next request must not race with uvicorn's usual 5 s


class _Connection(HttpToolsProtocol):
    """uvicorn's HTTP connection, whose requests can reach the transport below them (to cut it)."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as in the base class
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


@asynccontextmanager
async def loopback_server(app: ASGIApp, *, port: int = 0) -> AsyncIterator[int]:
    """Serves `app`, HTTP and WebSocket, on 127.0.0.1 alone, until the block is left. There are no lifespan events.

    Leaving takes milliseconds: idle connections are closed, WebSockets get a close frame (1012),
    requests still at work are cancelled and their connections cut.

    Args:
        app: The ASGI application.
        port: The TCP port, 0 for any free one.

    Yields:
        The port that is listened on.

    Raises:
        OSError: The port cannot be had.
    """
    # The protocol is named because asyncio turns Nagle's algorithm off only where it sees TCP: without
    # it every answer with a body waits 40 ms for a delayed acknowledgement.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        server = Server(_config(app))
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup(sockets=[listening])
        ticking = asyncio.create_task(server.main_loop(), name="loopback-server-date-header")
        try:
            yield listening.getsockname()[1]
        finally:
            ticking.cancel()
            await _stop(server)
    finally:
        listening.close()


async def cut_connection(request: HTTPConnection) -> None:
    """Cuts the connection below a request: the client gets no answer, or no more of it.

    Args:
        request: A request that came through `loopback_server`.
    """
    transport: Transport = request.scope["state"]["transport"]
    transport.abort()
    while isinstance(request, Request) and (await request.receive())["type"] != "http.disconnect":
        pass  # what is left of the body; uvicorn must have seen the loss before the application returns


def _config(app: ASGIApp) -> Config:
    """Settings of a server that says nothing and leaves the process's logging alone."""

    async def until_cancelled(scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(asyncio.CancelledError):  # only `_stop` cancels; uvicorn would log it as an error
            await app(scope, receive, send)

    return Config(
        until_cancelled,
        http=_Connection,
        ws="websockets-sansio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )


async def _stop(server: Server) -> None:
    """Closes the listener and every connection, and ends what is still at work."""
    for listener in server.servers:
        listener.close()
    state: ServerState = server.server_state
    for connection in list(state.connections):
        connection.shutdown()  # an idle connection closes, a WebSocket says goodbye
        if isinstance(connection, _Connection):
            connection.transport.abort()
    await asyncio.sleep(0)  # lets the connections learn that they are lost, before their requests end
    tasks = list(state.tasks)
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=1)
