"""What a person confirms, and what is wrong with a request by itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.backup import LONGEST_NAME, REGIONS_FOR_COPIES, Backup
from bot.domain.copies import Copy
from bot.domain.learned import Learned
from bot.domain.lineage import (
    Chain,
    Evidence,
    FullBackup,
    ParentAbsent,
    ParentArriving,
    ParentGone,
    ParentReady,
    ParentStatus,
    ParentUnchecked,
    Recognised,
)
from bot.domain.names import suggested_name
from bot.domain.people import Person
from bot.domain.plan import MOST_COPIES, CopyPlan, ExistingCopy, OrderPlan, OrderRequest, problems_of
from bot.domain.reasons import Fault, Problem, Reason
from bot.domain.retention import Rotation

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
FULL = Backup(id="full", region="DFW", name="weekly", status="COMPLETED", size_gb=2.0)
CHILD = Backup(id="child", region="DFW", name="nightly", status="COMPLETED", size_gb=0.2, parent_id="full")
THERE = Recognised(replace(FULL, region="IAD"), Evidence.SAME_ID)
ORDER = OrderRequest(source="DFW", backup_ids=("full",), destinations=("IAD",), name="weekly-copy")
(REQUEST,) = ORDER.single
PLAN = CopyPlan(request=REQUEST, backup=FULL, parent=FullBackup(), existing=None, looked_at=NOW)
DOWN = Fault(Reason.SERVICE_UNAVAILABLE, status=503)
UNDER_WAY = Copy(
    id="abc",
    revision=0,
    order_id="abc",
    backup=FULL,
    destination="IAD",
    name="weekly-copy",
    description="",
    requested_by=Person("U1", "ana"),
    requested_at=NOW,
    channel="C1",
)


def digest(plan: CopyPlan) -> str:
    return OrderPlan(ORDER, (plan,)).digest


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
    assert digest(replace(PLAN, looked_at=NOW + timedelta(hours=1))) == digest(PLAN)


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
    assert digest(changed) != digest(PLAN)


def test_the_digest_changes_when_the_parent_is_another_backup_in_the_destination() -> None:
    other = replace(THERE, backup=replace(THERE.backup, id="other"))
    one, two = (replace(PLAN, backup=CHILD, parent=ParentReady(FULL, found)) for found in (THERE, other))
    assert digest(one) != digest(two)


def problems(**changes: object) -> set[Problem]:
    return set(problems_of(replace(ORDER, **changes), REGIONS_FOR_COPIES))  # type: ignore[arg-type]  # attributes


def test_a_right_request_has_no_problem() -> None:
    assert problems() == set()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"destinations": ("LON",)}, Problem(Reason.REGION_NOT_ALLOWED, "LON")),
        ({"source": "LON"}, Problem(Reason.REGION_NOT_ALLOWED, "LON")),
        ({"destinations": ("IAD", "XYZ")}, Problem(Reason.REGION_NOT_ALLOWED, "XYZ")),
        ({"destinations": ("IAD", "DFW")}, Problem(Reason.SAME_REGION, "DFW")),
        ({"name": "  "}, Problem(Reason.NAME_MISSING)),
        ({"name": "n" * 65}, Problem(Reason.NAME_TOO_LONG, "65")),
        ({"description": "d" * 256}, Problem(Reason.DESCRIPTION_TOO_LONG, "256")),
    ],
)
def test_a_wrong_request_says_what_is_wrong(changes: dict[str, object], problem: Problem) -> None:
    assert problems(**changes) == {problem}


def test_london_is_refused_even_where_the_setting_allows_it() -> None:
    request = replace(ORDER, destinations=("LON",))
    assert problems_of(request, ("DFW", "LON")) == (Problem(Reason.REGION_NOT_ALLOWED, "LON"),)


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert len(problems(destinations=("LON",), source="LON", name="", description="d" * 999)) == 4


@given(st.text(min_size=1, max_size=200))
def test_a_suggested_name_is_never_too_long_and_says_that_it_is_a_copy(name: str) -> None:
    suggested = suggested_name(name)
    assert len(suggested) <= LONGEST_NAME
    assert suggested.endswith("-copy")


LEAF = Backup(id="leaf", region="DFW", name="tonight", status="COMPLETED", size_gb=0.1, parent_id="child")
CHAIN = ParentAbsent(CHILD, Chain((FULL, CHILD)))


def plan_of(backup: Backup, parent: ParentStatus, **changes: object) -> OrderPlan:
    request = replace(ORDER, backup_ids=(backup.id,), **changes)  # type: ignore[arg-type]  # attributes
    (single,) = request.single
    return OrderPlan(request, (CopyPlan(single, backup, parent, None, NOW),))


def test_without_the_chain_an_incremental_whose_parent_is_absent_cannot_be_copied() -> None:
    plan = plan_of(LEAF, CHAIN)
    assert [problem.reason for problem in plan.problems] == [Reason.PARENT_MISSING]
    assert [copy.backup for copy in plan.copies] == [LEAF]


def test_a_chain_is_copied_oldest_first_each_after_the_one_it_needs() -> None:
    plan = plan_of(LEAF, CHAIN, whole_chain=True, name="mine")
    assert plan.problems == ()
    assert [(copy.backup.id, copy.name, copy.is_wanted) for copy in plan.copies] == [
        ("full", "weekly-copy", False),
        ("child", "nightly-copy", False),
        ("leaf", "mine", True),
    ]
    assert [copy.needs for copy in plan.copies] == [None, plan.copies[0].key, plan.copies[1].key]
    assert round(plan.size_gb, 1) == 2.3


def test_what_is_on_its_way_beneath_a_chain_is_waited_for() -> None:
    arriving = ParentArriving("full", "weekly", copy_id="c0ffee")
    first, leaf = plan_of(LEAF, ParentAbsent(CHILD, Chain((CHILD,), arriving)), whole_chain=True).copies
    assert (first.after, first.waits_for) == ("c0ffee", "weekly")
    assert (leaf.after, leaf.needs) == (None, first.key)


@pytest.mark.parametrize(
    "changed",
    [
        plan_of(LEAF, CHAIN),
        plan_of(LEAF, ParentAbsent(CHILD, Chain((CHILD,), THERE)), whole_chain=True),
        plan_of(LEAF, ParentAbsent(CHILD, Chain((replace(FULL, size_gb=9.0), CHILD))), whole_chain=True),
        plan_of(LEAF, CHAIN, whole_chain=True, destinations=("ORD",)),
        plan_of(LEAF, CHAIN, whole_chain=True, name="other"),
        plan_of(LEAF, ParentGone("full"), whole_chain=True),
    ],
)
def test_the_digest_changes_with_everything_in_a_chain(changed: OrderPlan) -> None:
    assert changed.digest != plan_of(LEAF, CHAIN, whole_chain=True).digest


def test_two_leaves_of_one_tree_make_what_is_beneath_them_once() -> None:
    other = replace(LEAF, id="other", name="another")
    request = replace(ORDER, backup_ids=("leaf", "other"), whole_chain=True, name="{name}-copy")
    plans = [
        CopyPlan(each, {"leaf": LEAF, "other": other}[each.backup_id], CHAIN, None, NOW) for each in request.single
    ]
    assert [copy.backup.id for copy in OrderPlan(request, tuple(plans)).copies] == ["full", "child", "leaf", "other"]


def test_a_backup_that_is_asked_for_and_needed_beneath_another_is_copied_once_under_the_name_it_was_given() -> None:
    request = replace(ORDER, backup_ids=("leaf", "child"), whole_chain=True, name="dr-{name}")
    plans = (
        CopyPlan(request.single[0], LEAF, CHAIN, None, NOW),
        CopyPlan(request.single[1], CHILD, ParentAbsent(FULL, Chain((FULL,))), None, NOW),
    )
    copies = OrderPlan(request, plans).copies
    assert [(copy.backup.id, copy.name, copy.is_wanted) for copy in copies] == [
        ("full", "weekly-copy", False),
        ("child", "dr-nightly", True),
        ("leaf", "dr-tonight", True),
    ]


def test_copies_to_one_region_have_names_of_their_own() -> None:
    twin = replace(FULL, id="twin")
    request = replace(ORDER, backup_ids=("full", "twin"), destinations=("IAD", "ORD"), name="same")
    plans = [
        CopyPlan(each, {"full": FULL, "twin": twin}[each.backup_id], FullBackup(), None, NOW) for each in request.single
    ]
    names = [(copy.destination, copy.name) for copy in OrderPlan(request, tuple(plans)).copies]
    assert names == [("IAD", "same"), ("IAD", "same-2"), ("ORD", "same"), ("ORD", "same-2")]


def test_what_is_under_way_is_shared_as_long_as_something_is_left() -> None:
    request = replace(ORDER, destinations=("IAD", "ORD"))
    running = CopyPlan(request.single[0], FULL, FullBackup(), None, NOW, under_way=UNDER_WAY)
    other = CopyPlan(request.single[1], FULL, FullBackup(), None, NOW)
    assert OrderPlan(request, (running, other)).problems == ()
    assert [each.reason for each in OrderPlan(request, (running,)).problems] == [Reason.COPY_UNDER_WAY]


def test_more_copies_than_one_order_may_make_are_refused() -> None:
    beneath = tuple(replace(FULL, id=f"b{number}") for number in range(MOST_COPIES))
    plan = plan_of(LEAF, ParentAbsent(beneath[-1], Chain(beneath)), whole_chain=True)
    assert [each.reason for each in plan.problems] == [Reason.TOO_MANY_COPIES]


def test_what_was_brought_already_is_left_out_of_a_request() -> None:
    request = replace(ORDER, backup_ids=("a", "b"), destinations=("IAD", "ORD"), left_out=(("a", "IAD"),))
    assert [(each.backup_id, each.destination) for each in request.single] == [("b", "IAD"), ("a", "ORD"), ("b", "ORD")]


def test_a_schedule_threatens_what_takes_longer_than_is_left() -> None:
    rotation = Rotation(FULL, NOW + timedelta(minutes=30))
    plan = replace(PLAN, rotation=rotation)
    assert plan.is_threatened_by_rotation(NOW)
    assert not replace(plan, learned=Learned(60.0, 600.0, 12)).is_threatened_by_rotation(NOW)
    chain = replace(plan, parent=CHAIN, learned=Learned(60.0, 700.0, 12))
    assert chain.is_threatened_by_rotation(NOW)
    assert not PLAN.is_threatened_by_rotation(NOW)
