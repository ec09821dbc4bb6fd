"""What a person confirms, and what is wrong with a request by itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.backup import LONGEST_NAME, REGIONS_FOR_COPIES, Backup
from bot.domain.copies import Copy
from bot.domain.lineage import Evidence, FullBackup, ParentAbsent, ParentGone, ParentReady, ParentUnchecked, Recognised
from bot.domain.people import Person
from bot.domain.plan import CopyPlan, CopyRequest, ExistingCopy, problems_of, suggested_name
from bot.domain.reasons import Fault, Problem, Reason

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
FULL = Backup(id="full", region="DFW", name="weekly", status="COMPLETED", size_gb=2.0)
CHILD = Backup(id="child", region="DFW", name="nightly", status="COMPLETED", size_gb=0.2, parent_id="full")
THERE = Recognised(replace(FULL, region="IAD"), Evidence.SAME_ID)
REQUEST = CopyRequest(backup_id="full", source="DFW", destination="IAD", name="weekly-copy")
PLAN = CopyPlan(request=REQUEST, backup=FULL, parent=FullBackup(), existing=None, looked_at=NOW)
DOWN = Fault(Reason.SERVICE_UNAVAILABLE, status=503)
UNDER_WAY = Copy(
    id="abc",
    revision=0,
    confirmation_id="v",
    backup=FULL,
    destination="IAD",
    name="weekly-copy",
    description="",
    requested_by=Person("U1", "ana"),
    requested_at=NOW,
    channel="C1",
    plan_digest="",
)


def test_a_full_backup_can_be_copied() -> None:
    assert PLAN.problem is None


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (replace(PLAN, backup=replace(FULL, status="BUILDING")), Reason.BACKUP_NOT_COPYABLE),
        (replace(PLAN, backup=CHILD, parent=ParentAbsent(FULL)), Reason.PARENT_MISSING),
        (replace(PLAN, backup=CHILD, parent=ParentGone("full")), Reason.PARENT_GONE),
        (replace(PLAN, backup=CHILD, parent=ParentUnchecked("IAD", DOWN)), Reason.SERVICE_UNAVAILABLE),
        (replace(PLAN, existing=ExistingCopy(THERE)), Reason.COPY_EXISTS),
        (replace(PLAN, under_way=UNDER_WAY), Reason.COPY_UNDER_WAY),
    ],
)
def test_a_plan_that_cannot_be_carried_out_says_why(plan: CopyPlan, reason: Reason) -> None:
    assert plan.problem is not None
    assert plan.problem.reason is reason


def test_a_person_may_send_it_although_the_parent_could_not_be_checked() -> None:
    request = replace(REQUEST, despite_unchecked_parent=True)
    assert replace(PLAN, backup=CHILD, parent=ParentUnchecked("IAD", DOWN), request=request).problem is None


def test_a_person_may_copy_again_on_purpose() -> None:
    request = replace(REQUEST, despite_existing_copy=True)
    assert replace(PLAN, existing=ExistingCopy(THERE), request=request).problem is None


def test_the_digest_stays_the_same_when_only_time_has_passed() -> None:
    assert replace(PLAN, looked_at=NOW + timedelta(hours=1)).digest == PLAN.digest


@pytest.mark.parametrize(
    "changed",
    [
        replace(PLAN, backup=replace(FULL, status="FAILED")),
        replace(PLAN, backup=replace(FULL, size_gb=3.0)),
        replace(PLAN, backup=replace(FULL, parent_id="p")),
        replace(PLAN, parent=ParentReady(FULL, THERE)),
        replace(PLAN, parent=ParentAbsent(FULL)),
        replace(PLAN, existing=ExistingCopy(THERE)),
        replace(PLAN, request=replace(REQUEST, destination="ORD")),
        replace(PLAN, request=replace(REQUEST, name="other")),
        replace(PLAN, request=replace(REQUEST, description="other")),
    ],
)
def test_the_digest_changes_with_everything_that_was_decided_on(changed: CopyPlan) -> None:
    assert changed.digest != PLAN.digest


def test_the_digest_changes_when_the_parent_is_another_backup_in_the_destination() -> None:
    other = replace(THERE, backup=replace(THERE.backup, id="other"))
    one, two = (replace(PLAN, backup=CHILD, parent=ParentReady(FULL, found)) for found in (THERE, other))
    assert one.digest != two.digest


def problems(**changes: str) -> set[Problem]:
    return set(problems_of(replace(REQUEST, **changes), REGIONS_FOR_COPIES))  # type: ignore[arg-type]  # str attributes


def test_a_right_request_has_no_problem() -> None:
    assert problems() == set()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"destination": "LON"}, Problem(Reason.REGION_NOT_ALLOWED, "LON")),
        ({"source": "LON"}, Problem(Reason.REGION_NOT_ALLOWED, "LON")),
        ({"destination": "XYZ"}, Problem(Reason.REGION_NOT_ALLOWED, "XYZ")),
        ({"destination": "DFW"}, Problem(Reason.SAME_REGION, "DFW")),
        ({"name": "  "}, Problem(Reason.NAME_MISSING)),
        ({"name": "n" * 65}, Problem(Reason.NAME_TOO_LONG, "65")),
        ({"description": "d" * 256}, Problem(Reason.DESCRIPTION_TOO_LONG, "256")),
    ],
)
def test_a_wrong_request_says_what_is_wrong(changes: dict[str, str], problem: Problem) -> None:
    assert problems(**changes) == {problem}


def test_london_is_refused_even_where_the_setting_allows_it() -> None:
    request = replace(REQUEST, destination="LON")
    assert problems_of(request, ("DFW", "LON")) == (Problem(Reason.REGION_NOT_ALLOWED, "LON"),)


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert len(problems(destination="LON", source="LON", name="", description="d" * 999)) == 4


@given(st.text(min_size=1, max_size=200))
def test_a_suggested_name_is_never_too_long_and_says_that_it_is_a_copy(name: str) -> None:
    suggested = suggested_name(name)
    assert len(suggested) <= LONGEST_NAME
    assert suggested.endswith("-copy")
