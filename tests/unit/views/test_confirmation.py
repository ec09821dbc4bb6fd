"""The confirmation shows the whole plan, and gives back what was confirmed."""

from dataclasses import replace

import pytest

from bot.domain.approval import Approval
from bot.domain.backup import LONGEST_DESCRIPTION, LONGEST_NAME
from bot.domain.copies import CopyState
from bot.domain.judgement import Judgement
from bot.domain.lineage import Evidence, FullBackup, ParentArriving, ParentUnchecked, Recognised
from bot.domain.plan import ExistingCopy, OrderPlan
from bot.domain.reasons import Problem, Reason
from bot.domain.rules import ApprovalRule, People
from bot.slack.views import answers, confirmation, notices
from bot.slack.views.backup_choice import ReadError
from tests.fakes.drawings import (
    DOWN,
    NIGHTLY,
    NOW,
    WEEKLY,
    Drawn,
    absent,
    alerts_of,
    assert_slack_takes_view,
    copy_of,
    order_of,
    parent_ready,
    plan_of,
    words_of,
)

LINK = "https://team.slack.com/archives/C0OPS/p1"


def drawn(plan: OrderPlan) -> Drawn:
    view = confirmation.draw(plan, channel="C0OPS", now=NOW)
    assert_slack_takes_view(view, mentions=("U0ANA",))
    return view


def test_it_shows_what_goes_where_what_it_costs_and_how_old_the_look_is() -> None:
    view = drawn(plan_of())

    said = words_of(view)
    for words in (
        "`nightly-2026-11-22`",
        "`nightly-2026-11-22-copy`",
        "DFW – Dallas/Fort Worth",
        "IAD – Northern Virginia",
        "Incremental, mysql 5.6",
        "the same for as long as it is kept",
        "1.4 GB",
        "it has the same id (certain)",
        "Both regions were asked 20 seconds ago.",
        "<#C0OPS> sees how it goes",
    ):
        assert words in said
    assert view["submit"]["text"] == "Start copy"


def test_what_is_confirmed_comes_back() -> None:
    plan = plan_of()

    confirmed = confirmation.read({**drawn(plan), "id": "V0CONFIRM"})

    assert confirmed.id == "V0CONFIRM"
    assert confirmed.request == plan.request
    assert confirmed.plan_digest == plan.digest
    assert confirmed.channel == "C0OPS"


def test_the_longest_name_and_description_come_back_whole() -> None:
    request = replace(
        plan_of().request, name='"\\\n' + "🛟" * (LONGEST_NAME - 3), description="\x01" * LONGEST_DESCRIPTION
    )

    assert confirmation.read({**drawn(plan_of(request=request)), "id": "V0"}).request == request


@pytest.mark.parametrize("view", [{}, {"id": "V0"}, {"id": "V0", "private_metadata": "{}"}])
def test_what_was_not_drawn_here_is_refused(view: dict[str, object]) -> None:
    with pytest.raises(ReadError):
        confirmation.read(view)


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (plan_of(absent()), "Its parent is not in the destination"),
        (plan_of(ParentUnchecked("IAD", DOWN)), "Cloud Databases is down"),
        (plan_of(under_way=copy_of()), "It is being copied already"),
        (
            plan_of(existing=ExistingCopy(Recognised(replace(NIGHTLY, region="IAD"), Evidence.SAME_ID))),
            "There is a copy already",
        ),
    ],
)
def test_a_plan_with_a_problem_cannot_be_started(plan: OrderPlan, words: str) -> None:
    view = drawn(plan)

    assert "submit" not in view
    assert "costs the same" not in words_of(view)
    assert ("error", f"It cannot be started: {words}.") in alerts_of(view)


def test_an_unchecked_parent_can_be_sent_anyway_on_purpose() -> None:
    request = replace(plan_of().request, despite_unchecked_parent=True)

    view = drawn(plan_of(ParentUnchecked("IAD", DOWN), request=request))

    assert view["submit"]["text"] == "Start copy"
    assert ("warning", "Could not check IAD: Cloud Databases is down.") in alerts_of(view)


def test_a_second_copy_can_be_made_on_purpose() -> None:
    existing = ExistingCopy(Recognised(replace(NIGHTLY, region="IAD"), Evidence.SAME_ID))
    request = replace(plan_of().request, despite_existing_copy=True)

    view = drawn(plan_of(existing=existing, request=request))

    assert view["submit"]["text"] == "Start copy"
    assert alerts_of(view) == [("success", "Incremental. Its parent weekly-2026-11-20 is in IAD. Ready to copy.")]
    assert "*There is already a copy in IAD:*" in words_of(view)


@pytest.mark.parametrize(
    "view",
    [notices.draw_sending(), notices.draw_started(order_of()), notices.draw_already([order_of()], now=NOW)],
)
def test_once_a_copy_is_asked_for_closing_does_not_lead_back_to_the_form(view: Drawn) -> None:
    assert view["clear_on_close"] is True


