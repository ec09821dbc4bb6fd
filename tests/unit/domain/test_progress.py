"""What one look at both sides says about a copy."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.backup import Backup, Origin
from bot.domain.copies import Copy
from bot.domain.lineage import Evidence, Recognised
from bot.domain.people import Person
from bot.domain.progress import Arrived, Broken, CannotTell, InProgress, Look, NothingThere, Progress, progress_of
from bot.domain.reasons import Fault, Reason

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SOURCE = Backup(
    id="src", region="DFW", name="weekly", status="COMPLETED", size_gb=2.0, origin=Origin("instance", "orders")
)
COPYING = replace(SOURCE, status="COPYING")
COPY = Copy(
    id="c",
    revision=0,
    confirmation_id="v",
    backup=SOURCE,
    destination="IAD",
    name="for the audit",
    description="",
    requested_by=Person("U1", "ana"),
    requested_at=NOW,
    channel="C1",
    plan_digest="",
    present_before=("old",),
)
NEW = replace(SOURCE, id="new", region="IAD", name="for the audit")
DOWN = Fault(Reason.SERVICE_UNAVAILABLE, status=503)
GONE = Fault(Reason.NOT_FOUND, status=404)


def seen(source: Backup | Fault = SOURCE, destination: tuple[Backup, ...] | Fault = (), copy: Copy = COPY) -> Progress:
    return progress_of(copy, Look(at=NOW, source=source, destination=destination))


def test_it_runs_while_its_source_is_copying() -> None:
    assert seen(COPYING) == InProgress("COPYING")


def test_it_has_arrived_under_a_new_id() -> None:
    assert seen(destination=(NEW,)) == Arrived(Recognised(NEW, Evidence.MATCHING_FACTS))


def test_it_has_arrived_under_the_id_of_its_source() -> None:
    kept = replace(NEW, id="src", name="for the audit")
    assert seen(destination=(kept,)) == Arrived(Recognised(kept, Evidence.SAME_ID))


@pytest.mark.parametrize("status", ["NEW", "BUILDING", "SOMETHING_NEW"])
def test_it_runs_while_the_new_backup_is_not_completed(status: str) -> None:
    assert seen(destination=(replace(NEW, status=status, size_gb=None),)) == InProgress(status)


def test_a_backup_that_was_there_before_is_not_its_result() -> None:
    assert seen(destination=(replace(NEW, id="old"),)) == NothingThere()


def test_it_has_failed_when_the_source_shows_copy_error() -> None:
    assert seen(replace(SOURCE, status="COPY_ERROR")) == Broken(Reason.COPY_FAILED, "COPY_ERROR")


def test_it_has_failed_when_the_new_backup_failed() -> None:
    assert seen(destination=(replace(NEW, status="FAILED"),)) == Broken(Reason.COPY_FAILED, "FAILED")


def test_an_old_failed_backup_says_nothing_about_it() -> None:
    assert seen(destination=(replace(NEW, id="old", status="FAILED"),)) == NothingThere()


def test_a_failed_backup_that_was_there_before_is_its_result_once_it_has_not_failed_any_more() -> None:
    again = replace(COPY, present_before=(), failed_before=("src",))
    there = replace(NEW, id="src", status="FAILED")
    assert seen(destination=(there,), copy=again) == NothingThere()
    assert seen(destination=(replace(there, status="BUILDING"),), copy=again) == InProgress("BUILDING")
    assert isinstance(seen(destination=(replace(there, status="COMPLETED"),), copy=again), Arrived)


def test_the_error_of_an_earlier_copy_says_nothing_about_it() -> None:
    source = replace(SOURCE, status="COPY_ERROR")
    again = replace(COPY, backup=source)
    assert seen(source, copy=again) == NothingThere()
    assert seen(source, copy=replace(again, shown_status="COPYING")) == Broken(Reason.COPY_FAILED, "COPY_ERROR")


def test_an_unknown_status_of_the_source_means_still_in_progress() -> None:
    assert seen(replace(SOURCE, status="TRANSMOGRIFYING")) == InProgress("TRANSMOGRIFYING")


def test_nothing_is_known_when_the_destination_cannot_be_asked() -> None:
    assert seen(destination=DOWN) == CannotTell(DOWN)


def test_nothing_is_known_when_the_source_cannot_be_asked_and_nothing_has_arrived() -> None:
    assert seen(DOWN) == CannotTell(DOWN)


def test_it_runs_while_the_source_is_copying_even_if_the_destination_cannot_be_asked() -> None:
    assert seen(COPYING, DOWN) == InProgress("COPYING")


def test_it_has_arrived_even_if_its_source_is_gone_or_cannot_be_asked() -> None:
    assert isinstance(seen(GONE, (NEW,)), Arrived)
    assert isinstance(seen(DOWN, (NEW,)), Arrived)


def test_nothing_is_there_when_the_source_was_deleted_and_nothing_arrived() -> None:
    assert seen(GONE) == NothingThere()
