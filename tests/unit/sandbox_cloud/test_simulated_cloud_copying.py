"""What becomes of a copy that was accepted. The clock is turned by hand: at speed 1 a copy of 1 GB takes 75 s."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from bot.sandbox.cloud import RunningCloud, SimulatedCloud, StoredBackup

COPY = {"target_backup_region": "IAD", "description": "a backup copy", "name": "dfw-to-iad"}


@pytest.fixture(autouse=True)
def by_hand(cloud: SimulatedCloud) -> None:
    cloud.clock.speed = 1
    cloud.limits.lift()
    cloud.add_backup(id="full", name="original", created=cloud.clock.now() - timedelta(days=3))


async def copy(api: httpx.AsyncClient, backup_id: str = "full", **elements: object) -> None:
    answer = await api.post(f"/backups/{backup_id}/action", json={"copy-backup": COPY | elements})
    assert answer.status_code == 202, answer.text


def status(cloud: SimulatedCloud, region: str = "DFW", backup_id: str = "full") -> str | None:
    backup = cloud.backup(region, backup_id)
    return None if backup is None else backup.status


def only(cloud: SimulatedCloud, region: str = "IAD") -> StoredBackup:
    (backup,) = cloud.backups(region)
    return backup


async def test_the_source_is_copying_and_the_copy_is_new_then_building_then_completed(
    api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    await copy(api)
    seen = [(status(cloud), status(cloud, "IAD"))]
    for seconds in (8, 16, 40, 12):
        cloud.clock.advance(seconds)
        seen.append((status(cloud), status(cloud, "IAD")))
    assert seen == [
        ("COPYING", None),
        ("COPYING", "NEW"),
        ("COPYING", "BUILDING"),
        ("COPYING", "BUILDING"),
        ("COMPLETED", "COMPLETED"),
    ]


@pytest.mark.parametrize(("size", "seconds"), [(None, 30), (0.0, 30), (1.0, 75), (10.0, 480)])
async def test_how_long_a_copy_takes_follows_its_size(
    api: httpx.AsyncClient, cloud: SimulatedCloud, size: float | None, seconds: float
) -> None:
    cloud.add_backup(id="full", size=size)
    await copy(api)
    cloud.clock.advance(seconds - 10)
    assert status(cloud, "IAD") == "BUILDING"
    cloud.clock.advance(11)
    assert status(cloud, "IAD") == "COMPLETED"


async def test_the_copy_has_the_name_and_description_that_were_asked_for_and_the_originals_content(
    api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    await copy(api)
    cloud.clock.advance(8)
    new = only(cloud)
    assert (new.size, new.location) == (None, None)
    cloud.clock.advance(100)
    original, done = cloud.backup("DFW", "full"), only(cloud)
    assert original is not None
    assert (done.name, done.description, done.is_automated) == ("dfw-to-iad", "a backup copy", 0)
    assert (done.size, done.type, done.instance_id, done.source, done.datastore, done.content) == (
        original.size,
        original.type,
        original.instance_id,
        original.source,
        original.datastore,
        original.content,
    )
    assert "storage101.iad1" in (done.location or "")
    assert (original.name, original.description) == ("original", None)


async def test_what_has_no_name_gets_none(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    await copy(api, name=None, description="")
    cloud.clock.advance(100)
    assert (only(cloud).name, only(cloud).description) == (None, "")


async def test_times_are_those_at_which_it_happened_not_those_at_which_somebody_looked(
    api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    began = cloud.clock.now()
    await copy(api)
    cloud.clock.advance(3600)
    for backup in (cloud.backup("DFW", "full"), cloud.backup("IAD", "full")):
        assert backup is not None
        assert timedelta(seconds=75) <= backup.updated - began < timedelta(seconds=3000)


async def test_a_copy_keeps_the_id_or_gets_a_new_one(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    await copy(api)
    cloud.clock.advance(100)
    assert only(cloud).id == "full"
    cloud.copied_ids = "new"
    await copy(api, target_backup_region="ORD")
    cloud.clock.advance(100)
    assert only(cloud, "ORD").id != "full"
    assert only(cloud, "ORD").content == "full"


async def test_a_second_copy_to_the_same_region_has_an_id_of_its_own(
    api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    for _ in range(2):
        await copy(api)
        cloud.clock.advance(100)
    first, second = cloud.backups("IAD")
    assert (first.id, first.status, second.status) == ("full", "COMPLETED", "COMPLETED")
    assert second.id != "full"


async def test_a_failed_copy_is_replaced_by_the_next_one(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.trouble.fail_copies()
    await copy(api)
    cloud.clock.advance(100)
    assert status(cloud, "IAD") == "FAILED"
    await copy(api)
    cloud.clock.advance(100)
    assert (only(cloud).id, only(cloud).status) == ("full", "COMPLETED")


@pytest.mark.parametrize(("wanted", "parent_id"), [("source", "full"), ("copied", "the-parents-copy")])
async def test_an_incremental_names_the_sources_parent_or_the_parents_copy(
    api: httpx.AsyncClient, cloud: SimulatedCloud, wanted: str, parent_id: str
) -> None:
    cloud.add_backup(id="inc", parent_id="full")
    cloud.add_backup(region="IAD", id="the-parents-copy", content="full")
    cloud.copied_parent = "copied" if wanted == "copied" else "source"
    await copy(api, "inc")
    cloud.clock.advance(100)
    arrived = cloud.backup("IAD", "inc")
    assert arrived is not None
    assert (arrived.parent_id, arrived.parent_content) == (parent_id, "full")


async def test_created_is_the_sources_time_or_the_copys(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    await copy(api)
    cloud.copied_created = "now"
    cloud.clock.advance(100)
    await copy(api, target_backup_region="ORD")
    cloud.clock.advance(100)
    original = cloud.backup("DFW", "full")
    assert original is not None
    assert only(cloud).created == original.created
    assert cloud.clock.now() - only(cloud, "ORD").created < timedelta(hours=1)


@pytest.mark.parametrize(("wanted", "named"), [("source", True), ("copied", False)])
async def test_the_address_of_the_files_names_the_source_or_the_copy(
    api: httpx.AsyncClient, cloud: SimulatedCloud, wanted: str, named: bool
) -> None:
    cloud.copied_ids = "new"
    cloud.copied_location = "copied" if wanted == "copied" else "source"
    await copy(api)
    cloud.clock.advance(100)
    assert ("/full.xbstream.gz" in (only(cloud).location or "")) is named


async def test_a_copy_can_fail_in_the_destination(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.trouble.fail_copies()
    await copy(api)
    cloud.clock.advance(100)
    assert (status(cloud), only(cloud).status, only(cloud).size) == ("COMPLETED", "FAILED", None)


async def test_a_copy_can_fail_on_the_source_which_can_be_copied_again(
    api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    cloud.trouble.fail_copies(ends="COPY_ERROR")
    await copy(api)
    cloud.clock.advance(20)
    assert status(cloud, "IAD") == "NEW"
    cloud.clock.advance(100)
    assert (status(cloud), cloud.backups("IAD")) == ("COPY_ERROR", [])
    await copy(api)
    cloud.clock.advance(100)
    assert (status(cloud), status(cloud, "IAD")) == ("COMPLETED", "COMPLETED")


async def test_a_copy_can_vanish_and_another_can_run_for_ever(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.trouble.fail_copies(ends="NOTHING")
    await copy(api)
    cloud.clock.advance(100)
    assert (status(cloud), cloud.backups("IAD")) == ("COMPLETED", [])
    cloud.trouble.never_finish()
    await copy(api)
    cloud.clock.advance(30 * 24 * 3600)
    assert (status(cloud), status(cloud, "IAD")) == ("COPYING", "BUILDING")


async def test_only_as_many_copies_fail_as_were_told_to(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.trouble.fail_copies(2)
    for region in ("IAD", "ORD", "HKG"):
        await copy(api, target_backup_region=region)
        cloud.clock.advance(100)
    assert [only(cloud, region).status for region in ("IAD", "ORD", "HKG")] == ["FAILED", "FAILED", "COMPLETED"]


async def test_the_destination_may_know_later_than_the_source(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.destination_lag_seconds = 60
    await copy(api)
    cloud.clock.advance(75.5)
    assert (status(cloud), status(cloud, "IAD")) == ("COMPLETED", "NEW")
    cloud.clock.advance(60)
    assert status(cloud, "IAD") == "COMPLETED"


async def test_a_source_of_two_copies_is_copying_until_the_last_has_ended(
    api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    cloud.second_copy = "accepted"
    await copy(api)
    cloud.clock.advance(40)
    await copy(api, target_backup_region="ORD")
    cloud.clock.advance(40)
    assert (status(cloud), status(cloud, "IAD"), status(cloud, "ORD")) == ("COPYING", "COMPLETED", "BUILDING")
    cloud.clock.advance(40)
    assert (status(cloud), status(cloud, "ORD")) == ("COMPLETED", "COMPLETED")


async def test_a_source_that_is_deleted_meanwhile_fails_its_copy(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    await copy(api)
    cloud.remove_backup("DFW", "full")
    cloud.clock.advance(100)
    assert (status(cloud), status(cloud, "IAD")) == (None, "FAILED")


async def test_a_parent_that_is_deleted_meanwhile_takes_the_copy_with_it(
    api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    cloud.add_backup(id="inc", parent_id="full")
    cloud.add_backup(region="IAD", id="full")
    await copy(api, "inc")
    cloud.clock.advance(40)
    cloud.remove_backup("IAD", "full")
    cloud.clock.advance(100)
    assert (status(cloud, "DFW", "inc"), cloud.backups("IAD")) == ("COMPLETED", [])


async def test_a_copy_whose_parent_went_before_it_appeared_fails(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.add_backup(id="inc", parent_id="full")
    cloud.add_backup(region="IAD", id="full")
    await copy(api, "inc")
    cloud.remove_backup("IAD", "full")
    cloud.clock.advance(100)
    assert (status(cloud, "DFW", "inc"), status(cloud, "IAD", "inc")) == ("COMPLETED", "FAILED")


async def test_a_copy_that_is_deleted_while_it_is_made_stays_deleted(
    api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    await copy(api)
    cloud.clock.advance(40)
    cloud.remove_backup("IAD", "full")
    cloud.clock.advance(100)
    assert (status(cloud), cloud.backups("IAD")) == ("COMPLETED", [])


async def test_a_chain_can_be_copied_oldest_first(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.copied_ids = "new"
    cloud.add_backup(id="inc-1", parent_id="full")
    cloud.add_backup(id="inc-2", parent_id="inc-1")
    for backup_id in ("full", "inc-1", "inc-2"):
        await copy(api, backup_id)
        cloud.clock.advance(100)
    assert {backup.content for backup in cloud.backups("IAD")} == {"full", "inc-1", "inc-2"}


async def test_a_parent_that_is_itself_being_copied_on_is_there(
    api: httpx.AsyncClient, cloud: SimulatedCloud, running: RunningCloud
) -> None:
    cloud.add_backup(id="inc", parent_id="full")
    cloud.add_backup(region="IAD", id="full")
    await api.post(
        f"{running.regions['IAD']}/backups/full/action", json={"copy-backup": COPY | {"target_backup_region": "ORD"}}
    )
    assert status(cloud, "IAD") == "COPYING"
    await copy(api, "inc")


async def test_running_copies_say_how_far_they_are(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    await copy(api)
    cloud.trouble.never_finish()
    cloud.add_backup(id="slow")
    await copy(api, "slow", target_backup_region="ORD")
    cloud.clock.advance(37.5)
    (first, half), (second, also_half) = cloud.copies.running()
    assert (first.source.id, first.source_region, first.region) == ("full", "DFW", "IAD")
    assert (second.source.id, second.region) == ("slow", "ORD")
    assert half == pytest.approx(0.5, abs=0.2)
    assert also_half == pytest.approx(0.5, abs=0.2)
    cloud.clock.advance(1000)
    assert [(one.source.id, progress) for one, progress in cloud.copies.running()] == [("slow", 1.0)]


async def test_a_running_copy_gets_faster_with_the_clock(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.clock.speed = 0.001
    await copy(api)
    cloud.clock.advance(3600)
    assert status(cloud, "IAD") is None
    cloud.clock.speed = 1
    cloud.clock.advance(8)
    assert status(cloud, "IAD") == "NEW"
    cloud.clock.speed = 100_000
    assert (await cloud.waits_for("IAD", lambda backup: backup.status == "COMPLETED")).id == "full"


@pytest.mark.parametrize("slow", [True, False])
async def test_waiting_for_a_backup_ends_with_what_is_there_instead(
    api: httpx.AsyncClient, cloud: SimulatedCloud, slow: bool
) -> None:
    if slow:
        await copy(api)
    expected = "original .full. COPYING" if slow else "original .full. COMPLETED"
    with pytest.raises(TimeoutError, match=expected):
        await cloud.waits_for("DFW", lambda backup: backup.status == "FAILED", timeout=0.05)


async def test_waiting_in_an_empty_region_says_so(cloud: SimulatedCloud) -> None:
    with pytest.raises(TimeoutError, match=r"Changed last there: nothing\."):
        await cloud.waits_for("SYD", lambda _backup: True, timeout=0.05)


async def test_who_waits_sees_every_change_at_once(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.clock.speed = 200
    await copy(api)
    conditions: list[Callable[[StoredBackup], bool]] = [
        lambda backup: backup.status == "NEW",
        lambda backup: backup.status == "BUILDING",
        lambda backup: backup.status == "COMPLETED",
    ]
    for condition in conditions:
        await cloud.waits_for("IAD", condition)
    assert status(cloud) == "COMPLETED"
