"""When a schedule is likely to delete a full backup."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.backup import Backup
from bot.domain.retention import Rotation, expected_rotation

SUNDAY = datetime(2026, 11, 1, 3, tzinfo=UTC)
WEEK = timedelta(days=7)


def full(week: float, **changes: object) -> Backup:
    made = Backup(
        id=f"full-{week}",
        region="DFW",
        name="weekly",
        status="COMPLETED",
        created=SUNDAY + week * WEEK,
        is_automated=True,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # attributes of Backup


def test_the_older_of_two_fulls_goes_with_the_next_one() -> None:
    assert expected_rotation(full(0), [full(0), full(1)]) == Rotation(full(0), SUNDAY + 2 * WEEK)


def test_the_newest_full_stays_when_the_next_one_comes() -> None:
    assert expected_rotation(full(1), [full(0), full(1)]) is None
    assert expected_rotation(full(0), []) is None


def test_a_full_that_should_be_gone_already_goes_with_the_next_one_at_the_latest() -> None:
    assert expected_rotation(full(0), [full(2), full(1)]) == Rotation(full(0), SUNDAY + 3 * WEEK)


def test_the_time_between_the_last_two_says_when_the_next_one_comes() -> None:
    daily = [full(each / 7) for each in range(2)]
    rotation = expected_rotation(daily[0], daily)
    assert rotation is not None
    assert rotation.expected_at == SUNDAY + timedelta(days=2)


@pytest.mark.parametrize(
    "kept",
    [full(0, is_automated=False), full(0, created=None)],
    ids=["made by a person", "of an unknown time"],
)
def test_what_no_schedule_deletes_stays(kept: Backup) -> None:
    assert expected_rotation(kept, [kept, full(1), full(2)]) is None


def test_backups_that_people_made_push_nothing_out() -> None:
    others = [full(1, is_automated=False), full(2, created=None)]
    assert expected_rotation(full(0), others) is None


@given(st.lists(st.integers(0, 400), min_size=1, max_size=12, unique=True), st.data())
def test_a_rotation_is_expected_after_the_newest_full_and_never_for_the_newest(
    days: list[int], data: st.DataObject
) -> None:
    fulls = [full(each / 7, id=str(each)) for each in days]
    chosen = data.draw(st.sampled_from(fulls))
    newest = max(fulls, key=lambda each: each.created or SUNDAY)
    rotation = expected_rotation(chosen, fulls)
    assert (rotation is None) == (chosen == newest)
    if rotation:
        assert rotation.full == chosen
        assert newest.created is not None
        assert rotation.expected_at > newest.created


def test_fulls_of_the_same_moment_do_no_harm() -> None:
    twins = [full(0), full(0, id="twin")]
    assert expected_rotation(twins[0], twins) is None
