"""Several watch, or nobody does: who does the work does not see the difference."""

import pytest

from bot.operations.observing import OK, UNEXPECTED, Activity, Nobody, Observer, Seen, Several
from tests.fakes.observers import Watcher


@pytest.mark.parametrize("observer", [Nobody(), Several(), Several(Watcher(), Nobody())], ids=["nobody", "none", "two"])
def test_what_breaks_breaks_for_whoever_does_it(observer: Observer) -> None:
    with pytest.raises(LookupError), observer.watching(Seen(Activity.CLOUD_CALL, "show")):
        raise LookupError
    observer.rate_limited()


def test_several_see_the_same() -> None:
    one, other = Watcher(), Watcher()
    both = Several(one, other)
    with both.watching(Seen(Activity.CLOUD_CALL, "show", "DFW")) as seen:
        seen.outcome = OK
    with pytest.raises(LookupError), both.watching(Seen(Activity.CLOUD_CALL, "list", "DFW")):
        raise LookupError
    both.rate_limited()

    assert one.outcomes == other.outcomes == [("show", OK), ("list", UNEXPECTED)]
    assert (one.rate_limits, other.rate_limits) == (1, 1)
