"""What becomes of connections when whoever waits for an answer leaves, at whatever moment."""

import asyncio
import gc
import warnings
from collections.abc import Sequence

import pytest
from pydantic import SecretStr

from bot.cloud import CloudDatabases, Limits
from bot.cloud.client import MOST_CONNECTIONS
from bot.domain.backup import REGIONS_FOR_COPIES, Backup
from bot.domain.reasons import Fault
from bot.sandbox.cloud import SimulatedCloud
from tests.fakes.clocks import JumpingClock

MOMENTS = range(16)
"""Passes of the event loop between a question and its end: it connects, sends, and waits."""

AT_ONCE = 8

PLENTY = Limits(list=100_000, show=100_000, copy=100_000)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_who_leaves_takes_no_connection_from_those_who_ask_later(
    hasty: CloudDatabases, simulated: SimulatedCloud, moment: int
) -> None:
    backup = simulated.add_backup(name="weekly")
    await hasty.check_identity()
    for _ in range(MOST_CONNECTIONS // AT_ONCE + 1):
        await leave([asyncio.ensure_future(hasty.show("DFW", backup.id)) for _ in range(AT_ONCE)], moment)
    assert isinstance(await hasty.show("DFW", backup.id), Backup)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_who_leaves_when_the_cloud_has_gone_leaves_no_connection_open(
    simulated: SimulatedCloud, clock: JumpingClock, moment: int
) -> None:
    backup = simulated.add_backup(name="weekly")
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always", ResourceWarning)
        async with simulated.serving() as running:
            key = SecretStr(running.api_key)
            client = CloudDatabases(running.identity_url, running.username, key, REGIONS_FOR_COPIES, clock, PLENTY)
            await asyncio.gather(*(client.show("DFW", backup.id) for _ in range(AT_ONCE)))
        await leave([asyncio.ensure_future(client.show("DFW", backup.id))], moment)
        await client.aclose()
        gc.collect()
    assert [str(warning.message) for warning in seen] == []


async def leave(asking: Sequence[asyncio.Future[Backup | Fault]], moment: int) -> None:
    for _ in range(moment):
        await asyncio.sleep(0)
    for each in asking:
        each.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
