"""Not a competitor: does nothing but answer and open, from bytes made beforehand, to find out how fast the load and
the Web API of the benchmark are themselves.
"""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import cast
from urllib.parse import urlsplit

from tests.bench.contestants.copy_form import FORM

CONNECTIONS = 64
_OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
_VIEW = json.dumps(FORM).encode()


class _Commands(asyncio.Protocol):
    """A connection on which commands come. Each comes in one piece: it is small, and this is loopback."""

    def __init__(self, api: Iterator[asyncio.Transport]) -> None:
        self._api = api
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of asyncio's

    def data_received(self, data: bytes) -> None:
        if self._transport is None:
            return
        self._transport.write(_OK)
        body = b'{"trigger_id": "%b", "view": %b}' % (data.rpartition(b"trigger_id=")[2], _VIEW)
        head = b"POST /api/views.open HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(body)
        next(self._api).write(head + body)


@asynccontextmanager
async def ceiling(api_url: str) -> AsyncIterator[int]:
    """Yields the port."""
    loop = asyncio.get_running_loop()
    port = int(urlsplit(api_url).port or 80)
    connected = [await loop.create_connection(asyncio.Protocol, "127.0.0.1", port) for _ in range(CONNECTIONS)]
    transports = itertools.cycle([transport for transport, _ in connected])
    server = await loop.create_server(lambda: _Commands(transports), "127.0.0.1", 0, backlog=1024)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for transport, _ in connected:
            transport.close()
