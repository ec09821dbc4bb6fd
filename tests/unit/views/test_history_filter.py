"""What can be typed after ``history``."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.domain.events import EventFilter
from bot.slack.views.history_filter import OUTCOMES, read_filter, write_filter
from bot.slack.views.misread import Misread
from bot.slack.views.text import escape
from tests.fakes.drawings import NOW

TODAY = datetime(2026, 11, 22, tzinfo=UTC)
YESTERDAY = TODAY - timedelta(days=1)
TOMORROW = TODAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", EventFilter()),
        ("<@U0ANA>", EventFilter(person="U0ANA")),
        ("<@U0ANA|ana> iad nightly copy", EventFilter(person="U0ANA", region="IAD", text="nightly copy")),
        ("@ana", EventFilter(person="ana")),
        ("by:ana", EventFilter(person="ana")),
        ("by:<@U0ANA|ana>", EventFilter(person="U0ANA")),
        ("before:120", EventFilter(before=120)),
        ("after:120", EventFilter(after=120)),
        ("lon", EventFilter(region="LON")),
        ("&lt;b&gt; &amp;", EventFilter(text="<b> &")),
        ("IAD DFW", EventFilter(region="IAD", text="DFW")),
        ("Failed", EventFilter(kinds=OUTCOMES["failed"])),
        ("today", EventFilter(since=TODAY)),
        ("yesterday", EventFilter(since=YESTERDAY, until=TODAY)),
        ("7d", EventFilter(since=NOW - timedelta(days=7))),
        ("2w refused", EventFilter(since=NOW - timedelta(days=14), kinds=OUTCOMES["refused"])),
        ("12h", EventFilter(since=NOW - timedelta(hours=12))),
        ("since:2026-11-20 until:2026-11-22", EventFilter(since=TODAY - timedelta(days=2), until=TOMORROW)),
        ("since yesterday until today", EventFilter(since=YESTERDAY, until=TOMORROW)),
        ("since 2026-11-22T02:00+02:00", EventFilter(since=TODAY)),
        ("since the migration", EventFilter(text="since the migration")),
        ("note:this", EventFilter(text="note:this")),
    ],
)
def test_a_filter_is_read(typed: str, wanted: EventFilter) -> None:
    assert read_filter(typed, NOW) == wanted


@pytest.mark.parametrize(
    ("typed", "said", "near"),
    [
        ("since:2026-13-45", "`since:2026-13-45` is no time", "since:2026-11-15"),
        ("IAD until:yesterdy", "`until:yesterdy` is no time", "IAD until:yesterday"),
        ("sicne:2026-11-01 IAD", "`sicne:` is not known", "since:2026-11-01 IAD"),
        ("before:yesterday", "`before:yesterday` is not the number of an event", "before:120"),
        ("by:", "Behind `by:` something is missing", "by:ana"),
        ("since:2026-11-22 until:2026-11-20", "That time ends before it begins", None),
    ],
)
def test_what_cannot_be_read_is_told_with_the_nearest_right_spelling(typed: str, said: str, near: str | None) -> None:
    misread = read_filter(typed, NOW)

    assert isinstance(misread, Misread)
    assert said in misread.sentence
    assert misread.near == (f"history {near}" if near else None)


@given(some.text(max_size=200))
def test_whatever_is_typed_is_a_filter_or_a_sentence(typed: str) -> None:
    assert isinstance(read_filter(typed, NOW), EventFilter | Misread)


@given(
    some.builds(
        EventFilter,
        person=some.none() | some.from_regex(r"\AU[A-Z0-9]{3,9}\Z"),
        region=some.none() | some.sampled_from(["DFW", "IAD", "LON"]),
        text=some.none() | some.sampled_from(["nightly", "two words", "404", "<b> &amp; more"]),
        kinds=some.sampled_from([(), *OUTCOMES.values()]),
        since=some.none() | some.datetimes(datetime(2001, 1, 1), datetime(2025, 1, 1), timezones=some.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
        before=some.none() | some.integers(1, 10**9),
        after=some.none() | some.integers(1, 10**9),
    )
)
def test_a_filter_that_a_button_carries_is_read_back_as_it_was_meant(wanted: EventFilter) -> None:
    whole = wanted.since.replace(microsecond=0) if wanted.since else None
    assert read_filter(escape(write_filter(wanted)), NOW) == replace(wanted, since=whole)
