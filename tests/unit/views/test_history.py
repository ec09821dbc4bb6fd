"""The audit log in Slack."""

from dataclasses import replace

import pytest

from bot.domain.events import EventFilter, EventKind, RecordedEvent
from bot.domain.reasons import Reason
from bot.slack.views import history
from bot.slack.views.history_filter import read_filter
from tests.fakes.drawings import ANA, BEN, HOSTILE, NOW, Drawn, assert_slack_takes_message, event_of, words_of


def drawn(events: list[RecordedEvent], wanted: EventFilter | None = None) -> str:
    message = history.draw(events, wanted or EventFilter())
    assert_slack_takes_message(message)
    return words_of(message)


@pytest.mark.parametrize("kind", EventKind)
def test_every_event_has_a_readable_line(kind: EventKind) -> None:
    assert kind in history.WORDS
    assert history.WORDS[kind] in drawn([event_of(kind)])


def test_a_line_says_when_who_what_where_and_how_it_ended() -> None:
    event = event_of(
        EventKind.WILL_SEND_AGAIN,
        sequence=41,
        reason=Reason.OVER_LIMIT,
        facts={"status": 413, "fault": "overLimit", "message": "slow", "seconds": 30.0},
    )

    assert history.event_line(event) == (
        f"`41` <!date^{int(NOW.timestamp())}^{{date_short_pretty}} {{time}}|2026-11-22 12:00 UTC> the bot will send it "
        "again – `nightly-2026-11-22` DFW → IAD (`7f3a91c2d4e5`) (Too many requests in a short time, `413 overLimit`, "
        "in 30 seconds)"
    )


def test_people_are_named_and_not_pinged() -> None:
    assert "*ana* asked for a copy" in drawn([event_of(EventKind.COPY_REQUESTED, who=ANA)])


def test_refused_requests_are_counted() -> None:
    event = event_of(EventKind.REFUSED_REQUEST, copy_id=None, backup_name=None, backup_id=None, facts={"count": 1200})

    assert "(1,200 requests)" in drawn([event])


def test_the_pages_before_and_behind_are_a_button_away() -> None:
    events = [event_of(EventKind.SEEN, sequence=number) for number in range(99, 84, -1)]
    wanted = EventFilter(region="IAD", person=BEN.id, text="<b>", before=100)

    message = history.draw(events, wanted, has_older=True, has_newer=True)

    assert_slack_takes_message(message)
    buttons: Drawn = next(block for block in message.blocks if block["type"] == "actions")
    values = {each["action_id"]: each["value"] for each in buttons["elements"]}
    assert read_filter(values[history.Action.OLDER], NOW) == replace(wanted, before=85)
    assert read_filter(values[history.Action.NEWER], NOW) == replace(wanted, before=None, after=99)
    assert "That is all there is." not in words_of(message)


def test_the_last_page_says_so() -> None:
    assert "That is all there is." in drawn([event_of(EventKind.SEEN)])


def test_nothing_found() -> None:
    assert drawn([], EventFilter(text="zzz")) == "Nothing in the audit log fits that."
    assert drawn([], EventFilter(text="zzz", before=5)) == "Nothing more in the audit log fits that."
    assert drawn([]) == "The audit log is empty."


@pytest.mark.parametrize(
    ("text", "near"), [("IDA nightly", "IAD nightly"), ("faild", "failed"), ("yesterdy", "yesterday")]
)
def test_where_nothing_is_found_the_nearest_word_that_narrows_is_offered(text: str, near: str) -> None:
    assert f"Did you mean `/copy-backup history {near}`?" in drawn([], EventFilter(text=text))


def test_the_longest_events_still_make_a_whole_page() -> None:
    long: Drawn = {"backup_name": "<" * 64, "copy_id": "c" * 200, "source": HOSTILE, "destination": HOSTILE}
    events = [
        event_of(EventKind.FAILED, sequence=n, reason=Reason.BACKUP_NOT_COPYABLE, **long)
        for n in range(40, 40 - history.PAGE, -1)
    ]

    said = drawn(events)

    assert [n for n in range(1, 41) if f"`{n}` " in said] == list(range(41 - history.PAGE, 41))
