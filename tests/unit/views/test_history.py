"""The audit log in Slack."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.domain.events import EventFilter, EventKind, RecordedEvent
from bot.domain.reasons import Reason
from bot.slack.views import history
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


def test_a_full_page_says_how_to_see_the_next() -> None:
    events = [event_of(EventKind.SEEN, sequence=number) for number in range(99, 78, -1)]

    said = drawn(events, EventFilter(region="IAD", person=BEN.id))

    assert "Older ones: `/copy-backup history &lt;@U0BEN&gt; IAD before:80`" in said


@pytest.mark.parametrize("number", [1, history.PAGE])
def test_the_last_page_says_so_also_when_it_is_full(number: int) -> None:
    assert "That is all there is." in drawn([event_of(EventKind.SEEN)] * number)


def test_nothing_found() -> None:
    assert drawn([], EventFilter(text="zzz")) == "Nothing (more) in the audit log fits that."
    assert drawn([]) == "The audit log is empty."


def test_the_longest_events_still_make_a_page_and_the_next_page_goes_on_behind_them() -> None:
    long: Drawn = {"backup_name": "<" * 64, "copy_id": "c" * 200, "source": HOSTILE, "destination": HOSTILE}
    events = [
        event_of(EventKind.FAILED, sequence=n, reason=Reason.BACKUP_NOT_COPYABLE, **long) for n in range(40, 20, -1)
    ]

    said = drawn(events)

    shown = [number for number in range(21, 41) if f"`{number}` " in said]
    assert 5 <= len(shown) < 20
    assert f"before:{min(shown)}`" in said


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", EventFilter()),
        ("<@U0ANA>", EventFilter(person="U0ANA")),
        ("<@U0ANA|ana> iad nightly copy", EventFilter(person="U0ANA", region="IAD", text="nightly copy")),
        ("before:120", EventFilter(before=120)),
        ("lon", EventFilter(region="LON")),
        ("&lt;b&gt; &amp;", EventFilter(text="<b> &")),
        ("IAD DFW", EventFilter(region="IAD", text="DFW")),
    ],
)
def test_a_filter_is_read(typed: str, wanted: EventFilter) -> None:
    assert history.read_filter(typed) == wanted


@given(
    some.builds(
        EventFilter,
        person=some.none() | some.from_regex(r"\AU[A-Z0-9]{3,9}\Z"),
        region=some.none() | some.sampled_from(["DFW", "IAD", "LON"]),
        text=some.none() | some.sampled_from(["nightly", "two words", "404"]),
        before=some.none() | some.integers(1, 10**9),
    )
)
def test_the_hint_for_the_next_page_is_read_back_as_it_was_meant(wanted: EventFilter) -> None:
    assert history.read_filter(history.write_filter(wanted)) == wanted