class TestChanged:
    """What is confirmed is what runs: a plan that changed is shown again."""

    def changes(self, before: OrderPlan, after: OrderPlan) -> list[str]:
        confirmed = confirmation.read({**drawn(before), "id": "V0"})
        view = confirmation.draw_changed(after, confirmed, now=NOW)
        assert_slack_takes_view(view)
        assert ("warning", "Something has changed since you looked. Nothing was sent.") in alerts_of(view)
        return confirmation.what_changed(confirmed, after)

    def test_the_parent_has_arrived(self) -> None:
        arriving = ParentArriving(WEEKLY.id, WEEKLY.name)

        assert self.changes(plan_of(arriving), plan_of()) == ["The parent in IAD was _on its way_, and is _there_ now."]

    def test_the_parent_is_another_one(self) -> None:
        ready = parent_ready()
        other = replace(ready, found=replace(ready.found, backup=replace(WEEKLY, id="other")))

        assert self.changes(plan_of(), plan_of(other)) == ["The parent in IAD is another backup now: `other`."]

    def test_a_copy_has_appeared(self) -> None:
        existing = ExistingCopy(Recognised(replace(NIGHTLY, id="c0ffee"), Evidence.SAME_FILES))

        assert self.changes(plan_of(), plan_of(existing=existing)) == [
            "There is a copy in IAD now that was not there before: `c0ffee`."
        ]
        assert self.changes(plan_of(existing=existing), plan_of()) == [
            "The copy that was in IAD is not there any more."
        ]

    def test_the_backup_is_another_than_it_was(self) -> None:
        smaller = replace(WEEKLY, size_gb=2.0, status="COPYING")

        assert self.changes(plan_of(FullBackup(), backup=WEEKLY), plan_of(FullBackup(), backup=smaller)) == [
            "The backup was `COMPLETED` and is `COPYING` now.",
            "The backup's size was 12.8 GB and is 2 GB now.",
        ]

    def test_a_change_that_nobody_can_name_is_told_as_such(self) -> None:
        assert self.changes(plan_of(), plan_of()) == [
            "The backup, its parent or the destination is not what it was. Please look again."
        ]

    def test_what_is_confirmed_next_is_the_new_plan(self) -> None:
        before, after = plan_of(ParentArriving(WEEKLY.id, WEEKLY.name)), plan_of()
        confirmed = confirmation.read({**drawn(before), "id": "V0"})

        again = confirmation.read({**confirmation.draw_changed(after, confirmed, now=NOW), "id": "V0"})

        assert again.plan_digest == after.digest != confirmed.plan_digest


class TestOutcome:
    """What the modal says afterwards."""

    def test_started(self) -> None:
        view = notices.draw_started(order_of(), permalink=LINK)

        assert_slack_takes_view(view)
        assert f"<{LINK}|the message in the channel>" in words_of(view)

    def test_started_before_the_message_is_posted(self) -> None:
        assert "told in the message in <#C0OPS>" in words_of(notices.draw_started(order_of()))

    def test_the_second_person_is_told_of_the_first_with_a_link(self) -> None:
        view = notices.draw_already([order_of()], now=NOW, permalink=LINK)

        assert_slack_takes_view(view, mentions=("U0ANA",))
        assert "<@U0ANA> asked for `nightly-2026-11-22` to IAD 14 minutes ago" in words_of(view)
        assert f"<{LINK}|its message>" in words_of(view)

    def test_refused(self) -> None:
        view = notices.draw_refused([Problem(Reason.FORBIDDEN), Problem(Reason.SAME_REGION, about="DFW")])

        assert_slack_takes_view(view)
        assert "dbaas:creator" in words_of(view)

    def test_the_channel_cannot_be_told(self) -> None:
        view = notices.draw_channel_closed("C0OPS", "is_archived")

        assert_slack_takes_view(view)
        assert "unarchived" in words_of(view)

    def test_a_short_answer_in_a_modal_that_is_open_already(self) -> None:
        view = notices.draw_message(answers.backup_not_found("nigthly"))

        assert_slack_takes_view(view)
        assert "No backup has the id or name `nigthly`." in words_of(view)

    @pytest.mark.parametrize(
        "view",
        [notices.draw_looking(["IAD"]), notices.draw_sending(), notices.draw_unexpected("a1b2c3d4")],
    )
    def test_while_it_is_looked_at_and_sent_and_when_it_breaks(self, view: Drawn) -> None:
        assert_slack_takes_view(view)
        assert "submit" not in view


def test_who_may_agree_is_named_before_and_after_approval_is_asked_for() -> None:
    rule = ApprovalRule("Asia", People(frozenset({"U0EVE"}), frozenset({"S0LEADS"})), channel="C0LEADS", approvals=2)
    view: Drawn = confirmation.draw(plan_of(), channel="C0OPS", now=NOW, judgement=Judgement("team", needs=(rule,)))
    waiting = order_of(copy_of(state=CopyState.AWAITING_APPROVAL))
    asked = notices.draw_asked(replace(waiting, order=replace(waiting.order, approval=Approval.asked([rule], NOW))))

    assert view["submit"]["text"] == "Ask for approval"
    for shown in (view, asked):
        assert_slack_takes_view(shown, mentions=("U0EVE", "S0LEADS"))
        assert "*Asia:* 2 approvals by <!subteam^S0LEADS>, <@U0EVE>" in words_of(shown)
        assert "asked in <#C0LEADS>" in words_of(shown) or "asked for in <#C0LEADS>" in words_of(shown)
