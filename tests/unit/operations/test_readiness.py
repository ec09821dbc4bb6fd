"""Whether the bot can be used: what is looked at, how often, and for how long."""

import asyncio

from bot.domain.reasons import Fault, Reason
from bot.operations.ports import StoreTroubleError
from bot.operations.readiness import Readiness, Standing, look_at_regions
from tests.fakes.conditions import until
from tests.fakes.world import World


class Thing:
    """Something that is looked at."""

    def __init__(self) -> None:
        self.standing = Standing()
        self.looks = 0

    async def look(self) -> Standing:
        self.looks += 1
        return self.standing


async def test_what_is_missing_is_told_and_warnings_keep_nobody_out() -> None:
    database, rules = Thing(), Thing()
    rules.standing = Standing(warnings={"rules": "broken"})
    readiness = Readiness({"database": database.look, "rules": rules.look}, kept=0.0)

    assert await readiness.now() == Standing(warnings={"rules": "broken"})
    assert (await readiness.now()).is_ready
    database.standing = Standing(missing={"database": "the disk is full"})

    assert await readiness.now() == Standing({"database": "the disk is full"}, {"rules": "broken"})
    assert not (await readiness.now()).is_ready


async def test_however_many_ask_it_looks_once_and_then_again_after_a_while() -> None:
    thing = Thing()
    readiness = Readiness({"thing": thing.look}, kept=0.05)

    await asyncio.gather(*(readiness.now() for _ in range(50)))
    assert thing.looks == 1

    async def looks_again() -> bool:
        await readiness.now()
        return thing.looks == 2

    await until(looks_again)


async def test_a_look_that_does_not_end_is_not_waited_for_and_keeps_nothing_from_the_others() -> None:
    async def endless() -> Standing:
        await asyncio.Event().wait()
        raise AssertionError

    async def broken() -> Standing:
        raise StoreTroubleError("bot.sqlite could not be written: the disk is full.")

    readiness = Readiness({"Slack": endless, "database": broken}, patience=0.01)

    assert (await readiness.now()).missing == {
        "Slack": "no answer within 0.01 s",
        "database": "bot.sqlite could not be written: the disk is full.",
    }


async def test_who_stops_asking_takes_the_look_from_nobody() -> None:
    may_end = asyncio.Event()

    async def slow() -> Standing:
        await may_end.wait()
        return Standing()

    readiness = Readiness({"thing": slow})
    impatient, patient = (asyncio.create_task(readiness.now()) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    may_end.set()

    assert (await patient).is_ready


async def test_a_bot_that_is_about_to_end_is_not_ready_and_looks_at_nothing_more() -> None:
    thing = Thing()
    readiness = Readiness({"thing": thing.look})
    readiness.stop()

    assert await readiness.now() == Standing(missing={"bot": "is stopping"})
    assert thing.looks == 0
    await readiness.aclose()


async def test_without_some_regions_it_can_be_used_and_without_any_it_cannot() -> None:
    world = World.new()
    regions = world.cloud.regions
    assert await look_at_regions(world.ports) == Standing()

    await world.catalogue.note_refresh(regions[0], running=None, fault=Fault(Reason.NO_ANSWER))
    assert await look_at_regions(world.ports) == Standing(warnings={regions[0]: "no_answer"})

    for region in regions:
        await world.catalogue.note_refresh(region, running=None, fault=Fault(Reason.CREDENTIALS_REFUSED))
    assert await look_at_regions(world.ports) == Standing(missing=dict.fromkeys(regions, "credentials_refused"))
