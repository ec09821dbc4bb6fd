"""The HTTP face: Slack's requests, whether the bot is alive and ready, and its metrics."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.operations.readiness import Standing

SLACK_PATH = "/slack/events"
"""Where Slack sends commands, interactions and options requests."""

SECONDS_TO_FINISH = 3
"""How long requests that were taken may take to be answered after the order to stop: Slack waits no longer."""

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""What every Prometheus understands (prometheus.io, Exposition formats)."""

Handler = Callable[[Request], Awaitable[Response]]
LookWhetherReady = Callable[[], Awaitable[Standing]]


def build_web(slack: Handler | None, readiness: LookWhetherReady) -> Starlette:
    """What listens to Slack, and to whoever asks whether Slack's requests may be sent here.

    Args:
        slack: answers Slack's requests; ``None`` in Socket Mode, where none come this way.
        readiness: what the bot lacks at the moment.
    """
    routes = _health(readiness)
    if slack is not None:
        routes.append(Route(SLACK_PATH, slack, methods=["POST"]))
    return Starlette(routes=routes)


def build_monitoring(readiness: LookWhetherReady, metrics: Callable[[], Awaitable[bytes]]) -> Starlette:
    """What listens to those who watch the bot: what it says is nobody else's business.

    Args:
        readiness: what the bot lacks at the moment.
        metrics: all of them, in Prometheus' text format.
    """

    async def measured(_: Request) -> Response:
        return Response(await metrics(), headers={"content-type": METRICS_TYPE})

    return Starlette(routes=[*_health(readiness), Route("/metrics", measured)])


def _health(readiness: LookWhetherReady) -> list[Route]:

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(_: Request) -> Response:
        standing = await readiness()
        said = {
            "status": "ready" if standing.is_ready else "not ready",
            "missing": dict(standing.missing),
            "warnings": dict(standing.warnings),
        }
        return JSONResponse(said, status_code=200 if standing.is_ready else 503)

    return [Route("/livez", alive), Route("/readyz", ready)]


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
