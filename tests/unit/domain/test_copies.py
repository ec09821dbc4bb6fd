"""The states of a copy."""

from datetime import UTC, datetime

import pytest

from bot.domain.backup import Backup
from bot.domain.copies import ENDED, NEXT_STATES, NOT_BEGUN, Copy, CopyState, ImpossibleMoveError
from bot.domain.people import Person

COPY = Copy(
    id="c",
    revision=4,
    order_id="c",
    backup=Backup(id="b", region="DFW", name="weekly", status="COMPLETED"),
    destination="IAD",
    name="n",
    description="",
    requested_by=Person("U1", "ana"),
    requested_at=datetime(2026, 11, 22, tzinfo=UTC),
    channel="C1",
)


def test_a_move_takes_its_changes_along_and_counts() -> None:
    moved = COPY.moved(CopyState.SENDING, attempts=1)
    assert (moved.state, moved.attempts, moved.revision) == (CopyState.SENDING, 1, 5)


def test_a_move_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ImpossibleMoveError, match="copy c: requested cannot be followed by lost"):
        COPY.moved(CopyState.LOST)


def test_nothing_follows_an_end() -> None:
    assert not ENDED & NEXT_STATES.keys()


def test_every_state_that_is_no_end_can_reach_one() -> None:
    reaching = set(ENDED)
    for _ in CopyState:
        reaching |= {state for state, following in NEXT_STATES.items() if following & reaching}
    assert reaching == set(CopyState)


def test_only_a_copy_that_has_not_begun_can_be_stopped() -> None:
    assert {state for state, following in NEXT_STATES.items() if CopyState.STOPPED in following} == NOT_BEGUN


def test_running_follows_only_what_was_sent_or_may_have_been() -> None:
    before_running = {state for state, following in NEXT_STATES.items() if CopyState.RUNNING in following}
    assert CopyState.WAITING not in before_running
