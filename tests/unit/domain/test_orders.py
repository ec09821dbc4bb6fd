"""An order and its copies."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.domain.backup import Backup
from bot.domain.copies import Copy, CopyState
from bot.domain.orders import Order, OrderStanding, standing
from bot.domain.people import Person

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ANA = Person("U1", "ana")


def copy(copy_id: str, state: CopyState = CopyState.REQUESTED, revision: int = 0) -> Copy:
    return Copy(
        id=copy_id,
        revision=revision,
        order_id="o",
        backup=Backup(id=copy_id, region="DFW", name=copy_id, status="COMPLETED"),
        destination="IAD",
        name=copy_id,
        description="",
        requested_by=ANA,
        requested_at=NOW,
        channel="C1",
        state=state,
    )


ORDER = Order(
    id="o",
    confirmation_id="v",
    requested_by=ANA,
    requested_at=NOW,
    channel="C1",
    plan_digest="d",
    copy_ids=("full", "child", "leaf"),
    wanted_ids=("leaf",),
)


def test_the_copies_of_an_order_stand_in_its_order_whatever_order_they_come_in() -> None:
    copies = [copy("leaf"), copy("stranger"), copy("full"), copy("child")]
    assert [each.id for each in standing(ORDER, copies).copies] == ["full", "child", "leaf"]


def test_other_copies_take_the_place_of_those_that_were_open_already() -> None:
    shared = ORDER.instead({"full": "theirs", "leaf": "theirs too"})
    assert shared.copy_ids == ("theirs", "child", "theirs too")
    assert shared.wanted_ids == ("theirs too",)


def test_a_copy_is_in_an_order_once_though_it_takes_the_place_of_two() -> None:
    assert ORDER.instead({"full": "x", "child": "x"}).copy_ids == ("x", "leaf")


def test_an_order_is_open_as_long_as_one_of_its_copies_is() -> None:
    done = [copy(each, CopyState.COMPLETED) for each in ORDER.copy_ids]
    assert not standing(ORDER, done).is_open
    assert standing(ORDER, [*done[:2], copy("leaf", CopyState.RUNNING)]).is_open


def test_each_move_of_a_copy_makes_the_order_another() -> None:
    before = standing(ORDER, [copy("full", revision=2), copy("child", revision=1), copy("leaf")])
    after = replace(before, copies=(*before.copies[:2], before.copies[2].moved(CopyState.WAITING)))
    assert (before.revision, after.revision) == (3, 4)


def test_an_order_is_about_what_was_asked_for() -> None:
    orders = standing(ORDER, [copy(each) for each in ORDER.copy_ids])
    assert orders.main.id == "leaf"
    assert [each.id for each in orders.wanted] == ["leaf"]
    assert not orders.is_single
    alone = OrderStanding(replace(ORDER, copy_ids=("leaf",)), (copy("leaf"),))
    assert alone.is_single


def test_what_has_begun_or_ended_cannot_be_stopped() -> None:
    copies = [
        copy("full", CopyState.COMPLETED),
        copy("child", CopyState.RUNNING),
        copy("leaf", CopyState.WAITING),
    ]
    orders = standing(ORDER, copies)
    assert [each.id for each in orders.can_be_stopped] == ["leaf"]
    assert [each.id for each in orders.in_state(CopyState.RUNNING, CopyState.COMPLETED)] == ["full", "child"]
