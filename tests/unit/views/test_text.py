"""Words, sizes and times."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.domain.people import BOT, Person
from bot.slack.views import text
from tests.fakes.drawings import ANA, NOW


@pytest.mark.parametrize(
    ("came", "shown"),
    [
        ("<!channel> & <b>", "&lt;!channel&gt; &amp; &lt;b&gt;"),
        ("<@U123>", "&lt;@U123&gt;"),
        ("&amp;", "&amp;amp;"),
        ("plain", "plain"),
    ],
)
def test_what_came_from_others_is_shown_as_it_is(came: str, shown: str) -> None:
    assert text.escape(came) == shown
    assert text.unescape(shown) == came


@given(some.text(max_size=200), some.integers(1, 50))
def test_escaping_never_cuts_an_escape_in_two(came: str, limit: int) -> None:
    shown = text.escape(came, limit)

    assert len(text.unescape(shown)) <= limit
    assert text.escape(text.unescape(shown)) == shown


@given(some.lists(some.sampled_from(["&amp;", "&lt;", "<@U0ANA>", "ab", "<!date^1^x|y>"])), some.integers(1, 60))
def test_a_finished_text_is_cut_between_its_tokens(parts: list[str], limit: int) -> None:
    cut = text.fit("".join(parts), limit)

    assert len(cut) <= limit
    assert cut.count("<") == cut.count(">")
    assert not cut.rstrip("…").endswith(("&", "&a", "&am", "&amp", "&l", "&lt"))


def test_a_name_cannot_end_its_code() -> None:
    assert text.code("a`b\nc") == "`a'b c`"
    assert text.code("  ") == "(no name)"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "less than a second"),
        (1, "1 second"),
        (59.9, "59 seconds"),
        (60, "1 minute"),
        (3599, "59 minutes"),
        (3600, "1 hour"),
        (7500, "2 hours 5 minutes"),
        (11 * 3600 + 300, "11 hours"),
        (49 * 3600, "2 days"),
        (-5, "less than a second"),
    ],
)
def test_a_length_of_time(seconds: float, said: str) -> None:
    assert text.duration(seconds) == said


def test_an_age() -> None:
    assert text.age(NOW - timedelta(hours=6), NOW) == "6 hours ago"
    assert text.age(NOW, NOW) == "just now"
    assert text.age(NOW + timedelta(minutes=5), NOW) == "just now"
    assert text.age(None, NOW) == "at an unknown time"


@pytest.mark.parametrize(
    ("gigabytes", "said"),
    [(None, "size unknown"), (1.4, "1.4 GB"), (0.18, "0.18 GB"), (12.0, "12 GB"), (0, "0 GB"), (1500.25, "1,500.2 GB")],
)
def test_a_size(gigabytes: float | None, said: str) -> None:
    assert text.size(gigabytes) == said


def test_a_moment_in_the_readers_own_zone() -> None:
    moment = datetime(2026, 11, 22, 3, 4, tzinfo=UTC)

    assert text.slack_date(moment) == "<!date^1795316640^{date_short_pretty} {time}|2026-11-22 03:04 UTC>"
    assert text.slack_date(None) == "at an unknown time"


def test_people_and_channels() -> None:
    assert text.mention("U0ANA") == "<@U0ANA>"
    assert text.mention("bot") == "the bot"
    assert text.mention("!channel") == "the bot"
    assert text.person_name(ANA) == "*ana*"
    assert text.person_name(BOT) == "the bot"
    assert text.person_name(Person("U1", "<!here>*")) == "*&lt;!here&gt;*"
    assert text.person_name(Person("U1", " ")) == "somebody"
    assert text.channel_mention("C0OPS") == "<#C0OPS>"
    assert text.channel_mention("<!here>") == "`&lt;!here&gt;`"


def test_regions_with_their_places() -> None:
    assert text.region_label("IAD") == "IAD – Northern Virginia"
    assert text.region_label("XYZ") == "XYZ"


def test_a_link_is_only_its_words_where_there_is_no_address() -> None:
    assert text.link(None, "its message") == "its message"
