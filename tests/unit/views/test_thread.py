"""The story of a copy in its thread."""

import re
from datetime import timedelta

import pytest

from bot.domain.copies import CopyState
from bot.domain.events import EventKind
from bot.domain.lineage import Evidence
from bot.domain.reasons import Fault, Reason
from bot.slack.views import copy_message, thread
from tests.fakes.drawings import ANA, BEN, NOW, Drawn, assert_slack_takes_message, copy_of, event_of

ENDS = {
    EventKind.STOPPED,
    EventKind.SAID_IT_WAS_COPIED,
    EventKind.REFUSED,
    EventKind.COMPLETED,
    EventKind.FAILED,
    EventKind.LOST,
}


def line(kind: EventKind, **changes: Drawn) -> str:
    message = thread.line(event_of(kind, **changes), copy_of(state=CopyState.RUNNING))
    assert message is not None
    assert_slack_takes_message(message, mentions=(ANA.id,))
    return message.text


@pytest.mark.parametrize("kind", EventKind)
def test_every_event_is_told_or_silent_on_purpose(kind: EventKind) -> None:
    assert (kind in thread.LINES) != (kind in thread.SILENT)
    assert (thread.line(event_of(kind), copy_of()) is None) == (kind in thread.SILENT)


@pytest.mark.parametrize("kind", thread.LINES)
def test_the_person_who_asked_is_mentioned_when_the_copy_ends_or_needs_them_and_never_else(kind: EventKind) -> None:
    mentioned = re.findall(r"<@(\w+)>", line(kind, who=BEN))

    assert mentioned == (["U0ANA"] if kind in ENDS | {EventKind.ASKED_PERSON} else [])


def test_done() -> None:
    facts = {"copied_id": "c0ffee", "evidence": Evidence.SAME_ID.value, "seconds": 754}

    assert line(EventKind.COMPLETED, facts=facts) == (
        "<@U0ANA> *Done* after 12 minutes: `nightly-2026-11-22-copy` is in IAD, COMPLETED. Its id there is `c0ffee`."
    )


def test_the_thread_says_the_same_length_of_time_as_the_message() -> None:
    ended = copy_of(state=CopyState.COMPLETED, sent_at=NOW, ended_at=NOW + timedelta(seconds=1.6), copied_id="c0ffee")

    told = thread.line(event_of(EventKind.COMPLETED, facts={"copied_id": "c0ffee", "seconds": 2}), ended)

    assert told is not None
    assert "*Done* after 1 second:" in told.text
    assert ":white_check_mark: *Done in 1 second*" in str(copy_message.draw(ended, now=NOW).blocks)


def test_refused_with_the_services_own_words() -> None:
    facts = {"status": 404, "fault": "itemNotFound", "message": "No such <backup>"}

    said = line(EventKind.REFUSED, reason=Reason.NOT_FOUND, facts=facts)

    assert said.startswith("<@U0ANA> The copy *failed*.\n*The backup is not there any more*\n")
    assert said.endswith("Cloud Databases answered `404 itemNotFound`: `No such &lt;backup&gt;`.")


def test_failed_before_it_was_sent_names_the_parent() -> None:
    said = line(EventKind.FAILED, reason=Reason.PARENT_MISSING)

    assert f"needs its parent `{copy_of().backup.parent_id}`, which is not in the destination" in said


def test_will_be_sent_again() -> None:
    facts: dict[str, str | int | float | None] = {
        "status": 413,
        "fault": "overLimit",
        "message": "slow down",
        "seconds": 30.0,
    }

    assert line(EventKind.WILL_SEND_AGAIN, reason=Reason.OVER_LIMIT, facts=facts) == (
        "*Too many requests in a short time.* Cloud Databases answered `413 overLimit`: `slow down`. "
        "It is sent again in 30 seconds."
    )


def test_waits_because_the_backup_is_being_copied_elsewhere() -> None:
    said = line(EventKind.WILL_SEND_AGAIN, reason=Reason.UNPROCESSABLE, facts={"status": "COPYING"})

    assert said == "*Not possible at the moment.* It is sent again as soon as that is possible."


def test_a_lost_answer_and_what_was_found() -> None:
    assert "no clear answer came back" in line(EventKind.OUTCOME_UNKNOWN, reason=Reason.NO_ANSWER)
    assert "*did begin*. It is not sent a second time" in line(EventKind.FOUND_BEGUN)
    assert "*did not begin*. It is sent again" in line(EventKind.FOUND_NOT_BEGUN)


def test_waits_for_its_parent() -> None:
    facts = {"parent": "weekly-2026-11-20", "parent_copy": "c0ffee"}

    assert line(EventKind.WAITING_FOR_PARENT, facts=facts) == (
        "Waits for its parent `weekly-2026-11-20`, which is on its way to IAD (copy `c0ffee` of this bot)."
    )


def test_somebody_else_asked_for_the_same() -> None:
    assert line(EventKind.COPY_JOINED, who=BEN).startswith("*ben* asked for the same copy.")


def test_stopped_and_settled_by_somebody() -> None:
    assert line(EventKind.STOPPED, who=BEN) == "<@U0ANA> *ben* *stopped* this copy. Nothing was copied."
    assert "*ben* says that it *was copied* to IAD" in line(EventKind.SAID_IT_WAS_COPIED, who=BEN)
    assert line(EventKind.SAID_SEND_AGAIN, who=BEN) == "*ben* says that it did not begin: it is sent again."


def test_an_answer_that_is_not_in_the_event_is_taken_from_the_copy_only_if_it_is_the_reason() -> None:
    down = Fault(Reason.SERVICE_UNAVAILABLE, 503, "serviceUnavailable", "down")
    copy = copy_of(state=CopyState.FAILED, fault=down, reason=Reason.SERVICE_UNAVAILABLE)

    same = thread.line(event_of(EventKind.FAILED, reason=Reason.SERVICE_UNAVAILABLE), copy)
    other = thread.line(event_of(EventKind.FAILED, reason=Reason.BACKUP_NOT_FOUND), copy)

    assert same is not None
    assert "`503 serviceUnavailable`" in same.text
    assert other is not None
    assert "503" not in other.text
