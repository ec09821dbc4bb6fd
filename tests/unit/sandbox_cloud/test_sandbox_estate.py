"""The data that the cloud starts with is what the storyboard promises, and each named backup what its name says."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from bot.sandbox.backup import StoredBackup
from bot.sandbox.cloud import SimulatedCloud
from bot.sandbox.cloud.copying import COPY_REGIONS
from bot.sandbox.estate import Estate, awkward_estate, believable_estate, empty_estate, large_estate

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def estate() -> Estate:
    return believable_estate(7, NOW)


def ids(estate: Estate, region: str) -> set[str]:
    return {backup.id for backup in estate.backups[region]}


def owners(backups: tuple[StoredBackup, ...]) -> dict[str, list[StoredBackup]]:
    """The scheduled backups of each instance or HA group, oldest first."""
    found: dict[str, list[StoredBackup]] = {}
    for backup in sorted(backups, key=lambda one: one.created):
        if backup.is_automated:
            found.setdefault(backup.source["id"], []).append(backup)
    return found


def test_the_same_seed_gives_the_same_data_and_another_one_gives_other_data(estate: Estate) -> None:
    assert believable_estate(7, NOW) == estate
    assert not ids(believable_estate(8, NOW), "DFW") & ids(estate, "DFW")
    assert large_estate(50, seed=7, now=NOW) == large_estate(50, seed=7, now=NOW)
    assert awkward_estate(seed=7, now=NOW) == awkward_estate(seed=7, now=NOW)


def test_a_cloud_starts_with_it_and_keeps_its_credentials() -> None:
    first, second = SimulatedCloud(seed=3), SimulatedCloud(seed=3)
    assert [one.id for one in first.backups("DFW")] == [one.id for one in second.backups("DFW")]
    assert first.identity.api_key == second.identity.api_key != SimulatedCloud(seed=4).identity.api_key


def test_every_region_has_backups_of_its_own(estate: Estate) -> None:
    assert set(estate.backups) == {*COPY_REGIONS, "LON"}
    assert all(estate.backups.values())
    elsewhere = set[str]().union(*(ids(estate, region) for region in estate.backups if region != "DFW"))
    for region in ("ORD", "HKG", "SYD", "LON"):
        assert ids(estate, region) - ids(estate, "DFW"), region
    assert len(elsewhere & ids(estate, "DFW")) > 10


def test_databases_have_weekly_fulls_and_nightly_incrementals_each_from_the_one_before(estate: Estate) -> None:
    scheduled = owners(estate.backups["DFW"])
    assert len(scheduled) == 5
    for backups in scheduled.values():
        fulls = [backup for backup in backups if backup.parent_id is None]
        assert len(fulls) == 2
        assert fulls[1].created - fulls[0].created == 7 * DAY
        for before, after in pairwise(backups):
            assert after.created - before.created == DAY
            assert after.parent_id in (None, before.id)
            assert after.parent_id is None or (after.size or 0) < (fulls[0].size or 0)
        assert len(backups) >= 8


def test_what_the_service_always_says_is_said(estate: Estate) -> None:
    for region, backups in estate.backups.items():
        assert len({backup.id for backup in backups}) == len(backups)
        for backup in backups:
            assert backup.created <= backup.updated
            assert backup.created <= NOW
            assert len(backup.name or "") <= 64
            assert backup.type == ("InnoBackupExIncremental" if backup.parent_id else "InnoBackupEx")
            assert (backup.size is None) == (backup.status in ("FAILED", "BUILDING"))
            assert (backup.size or 0) <= (backup.volume_size or 0), backup.name
            if backup.location is not None:
                assert f"storage101.{region.lower()}1." in backup.location


def test_there_are_no_schedules_in_hong_kong_and_sydney(estate: Estate) -> None:
    assert {backup.is_automated for region in ("HKG", "SYD") for backup in estate.backups[region]} == {0}


def test_the_full_is_small_and_nowhere_else(estate: Estate) -> None:
    full = estate.full
    assert (full.parent_id, full.status) == (None, "COMPLETED")
    assert (full.size or 99) <= 1
    assert [region for region in estate.backups if full.id in ids(estate, region)] == ["DFW"]


def test_one_incremental_can_be_copied_to_iad_at_once(estate: Estate) -> None:
    incremental = estate.incremental_with_parent_in_iad
    assert incremental.status == "COMPLETED"
    assert incremental in estate.backups["DFW"]
    assert incremental.id not in ids(estate, "IAD")
    (parent,) = [backup for backup in estate.backups["IAD"] if backup.id == incremental.parent_id]
    assert (parent.parent_id, parent.status) == (None, "COMPLETED")


def test_one_incremental_is_the_last_of_a_chain_of_which_nothing_is_in_iad(estate: Estate) -> None:
    chain = estate.chain("DFW", estate.incremental_without_parent)
    assert len(chain) == 3
    assert chain[0].parent_id is None
    assert chain[-1] == estate.incremental_without_parent
    assert not {backup.id for backup in chain} & ids(estate, "IAD")
    assert {backup.status for backup in chain} == {"COMPLETED"}
    assert sum(backup.size or 0 for backup in chain) == pytest.approx(14.2, rel=0.1)


def test_one_chain_is_broken(estate: Estate) -> None:
    orphan = estate.orphan
    assert orphan.status == "COMPLETED"
    assert all(orphan.parent_id not in ids(estate, region) for region in estate.backups)
    assert orphan.parent_id is not None
    assert any(backup.parent_id == orphan.id for backup in estate.backups["DFW"])
    assert estate.chain("DFW", orphan) == [orphan]


def test_some_chains_are_partly_elsewhere(estate: Estate) -> None:
    here = {backup.id: backup for backup in estate.backups["DFW"]}
    for region in ("IAD", "ORD"):
        for backup in estate.backups[region]:
            original = here.get(backup.id)
            if original is not None:
                assert (original.name, original.size, original.parent_id) == (
                    backup.name,
                    backup.size,
                    backup.parent_id,
                )
                assert backup.parent_id is None or backup.parent_id in ids(estate, region)
    weeks = Counter(backup.source["id"] for backup in estate.backups["IAD"] if backup.id in here)
    assert set(weeks) < set(owners(estate.backups["DFW"]))


def test_the_ha_full_has_no_instance(estate: Estate) -> None:
    assert estate.ha_full.instance_id is None
    assert estate.ha_full.source["type"] == "ha"
    assert (estate.ha_full.ha_id, estate.ha_full.parent_id) == (estate.ha_full.source["id"], None)


def test_what_cannot_be_copied_is_there_too(estate: Estate) -> None:
    assert (estate.failed.status, estate.building.status) == ("FAILED", "BUILDING")
    assert {backup.status for backup in estate.backups["DFW"]} == {"COMPLETED", "FAILED", "BUILDING", "DELETE_FAILED"}
    assert {estate.failed.id, estate.building.id} <= ids(estate, "DFW")


def test_an_account_can_be_empty() -> None:
    cloud = SimulatedCloud(estate=empty_estate())
    assert all(cloud.backups(region) == [] for region in cloud.stores)


def test_a_large_account_has_whole_chains_and_as_many_backups_as_were_asked_for() -> None:
    estate = large_estate(5000, "ORD", now=NOW)
    (region,) = estate.backups
    backups = estate.backups[region]
    assert (region, len(backups), len(ids(estate, "ORD"))) == ("ORD", 5000, 5000)
    assert len({backup.instance_id for backup in backups}) == 25
    by_id = {backup.id: backup for backup in backups}
    for backup in backups:
        if backup.parent_id is not None:
            parent = by_id[backup.parent_id]
            assert (parent.instance_id, parent.created) == (backup.instance_id, backup.created - DAY)
        assert backup.created <= NOW
    assert len(estate.chain("ORD", backups[-1])) <= 7


def test_awkward_backups_are_what_their_names_say() -> None:
    named = awkward_estate(now=NOW).named
    assert named["pings"].name == "<!channel> & <b>"
    assert len(named["longest_name"].name or "") == 64
    assert (named["bare"].name, named["bare"].description, named["bare"].instance_id) == (None, None, None)
    nulls = named["nulls"].document()
    assert (nulls["size"], nulls["datastore"], nulls["locationRef"]) == (None, None, None)
    assert named["unknown_status"].status == "ARCHIVING"
    assert named["unknown_fields"].document()["tier"] == "cold"
    assert (named["ha"].instance_id, named["ha"].source["type"]) == (None, "ha")
    assert named["boolean"].document()["is_automated"] is True
