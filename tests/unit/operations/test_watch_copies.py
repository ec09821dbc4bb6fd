"""What happens to copies without the bot is written down once, and never because something was not read."""

from dataclasses import replace

from bot.domain.events import Event, EventKind
from bot.domain.reasons import Fault, Reason
from bot.operations.keep_catalogue_fresh import refresh_catalogue
from bot.operations.report_coverage import Surveyor
from bot.operations.watch_copies import watch_copies
from tests.fakes.world import DOWN, FULL, World, in_region

OUTSIDE = (EventKind.FOUND_OUTSIDE, EventKind.COPY_VANISHED)


async def looks(world: World, *regions: str) -> list[Event]:
    """Reads the lists of these regions; gives all that was written down so far."""
    for region in regions or world.cloud.regions:
        await refresh_catalogue(world.cloud, world.catalogue, world.clock, region)
    await watch_copies(world.ports, Surveyor(world.ports))
    return [each.event for each in world.record.history if each.event.kind in OUTSIDE]


async def test_a_copy_made_by_hand_is_written_down_once_over_restarts(world: World) -> None:
    assert await looks(world) == []
    world.cloud.put(in_region(FULL))

    (found,) = await looks(world)
    assert (found.kind, found.backup_id, found.source, found.destination) == (
        EventKind.FOUND_OUTSIDE,
        FULL.id,
        "DFW",
        "IAD",
    )
    assert await looks(world) == [found]


async def test_what_was_there_when_regions_were_first_seen_side_by_side_is_no_news(world: World) -> None:
    world.cloud.put(in_region(FULL))

    assert await looks(world, "IAD") == []
    assert await looks(world) == []


async def test_a_region_that_could_not_be_read_says_nothing(world: World) -> None:
    await looks(world)
    world.cloud.put(in_region(FULL))
    await refresh_catalogue(world.cloud, world.catalogue, world.clock, "IAD")
    await world.catalogue.note_refresh("IAD", running=None, fault=DOWN)

    await watch_copies(world.ports, Surveyor(world.ports))

    assert [each for each in world.record.history if each.event.kind in OUTSIDE] == []


async def test_nothing_is_said_before_anything_was_read(world: World) -> None:
    await world.catalogue.put([FULL, in_region(FULL)])

    await watch_copies(world.ports, Surveyor(world.ports))

    assert world.record.history == []


async def test_a_backup_that_was_never_a_copy_is_nothing_to_be_told(world: World) -> None:
    await looks(world)
    world.cloud.put(replace(FULL, id="new", region="IAD", name="of its own", size_gb=0.5))

    assert await looks(world) == []
    assert not isinstance(await world.cloud.show("IAD", "new"), Fault), Reason.NOT_FOUND
