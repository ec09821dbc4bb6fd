"""Requests and answers as they are recorded: whole, with their times, bounded, and never with a secret."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bot.sandbox import wire as wire_module
from bot.sandbox.cloud import RunningCloud, SimulatedCloud
from bot.sandbox.wire import LONGEST_BODY, Wire
from tests.fakes.conditions import until

COPY = {"copy-backup": {"target_backup_region": "IAD", "description": "", "name": "dfw-to-iad"}}


@pytest.fixture
def wire() -> Wire:
    return Wire(lambda: ["", "geheim", "geheimnis"])


def made(wire: Wire, count: int, body: bytes = b"") -> None:
    for _ in range(count):
        with wire.exchange("bot", "cloud", "GET", "/", body=body) as exchange:
            exchange.answered(200)


def numbers(wire: Wire) -> list[object]:
    return [one["number"] for one in wire.shown()]


async def shown(running: RunningCloud, query: str = "") -> list[dict[str, Any]]:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{running.port}/control/wire{query}")
    assert answer.status_code == 200, answer.text
    exchanges: list[dict[str, Any]] = answer.json()["exchanges"]
    return exchanges


async def test_a_request_is_recorded_with_its_answer_and_its_times(
    api: httpx.AsyncClient, running: RunningCloud, cloud: SimulatedCloud
) -> None:
    cloud.add_backup(id="full")
    cloud.trouble.slow(0.05)
    await api.post("/backups/full/action", json=COPY)
    (login, copy) = await shown(running)
    assert (login["number"], copy["number"]) == (1, 2)
    assert (copy["sender"], copy["receiver"], copy["method"], copy["status"]) == ("bot", "cloud", "POST", 202)
    assert copy["path"].endswith("/backups/full/action")
    assert abs(datetime.fromisoformat(copy["started_at"]) - datetime.now(UTC)) < timedelta(minutes=5)
    assert copy["milliseconds"] >= 50
    assert copy["request"]["body"] == COPY
    assert copy["request"]["headers"]["content-type"] == "application/json"
    assert copy["answer"]["body"] is None
    assert copy["answer"]["headers"]["content-length"] == "0"
    assert login["answer"]["body"]["access"]["user"]["name"] == running.username


async def test_queries_and_faults_are_recorded_too(api: httpx.AsyncClient, running: RunningCloud) -> None:
    await api.get("/backups", params={"limit": "no"})
    (exchange,) = await shown(running, "?after=1")
    assert exchange["path"].endswith("/backups?limit=no")
    assert (exchange["status"], exchange["answer"]["body"]["badRequest"]["code"]) == (400, 400)


async def test_no_secret_is_shown(api: httpx.AsyncClient, running: RunningCloud, cloud: SimulatedCloud) -> None:
    token = api.headers["X-Auth-Token"]
    await api.get(f"/backups?marker={running.api_key}")
    await api.post(f"/nothing/{token}", content=f'{{"apiKey": "{running.api_key}", broken')
    recorded = await shown(running)
    assert len(recorded) == 3
    for text in (json.dumps(recorded), repr(list(cloud.wire._kept))):
        assert running.api_key not in text
        assert token not in text
    assert recorded[1]["request"]["headers"]["x-auth-token"] == "***"


async def test_a_request_at_work_and_one_without_an_answer_have_no_status(
    api: httpx.AsyncClient, running: RunningCloud, cloud: SimulatedCloud
) -> None:
    hold = cloud.trouble.hold("list")
    asking = asyncio.create_task(api.get("/backups"))
    await hold.arrived.wait()
    (at_work,) = await shown(running, "?after=1")
    assert (at_work["status"], at_work["milliseconds"], at_work["answer"]) == (None, None, None)
    hold.release()
    await asking
    cloud.trouble.cut_connection()
    with pytest.raises(httpx.TransportError):
        await api.get("/backups")
    await until(lambda: cloud.wire.shown(after=2)[0]["milliseconds"] is not None)
    (cut,) = await shown(running, "?after=2")
    assert (cut["status"], cut["answer"]) == (None, None)


async def test_what_is_asked_of_the_control_interface_is_no_exchange(
    running: RunningCloud, cloud: SimulatedCloud
) -> None:
    await shown(running)
    assert len(cloud.wire) == 0


async def test_exchanges_are_asked_for_in_pages(api: httpx.AsyncClient, running: RunningCloud) -> None:
    for _ in range(4):
        await api.get("/backups")
    assert [one["number"] for one in await shown(running, "?after=2&most=2")] == [3, 4]
    async with httpx.AsyncClient() as client:
        wrong = await client.get(f"http://127.0.0.1:{running.port}/control/wire?most=100000")
    assert (wrong.status_code, wrong.json()["errors"][0][:4]) == (422, "most")


def test_only_the_latest_are_kept(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "MOST_EXCHANGES", 10)
    made(wire, 25)
    assert numbers(wire) == list(range(16, 26))


def test_what_is_kept_has_a_size(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "MOST_BYTES", 1000)
    made(wire, 20, b"x" * 200)
    assert numbers(wire) == list(range(16, 21))
    made(wire, 3)
    assert numbers(wire) == list(range(16, 24))


def test_a_request_that_outlives_its_place_is_forgotten_in_peace(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "MOST_EXCHANGES", 2)
    with wire.exchange("bot", "cloud", "GET", "/", body=b"x" * 500) as slow:
        made(wire, 5)
        slow.answered(200, body=b"y" * 500)
    monkeypatch.setattr(wire_module, "MOST_BYTES", 100)
    made(wire, 2, b"z" * 50)
    assert numbers(wire) == [7, 8]


def test_a_body_that_is_too_long_is_not_kept(wire: Wire) -> None:
    with wire.exchange("bot", "slack", "POST", "/api/views.open", body=b"x" * LONGEST_BODY) as exchange:
        exchange.request.add(b"y" * 7)
        exchange.request.add(b"z")
        exchange.answered(200, body=b"ok")
    (one,) = wire.shown()
    assert one["request"] == {"headers": {}, "body": f"({LONGEST_BODY + 8} bytes, not kept)"}
    assert one["answer"] == {"headers": {}, "body": "ok"}


def test_what_is_known_to_be_secret_is_masked_in_paths_headers_and_bodies(wire: Wire) -> None:
    asked = wire.exchange(
        "slack", "bot", "POST", "/geheim", headers=[(b"A", b"geheimnis")], body=b'{"a": "geheimnis geheim"}'
    )
    with asked as exchange:
        exchange.answered(200, [(b"B", b"geheim")], b"geheimnis")
    (one,) = wire.shown()
    assert "geheim" not in json.dumps(one)
    assert (one["path"], one["request"]) == ("/***", {"headers": {"a": "***"}, "body": {"a": "*** ***"}})
