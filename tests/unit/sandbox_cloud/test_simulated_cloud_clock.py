from datetime import UTC, datetime, timedelta

import pytest

from bot.sandbox.cloud.clock import Clock

HOUR = timedelta(hours=1)


def test_it_shows_true_time_and_what_it_was_advanced_by() -> None:
    clock = Clock(speed=1000)
    assert abs(clock.now() - datetime.now(UTC)) < HOUR
    clock.advance(24 * 3600)
    assert abs(clock.now() - datetime.now(UTC) - timedelta(days=1)) < HOUR
    clock.advance(-48 * 3600)
    assert abs(clock.now() - datetime.now(UTC) + timedelta(days=1)) < HOUR


@pytest.mark.parametrize("speed", [0.5, 1, 60])
def test_work_goes_as_much_faster_than_time_as_its_speed(speed: float) -> None:
    clock = Clock(speed)
    clock.advance(10_000)
    assert clock.worked() == pytest.approx(10_000 * speed, rel=0.01)


def test_a_new_speed_changes_what_comes_and_not_what_was_done() -> None:
    clock = Clock(speed=1)
    clock.advance(10_000)
    clock.speed = 100
    assert clock.worked() == pytest.approx(10_000, rel=0.01)
    clock.advance(10_000)
    assert clock.worked() == pytest.approx(1_010_000, rel=0.01)


def test_it_knows_when_work_was_done_and_when_more_will_be() -> None:
    clock = Clock(speed=10)
    clock.advance(3600)
    assert clock.now() - clock.time_of(clock.worked() - 6000) == pytest.approx(timedelta(seconds=600), abs=HOUR / 60)
    assert clock.seconds_until(clock.worked() + 6000) == pytest.approx(600, rel=0.1)
    assert clock.seconds_until(clock.worked() - 6000) == 0


def test_work_from_before_a_change_of_the_speed_is_shown_at_that_change() -> None:
    clock = Clock(speed=1)
    clock.advance(3600)
    before = clock.now()
    clock.speed = 1e-300
    assert before <= clock.time_of(0) <= clock.now()
