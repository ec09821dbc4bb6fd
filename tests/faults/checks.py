"""What must be true in the end, whatever happened on the way: judged by the cloud, the workspace and the audit log."""

from collections import Counter
from itertools import pairwise

from bot.domain.events import EventKind
from bot.operations.ports import Verified
from bot.sandbox.cloud import RequestRecord
from bot.slack.views import thread
from bot.storage import verify
from tests.faults.stage import ENDS, Stage, Wish, payload_of

LOOKS = frozenset({"show", "list"})


def nothing_is_lost_and_nothing_is_done_twice(stage: Stage, *wishes: Wish) -> None:
    """Every wish was fulfilled once and told once, and the audit log is whole."""
    the_audit_log_is_whole(stage)
    for wish in wishes:
        every_request_came_after_a_look(stage, wish)
        there_is_one_copy(stage, wish)
        the_story_is_one(stage, wish)
        it_was_told_once(stage, wish)
    assert len(stage.workspace.pings) == len(wishes), stage.workspace.pings
    copies = {recorded.event.copy_id for wish in wishes for recorded in stage.events(wish)} - {None}
    assert len(stage.messages) == len(copies), [message.rendered for message in stage.messages]


def the_audit_log_is_whole(stage: Stage) -> None:
    assert isinstance(verify(stage.audit_log), Verified)


def there_is_one_copy(stage: Stage, wish: Wish) -> None:
    """The cloud was asked for it as often as it takes, and took it once."""
    assert [copy.status for copy in stage.copies_of(wish)] == ["COMPLETED"]


def every_request_came_after_a_look(stage: Stage, wish: Wish) -> None:
    """No copy request was repeated without a look at either side after the one before."""
    log = list(stage.cloud.requests)
    asked = stage.requests_for(wish)
    assert asked, f"{wish} was never asked for"
    for earlier, later in pairwise(asked):
        between = log[_place(log, earlier) + 1 : _place(log, later)]
        assert any(one.operation in LOOKS for one in between), f"{wish} was sent again blindly"


def the_story_is_one(stage: Stage, wish: Wish) -> None:
    kinds = Counter(stage.kinds(wish))
    assert kinds[EventKind.COPY_REQUESTED] == 1, kinds
    assert {kind: number for kind, number in kinds.items() if kind in ENDS} == {EventKind.COMPLETED: 1}, kinds


def it_was_told_once(stage: Stage, wish: Wish) -> None:
    """One message, which says how it ended; in its thread every line of the story, in order, once; one mention."""
    message = stage.message_of(wish)
    assert message is not None
    assert "Done" in message.rendered, message.rendered
    due = [recorded.sequence for recorded in stage.events(wish) if recorded.event.kind in thread.LINES]
    assert [payload_of(line).get("sequence") for line in message.thread] == due
    told = {line.ts for line in message.thread}
    assert len([ping for ping in stage.workspace.pings if ping.ts in told]) == 1


def _place(log: list[RequestRecord], request: RequestRecord) -> int:
    return next(place for place, one in enumerate(log) if one is request)
