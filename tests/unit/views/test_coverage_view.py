"""Coverage and Home as they are drawn: within Slack's sizes, safe whatever the cloud sends, and read back."""

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bot.domain.backup import Origin
from bot.domain.coverage import Report, coverage_of
from bot.domain.radar import radar_of
from bot.domain.reasons import Reason
from bot.domain.survey import Held, Survey
from bot.sandbox.workspace.validation import accept_home
from bot.slack.views import coverage, home
from bot.slack.views.backup_choice import ReadError
from bot.slack.views.command import Coverage, parse
from bot.slack.views.coverage import Gap, read_gap
from tests.fakes.drawings import HOSTILE, NOW, assert_mrkdwn_is_safe, assert_slack_takes_message

REGIONS = ("DFW", "IAD", "ORD", "HKG", "SYD")
words = some.sampled_from([HOSTILE, "", " ", "x" * 64, "&" * 64, "`*_~", "🛟" * 20, "<@U0EVIL>"]) | some.text(
    max_size=64
)


@some.composite
def reports(draw: some.DrawFn) -> Report:
    held = [
        Held(
            draw(some.sampled_from(REGIONS)),
            draw(words) or "id",
            draw(words),
            draw(some.sampled_from(["COMPLETED", "COPYING", "FAILED", HOSTILE])),
            draw(some.none() | words),
            draw(some.none() | some.just(NOW - timedelta(hours=draw(some.integers(0, 9999))))),
            draw(some.none() | some.builds(Origin, type=some.sampled_from(["ha", "instance", HOSTILE]), id=words)),
            None,
            1.0,
        )
        for _ in range(draw(some.integers(0, 30)))
    ]
    survey = Survey.of(held)
    wanted = timedelta(hours=draw(some.integers(1, 99)))
    table = coverage_of(survey, REGIONS, lambda _, region: wanted if region in {"IAD", "ORD"} else None, NOW)
    return Report(table, radar_of(survey, REGIONS), ("SYD",), ("HKG",))


@settings(max_examples=60, deadline=None)
@given(reports(), words)
def test_slack_takes_it_and_nobody_is_pinged(report: Report, text: str) -> None:
    for typed in (text, ""):
        assert_slack_takes_message(coverage.draw(report, now=NOW, text=typed))
    drawn = home.draw(report, [], [], [], now=NOW)
    accept_home(drawn, random.Random(1))
    for _, block in coverage.gap_lines(report.coverage.rows, NOW):
        said = block["text"]
        assert isinstance(said, dict)
        assert_mrkdwn_is_safe(said["text"])


@pytest.mark.parametrize("instances", [0, 1, 10, 11, 200])
def test_many_instances_stay_within_slack_s_sizes_and_the_rest_is_counted(instances: int) -> None:
    held = [
        Held("DFW", f"{n:08}-backup", "n" * 64, "COMPLETED", None, NOW, Origin("instance", f"{n:08}" + "i" * 28))
        for n in range(instances)
    ]
    table = coverage_of(Survey.of(held), REGIONS, lambda _o, _r: timedelta(hours=1), NOW)

    message = coverage.draw(Report(table), now=NOW)

    assert_slack_takes_message(message)
    accept_home(home.draw(Report(table), [], [], [], now=NOW), random.Random(1))
    left = max(instances - coverage.PAGE, 0)
    assert (f"{left:,} instance" in str(message.blocks[-1])) == bool(left)
    assert ("page:2" in str(message.blocks[-1])) == bool(left)


def test_the_button_at_a_gap_says_what_is_missing_where() -> None:
    assert read_gap("IAD>DFW/ff44/x") == Gap("IAD", "DFW", "ff44/x")
    assert read_gap(">DFW/ff44") == Gap(None, "DFW", "ff44")


@pytest.mark.parametrize("value", ["", "IAD", "IAD>", "IAD>DFW", "IAD>/x", ">"])
def test_a_button_that_was_not_drawn_here_is_not_read(value: str) -> None:
    with pytest.raises(ReadError):
        read_gap(value)


def test_home_of_somebody_who_may_not_says_so_and_nothing_else() -> None:
    drawn = home.draw_refused(Reason.PERSON_IS_GUEST)

    accept_home(drawn, random.Random(1))
    assert len(drawn["blocks"]) == 1  # type: ignore[arg-type]  # a list


@pytest.mark.parametrize(
    ("typed", "wish"),
    [
        ("coverage", Coverage()),
        ("COVERAGE orders  db", Coverage("orders db")),
        ("coverage page:3", Coverage("", 3)),
        ("coverage a &amp; b page:2", Coverage("a & b", 2)),
        ("coverage page:0", Coverage("", 1)),
    ],
)
def test_what_is_typed(typed: str, wish: Coverage) -> None:
    assert parse(typed, REGIONS) == wish
