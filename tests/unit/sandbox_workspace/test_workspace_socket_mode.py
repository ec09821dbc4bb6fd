"""Socket Mode, with a bare WebSocket client where the SDK hides what happens."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bot.sandbox.workspace import DispatchFailed, NotPossibleError
from bot.sandbox.workspace.refusals import SlackError
from tests.fakes.slack_apps import Json, Setting


@pytest.fixture
def sockets(setting: Setting) -> Setting:
    manifest = setting.workspace.app.manifest.model_dump()
    manifest["settings"]["socket_mode_enabled"] = True
    setting.workspace.install(manifest)
    return setting


async def address(setting: Setting) -> str:
    answer = await setting.client.apps_connections_open(app_token=setting.workspace.app.app_token)
    return str(answer["url"])


async def received(socket: ClientConnection) -> Json:
    async with asyncio.timeout(5):
        return dict(json.loads(await socket.recv()))


@asynccontextmanager
async def connected(setting: Setting) -> AsyncIterator[ClientConnection]:
    async with connect(await address(setting), proxy=None) as socket:
        hello = await received(socket)
        assert hello["type"] == "hello"
        assert hello["connection_info"] == {"app_id": setting.workspace.app.app_id}
        yield socket


async def test_an_address_works_once(sockets: Setting) -> None:
    url = await address(sockets)
    async with connect(url, proxy=None) as socket:
        assert (await received(socket))["num_connections"] == 1
        with pytest.raises(InvalidStatus):
            await connect(url, proxy=None)
    with pytest.raises(InvalidStatus):
        await connect(url.replace("ticket=", "ticket=x"), proxy=None)


async def test_an_envelope_is_acknowledged_by_its_id_with_a_payload(sockets: Setting) -> None:
    alice = sockets.workspace.person("alice")
    async with connected(sockets) as socket:
        typing = asyncio.create_task(alice.types("/copy-backup help"))
        envelope = await received(socket)
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
        assert envelope["payload"]["text"] == "help"
        await socket.send("what is this")
        await socket.send(json.dumps({"envelope_id": "unknown"}))
        await socket.send(json.dumps({"envelope_id": envelope["envelope_id"], "payload": {"text": "Helped"}}))
        shown = await typing
    assert shown is not None
    assert shown.text == "Helped"


async def test_a_command_with_no_socket_open_is_lost(sockets: Setting) -> None:
    alice = sockets.workspace.person("alice")
    with pytest.raises(DispatchFailed):
        await alice.types("/copy-backup")
    async with connected(sockets) as socket:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.recv(), 0.1)


async def test_a_command_is_lost_with_the_socket_that_got_it(sockets: Setting) -> None:
    async with connected(sockets) as socket:
        typing = asyncio.create_task(sockets.workspace.person("alice").types("/copy-backup"))
        await received(socket)
        await socket.close()
        with pytest.raises(DispatchFailed, match="the socket closed"):
            await typing


async def test_an_event_comes_again_after_a_reconnect(sockets: Setting) -> None:
    workspace = sockets.workspace
    async with connected(sockets) as socket:
        sending = asyncio.create_task(workspace.sends_event({"type": "app_home_opened", "user": "U1"}))
        first = await received(socket)
        assert first["accepts_response_payload"] is False
        assert first["retry_attempt"] == 0
    async with connected(sockets) as socket:
        again = await received(socket)
        assert (again["retry_attempt"], again["payload"]) == (1, first["payload"])
        await socket.send(json.dumps({"envelope_id": again["envelope_id"]}))
        await sending


async def test_ten_connections_at_a_time_and_slack_picks_one(sockets: Setting) -> None:
    opened = [await connect(await address(sockets), proxy=None) for _number in range(10)]
    for socket in opened:
        await received(socket)
    async with connect(await address(sockets), proxy=None) as eleventh:
        goodbye = await received(eleventh)
        assert (goodbye["type"], goodbye["reason"]) == ("disconnect", "too_many_websockets")
    typing = asyncio.create_task(sockets.workspace.person("alice").types("/copy-backup"))
    waiting = [asyncio.create_task(socket.recv()) for socket in opened]
    done, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED, timeout=5)
    assert (len(done), len(pending)) == (1, 9)
    envelope_id = json.loads(done.pop().result())["envelope_id"]
    await opened[0].send(json.dumps({"envelope_id": envelope_id}))
    picked = next(place for place, task in enumerate(waiting) if task.done())
    await opened[picked].send(json.dumps({"envelope_id": envelope_id}))
    await typing
    for task in pending:
        task.cancel()
    for socket in opened:
        await socket.close()


async def test_a_socket_is_warned_and_then_refreshed(sockets: Setting) -> None:
    async with connected(sockets) as socket:
        sockets.workspace.trouble.disconnect_sockets("warning")
        assert (await received(socket))["reason"] == "warning"
        assert sockets.workspace.open_sockets == 1
        sockets.workspace.trouble.disconnect_sockets(closes_after=0)
        assert (await received(socket))["reason"] == "refresh_requested"
        assert sockets.workspace.open_sockets == 0
        with pytest.raises(ConnectionClosed):
            await socket.recv()


async def test_an_app_without_socket_mode_is_told_so(setting: Setting) -> None:
    async with connect(await address(setting), proxy=None) as socket:
        assert (await received(socket))["reason"] == "link_disabled"


async def test_sockets_can_be_refused(sockets: Setting) -> None:
    sockets.workspace.trouble.refuse_sockets(times=1)
    with pytest.raises(InvalidStatus):
        await connect(await address(sockets), proxy=None)
    async with connected(sockets):
        assert sockets.workspace.open_sockets == 1


async def test_an_acknowledgement_that_makes_no_sense_is_passed_over(sockets: Setting) -> None:
    workspace = sockets.workspace
    async with connected(sockets) as socket:
        typing = asyncio.create_task(workspace.person("alice").types("/copy-backup"))
        envelope = await received(socket)
        for nonsense in ("hello", "[]", '{"envelope_id": "unknown"}', '{"envelope_id": 5}'):
            await socket.send(nonsense)
        await socket.send(json.dumps({"envelope_id": envelope["envelope_id"]}))
        assert await typing is None


async def test_a_request_can_be_forged_over_a_socket_too(sockets: Setting) -> None:
    async with connected(sockets) as socket:
        forging = asyncio.create_task(sockets.workspace.forge("/copy-backup help", other_team=True))
        envelope = await received(socket)
        await socket.send(json.dumps({"envelope_id": envelope["envelope_id"], "payload": {"text": "no"}}))
        answer = await forging
    assert envelope["payload"]["team_id"] != sockets.workspace.team_id
    assert (answer.status, answer.content) == (200, {"text": "no"})


async def test_sockets_go_for_a_known_reason_only(sockets: Setting) -> None:
    with pytest.raises(SlackError, match="invalid_arguments"):
        sockets.workspace.trouble.disconnect_sockets("mood")


async def test_nothing_is_signed_here_so_no_signature_can_be_forged(sockets: Setting) -> None:
    with pytest.raises(NotPossibleError):
        await sockets.workspace.forge(bad_signature=True)


async def test_bolt_comes_back_after_a_refresh(sockets: Setting, bolt: AsyncApp) -> None:
    @bolt.command("/copy-backup")
    async def command(ack: AsyncAck) -> None:
        await ack("here again")

    workspace = sockets.workspace
    handler = AsyncSocketModeHandler(bolt, workspace.app.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # slack_bolt does not annotate it
    try:
        await workspace.until_a_socket_is_open()
        workspace.trouble.disconnect_sockets("refresh_requested")
        await workspace.until_a_socket_is_open(patience=20)
        shown = await workspace.person("alice").types("/copy-backup")
        assert shown is not None
        assert shown.text == "here again"
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # as above
