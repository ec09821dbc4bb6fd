import asyncio
import socket
import time

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from bot.sandbox.loopback import cut_connection, loopback_server


async def hello(_request: Request) -> Response:
    return PlainTextResponse("hello")


async def forever(request: Request) -> Response:
    request.app.state.arrived.set()
    await asyncio.Event().wait()
    return PlainTextResponse("never")


async def cut(request: Request) -> Response:
    await cut_connection(request)
    return PlainTextResponse("nobody hears this")


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


@pytest.fixture
def app() -> Starlette:
    app = Starlette(
        routes=[
            Route("/hello", hello),
            Route("/forever", forever),
            Route("/cut", cut, methods=["GET", "POST"]),
            WebSocketRoute("/echo", echo),
        ]
    )
    app.state.arrived = asyncio.Event()
    return app


async def test_an_application_answers_on_the_port_that_was_given(app: Starlette) -> None:
    async with loopback_server(app) as port, httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{port}/hello")
    assert (answer.status_code, answer.text) == (200, "hello")
    assert "date" in answer.headers


async def test_nobody_outside_this_machine_can_reach_it(app: Starlette) -> None:
    async with loopback_server(app) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connected:
            assert connected.getpeername() == ("127.0.0.1", port)
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", port), timeout=5):
            pass  # an address of this machine that it does not listen on either


async def test_websockets_are_served_and_get_a_close_frame_at_the_end(app: Starlette) -> None:
    async with loopback_server(app) as port:
        websocket = await connect(f"ws://127.0.0.1:{port}/echo")
        await websocket.send("ping")
        assert await websocket.recv() == "ping"
    with pytest.raises(ConnectionClosed) as closed:
        await websocket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012


@pytest.mark.parametrize("body", [b"", b"x" * 500_000])
async def test_a_cut_connection_gives_no_answer_and_logs_nothing(
    app: Starlette, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with loopback_server(app) as port, httpx.AsyncClient() as client:
        with pytest.raises(httpx.TransportError):
            await client.post(f"http://127.0.0.1:{port}/cut", content=body)
        assert (await client.get(f"http://127.0.0.1:{port}/hello")).text == "hello"
    assert caplog.records == []


async def test_it_stops_at_once_with_connections_open_and_a_request_at_work(
    app: Starlette, caplog: pytest.LogCaptureFixture
) -> None:
    async with httpx.AsyncClient() as client:
        async with loopback_server(app) as port:
            await client.get(f"http://127.0.0.1:{port}/hello")
            waiting = asyncio.create_task(client.get(f"http://127.0.0.1:{port}/forever"))
            await app.state.arrived.wait()
            began = time.monotonic()
        assert time.monotonic() - began < 1
        with pytest.raises(httpx.TransportError):
            await waiting
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://127.0.0.1:{port}/hello")
    assert caplog.records == []


async def test_the_same_port_can_be_had_again_at_once(app: Starlette) -> None:
    async with httpx.AsyncClient() as client:
        async with loopback_server(app) as port:
            await client.get(f"http://127.0.0.1:{port}/hello")
        async with loopback_server(app, port=port) as again:
            assert again == port
            assert (await client.get(f"http://127.0.0.1:{port}/hello")).text == "hello"


async def test_a_port_that_is_taken_is_the_callers_error_and_not_the_end_of_the_process(
    app: Starlette,
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            async with loopback_server(app, port=taken.getsockname()[1]):
                pass


async def test_answers_do_not_wait_for_a_delayed_acknowledgement(app: Starlette) -> None:
    async with loopback_server(app) as port, httpx.AsyncClient() as client:
        began = time.monotonic()
        for _ in range(50):
            await client.get(f"http://127.0.0.1:{port}/hello")
    assert time.monotonic() - began < 50 * 0.040  # what 50 answers take at least when each is delayed
