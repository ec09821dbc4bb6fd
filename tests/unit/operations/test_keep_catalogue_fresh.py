"""How often the lists of backups are read again."""

import asyncio

from bot.domain.reasons import Fault, Reason
from bot.operations.keep_catalogue_fresh import SOONER, keep_catalogue_fresh
from bot.operations.report_coverage import Surveyor
from tests.fakes.conditions import until
from tests.fakes.world import World

HOUR = 3600.0


async def test_a_region_that_could_not_be_read_is_tried_again_sooner_than_one_that_could() -> None:
    world = World.new()
    began = world.clock.now()
    region = world.cloud.regions[0]
    world.cloud.refuse(Fault(Reason.SERVICE_UNAVAILABLE, 503), call="list", region=region, times=5)
    reading = asyncio.create_task(keep_catalogue_fresh(world.ports, Surveyor(world.ports), HOUR))

    async def has_been_read() -> bool:
        return (await world.catalogue.refreshed(region)).complete_at is not None

    await until(has_been_read)
    reading.cancel()
    await asyncio.wait([reading])

    refresh = await world.catalogue.refreshed(region)
    assert refresh.complete_at is not None
    assert (refresh.complete_at - began).total_seconds() >= 5 * SOONER
