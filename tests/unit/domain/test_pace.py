"""How long the bot waits."""

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pace import Pace
from bot.domain.reasons import REPEATS, Fault, Reason, Repeat

PACE = Pace()


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_looks_become_rarer_with_age_within_bounds(younger: float, more: float) -> None:
    first, later = PACE.until_next_look(younger), PACE.until_next_look(younger + more)
    assert PACE.first_look <= first <= later <= PACE.longest_look


def test_a_rate_limit_is_waited_for_as_long_as_the_service_asks() -> None:
    assert PACE.until_next_attempt(Fault(Reason.OVER_LIMIT, retry_after=42.0), attempts=1) == 42.0


def test_a_rate_limit_without_a_time_is_waited_for_longer_each_time() -> None:
    waits = [PACE.until_next_attempt(Fault(Reason.OVER_LIMIT), attempts=n) for n in (1, 2, 3)]
    assert waits == [15.0, 30.0, 60.0]


def test_a_busy_backup_is_asked_for_a_bounded_number_of_times() -> None:
    waits = [PACE.until_next_attempt(Fault(Reason.UNPROCESSABLE), attempts=n) for n in range(1, 10)]
    assert waits[:7] == [15.0, 30.0, 60.0, 120.0, 240.0, 300.0, 300.0]
    assert waits[7:] == [None, None]


@given(st.sampled_from(Reason), st.integers(1, 100))
def test_only_what_may_be_repeated_as_it_is_gets_another_attempt(reason: Reason, attempts: int) -> None:
    wait = PACE.until_next_attempt(Fault(reason), attempts)
    if REPEATS.get(reason, Repeat.NEVER) in {Repeat.NEVER, Repeat.AFTER_LOOKING}:
        assert wait is None
    else:
        assert (wait is not None) == (attempts < (PACE.waits if reason is Reason.OVER_LIMIT else PACE.attempts))
