"""The Slack room, before the simulated workspace and before a service that is odd on purpose."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from bot.sandbox.workspace import SimulatedWorkspace
from bot.slack.client import SlackClient
from bot.slack.errands import Errands
from bot.slack.manifest import build_manifest
from tests.fakes.odd_service import OddService

COMMAND = "/copy-backup"
TOKEN = "xoxb-s3cr3t"


@dataclass(frozen=True, slots=True)
class Served:
    """The simulated workspace with the bot's app in it, and where its Web API is."""

    workspace: SimulatedWorkspace
    api_url: str

    def client(self, *, timeout: float = 10.0) -> SlackClient:
        return SlackClient(SecretStr(self.workspace.app.bot_token), self.api_url, timeout=timeout)

    def calls(self, method: str) -> int:
        return sum(request.method == method for request in self.workspace.requests)


@asynccontextmanager
async def serving(*, enforce_rates: bool = False) -> AsyncIterator[Served]:
    """A workspace that is served, with the bot's app in it."""
    workspace = SimulatedWorkspace(enforce_rates=enforce_rates)
    workspace.install(build_manifest(command=COMMAND, public_url="https://bot.example.com"))
    async with workspace.serving() as running:
        yield Served(workspace, running.api_url)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as served:
        yield served


@pytest.fixture
def workspace(served: Served) -> SimulatedWorkspace:
    return served.workspace


@pytest.fixture
async def client(served: Served) -> AsyncIterator[SlackClient]:
    async with served.client() as client:
        yield client


@pytest.fixture
async def errands() -> AsyncIterator[Errands]:
    errands = Errands()
    yield errands
    await errands.aclose(patience=0.1)


@pytest.fixture
def odd() -> OddService:
    return OddService()


@pytest.fixture
async def odd_client(odd: OddService) -> AsyncIterator[SlackClient]:
    """The client of the odd service."""
    async with odd.serving(), SlackClient(SecretStr(TOKEN), f"{odd.origin}/api/") as client:
        yield client
