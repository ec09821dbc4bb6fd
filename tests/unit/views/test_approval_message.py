"""The message to those who have to agree: what it says in each state, and what can be decided at it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.approval import Agreement, Approval, BrokenGlass
from bot.domain.copies import Copy, CopyState
from bot.domain.events import Event, EventKind, RecordedEvent
from bot.domain.orders import OrderStanding
from bot.domain.people import Person
from bot.domain.reasons import Reason
from bot.domain.rules import ApprovalRule, People
from bot.slack.views import approval_message
from bot.slack.views.blocks import Message
from tests.fakes.drawings import assert_slack_takes_message, buttons_of, words_of
from tests.fakes.samples import sample_copy, sample_order

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
EVE = Person("U0EVE", "eve")
RULE = ApprovalRule("second person", People(frozenset({"U0EVE"}), frozenset({"S0LEADS"})), channel="C0LEADS")
APPROVAL = Approval.asked([RULE], NOW)


def standing(**changes: object) -> OrderStanding:
    waiting = replace(sample_copy(1), state=CopyState.AWAITING_APPROVAL)
    gate = replace(waiting, **changes)  # type: ignore[arg-type]  # attributes of Copy
    order = replace(sample_order(gate), approval=APPROVAL)
    return OrderStanding(order, (gate,))


def said_by(message: Message) -> str:
    return "\n".join([words_of(message.blocks), *buttons_of(message)])


def seen(gate: Copy) -> RecordedEvent:
    return RecordedEvent(9, Event(EventKind.GLASS_SEEN, NOW, EVE, copy_id=gate.id), "0" * 64)


def test_who_has_to_agree_is_mentioned_and_sees_the_plan() -> None:
    message = approval_message.draw(standing(), story=[], now=NOW)
    shown = said_by(message)
    assert "<!subteam^S0LEADS>" in shown
    assert "<@U0EVE>" in shown
    assert sample_copy(1).backup.title in shown
    assert "Approve" in shown
    assert "Decline …" in shown
    assert_slack_takes_message(message, mentions=("U0EVE", "S0LEADS"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": CopyState.STOPPED, "reason": Reason.DECLINED, "ended_by": EVE}, "Declined* by *eve*"),
        ({"state": CopyState.STOPPED, "reason": Reason.APPROVAL_EXPIRED}, "Nobody agreed in time"),
        ({"state": CopyState.STOPPED, "reason": Reason.STOPPED, "ended_by": EVE}, "Withdrawn* by *eve*"),
        (
            {"state": CopyState.RUNNING, "ready_at": NOW, "agreements": (Agreement(EVE, ("second person",)),)},
            "Approved* by *eve*",
        ),
    ],
)
def test_what_was_decided_is_told_and_cannot_be_decided_again(changes: dict[str, object], said: str) -> None:
    message = approval_message.draw(standing(**changes), story=[], now=NOW)
    assert said in said_by(message)
    assert "Approve\n" not in said_by(message)
    assert not any(block["type"] == "actions" for block in message.blocks)


def test_a_broken_glass_is_told_until_somebody_has_looked_at_it() -> None:
    waiting = standing(state=CopyState.RUNNING)
    order = replace(waiting.order, approval=None, glass=BrokenGlass("the region <!channel> burns", "C0LEADS", ("x",)))
    broken = replace(waiting, order=order)
    before = approval_message.draw(broken, story=[], now=NOW)
    after = approval_message.draw(broken, story=[seen(broken.gate)], now=NOW)
    assert "&lt;!channel&gt;" in said_by(before)
    assert "I have looked at it" in said_by(before)
    assert "has been looked at" in said_by(after)
    assert "I have looked at it" not in said_by(after)


def test_its_buttons_name_the_order_and_the_plan_that_is_shown() -> None:
    waiting = standing()
    assert approval_message.read_value(f"{waiting.order.id}:{waiting.order.plan_digest}") == (
        waiting.order.id,
        waiting.order.plan_digest,
    )
    assert approval_message.read_value("nonsense") == ("nonsense", "")


def test_after_the_time_for_it_no_end_is_promised() -> None:
    late = approval_message.draw(standing(), story=[], now=NOW + timedelta(days=2))
    assert "It can be decided until" not in said_by(late)
