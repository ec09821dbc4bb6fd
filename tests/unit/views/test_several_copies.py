"""An order of several copies: one message, one thread, one confirmation."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind
from bot.domain.learned import Learned
from bot.domain.lineage import Evidence
from bot.domain.plan import OrderPlan
from bot.domain.reasons import Reason
from bot.slack.views import answers, confirmation, copy_message, notices, thread
from bot.slack.views.blocks import Message
from tests.fakes.drawings import (
    ANA,
    BEN,
    NIGHTLY,
    NOW,
    WEEKLY,
    Drawn,
    absent,
    alerts_of,
    assert_slack_takes_message,
    assert_slack_takes_view,
    buttons_of,
    copy_of,
    event_of,
    order_of,
    plan_of,
    request_of,
    words_of,
)

MIDDLE = replace(NIGHTLY, id="middle", name="nightly-2026-11-21")
DONE = copy_of(id="first0000000", backup=WEEKLY, is_wanted=False, state=CopyState.COMPLETED, ended_at=NOW)
RUNNING = copy_of(id="second000000", backup=MIDDLE, is_wanted=False, state=CopyState.RUNNING)
WAITING = copy_of(id="third0000000", state=CopyState.WAITING, attempts=0, sent_at=None, after=RUNNING.id)


def drawn(*copies: Copy, learned: Learned | None = None) -> Message:
    order = order_of(*copies)
    likely = {copy.id: learned for copy in copies if learned}
    message = copy_message.draw(order, now=NOW, likely=likely)
    assert_slack_takes_message(message)
    return message


class TestMessage:
    """One message follows the whole chain."""

    def test_it_says_how_far_it_is_what_runs_and_what_comes_next(self) -> None:
        message = drawn(DONE, RUNNING, WAITING)

        said = words_of(message)
        assert "*1 of 3 done*" in said
        assert "Copy of `nightly-2026-11-22` with its chain (3 backups, 15.6 GB) from DFW to IAD" in said
        assert ":white_check_mark: `weekly-2026-11-20`, 12.8 GB: done in 13 minutes" in said
        assert ":arrows_counterclockwise: `nightly-2026-11-21`, 1.4 GB: running" in said
        assert ":hourglass: `nightly-2026-11-22`, 1.4 GB: waits for its parent" in said
        assert "Next: `nightly-2026-11-22`." in said
        assert message.text.startswith(
            "Copy of `nightly-2026-11-22` with its chain from DFW to IAD: 1 of 3 done. Now: `nightly-2026-11-21`, "
            "running."
        )

    def test_it_says_how_long_the_running_one_is_likely_to_take(self) -> None:
        said = words_of(drawn(DONE, RUNNING, WAITING, learned=Learned(240.0, 540.0, 12)))

        assert "Of 12 copies before it from DFW to IAD, half were done within 4 minutes, nine of ten within 9" in said

    def test_what_has_not_begun_can_be_stopped_with_the_orders_id(self) -> None:
        assert buttons_of(drawn(DONE, RUNNING, WAITING)) == {"stop_copy": "third0000000"}

    def test_all_are_there(self) -> None:
        done = replace(WAITING, state=CopyState.COMPLETED, sent_at=NOW - timedelta(minutes=5), ended_at=NOW)

        message = drawn(DONE, done)

        assert "*Both are there*" in words_of(message)
        assert buttons_of(message) == {}

    def test_a_failure_in_the_middle_leaves_the_rest_clearly_undone_and_can_be_tried_again(self) -> None:
        failed = replace(RUNNING, state=CopyState.FAILED, reason=Reason.COPY_FAILED, ended_at=NOW)
        undone = replace(WAITING, state=CopyState.STOPPED, reason=Reason.PARENT_NOT_COPIED, ended_at=NOW)

        message = drawn(DONE, failed, undone)

        said = words_of(message)
        assert "*1 of 3 done, 1 failed, 1 not begun and left undone*" in said
        assert "`nightly-2026-11-22`, 1.4 GB: left undone" in said
        assert "`nightly-2026-11-21`: *The copy failed in Cloud Databases*" in said
        assert buttons_of(message) == {"try_again": "third0000000"}

    def test_a_copy_that_nobody_knows_about_asks_with_its_own_id(self) -> None:
        undecided = replace(RUNNING, state=CopyState.UNDECIDED, reason=Reason.OUTCOME_UNKNOWN)

        asked = buttons_of(drawn(DONE, undecided, WAITING))

        assert asked == {
            "it_was_copied": "second000000",
            "send_again": "second000000",
            "stop_copy": "third0000000",
        }

    def test_of_a_long_chain_what_matters_now_is_listed_and_the_rest_is_counted(self) -> None:
        chain = [
            copy_of(
                id=f"{number:012}",
                backup=replace(MIDDLE, name=f"nightly-{number}"),
                state=CopyState.COMPLETED if number < 40 else CopyState.WAITING,
                ended_at=NOW if number < 40 else None,
            )
            for number in range(64)
        ]

        said = words_of(drawn(*chain))

        assert "*40 of 64 done*" in said
        assert "38 copies before these are there." in said
        assert "`nightly-40`" in said
        assert "and 14 copies after these." in said

    def test_several_regions_are_told_apart_and_a_shared_copy_says_whose_it_is(self) -> None:
        shared = replace(DONE, destination="ORD", order_id="other0000000", requested_by=BEN)

        said = words_of(drawn(shared, RUNNING, WAITING))

        assert "`weekly-2026-11-20` → ORD, 12.8 GB: done in 13 minutes, shared with *ben*" in said

    def test_the_metadata_tells_whether_it_is_open(self) -> None:
        assert copy_message.metadata(order_of(DONE, RUNNING)) == {
            "event_type": "copy_backup",
            "event_payload": {"order_id": "second000000", "state": "open"},
        }


class TestThread:
    """One thread tells the story of the whole chain."""

    def told(self, kind: EventKind, copy: Copy, *copies: Copy, is_last: bool = False, **changes: Drawn) -> str | None:
        message = thread.line(event_of(kind, copy_id=copy.id, **changes), order_of(*copies), is_last=is_last)
        if message is None:
            return None
        assert_slack_takes_message(message, mentions=(ANA.id,))
        return message.text

    def test_each_line_names_its_copy_and_mentions_nobody(self) -> None:
        told = self.told(EventKind.COMPLETED, DONE, DONE, RUNNING, WAITING, facts={"copied_id": "c0ffee"})

        assert told is not None
        assert told.startswith("`weekly-2026-11-20` → IAD: *Done* after 13 minutes:")
        assert "<@" not in told

    @pytest.mark.parametrize(
        "kind",
        [EventKind.ACCEPTED, EventKind.PARENT_ARRIVED, EventKind.WAITING_FOR_PARENT, EventKind.LEFT_UNDONE],
    )
    def test_what_would_be_too_much_for_many_is_told_of_one_only(self, kind: EventKind) -> None:
        assert self.told(kind, DONE, DONE, RUNNING, WAITING) is None
        assert self.told(kind, DONE, DONE) is not None

    def test_the_last_line_says_how_all_of_it_ended_and_mentions_who_asked(self) -> None:
        undone = replace(WAITING, state=CopyState.STOPPED, reason=Reason.PARENT_NOT_COPIED)

        assert self.told(EventKind.LEFT_UNDONE, undone, DONE, undone, is_last=True) == (
            "<@U0ANA> *It has ended:* 1 of 2 done, 1 not begun and left undone. *Try again* at the message above goes "
            "on with what is missing."
        )

    def test_what_was_there_already_says_how_that_is_known(self) -> None:
        there = replace(DONE, copied_evidence=Evidence.SAME_ID)

        told = self.told(EventKind.FOUND_THERE, there, there, WAITING)

        assert told is not None
        assert (
            "It is in IAD already, and was not copied a second time. It was recognised because it has the same" in told
        )


class TestConfirmation:
    """Every copy that is made is in the confirmation."""

    def drawn(self, plan: OrderPlan) -> Drawn:
        view = confirmation.draw(plan, channel="C0OPS", now=NOW)
        assert_slack_takes_view(view, mentions=("U0ANA",))
        return view

    def test_the_whole_chain_is_listed_in_its_order(self) -> None:
        view = self.drawn(plan_of(absent(), request_of(whole_chain=True)))

        said = words_of(view)
        assert "1. `weekly-2026-11-20` → IAD, 12.8 GB, as `weekly-2026-11-20-copy`" in said
        assert "2. `nightly-2026-11-22` → IAD, 1.4 GB, as `nightly-2026-11-22-copy`" in said
        assert "the originals, 14.2 GB" in said
        assert view["title"]["text"] == "Make 2 copies?"
        assert view["submit"]["text"] == "Start copies"

    def test_one_line_for_each_backup_and_region_where_there_are_several(self) -> None:
        request = request_of(destinations=("IAD", "ORD"))
        ready, missing = plan_of().plans[0], plan_of(absent()).plans[0]
        plan = OrderPlan(
            request, (replace(ready, request=request.single[0]), replace(missing, request=request.single[1]))
        )

        view = self.drawn(plan)

        assert alerts_of(view)[0] == ("warning", "1 of 2 cannot be copied as it is.")
        assert ":white_check_mark: `nightly-2026-11-22` → IAD: Incremental. Its parent" in words_of(view)
        assert ":warning: `nightly-2026-11-22` → ORD: Incremental. Its parent weekly-2026-11-20 is not" in words_of(
            view
        )

    def test_a_changed_chain_is_told(self) -> None:
        before = plan_of(absent(), request_of(whole_chain=True))
        confirmed = confirmation.read({**self.drawn(before), "id": "V0"})

        changed = confirmation.what_changed(confirmed, plan_of(absent(WEEKLY), request_of(whole_chain=True)))

        assert changed == ["1 backup had to go first, and 2 backups have to now."]

    def test_started(self) -> None:
        view = notices.draw_started(order_of(DONE, RUNNING, WAITING))

        assert_slack_takes_view(view)
        assert "3 backups are copied, one after the other where one needs another." in words_of(view)


class TestStopping:
    """What has not begun is stopped, but for what others need."""

    def test_what_goes_on_is_said(self) -> None:
        stopped = replace(WAITING, state=CopyState.STOPPED)
        said = words_of(answers.stopped(order_of(DONE, RUNNING, stopped), [stopped]))

        assert "Stopped: 1 copy of the copy of `nightly-2026-11-22` and 2 others" in said
        assert "1 copy that had begun" in said

    def test_what_others_need_is_said(self) -> None:
        said = words_of(answers.not_stopped(order_of(DONE, RUNNING, WAITING), [WAITING], now=NOW))

        assert "1 copy (`nightly-2026-11-22`) that others need" in said
