"""What catalogue and record promise to whoever looks at everything at once, whatever they are made of."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.domain.backup import Backup, Datastore, Origin
from bot.domain.copies import CopyState
from bot.domain.events import EventFilter, EventKind
from bot.domain.survey import Held, Made
from bot.operations.catalogue import Catalogue
from bot.storage import open_storage
from bot.storage.connection import Place
from tests.fakes.catalogue import MemoryCatalogue
from tests.fakes.places import place_of
from tests.fakes.records import START, ListenedRecord, backup, completed, event, new_copy, opened

if TYPE_CHECKING:
    from .conftest import HandClock

ID = "ff44da4e-91eb-40ba-aa5b-841e1c308f55"
OTHER = "0c1b5616-fdc5-45ae-b2dc-6f1440d55d0e"


@pytest.fixture(params=["sqlite", "postgresql", "memory"])
async def catalogue(request: pytest.FixtureRequest, tmp_path: Path, clock: "HandClock") -> AsyncIterator[Catalogue]:
    if request.param == "memory":
        yield MemoryCatalogue(clock)
        return
    storage = await open_storage(place_of(request, tmp_path), clock)
    yield storage.catalogue
    await storage.close()


async def test_everything_is_given_with_what_matters_of_it(catalogue: Catalogue) -> None:
    rich = replace(backup(), parent_id=OTHER, location=f"https://x/y/{OTHER}.xbstream.gz")
    poor = Backup(id=OTHER, region="IAD", name="", status="NEW")
    await catalogue.put([rich, poor])

    assert {each.id: each for each in await catalogue.everything()} == {
        rich.id: Held(
            "DFW",
            rich.id,
            rich.name,
            "COMPLETED",
            OTHER,
            rich.created,
            Origin("instance", "3f0c"),
            Datastore("mysql", "5.6"),
            1.25,
            OTHER,
        ),
        OTHER: Held("IAD", OTHER, "", "NEW"),
    }


async def test_the_catalogue_s_revision_grows_with_what_is_new_and_with_nothing_else(
    catalogue: Catalogue, clock: "HandClock"
) -> None:
    before = catalogue.revision

    async def grown() -> bool:
        nonlocal before
        earlier, before = before, catalogue.revision
        return catalogue.revision > earlier

    await catalogue.put([backup()])
    assert await grown()
    clock.turn(1)
    await catalogue.put([backup()])
    await catalogue.replace("DFW", clock.now(), [backup()])
    await catalogue.remove("IAD", ID)
    await catalogue.everything()
    assert not await grown()
    await catalogue.put([replace(backup(), status="COPYING")])
    assert await grown()
    clock.turn(1)
    await catalogue.replace("DFW", clock.now(), [])
    assert await grown()
    await catalogue.put([backup()])
    assert await grown()
    await catalogue.remove("DFW", ID)
    assert await grown()


async def test_every_copy_is_given_in_short(record: ListenedRecord) -> None:
    done = await completed(record, new_copy(1), START + timedelta(hours=1), copied_id="arrived")
    waiting = await opened(record, new_copy(2, destination="ORD"))
    sending = (await opened(record, new_copy(3, destination="SYD"))).moved(CopyState.SENDING)
    assert await record.move(sending, event(EventKind.SENDING, sending))
    source = backup()

    made = {each.id: each for each in await record.made()}

    in_short = Made(done.id, "DFW", source.id, source.created, "IAD", "nightly-copy", "arrived", done.ended_at)
    assert made[done.id] == in_short
    assert made[waiting.id] == replace_made(in_short, id=waiting.id, destination="ORD", was_sent=False)
    assert made[sending.id] == replace_made(in_short, id=sending.id, destination="SYD", was_sent=True)


def replace_made(made: Made, **changes: object) -> Made:
    return made._replace(copied_id=None, completed_at=None, **changes)  # type: ignore[arg-type]  # attributes of Made


async def test_the_record_s_revision_grows_when_a_copy_changes(record: ListenedRecord) -> None:
    before = record.revision
    copy = await opened(record, new_copy(1))
    opened_at = record.revision
    await record.append(event(EventKind.BOT_STARTED))
    assert record.revision == opened_at > before
    assert await record.move(copy.moved(CopyState.SENDING), event(EventKind.SENDING, copy))
    assert record.revision > opened_at


async def test_a_finding_is_written_down_once(record: ListenedRecord) -> None:
    found = event(EventKind.FOUND_OUTSIDE)

    assert await record.note_once({"a": found, "quiet": None}) == 2
    assert await record.note_once({"a": found, "b": found}) == 1
    assert await record.note_once({"quiet": found}) == 0

    assert await record.are_noted(["a", "b", "quiet", "c"]) == {"a", "b", "quiet"}
    written = await record.events(EventFilter(kinds=(EventKind.FOUND_OUTSIDE,)))
    assert [each.sequence for each in written] == [2, 1]


async def test_what_was_found_is_remembered_over_a_restart(place: Place, clock: "HandClock") -> None:
    for expected in (1, 0):
        storage = await open_storage(place, clock)
        assert await storage.record.note_once({"a": event(EventKind.FOUND_OUTSIDE)}) == expected
        await storage.close()
