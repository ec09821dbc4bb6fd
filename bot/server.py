"""The HTTP face: Slack's requests, and whether the bot is alive and ready."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

SLACK_PATH = "/slack/events"
"""Where Slack sends commands, interactions and options requests."""

SECONDS_TO_FINISH = 8
"""How long requests that were taken may take to be answered after the order to stop."""

Handler = Callable[[Request], Awaitable[Response]]


def build_web(slack: Handler | None, readiness: Callable[[], Awaitable[dict[str, str]]]) -> Starlette:
    """The ASGI application.

    Args:
        slack: answers Slack's requests; ``None`` in Socket Mode, where none come this way.
        readiness: what the bot cannot reach at the moment, by name, with the reason; empty when it is ready.
    """

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(_: Request) -> Response:
        missing = await readiness()
        return JSONResponse(
            {"status": "not ready" if missing else "ready", "missing": missing}, status_code=503 if missing else 200
        )

    routes = [Route("/livez", alive), Route("/readyz", ready)]
    if slack is not None:
        routes.append(Route(SLACK_PATH, slack, methods=["POST"]))
    return Starlette(routes=routes)


class _Server(uvicorn.Server):
    """uvicorn's server, which leaves the signals to the command line and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens, whose connections send at once what they are given.

    asyncio turns Nagle's algorithm off only for sockets that were made for TCP by name, which `create_server` does not
    do: then an answer in two parts, head and body, waits 40 ms for a delayed acknowledgement. What is accepted
    inherits it.

    Raises:
        OSError: the address is taken or not allowed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, reuse_port=False)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


@asynccontextmanager
async def serving(web: Starlette, host: str, port: int) -> AsyncIterator[int]:
    """Serve the application on this event loop for as long as the block runs.

    Args:
        web: the application.
        host: the address to listen on.
        port: 0 for any free one.

    Yields:
        The port it listens on.

    Raises:
        OSError: the address is taken or not allowed.
    """
    config = uvicorn.Config(
        web,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    with listening(host, port) as listener:
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await server.listening.wait()
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task
