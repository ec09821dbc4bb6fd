"""Which parent an incremental has in the destination, and how it was recognised."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.backup import Backup, Datastore, Origin
from bot.domain.lineage import (
    Evidence,
    FullBackup,
    ParentAbsent,
    ParentArriving,
    ParentGone,
    ParentReady,
    ParentUnchecked,
    Recognised,
    parent_status,
    recognise,
)
from bot.domain.reasons import Fault, Reason

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
WEEKLY = Backup(
    id="0c1b5616-fdc5-45ae-b2dc-6f1440d55d0e",
    region="DFW",
    name="weekly-2026-11-20",
    status="COMPLETED",
    size_gb=8.4,
    created=NOW,
    datastore=Datastore("mysql", "5.6"),
    origin=Origin("instance", "orders"),
)
NIGHTLY = replace(WEEKLY, id="ff44da4e", name="nightly-2026-11-22", parent_id=WEEKLY.id, size_gb=1.4)
DOWN = Fault(Reason.SERVICE_UNAVAILABLE, status=503)


def in_iad(**changes: object) -> Backup:
    return replace(WEEKLY, region="IAD", **changes)  # type: ignore[arg-type]  # attributes of Backup, in a test


def test_a_copy_with_the_same_id_is_the_surest_evidence() -> None:
    found = recognise(WEEKLY, [in_iad(id="other", name="weekly-2026-11-20-copy"), in_iad()])
    assert found == Recognised(in_iad(), Evidence.SAME_ID)


def test_a_copy_this_bot_wrote_down_is_recognised_under_its_new_id() -> None:
    renamed = in_iad(id="new", name="anything", size_gb=None)
    assert recognise(WEEKLY, [renamed], recorded_ids=["new"]) == Recognised(renamed, Evidence.OWN_RECORD)


def test_a_copy_is_recognised_by_the_original_id_in_the_address_of_its_files() -> None:
    moved = in_iad(id="new", name="x", location=f"https://storage/v1/z_CLOUDDB_BACKUPS/{WEEKLY.id}.xbstream.gz")
    assert recognise(WEEKLY, [moved]) == Recognised(moved, Evidence.SAME_FILES)


@pytest.mark.parametrize("name", ["weekly-2026-11-20", "weekly-2026-11-20-copy", "given"])
def test_a_copy_is_recognised_when_name_and_facts_agree(name: str) -> None:
    found = recognise(WEEKLY, [in_iad(id="new", name=name)], names=["given"])
    assert found is not None
    assert found.evidence is Evidence.MATCHING_FACTS


@pytest.mark.parametrize(
    "stranger",
    [
        in_iad(id="new", name="another name"),
        in_iad(id="new", origin=Origin("instance", "billing")),
        in_iad(id="new", size_gb=8.5),
        in_iad(id="new", datastore=Datastore("mysql", "5.7")),
        in_iad(id="new", parent_id="something"),
        in_iad(id="new", origin=None, size_gb=None),
    ],
    ids=["name", "instance", "size", "datastore", "incremental", "nothing known but the name"],
)
def test_a_backup_with_a_fact_that_differs_is_not_the_same(stranger: Backup) -> None:
    assert recognise(WEEKLY, [stranger]) is None


def test_a_failed_copy_is_never_recognised() -> None:
    assert recognise(WEEKLY, [in_iad(status="FAILED")]) is None


def test_a_whole_copy_is_preferred_to_one_still_being_made() -> None:
    building, whole = in_iad(status="BUILDING"), in_iad(id="new", name="weekly-2026-11-20-copy")
    found = recognise(WEEKLY, [building, whole])
    assert found is not None
    assert found.backup == whole


def test_a_full_backup_needs_nothing() -> None:
    status = parent_status(WEEKLY, in_source=None, in_destination=None, arriving=None, destination="IAD")
    assert status == FullBackup()


def status_of(
    in_source: Backup | Fault | None = WEEKLY,
    in_destination: Recognised | Fault | None = None,
    arriving: ParentArriving | None = None,
) -> object:
    return parent_status(
        NIGHTLY, in_source=in_source, in_destination=in_destination, arriving=arriving, destination="IAD"
    )


ARRIVING = ParentArriving(parent_id=WEEKLY.id, parent_name=WEEKLY.name, copy_id="c1", requested_by="U1")
THERE = Recognised(in_iad(), Evidence.SAME_ID)


def test_the_parent_is_ready_when_it_is_whole_in_the_destination() -> None:
    assert status_of(in_destination=THERE) == ParentReady(WEEKLY, THERE)


def test_the_parent_is_ready_while_it_is_being_copied_on_from_the_destination() -> None:
    copying = Recognised(in_iad(status="COPYING"), Evidence.SAME_ID)
    assert status_of(in_destination=copying) == ParentReady(WEEKLY, copying)


def test_the_parent_in_the_destination_is_enough_when_it_is_gone_in_the_source() -> None:
    assert status_of(in_source=None, in_destination=THERE) == ParentReady(None, THERE)


def test_the_parent_is_arriving_when_this_bot_copies_it() -> None:
    assert status_of(arriving=ARRIVING) == ARRIVING


def test_the_parent_is_arriving_when_somebody_else_copies_it() -> None:
    status = status_of(in_destination=Recognised(in_iad(status="BUILDING"), Evidence.SAME_ID))
    assert status == ParentArriving(parent_id=WEEKLY.id, parent_name=WEEKLY.name, since=NOW)


def test_the_parent_is_absent_when_it_is_only_in_the_source() -> None:
    assert status_of() == ParentAbsent(WEEKLY)


def test_the_chain_is_broken_when_the_parent_is_nowhere() -> None:
    assert status_of(in_source=None) == ParentGone(WEEKLY.id)


@pytest.mark.parametrize("status", ["FAILED", "DELETE_FAILED"])
def test_the_chain_is_broken_when_the_parent_failed(status: str) -> None:
    failed = replace(WEEKLY, status=status)
    assert status_of(in_source=failed) == ParentGone(WEEKLY.id, failed)


def test_the_parent_is_unchecked_when_the_destination_cannot_be_asked() -> None:
    assert status_of(in_destination=DOWN) == ParentUnchecked("IAD", DOWN)


def test_the_parent_is_unchecked_when_the_source_cannot_be_asked_and_it_is_not_in_the_destination() -> None:
    assert status_of(in_source=DOWN) == ParentUnchecked("DFW", DOWN)


def test_a_source_that_cannot_be_asked_does_not_matter_when_the_parent_is_in_the_destination() -> None:
    assert status_of(in_source=DOWN, in_destination=THERE) == ParentReady(None, THERE)


backups = st.builds(
    Backup,
    id=st.sampled_from(["a", "b", WEEKLY.id]),
    region=st.just("IAD"),
    name=st.sampled_from(["weekly-2026-11-20", "weekly-2026-11-20-copy", "x"]),
    status=st.sampled_from(["COMPLETED", "BUILDING", "FAILED", "SOMETHING_NEW"]),
    parent_id=st.none() | st.just("p"),
    size_gb=st.none() | st.sampled_from([8.4, 1.0]),
    origin=st.none() | st.just(Origin("instance", "orders")),
)


@given(st.lists(backups, max_size=6))
def test_what_is_recognised_is_one_of_the_candidates_and_their_order_does_not_matter(candidates: list[Backup]) -> None:
    found = recognise(WEEKLY, candidates)
    reverse = recognise(WEEKLY, candidates[::-1])
    assert (found is None) == (reverse is None)
    if found and reverse:
        assert found.backup in candidates
        assert found.evidence == reverse.evidence
        assert not found.backup.has_failed


@given(backups)
def test_a_parent_is_only_ever_called_ready_when_it_is_usable(candidate: Backup) -> None:
    status = status_of(in_destination=recognise(WEEKLY, [candidate]))
    assert isinstance(status, ParentReady) <= candidate.is_usable
