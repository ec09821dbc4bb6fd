"""When a standing order is looked at, and how long it waits after what went wrong."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.domain.reasons import Reason
from bot.domain.standing_orders import (
    LONGEST_EVERY,
    SHORTEST_EVERY,
    StandingOrder,
    StandingState,
    is_due,
    is_overdue,
    read_every,
    write_every,
)
from tests.fakes.standing_orders import standing_order

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def failing(times: int, *, every: timedelta = 24 * HOUR) -> StandingOrder:
    standing = standing_order(every=every)
    for _ in range(times):
        standing = standing.failed(Reason.FROZEN, NOW)
    return standing


def test_an_active_one_that_has_not_failed_is_always_looked_at() -> None:
    assert is_due(standing_order(), NOW)


@pytest.mark.parametrize("state", [StandingState.PAUSED, StandingState.ENDED])
def test_one_that_is_paused_or_ended_is_never_looked_at(state: StandingState) -> None:
    assert not is_due(standing_order(state=state), NOW)


@pytest.mark.parametrize(("failures", "hours"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 24), (60, 24)])
def test_after_each_failure_it_waits_twice_as_long_up_to_the_wanted_age(failures: int, hours: int) -> None:
    standing = failing(failures)
    assert not is_due(standing, NOW + hours * HOUR - timedelta(seconds=1))
    assert is_due(standing, NOW + hours * HOUR)


@pytest.mark.parametrize("reason", [Reason.DECLINED, Reason.APPROVAL_EXPIRED, Reason.STOPPED])
def test_people_who_said_no_are_not_asked_again_before_the_next_one_would_be_due(reason: Reason) -> None:
    standing = standing_order().failed(reason, NOW)
    assert not is_due(standing, NOW - timedelta(seconds=1))
    assert not is_due(standing, NOW + 23 * HOUR)
    assert is_due(standing, NOW + 24 * HOUR)


def test_a_success_makes_it_forget_all_failures() -> None:
    standing = failing(5).succeeded()
    assert is_due(standing, NOW)
    assert (standing.failures, standing.told, standing.order_id) == (0, (), None)


@given(some.integers(1, 20), some.timedeltas(min_value=timedelta(hours=-10_000), max_value=timedelta(hours=10_000)))
def test_however_the_clock_is_set_nobody_waits_much_longer_than_the_wanted_age(failures: int, jump: timedelta) -> None:
    standing = failing(failures)
    set_to = NOW + jump
    assert any(is_due(standing, set_to + waited * HOUR) for waited in range(26))


def test_people_hear_that_nothing_newer_comes_at_twice_the_wanted_age() -> None:
    standing = standing_order()
    assert not is_overdue(standing, NOW - 47 * HOUR, NOW)
    assert is_overdue(standing, NOW - 48 * HOUR, NOW)


def test_where_nothing_is_there_they_hear_of_it_by_the_age_of_the_standing_order() -> None:
    standing = standing_order(made_at=NOW)
    assert not is_overdue(standing, None, NOW + 47 * HOUR)
    assert is_overdue(standing, None, NOW + 48 * HOUR)


def test_each_reason_is_told_once_until_all_is_well() -> None:
    standing = standing_order()
    for reason in (Reason.FROZEN, Reason.FORBIDDEN, Reason.FROZEN):
        standing = standing.failed(reason, NOW)
    assert standing.told == (Reason.FROZEN, Reason.FORBIDDEN)


def test_a_run_that_was_cut_off_keeps_its_number() -> None:
    first = standing_order().begun()
    again = first.changed(order_id="0123456789ab").begun()
    assert (first.runs, again.runs, again.succeeded().begun().runs) == (1, 1, 2)
    assert first.confirmation_id == again.confirmation_id


@pytest.mark.parametrize(
    ("typed", "hours"), [("24h", 24), ("1h", 1), ("36 hours", 36), ("7d", 168), ("2W", 336), ("1 day", 24)]
)
def test_lengths_of_time_are_read(typed: str, hours: int) -> None:
    assert read_every(typed) == hours * HOUR


@pytest.mark.parametrize("typed", ["", "0h", "h", "24", "-1d", "100d", "24m", "1.5h", "99999h"])
def test_what_is_no_length_of_time_or_too_short_or_too_long_is_not_read(typed: str) -> None:
    assert read_every(typed) is None


@given(some.integers(SHORTEST_EVERY // HOUR, LONGEST_EVERY // HOUR))
def test_what_is_written_is_read_as_the_same(hours: int) -> None:
    assert read_every(write_every(hours * HOUR)) == hours * HOUR
