"""The end of Socket Mode: what was taken is answered, nothing more is taken, and nobody is waited for for long."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.sandbox.workspace import SimulatedWorkspace
from bot.slack import socket_mode
from bot.slack.client import SlackClient
from bot.slack.manifest import build_manifest
from bot.slack.socket_mode import SocketMode
from tests.fakes.conditions import until

PATIENCE = 20.0


class SlowApp:
    """An app that answers a command when it is told to."""

    def __init__(self) -> None:
        self.taken = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.bolt = AsyncApp(
            authorize=anybody, signing_secret="s", process_before_response=True, request_verification_enabled=False
        )

        @self.bolt.command("/copy-backup")
        async def answer(ack: AsyncAck) -> None:
            self.taken.set()
            await self.may_answer.wait()
            await ack(text="answered")


async def anybody() -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id=None, bot_token=None)


@pytest.fixture
def app() -> SlowApp:
    return SlowApp()


@pytest.fixture
def workspace() -> SimulatedWorkspace:
    workspace = SimulatedWorkspace()
    workspace.install(build_manifest(command="/copy-backup", public_url=None))
    return workspace


@pytest.fixture
async def connection(app: SlowApp, workspace: SimulatedWorkspace) -> AsyncIterator[SocketMode]:
    async with workspace.serving() as served:
        tokens = workspace.app
        async with SlackClient(SecretStr(tokens.bot_token), served.api_url) as client:
            connection = SocketMode(app.bolt, client, SecretStr(tokens.app_token), served.api_url)
            await connection.open()
            await until(connection.is_open, seconds=PATIENCE)
            yield connection
            await connection.aclose()


async def test_what_was_taken_is_answered_before_it_closes(
    connection: SocketMode, app: SlowApp, workspace: SimulatedWorkspace
) -> None:
    typing = asyncio.create_task(workspace.person("alice").types("/copy-backup"))
    await asyncio.wait_for(app.taken.wait(), PATIENCE)
    closing = asyncio.create_task(connection.aclose())
    await asyncio.sleep(0)
    assert not closing.done()
    app.may_answer.set()

    shown = await typing

    assert shown is not None
    assert "answered" in shown.rendered
    await closing
    assert not await connection.is_open()


async def test_what_comes_while_that_is_answered_is_answered_too(
    connection: SocketMode, app: SlowApp, workspace: SimulatedWorkspace
) -> None:
    """Slack goes on sending until the connection is closed: it cannot be told to stop before."""
    typing = [asyncio.create_task(workspace.person("alice").types("/copy-backup"))]
    await asyncio.wait_for(app.taken.wait(), PATIENCE)
    closing = asyncio.create_task(connection.aclose())
    await asyncio.sleep(0)
    app.taken.clear()
    typing.append(asyncio.create_task(workspace.person("bob").types("/copy-backup")))
    await asyncio.wait_for(app.taken.wait(), PATIENCE)
    app.may_answer.set()

    assert ["answered" in shown.rendered for shown in await asyncio.gather(*typing) if shown] == [True, True]
    await closing


async def test_what_is_never_answered_is_not_waited_for_for_ever(
    connection: SocketMode, app: SlowApp, workspace: SimulatedWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_mode, "SECONDS_TO_ANSWER", 0.1)
    typing = asyncio.create_task(workspace.person("alice").types("/copy-backup"))
    await asyncio.wait_for(app.taken.wait(), PATIENCE)

    async with asyncio.timeout(PATIENCE):
        await connection.aclose()

    typing.cancel()
    await asyncio.gather(typing, return_exceptions=True)
    app.may_answer.set()


async def test_slack_need_not_take_part_in_closing_it(connection: SocketMode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_mode, "SECONDS_TO_PART", 0.1)
    assert connection._handler is not None
    client = connection._handler.client
    disconnect = client.disconnect

    async def waits_for_slack() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await disconnect()  # type: ignore[no-untyped-call]  # slack_sdk has no types here

    monkeypatch.setattr(client, "disconnect", waits_for_slack)

    async with asyncio.timeout(PATIENCE):
        await connection.aclose()

    assert not await connection.is_open()


async def test_it_may_be_closed_twice(connection: SocketMode) -> None:
    await connection.aclose()
    await connection.aclose()

    assert not await connection.is_open()
