"""The HTTP face: whether the bot is alive and ready, Slack's requests, and how it begins and ends."""

import asyncio
import socket
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot import server
from bot.cli.sandbox import running_sandbox
from bot.domain.reasons import Fault, Reason
from bot.operations.readiness import Standing
from bot.server import SLACK_PATH, build_web, serving
from tests.fakes.conditions import until

LOOPBACK = "127.0.0.1"


async def everything() -> Standing:
    """The bot can reach everything."""
    return Standing()


async def answers(request: Request) -> Response:
    """A Slack room that repeats what it is told."""
    return JSONResponse({"heard": (await request.body()).decode()})


async def get(port: int, path: str) -> tuple[int, Mapping[str, object]]:
    async with httpx.AsyncClient(trust_env=False) as client:
        response = await client.get(f"http://{LOOPBACK}:{port}{path}")
    return response.status_code, response.json()


async def answers_so(port: int, status: int, said: Mapping[str, object]) -> bool:
    """Whether it says this of itself by now: what it has looked at counts for a second."""
    return await get(port, "/readyz") == (status, said)


async def test_it_is_alive_and_ready() -> None:
    async with serving(build_web(answers, everything), LOOPBACK, 0) as port:
        assert await get(port, "/livez") == (200, {"status": "alive"})
        assert await get(port, "/readyz") == (200, {"status": "ready", "missing": {}, "warnings": {}})


async def test_it_is_alive_although_it_is_not_ready_and_says_why() -> None:
    async def no_database() -> Standing:
        return Standing(missing={"database": "the disk is full"}, warnings={"SYD": "service_unavailable"})

    async with serving(build_web(answers, no_database), LOOPBACK, 0) as port:
        assert await get(port, "/livez") == (200, {"status": "alive"})
        assert await get(port, "/readyz") == (
            503,
            {
                "status": "not ready",
                "missing": {"database": "the disk is full"},
                "warnings": {"SYD": "service_unavailable"},
            },
        )


async def test_slacks_requests_are_taken_by_post_alone() -> None:
    async with (
        serving(build_web(answers, everything), LOOPBACK, 0) as port,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        address = f"http://{LOOPBACK}:{port}{SLACK_PATH}"
        posted = await client.post(address, content=b"payload=1")

        assert (posted.status_code, posted.json()) == (200, {"heard": "payload=1"})
        assert (await client.get(address)).status_code == 405


async def test_in_socket_mode_slack_has_nothing_to_ask_here() -> None:
    async with serving(build_web(None, everything), LOOPBACK, 0) as port, httpx.AsyncClient(trust_env=False) as client:
        assert (await client.post(f"http://{LOOPBACK}:{port}{SLACK_PATH}")).status_code == 404
        assert (await get(port, "/livez"))[0] == 200


@pytest.mark.parametrize("path", ["/", "/metrics", "/livez/", "/docs"])
async def test_nothing_else_is_there(path: str) -> None:
    async with (
        serving(build_web(answers, everything), LOOPBACK, 0) as port,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        response = await client.get(f"http://{LOOPBACK}:{port}{path}", follow_redirects=False)

    assert response.status_code in {404, 307}
    assert "server" not in response.headers, "which software answers is nobody's business"


async def test_a_port_that_is_taken() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken, pytest.raises(OSError, match="Address already in use"):
        async with serving(build_web(answers, everything), LOOPBACK, taken.getsockname()[1]):
            pytest.fail("it cannot be served there")


async def test_an_address_that_is_not_this_machines() -> None:
    with pytest.raises(OSError, match=r"assign requested address|not available"):
        async with serving(build_web(answers, everything), "192.0.2.1", 0):
            pytest.fail("it cannot be served there")


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
async def test_an_address_of_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 on loopback")

    async with serving(build_web(answers, everything), "::1", 0) as port, httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"http://[::1]:{port}/livez")).status_code == 200


async def test_what_was_taken_is_answered_before_the_end() -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(_: Request) -> Response:
        begun.set()
        await may_end.wait()
        return Response("done")

    async def serve() -> None:
        async with serving(build_web(slow, everything), LOOPBACK, 0) as port:
            bound.set_result(port)
            await begun.wait()

    bound: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    server_task = asyncio.create_task(serve())
    port = await bound
    async with httpx.AsyncClient(trust_env=False) as client:
        asking = asyncio.create_task(client.post(f"http://{LOOPBACK}:{port}{SLACK_PATH}"))
        await begun.wait()
        await until(lambda: _refuses(port))
        assert not server_task.done(), "it waits for the one it has taken"
        may_end.set()

        assert (await asking).text == "done"
        await server_task


async def test_what_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "SECONDS_TO_FINISH", 1)
    begun = asyncio.Event()

    async def endless(_: Request) -> Response:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with httpx.AsyncClient(trust_env=False) as client:
        async with serving(build_web(endless, everything), LOOPBACK, 0) as port:
            asking = asyncio.create_task(client.post(f"http://{LOOPBACK}:{port}{SLACK_PATH}"))
            await begun.wait()

        assert (await asking).status_code == 500


async def test_it_ends_with_the_block_whatever_ends_that() -> None:
    port = 0
    with pytest.raises(LookupError):
        async with serving(build_web(answers, everything), LOOPBACK, 0) as port:
            raise LookupError

    assert _refuses(port)


async def test_the_bot_is_ready_without_some_regions_and_not_without_any(tmp_path: Path) -> None:
    async with running_sandbox(tmp_path, socket_mode=True) as sandbox:
        port, catalogue = sandbox.bot.port, sandbox.bot.ports.catalogue

        async def all_lists_are_there() -> bool:
            lists = [await catalogue.refreshed(region) for region in sandbox.bot.ports.cloud.regions]
            return all(each.complete_at is not None and each.running is None for each in lists)

        await until(all_lists_are_there, seconds=30)
        assert (await get(port, "/readyz"))[0] == 200
        down, said = Fault(Reason.SERVICE_UNAVAILABLE, 503), "service_unavailable"
        await catalogue.note_refresh("SYD", running=None, fault=down)
        ready = {"status": "ready", "missing": {}, "warnings": {"SYD": said}}
        await until(lambda: answers_so(port, 200, ready), seconds=30)
        regions = sandbox.bot.ports.cloud.regions
        for region in regions:
            await catalogue.note_refresh(region, running=None, fault=down)
        away = {"status": "not ready", "missing": dict.fromkeys(regions, said), "warnings": {}}
        await until(lambda: answers_so(port, 503, away), seconds=30)
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.post(f"http://{LOOPBACK}:{port}{SLACK_PATH}")).status_code == 404


def _refuses(port: int) -> bool:
    """Whether nobody takes connections there any more."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return True
    return False
