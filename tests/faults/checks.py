"""What must be true in the end, whatever happened on the way: judged by the cloud, the workspace and the audit log."""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType

from bot.domain.events import EventKind
from bot.operations.ports import Verified
from bot.sandbox.cloud import RequestRecord
from bot.storage import verify
from tests.faults.stage import ENDS, Stage, Wish, payload_of

LOOKS = frozenset({"show", "list"})

LAST_WORDS: Mapping[int, str] = MappingProxyType({1: "Done", 2: "Both are there"})
"""What the message says in the end, by the number of its copies; of more copies it says the number."""


def nothing_is_lost_and_nothing_is_done_twice(stage: Stage, *wishes: Wish) -> None:
    """Every wish was fulfilled once and told once, and the audit log is whole."""
    the_audit_log_is_whole(stage)
    for wish in wishes:
        for part in wish.parts:
            every_request_came_after_a_look(stage, part)
            there_is_one_copy(stage, part)
            the_story_is_one(stage, part)
        the_oldest_came_first(stage, wish)
        it_was_told_once(stage, wish)
        somebody_agreed_before_anything_was_sent(stage, wish)
    people = [person for wish in wishes for person in (wish.person, wish.approver) if person]
    assert sorted(ping.target for ping in stage.workspace.pings) == sorted(people), stage.workspace.pings
    assert len(stage.messages) == len(wishes), [message.rendered for message in stage.messages]


def the_audit_log_is_whole(stage: Stage) -> None:
    found = verify(stage.audit_log)
    assert isinstance(found, Verified), found


def there_is_one_copy(stage: Stage, wish: Wish) -> None:
    """The cloud was asked for it as often as it takes, and took it once."""
    found = [copy.status for copy in stage.copies_of(wish)]
    assert found == ["COMPLETED"], found


def every_request_came_after_a_look(stage: Stage, wish: Wish) -> None:
    """No copy request was repeated without a look at either side after the one before."""
    log = list(stage.cloud.requests)
    asked = stage.requests_for(wish)
    assert asked, f"{wish} was never asked for"
    for earlier, later in pairwise(asked):
        between = log[_place(log, earlier) + 1 : _place(log, later)]
        assert any(one.operation in LOOKS for one in between), f"{wish} was sent again blindly"


def the_oldest_came_first(stage: Stage, wish: Wish) -> None:
    """Nothing was asked for before what is beneath it."""
    log = list(stage.cloud.requests)
    asked = [_place(log, stage.requests_for(part)[0]) for part in wish.parts]
    assert asked == sorted(asked), asked


def the_story_is_one(stage: Stage, wish: Wish) -> None:
    kinds = Counter(stage.kinds(wish))
    assert kinds[EventKind.COPY_REQUESTED] == 1, kinds
    assert {kind: number for kind, number in kinds.items() if kind in ENDS} == {EventKind.COMPLETED: 1}, kinds


def it_was_told_once(stage: Stage, wish: Wish) -> None:
    """One message, which says how it ended; in its thread every line of the story, in order, once; one mention."""
    message = stage.message_of(wish)
    assert message is not None
    order = stage.order_in(message)
    number = len(order.copies)
    assert LAST_WORDS.get(number, f"All {number} are there") in message.rendered, message.rendered
    due = stage.due(order)
    told = [payload_of(line).get("sequence") for line in message.thread]
    assert told == due, f"told {told}, due {due}: {stage.lines_of(wish)}"
    lines = {line.ts for line in message.thread}
    mentions = [(ping.target, ping.ts) for ping in stage.workspace.pings if ping.ts in lines]
    assert mentions == [(wish.person, message.thread[-1].ts)], mentions


def somebody_agreed_before_anything_was_sent(stage: Stage, wish: Wish) -> None:
    """Who had to agree was asked in one message, agreed once, and that message says so."""
    kinds, asked = stage.kinds(wish), [message.rendered for message in stage.approvers_messages_of(wish)]
    if wish.approver is None:
        assert asked == []
        return
    assert kinds.count(EventKind.APPROVED) == 1, kinds
    assert kinds.index(EventKind.APPROVED) < kinds.index(EventKind.SENDING), kinds
    assert [f"Approved by {wish.approver}" in each for each in asked] == [True], asked


def _place(log: list[RequestRecord], request: RequestRecord) -> int:
    return next(place for place, one in enumerate(log) if one is request)
