from collections.abc import AsyncIterator

import httpx
import pytest

from bot.sandbox.cloud import RunningCloud, SimulatedCloud
from bot.sandbox.estate import empty_estate


@pytest.fixture
def cloud() -> SimulatedCloud:
    """An account without backups; what a test needs it adds. A copy of 1 GB takes 75 ms."""
    return SimulatedCloud(speed=1000, estate=empty_estate())


@pytest.fixture
async def running(cloud: SimulatedCloud) -> AsyncIterator[RunningCloud]:
    async with cloud.serving() as running:
        yield running


@pytest.fixture
async def api(running: RunningCloud) -> AsyncIterator[httpx.AsyncClient]:
    """A client of DFW with a token; the other regions are reached by their whole address."""
    credentials = {"username": running.username, "apiKey": running.api_key}
    async with httpx.AsyncClient(base_url=running.regions["DFW"]) as client:
        answer = await client.post(
            f"{running.identity_url}/tokens", json={"auth": {"RAX-KSKEY:apiKeyCredentials": credentials}}
        )
        client.headers["X-Auth-Token"] = answer.json()["access"]["token"]["id"]
        yield client
