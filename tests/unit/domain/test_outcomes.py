"""How a copy ended, as its events say it."""

import pytest

from bot.domain.copies import ENDED
from bot.domain.events import ENDINGS, EventKind, Outcome


def test_every_state_in_which_a_copy_has_ended_is_an_outcome() -> None:
    assert {state.value for state in ENDED} == {outcome.value for outcome in Outcome} - {Outcome.REFUSED}


@pytest.mark.parametrize("outcome", Outcome)
def test_an_outcome_is_said_by_the_event_of_its_name(outcome: Outcome) -> None:
    assert EventKind(outcome.value) in ENDINGS[outcome]


def test_no_event_ends_a_copy_in_two_ways() -> None:
    endings = [kind for kinds in ENDINGS.values() for kind in kinds]

    assert len(endings) == len(set(endings))
