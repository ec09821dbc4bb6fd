"""How long copies take, by those that were made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.learned import ENOUGH_TO_CALL_SLOW, FEWEST, CopyTime, Learned, learn

times = st.builds(CopyTime, size_gb=st.none() | st.floats(0.0, 1000.0), seconds=st.floats(0.0, 1e6))


def of(*seconds: float, size_gb: float | None = 1.0) -> list[CopyTime]:
    return [CopyTime(size_gb, each) for each in seconds]


def test_nothing_is_said_while_too_few_are_known() -> None:
    assert learn(of(60, 61), 1.0) is None
    assert learn([], None) is None


def test_half_and_nine_of_ten_were_done_by_times_that_were_really_taken() -> None:
    assert learn(of(50, 10, 20, 40, 30, 60, 70, 80, 90, 100), 1.0) == Learned(50, 90, 10)
    assert learn(of(30, 10, 20), 1.0) == Learned(20, 30, 3)


def test_copies_of_a_similar_size_count_where_there_are_enough() -> None:
    small, large = of(60, 60, 60, size_gb=1.0), of(6000, 6000, 6000, 6000, size_gb=100.0)
    assert learn([*small, *large], 1.5) == Learned(60, 60, 3)
    assert learn([*small, *large], 60.0) == Learned(6000, 6000, 4)


@pytest.mark.parametrize("size_gb", [None, 0.0, 20.0])
def test_where_too_few_are_of_a_similar_size_all_count(size_gb: float | None) -> None:
    assert learn([*of(60, 60, size_gb=1.0), *of(90, size_gb=None)], size_gb) == Learned(60, 90, 3)


@pytest.mark.parametrize(("size_gb", "copies"), [(0.5, 3), (2.0, 3), (0.49, 4), (2.01, 4)])
def test_similar_is_within_twice_the_size(size_gb: float, copies: int) -> None:
    learned = learn([*of(1, 2, 3, size_gb=size_gb), *of(4, size_gb=50.0)], 1.0)
    assert learned is not None
    assert learned.copies == copies


def test_a_copy_is_called_slow_only_against_enough_that_were_faster() -> None:
    nine_tenths = 90.0
    few, enough = (Learned(50.0, nine_tenths, copies) for copies in (ENOUGH_TO_CALL_SLOW - 1, ENOUGH_TO_CALL_SLOW))
    assert not few.is_slow(1e9)
    assert not enough.is_slow(nine_tenths)
    assert enough.is_slow(nine_tenths + 0.1)


@given(st.lists(times, max_size=40), st.none() | st.floats(0.0, 1000.0))
def test_what_is_learned_lies_between_what_was_seen_and_no_number_is_invented(
    known: list[CopyTime], size_gb: float | None
) -> None:
    learned = learn(known, size_gb)
    assert (learned is None) == (len(known) < FEWEST)
    if learned:
        seconds = {each.seconds for each in known}
        assert {learned.half, learned.nine_tenths} <= seconds
        assert learned.half <= learned.nine_tenths
        assert FEWEST <= learned.copies <= len(known)


@given(st.lists(times, min_size=FEWEST, max_size=40))
def test_the_order_in_which_copies_were_made_does_not_matter(known: list[CopyTime]) -> None:
    assert learn(known, 1.0) == learn(known[::-1], 1.0)
