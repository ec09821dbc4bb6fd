"""A simulated Slack workspace, the real bot and a simulated cloud, over HTTP and over Socket Mode.

Whatever a journey shows, in the end its audit log is whole, nothing that must stay secret was told to anybody,
nobody was pinged by somebody else's words, Slack took every message and view, and nothing unexpected is in the log.
"""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.cli.sandbox import Sandbox, running_sandbox
from bot.sandbox.estate import Estate
from tests.fakes.conditions import until
from tests.journeys.acting import PATIENCE, Begin, assert_the_log_is_whole, audit_log

SPEED = 200.0
"""How much less patient than usual the bot is."""

SPEED_OF_COPIES = 1000.0
"""A copy of 1 GB takes 75 ms. A journey that wants to see one running makes its cloud slow."""

EXPECTED_REFUSALS = frozenset(
    {"hash_conflict", "not_found", "channel_not_found", "is_archived", "restricted_action", "user_not_found"}
)
"""Slack's errors that a bot may meet: views and channels change while people use them, and people may be forged."""

IMPATIENCE = {"settle_seconds": 0.3, "grace_seconds": 0.5}
"""The simulated cloud shows at once what it does."""


@pytest.fixture(params=["http", "socket mode"])
def in_socket_mode(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "socket mode")


@pytest.fixture
async def begin(tmp_path: Path, in_socket_mode: bool, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Begin]:
    async with AsyncExitStack() as stack:
        begun: list[Sandbox] = []

        async def begin(
            *,
            estate: Estate | None = None,
            rules: str | None = None,
            waits_for_lists: bool = True,
            **changes: object,
        ) -> Sandbox:
            sandbox = await stack.enter_async_context(
                running_sandbox(
                    tmp_path,
                    speed=SPEED,
                    socket_mode=in_socket_mode,
                    estate=estate,
                    rules=rules,
                    changes=IMPATIENCE | changes,
                )
            )
            sandbox.cloud.clock.speed = SPEED_OF_COPIES
            begun.append(sandbox)
            if waits_for_lists:
                await until(lambda: _all_lists_are_loaded(sandbox), seconds=PATIENCE, every=0.01)
            return sandbox

        yield begin
        for sandbox in begun:
            await _assert_it_stayed_true(sandbox)
        unexpected = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
        assert unexpected == []


@pytest.fixture
async def sandbox(begin: Begin) -> Sandbox:
    return await begin()


async def _all_lists_are_loaded(sandbox: Sandbox) -> bool:
    ports = sandbox.bot.ports
    refreshes = [await ports.catalogue.refreshed(region) for region in ports.cloud.regions]
    return all(refresh.complete_at is not None for refresh in refreshes)


async def _assert_it_stayed_true(sandbox: Sandbox) -> None:
    await assert_the_log_is_whole(sandbox)
    assert all(ping.kind == "user" or ping.target == "approvers" for ping in sandbox.workspace.pings)
    told = json.dumps([request.arguments for request in sandbox.workspace.requests], default=str)
    kept = " ".join(str(recorded.event) for recorded in await audit_log(sandbox))
    api_key = sandbox.running_cloud.api_key
    for secret in ("Traceback", "/opt/trove", api_key, sandbox.workspace.app.bot_token):
        assert secret not in told
        assert secret not in kept
    refused = [r.answer.get("error") for r in sandbox.workspace.requests if r.answer.get("ok") is False]
    assert set(refused) <= EXPECTED_REFUSALS
