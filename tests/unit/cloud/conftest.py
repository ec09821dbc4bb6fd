"""The client of Cloud Databases, before the simulated cloud and before a service that is odd on purpose."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from bot.cloud import CloudDatabases, Limits
from bot.domain.backup import REGIONS_FOR_COPIES
from bot.sandbox.cloud import RunningCloud, SimulatedCloud
from bot.sandbox.estate import Estate
from tests.fakes.clocks import JumpingClock
from tests.fakes.odd_service import OddService

PLENTY = Limits(list=100_000, show=100_000, copy=100_000)


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
def simulated() -> SimulatedCloud:
    """The simulated cloud, without a backup and without limits."""
    simulated = SimulatedCloud(estate=Estate({}))
    simulated.limits.lift()
    return simulated


@pytest.fixture
async def running(simulated: SimulatedCloud) -> AsyncIterator[RunningCloud]:
    async with simulated.serving() as running:
        yield running


@pytest.fixture
async def client(running: RunningCloud, clock: JumpingClock) -> AsyncIterator[CloudDatabases]:
    """The client of the simulated cloud."""
    key = SecretStr(running.api_key)
    client = CloudDatabases(running.identity_url, running.username, key, REGIONS_FOR_COPIES, clock, PLENTY)
    yield client
    await client.aclose()


@pytest.fixture
async def hasty(running: RunningCloud, clock: JumpingClock) -> AsyncIterator[CloudDatabases]:
    """A client that waits one second for an answer."""
    key = SecretStr(running.api_key)
    client = CloudDatabases(running.identity_url, running.username, key, REGIONS_FOR_COPIES, clock, PLENTY, 1.0)
    yield client
    await client.aclose()


@pytest.fixture
def odd() -> OddService:
    return OddService()


@pytest.fixture
async def odd_client(odd: OddService, clock: JumpingClock) -> AsyncIterator[CloudDatabases]:
    """The client of the odd service."""
    async with odd.serving() as identity_url:
        key = SecretStr("k3y-s3cr3t")
        client = CloudDatabases(identity_url, "ana", key, REGIONS_FOR_COPIES, clock, PLENTY)
        yield client
        await client.aclose()
