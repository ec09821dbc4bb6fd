"""One message for a copy, understandable at every moment."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.approval import Approval
from bot.domain.copies import ENDED, Copy, CopyState
from bot.domain.events import EventKind, RecordedEvent
from bot.domain.lineage import Evidence
from bot.domain.reasons import Fault, Reason
from bot.domain.rules import ApprovalRule, People
from bot.slack.views import copy_message
from bot.slack.views.blocks import Message
from tests.fakes.drawings import (
    BEN,
    DOWN,
    HOSTILE,
    NIGHTLY,
    NOW,
    Drawn,
    assert_slack_takes_message,
    buttons_of,
    copy_of,
    event_of,
    order_of,
    words_of,
)

ENDED_AT = NOW - timedelta(minutes=1)


def drawn(copy: Copy, story: tuple[RecordedEvent, ...] = ()) -> Message:
    message = copy_message.draw(order_of(copy), now=NOW, story=story)
    assert_slack_takes_message(message)
    return message


@pytest.mark.parametrize("state", CopyState)
def test_every_state_has_a_message_that_says_who_what_where_and_pings_nobody(state: CopyState) -> None:
    message = drawn(copy_of(state=state))

    for words in ("*ana*", "`nightly-2026-11-22`", "DFW", "IAD", "`7f3a91c2d4e5`"):
        assert words in message.text
        assert words in words_of(message)


@pytest.mark.parametrize("state", CopyState)
def test_only_a_copy_that_has_not_begun_has_a_stop_button(state: CopyState) -> None:
    copy = copy_of(state=state)

    assert ("stop_copy" in buttons_of(drawn(copy))) == copy.can_be_stopped


def test_a_running_copy_says_since_when_and_what_is_seen() -> None:
    message = drawn(copy_of(state=CopyState.RUNNING, shown_status="COPYING"))

    assert message.text == (
        "Copy of `nightly-2026-11-22` from DFW to IAD: running. Asked for by *ana*, id `7f3a91c2d4e5`."
    )
    since = int((NOW - timedelta(minutes=13)).timestamp())
    assert f"Running since <!date^{since}^{{date_short_pretty}} {{time}}|2026-11-22 11:47 UTC>" in words_of(message)
    assert "Cloud Databases shows `COPYING`." in words_of(message)
    assert buttons_of(message) == {}


def test_the_message_of_a_running_copy_stays_true_when_nobody_edits_it() -> None:
    copy = copy_of(state=CopyState.RUNNING)

    later = copy_message.draw(order_of(copy), now=NOW + timedelta(hours=5))

    assert later == copy_message.draw(order_of(copy), now=NOW)


def test_a_waiting_copy_names_the_parent_it_waits_for() -> None:
    story = (event_of(EventKind.WAITING_FOR_PARENT, facts={"parent": "weekly-2026-11-20"}),)

    message = drawn(copy_of(state=CopyState.WAITING), story)

    assert "needs its parent `weekly-2026-11-20` in IAD" in words_of(message)
    assert "waits for its parent to arrive in IAD" in message.text


def test_stopping_is_asked_about_first() -> None:
    message = drawn(copy_of(state=CopyState.WAITING))

    buttons: Drawn = message.blocks[-1]["elements"]
    assert buttons[0]["value"] == "7f3a91c2d4e5"
    assert buttons[0]["confirm"]["title"]["text"] == "Stop this copy?"


def test_withdrawing_is_asked_about_in_its_own_words() -> None:
    waiting = order_of(copy_of(state=CopyState.AWAITING_APPROVAL))
    rules = [ApprovalRule("second person", People(frozenset({"U0EVE"})), channel="C0LEADS")]
    waiting = replace(waiting, order=replace(waiting.order, approval=Approval.asked(rules, NOW)))

    button: Drawn = copy_message.draw(waiting, now=NOW).blocks[-1]["elements"]

    asked = {part: words["text"] for part, words in button[0]["confirm"].items() if isinstance(words, dict)}
    assert asked["title"] == "Withdraw this request?"
    assert asked["confirm"] == button[0]["text"]["text"] == "Withdraw"
    assert asked["text"].startswith("Nobody has to approve it any more.")
    assert "stop" not in " ".join(asked.values()).lower()


def test_a_copy_that_will_be_sent_again_says_why_and_when() -> None:
    copy = copy_of(
        state=CopyState.REQUESTED,
        reason=Reason.OVER_LIMIT,
        fault=Fault(Reason.OVER_LIMIT, 413, "overLimit", "slow down", 40),
        next_attempt_at=NOW + timedelta(seconds=40),
    )

    said = words_of(drawn(copy))

    assert "Too many requests in a short time." in said
    assert "It is sent again <!date^" in said
    assert "`413 overLimit`: `slow down`. It asks to wait 40 seconds." in said


def test_a_copy_whose_backup_is_being_copied_elsewhere_waits_without_a_time() -> None:
    said = words_of(drawn(copy_of(state=CopyState.REQUESTED, reason=Reason.UNPROCESSABLE)))

    assert "It is sent again as soon as that is possible." in said


def test_a_lost_answer_is_said_to_be_looked_into() -> None:
    copy = copy_of(state=CopyState.SENDING, reason=Reason.NO_ANSWER, fault=Fault(Reason.NO_ANSWER))

    message = drawn(copy)

    assert "looking whether it began" in message.text
    assert "Cloud Databases did not answer." in words_of(message)


def test_an_undecided_copy_asks_with_two_buttons_and_says_what_each_means() -> None:
    message = drawn(copy_of(state=CopyState.UNDECIDED, reason=Reason.OUTCOME_UNKNOWN, fault=DOWN))

    assert list(buttons_of(message)) == ["it_was_copied", "send_again"]
    assert "`nightly-2026-11-22-copy` is in IAD" in words_of(message)
    assert "there would be two copies" in words_of(message)
    assert "please say" in message.text


def test_a_completed_copy_says_how_long_it_took_where_it_is_and_how_it_is_known() -> None:
    copy = copy_of(
        state=CopyState.COMPLETED, ended_at=ENDED_AT, copied_id="c0ffee", copied_evidence=Evidence.SAME_FILES
    )

    message = drawn(copy)

    assert message.text == (
        "Copy of `nightly-2026-11-22` from DFW to IAD: done in 12 minutes. It is `nightly-2026-11-22-copy` there, id "
        "`c0ffee`. Asked for by *ana*, id `7f3a91c2d4e5`."
    )
    assert "The copy is in *IAD*: `nightly-2026-11-22-copy`, id `c0ffee`, COMPLETED" in words_of(message)
    assert "nearly certain" in words_of(message)


def test_a_copy_that_a_person_called_done_does_not_claim_more() -> None:
    copy = copy_of(state=CopyState.COMPLETED, ended_at=ENDED_AT, ended_by=BEN, copied_evidence=Evidence.SAID_BY_PERSON)

    message = drawn(copy)

    assert "copied, a person says" in message.text
    assert "says *ben*" in words_of(message)
    assert "has not seen the copy" in words_of(message)


def test_a_failed_copy_says_why_what_the_service_said_who_can_cure_it_and_offers_to_try_again() -> None:
    fault = Fault(Reason.FORBIDDEN, 403, "forbidden", "Policy doesn't allow <b>copy</b>.")
    copy = copy_of(state=CopyState.FAILED, reason=Reason.FORBIDDEN, fault=fault, ended_at=ENDED_AT)

    message = drawn(copy)

    said = words_of(message)
    assert "Failed (The bot's account may not copy backups)" in said
    assert "`403 forbidden`: `Policy doesn't allow &lt;b&gt;copy&lt;/b&gt;.`" in said
    assert "*Who can do that:* an administrator of the Rackspace account." in said
    assert buttons_of(message) == {"try_again": "7f3a91c2d4e5"}
    assert "`dbaas:creator`" in message.text


def test_a_refused_incremental_is_told_of_its_parent() -> None:
    fault = Fault(Reason.BAD_REQUEST, 400, "badRequest", "Bad request")
    copy = copy_of(state=CopyState.FAILED, reason=Reason.BAD_REQUEST, fault=fault, ended_at=ENDED_AT)

    assert "most likely its parent is not in IAD" in words_of(drawn(copy))
    full = replace(copy, backup=replace(NIGHTLY, parent_id=None))
    assert "most likely its parent" not in words_of(drawn(full))


def test_an_answer_to_something_earlier_is_not_shown_as_the_reason() -> None:
    copy = copy_of(state=CopyState.FAILED, reason=Reason.BACKUP_NOT_FOUND, fault=DOWN, ended_at=ENDED_AT)

    assert "503" not in words_of(drawn(copy))


def test_a_refusal_that_turned_out_to_be_the_parents_keeps_the_services_answer() -> None:
    fault = Fault(Reason.BAD_REQUEST, 400, "badRequest", "Bad request")
    copy = copy_of(state=CopyState.FAILED, reason=Reason.PARENT_MISSING, fault=fault, ended_at=ENDED_AT)

    assert "`400 badRequest`: `Bad request`" in words_of(drawn(copy))


def test_a_copy_that_never_began_is_not_said_to_arrive_later() -> None:
    copy = copy_of(state=CopyState.FAILED, reason=Reason.WATCHED_TOO_LONG, attempts=0, sent_at=None)

    assert "It could not begin in time" in words_of(drawn(copy))


def test_a_stopped_copy_says_by_whom() -> None:
    message = drawn(copy_of(state=CopyState.STOPPED, ended_by=BEN, ended_at=ENDED_AT, reason=Reason.STOPPED))

    assert "stopped by ben" in message.text
    assert "Stopped by *ben*" in words_of(message)
    assert "Nothing was copied." in words_of(message)


def test_a_lost_copy_says_that_it_may_still_arrive() -> None:
    said = words_of(drawn(copy_of(state=CopyState.LOST, reason=Reason.WATCHED_TOO_LONG, ended_at=ENDED_AT)))

    assert "may still arrive" in said


def test_a_backup_without_a_name_is_called_by_its_id() -> None:
    message = drawn(copy_of(backup=replace(NIGHTLY, name="  "), state=CopyState.RUNNING))

    assert message.text.startswith(f"Copy of `{NIGHTLY.id}` from DFW to IAD")
    assert f"`{NIGHTLY.id}` (incremental" in words_of(message.blocks)


def test_several_requests_are_counted() -> None:
    assert "3 requests sent" in words_of(drawn(copy_of(attempts=3)))


def test_each_revision_has_block_ids_of_its_own() -> None:
    first = {str(block["block_id"]) for block in drawn(copy_of(revision=1)).blocks}
    second = {str(block["block_id"]) for block in drawn(copy_of(revision=2)).blocks}

    assert not first & second


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_ended_copy_without_any_facts_can_be_drawn(state: CopyState) -> None:
    drawn(copy_of(state=state, sent_at=None, ended_at=None, ended_by=None, copied_id=None, reason=None, fault=None))


def test_the_metadata_holds_the_id_and_the_state_and_nothing_else() -> None:
    assert copy_message.metadata(order_of(copy_of(name=HOSTILE))) == {
        "event_type": "copy_backup",
        "event_payload": {"order_id": "7f3a91c2d4e5", "state": "requested"},
    }


def test_a_copy_that_waits_for_approval_says_whose_by_name_of_the_rule_and_pings_nobody() -> None:
    approvers = People(frozenset({"U0EVE"}), frozenset({"S0LEADS"}))
    rules = [ApprovalRule(f"rule <{n}>", approvers, channel="C0LEADS", approvals=n) for n in (1, 2, 3, 4)]
    waiting = order_of(copy_of(state=CopyState.AWAITING_APPROVAL))
    waiting = replace(waiting, order=replace(waiting.order, approval=Approval.asked(rules, NOW)))
    message = copy_message.draw(waiting, now=NOW)
    assert_slack_takes_message(message)
    assert "needs 1 approval by the rule “rule &lt;1&gt;”, 2 approvals by the rule" in words_of(message)
    assert "and 1 other rule, asked for in <#C0LEADS>" in words_of(message)
