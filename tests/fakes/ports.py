"""Ports for servers that come, go, and come again."""

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

PORTS = range(20_000, 32_000)
"""Those that connections do not take by themselves (32768 and more)."""


@contextmanager
def held_ports(number: int) -> Iterator[list[int]]:
    """Ports on 127.0.0.1 that nobody else is given until the block is left, whether a server listens on them or not.

    A socket that is bound and does not listen keeps each of them: Linux lets a server with ``SO_REUSEADDR`` (as
    uvicorn and asyncio have it) listen beside it, and nobody bind without.
    """
    with ExitStack() as holders:
        yield [holders.enter_context(_holder()).getsockname()[1] for _ in range(number)]


def _holder() -> socket.socket:
    while True:
        holder = socket.socket()
        try:
            holder.bind(("127.0.0.1", random.choice(PORTS)))
        except OSError:
            holder.close()
            continue
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # after the bind: two holders never share one
        return holder
