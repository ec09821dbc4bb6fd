"""What every catalogue promises, whatever it is made of."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.backup import Backup, Datastore, Origin
from bot.domain.reasons import Fault, Reason
from bot.domain.rules import Scope
from bot.operations.catalogue import Catalogue
from bot.storage import open_storage
from tests.fakes.catalogue import MemoryCatalogue
from tests.fakes.places import place_of

if TYPE_CHECKING:
    from .conftest import HandClock

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
INSTANCE = "3f0c27a4-0000-4111-8222-93b1d0aa55ee"
FIRST = "ff44da4e-91eb-40ba-aa5b-841e1c308f55"
SECOND = "0c1b5616-fdc5-45ae-b2dc-6f1440d55d0e"
THIRD = "e1cb03fd-c108-4702-a04b-653491e41a91"


@pytest.fixture(params=["sqlite", "postgresql", "memory"])
async def catalogue(request: pytest.FixtureRequest, tmp_path: Path, clock: "HandClock") -> AsyncIterator[Catalogue]:
    if request.param == "memory":
        yield MemoryCatalogue(clock)
        return
    storage = await open_storage(place_of(request, tmp_path), clock)
    yield storage.catalogue
    await storage.close()


def backup(backup_id: str = FIRST, **changes: object) -> Backup:
    made = Backup(
        id=backup_id,
        region="DFW",
        name="nightly-2026-11-22",
        status="COMPLETED",
        description="Before the Migration",
        created=START,
        datastore=Datastore("mysql", "5.6"),
        origin=Origin("instance", INSTANCE),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # the attributes of a backup


async def found(catalogue: Catalogue, text: str, region: str = "DFW") -> list[str]:
    return [each.id for each in await catalogue.search(region, text, limit=100)]


# Searching


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "nightly",
        "NIGHTLY",
        "ly-20",
        "migration",
        "5.6",
        "mysql 5.6",
        "mig my 5.",
        FIRST,
        FIRST.upper(),
        "91eb-40ba",
        INSTANCE,
        "93b1d0",
        "3f0c27a4 nightly",
        "n",
        "26",
    ],
)
async def test_a_backup_is_found_by_any_part_of_what_it_says(catalogue: Catalogue, text: str) -> None:
    await catalogue.put([backup()])
    assert await found(catalogue, text) == [FIRST]


@pytest.mark.parametrize(
    "text",
    ["weekly", "nightly weekly", "%", "night%", "n_ghtly", "*", '"nightly"', "nightly NOT", "22before", "ff40", "\\"],
)
async def test_a_backup_is_not_found_by_what_it_does_not_say(catalogue: Catalogue, text: str) -> None:
    await catalogue.put([backup()])
    assert await found(catalogue, text) == []


@pytest.mark.parametrize(
    "name", ["<!channel> & <b>", '"; DROP TABLE backups; --', "100%_\\", "Größe ÄÖÜ", "備份 🙂", "a'b"]
)
async def test_a_backup_with_a_strange_name_is_found_by_that_name(catalogue: Catalogue, name: str) -> None:
    await catalogue.put([backup(name=name), backup(SECOND, name="another")])
    assert await found(catalogue, name) == [FIRST]
    assert await found(catalogue, name.upper()) == [FIRST]
    assert [each.id for each in await catalogue.regions_of(name)] == [FIRST]


async def test_a_search_looks_in_one_region(catalogue: Catalogue) -> None:
    await catalogue.put([backup(), backup(SECOND, region="IAD")])
    assert await found(catalogue, "nightly") == [FIRST]
    assert await found(catalogue, "nightly", "IAD") == [SECOND]
    assert await found(catalogue, "nightly", "SYD") == []


async def test_the_newest_comes_first(catalogue: Catalogue) -> None:
    ages = [5, 1, 4, 2, 3]
    await catalogue.put([backup(f"id-{age}", created=START - timedelta(days=age)) for age in ages])
    await catalogue.put([backup("id-unknown", created=None)])
    result = await catalogue.search("DFW", "nightly", limit=3)
    assert [each.id for each in result] == ["id-1", "id-2", "id-3"]
    assert (await found(catalogue, ""))[-1] == "id-unknown"


async def test_what_cannot_be_copied_is_counted_by_status_and_not_offered(catalogue: Catalogue) -> None:
    statuses = ["COMPLETED", "COPYING", "FAILED", "FAILED", "NEW", "SOMETHING_UNHEARD_OF"]
    await catalogue.put([backup(f"id-{number}", status=status) for number, status in enumerate(statuses)])
    await catalogue.put([backup("other", status="NEW", name="weekly")])
    assert await found(catalogue, "nightly") == ["id-0"]
    counted = {"COMPLETED": 1, "COPYING": 1, "FAILED": 2, "NEW": 2, "SOMETHING_UNHEARD_OF": 1}
    assert await catalogue.by_status("DFW") == counted
    assert await catalogue.by_status("IAD") == {}


async def test_a_backup_of_which_a_copy_failed_is_offered_among_the_others(catalogue: Catalogue) -> None:
    for number, status in enumerate(["COMPLETED", "COPY_ERROR", "COMPLETED"]):
        await catalogue.put([backup(f"id-{number}", status=status, created=START + timedelta(hours=number))])
    result = await catalogue.search("DFW", "nightly", limit=2)
    assert [each.id for each in result] == ["id-2", "id-1"]


async def test_a_word_in_both_name_and_id_counts_a_backup_once(catalogue: Catalogue) -> None:
    await catalogue.put([backup(name=f"of {FIRST}"), backup(SECOND, description=FIRST), backup(THIRD)])
    for text in (FIRST, FIRST[:13]):
        assert set(await found(catalogue, text)) == {FIRST, SECOND}
        assert (await catalogue.listed(["DFW"], text, limit=1)).total == 2


async def test_a_backup_that_says_next_to_nothing_is_found(catalogue: Catalogue) -> None:
    bare = Backup(id="x", region="DFW", name="", status="COMPLETED")
    await catalogue.put([bare])
    assert list(await catalogue.search("DFW", "", limit=5)) == [bare]


WORDS = st.text(alphabet="ab1-é%_\"'\\", min_size=1, max_size=4)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(names=st.lists(WORDS, min_size=1, max_size=6), sought=WORDS)
async def test_search_finds_exactly_the_names_that_contain_the_word(
    catalogue: Catalogue, clock: "HandClock", names: list[str], sought: str
) -> None:
    backups = [Backup(id="Z" * (n + 3), region="DFW", name=name, status="COMPLETED") for n, name in enumerate(names)]
    clock.turn(60)
    await catalogue.replace("DFW", clock.now(), backups)
    expected = {each.id for each in backups if sought.casefold() in each.name.casefold()}
    assert {*await found(catalogue, sought)} == expected


# Knowing backups


async def test_a_backup_comes_back_as_it_was_last_seen(catalogue: Catalogue) -> None:
    await catalogue.put([backup()])
    later = backup(status="COPYING", size_gb=1.4, parent_id=SECOND, updated=START, location="https://x/y", kind="Full")
    await catalogue.put([later])
    assert await catalogue.backup("DFW", FIRST) == later
    assert await catalogue.backup("IAD", FIRST) is None
    assert await catalogue.by_status("DFW") == {"COPYING": 1}
    await catalogue.put([backup(name="renamed")])
    assert await found(catalogue, "nightly") == []
    assert await found(catalogue, "renamed") == [FIRST]


async def test_a_backup_that_is_gone_is_not_found_any_more(catalogue: Catalogue) -> None:
    await catalogue.put([backup(), backup(SECOND)])
    await catalogue.remove("DFW", FIRST)
    await catalogue.remove("IAD", SECOND)
    assert await catalogue.backup("DFW", FIRST) is None
    for text in ("", "nightly", FIRST, INSTANCE):
        assert FIRST not in await found(catalogue, text)
    assert await found(catalogue, "") == [SECOND]


async def test_a_backup_is_known_in_every_region_by_id_beginning_or_name(catalogue: Catalogue) -> None:
    here, there = backup(), backup(region="IAD", name="copy")
    await catalogue.put([here, there, backup(SECOND, name="weekly")])
    for reference in (FIRST, FIRST[:8]):
        assert {each.region for each in await catalogue.regions_of(reference)} == {"DFW", "IAD"}
    assert await catalogue.regions_of("copy") == [there]
    assert not await catalogue.regions_of(FIRST[:7])
    assert not await catalogue.regions_of("cop")


async def test_a_beginning_that_two_ids_share_names_no_backup(catalogue: Catalogue) -> None:
    await catalogue.put([backup("aaaaaaaa-1"), backup("aaaaaaaa-2")])
    assert not await catalogue.regions_of("aaaaaaaa")
    assert [each.id for each in await catalogue.regions_of("aaaaaaaa-1")] == ["aaaaaaaa-1"]


async def test_an_id_with_a_nul_names_no_backup(catalogue: Catalogue) -> None:
    await catalogue.put([backup()])
    assert await catalogue.backup("DFW", f"{FIRST}\0") is None
    assert not await catalogue.regions_of(f"{FIRST[:8]}\0")


async def test_likely_copies_come_by_id_then_by_files_then_by_name(catalogue: Catalogue) -> None:
    original = backup()
    there = {"region": "IAD"}
    named = backup("n1", name="nightly-2026-11-22-copy", created=START - timedelta(days=1), **there)
    given_name = backup("n2", name="wished", **there)
    files = backup("f", name="x", location=f"https://snet/v1/Mosso_9/z_BACKUPS/{FIRST}.xbstream.gz", **there)
    same = backup(name="y", **there)
    others = [backup("o", name="z", **there), backup("n3", name="wished", region="SYD")]
    await catalogue.put([named, given_name, files, same, *others, original])
    likely = await catalogue.likely_copies(original, "IAD", names=["wished"])
    assert [each.id for each in likely] == [FIRST, "f", "n2", "n1"]


# Refreshing


async def test_a_refresh_replaces_what_was_known(catalogue: Catalogue, clock: "HandClock") -> None:
    await catalogue.put([backup(), backup(SECOND), backup(THIRD, region="IAD")])
    clock.turn(10)
    await catalogue.replace("DFW", clock.now(), [backup(SECOND, status="COPYING"), backup("new"), backup("new")])
    assert await catalogue.backup("DFW", FIRST) is None
    assert await catalogue.backup("DFW", SECOND) == backup(SECOND, status="COPYING")
    assert await found(catalogue, "") == ["new"]
    assert await found(catalogue, "", "IAD") == [THIRD]


async def test_what_was_seen_after_a_refresh_began_stays_as_it_was_seen(
    catalogue: Catalogue, clock: "HandClock"
) -> None:
    began = clock.now()
    clock.turn(1)
    await catalogue.put([backup(status="COPYING"), backup(SECOND)])
    await catalogue.remove("DFW", THIRD)
    clock.turn(1)
    await catalogue.replace("DFW", began, [backup(), backup(THIRD)])
    assert await catalogue.backup("DFW", FIRST) == backup(status="COPYING")
    assert await catalogue.backup("DFW", SECOND) == backup(SECOND)
    assert await catalogue.backup("DFW", THIRD) is None
    began = clock.now()
    await catalogue.replace("DFW", began, [backup(THIRD)])
    assert await found(catalogue, "") == [THIRD]


async def test_how_fresh_a_region_is(catalogue: Catalogue, clock: "HandClock") -> None:
    before = await catalogue.refreshed("DFW")
    assert (before.complete_at, before.fault, before.running, before.backups) == (None, None, None, 0)
    await catalogue.note_refresh("DFW", running=20, fault=None)
    assert (await catalogue.refreshed("DFW")).running == 20
    fault = Fault(Reason.SERVICE_UNAVAILABLE, 503)
    await catalogue.note_refresh("DFW", running=None, fault=fault)
    assert (await catalogue.refreshed("DFW")).fault == fault
    began = clock.now()
    clock.turn(5)
    await catalogue.replace("DFW", began, [backup(), backup(SECOND)])
    after = await catalogue.refreshed("DFW")
    assert (after.complete_at, after.fault, after.running, after.backups) == (clock.now(), None, None, 2)
    assert (await catalogue.refreshed("IAD")).complete_at is None


async def test_five_thousand_backups_of_the_same_second_are_all_kept(catalogue: Catalogue, clock: "HandClock") -> None:
    await catalogue.replace("DFW", clock.now(), [backup(f"id-{number:04}") for number in range(5000)])
    assert len(await found(catalogue, "nightly")) == 100
    assert (await catalogue.listed(["DFW"], "nightly", limit=1)).total == 5000
    assert await found(catalogue, "id-4999") == ["id-4999"]


# Listing


async def test_a_list_has_backups_in_any_state_of_several_regions_newest_first(catalogue: Catalogue) -> None:
    places = (("IAD", "COMPLETED"), ("DFW", "FAILED"), ("DFW", "COMPLETED"), ("ORD", "NEW"))
    made = [
        backup(f"b-{hours}", created=START - timedelta(hours=hours), region=region, status=status)
        for hours, (region, status) in enumerate(places)
    ]
    await catalogue.put(made)

    whole = await catalogue.listed(["DFW", "IAD"], "", limit=10)
    part = await catalogue.listed(["DFW", "IAD"], "nightly", limit=1, offset=1)

    assert (list(whole.backups), whole.total) == (made[:3], 3)
    assert (list(part.backups), part.total) == (made[1:2], 3)


async def test_what_is_in_no_scope_is_neither_found_nor_counted(catalogue: Catalogue) -> None:
    seen = [backup(f"seen-{n}", created=START - timedelta(hours=n)) for n in range(4)]
    hidden = [backup(f"hidden-{n}", name="payroll", status=status) for n, status in enumerate(("COMPLETED", "NEW"))]
    await catalogue.put([*seen, *hidden])
    scopes = [Scope(backups=("nightly-*",))]

    found = await catalogue.search("DFW", "", limit=2, scopes=scopes)
    listed = await catalogue.listed(["DFW"], "", limit=2, offset=1, scopes=scopes)

    assert list(found) == seen[:2]
    assert await catalogue.by_status("DFW", scopes=scopes) == {"COMPLETED": 4}
    assert (list(listed.backups), listed.total) == (seen[1:3], 4)
    assert not await catalogue.search("DFW", "hidden", limit=2, scopes=scopes)
    assert not await catalogue.search("DFW", "", limit=2, scopes=[])
    assert await catalogue.by_status("DFW", scopes=[]) == {}


names = st.text(alphabet="aAäÄ*%_\\[]?-1", max_size=4)
patterns = st.lists(names.filter(bool), max_size=2).map(tuple)
scopes_there_are = st.none() | st.lists(
    st.builds(
        Scope,
        sources=st.sampled_from([frozenset(), frozenset({"DFW"}), frozenset({"IAD"})]),
        backups=patterns,
        instances=patterns,
    ),
    max_size=3,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    backups=st.lists(st.tuples(names, st.none() | names, st.sampled_from(["COMPLETED", "NEW"])), max_size=5),
    scopes=scopes_there_are,
    typed=st.sampled_from(["", "a", "id-", "id-1", "a id-"]),
    limit=st.integers(0, 3),
)
async def test_scopes_mean_the_same_whatever_searches(
    tmp_path: Path,
    clock: "HandClock",
    *,
    backups: list[tuple[str, str | None, str]],
    scopes: list[Scope] | None,
    typed: str,
    limit: int,
) -> None:
    made = [
        backup(
            f"id-{number}",
            name=name,
            status=status,
            origin=Origin("instance", origin) if origin is not None else None,
            created=START - timedelta(hours=number),
        )
        for number, (name, origin, status) in enumerate(backups)
    ]
    memory, storage = MemoryCatalogue(clock), await open_storage(tmp_path / "bot.db", clock)
    try:
        for each in (memory, storage.catalogue):
            await each.replace("DFW", clock.now(), made)
        found = [await each.search("DFW", typed, limit=limit, scopes=scopes) for each in (memory, storage.catalogue)]
        listed = [await each.listed(["DFW"], typed, limit=limit, scopes=scopes) for each in (memory, storage.catalogue)]
        counted = [await each.by_status("DFW", scopes=scopes) for each in (memory, storage.catalogue)]
    finally:
        await storage.close()
    assert found[0] == found[1]
    assert listed[0] == listed[1]
    assert counted[0] == counted[1]
