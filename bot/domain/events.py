"""What goes into the audit log. An event never holds a token, an API key or a fault's ``details``."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from bot.domain.people import Person
from bot.domain.reasons import Reason


class EventKind(StrEnum):
    """Everything a person or the bot does or decides."""

    # What a person did
    COPY_REQUESTED = "copy_requested"
    """``approval`` has the rules by which other people have to agree; ``glass`` why the person passed them over."""
    COPY_JOINED = "copy_joined"
    """Somebody asked for a copy that is open already: it is not made twice, and both are told of it."""
    PLAN_CHANGED = "plan_changed"
    """What was confirmed is not what is there any more; the person is asked again, or the copy stops."""
    STOPPED = "stopped"
    SAID_IT_WAS_COPIED = "said_it_was_copied"
    SAID_SEND_AGAIN = "said_send_again"
    APPROVED = "approved"
    """Somebody agreed; ``missing`` more have to."""
    DECLINED = "declined"
    GLASS_SEEN = "glass_seen"
    """An approver has looked afterwards at an order that went on without agreement."""
    REFUSED_PERSON = "refused_person"
    """Somebody who may not tried something."""
    REFUSED_REQUEST = "refused_request"
    """Requests that did not come from Slack, or not from this workspace; ``count`` of them since the last line."""

    KEEP_ORDERED = "keep_ordered"
    """Somebody made a standing order; ``keep`` is its id, ``instance`` what is kept, ``every`` how old it may be."""
    KEEP_PAUSED = "keep_paused"
    """Somebody paused a standing order, or the bot did for a reason."""
    KEEP_RESUMED = "keep_resumed"
    KEEP_ENDED = "keep_ended"

    # What the bot did
    KEEP_FAILED = "keep_failed"
    """A run of a standing order brought no copy: written once for each reason, until all is well again."""
    KEEP_RECOVERED = "keep_recovered"
    """All is well again with a standing order after `KEEP_FAILED`."""
    APPROVAL_REMINDED = "approval_reminded"
    APPROVAL_EXPIRED = "approval_expired"
    RELEASED = "released"
    """The order that a copy belongs to was approved."""
    WAITING_FOR_PARENT = "waiting_for_parent"
    PARENT_ARRIVED = "parent_arrived"
    FOUND_THERE = "found_there"
    """What is needed beneath another backup was in the destination already, when its turn came."""
    LEFT_UNDONE = "left_undone"
    """It has not begun and will not: the copy that brings its parent has not arrived."""
    SENDING = "sending"
    """The intent: written before the request is sent."""
    ACCEPTED = "accepted"
    REFUSED = "refused"
    """Cloud Databases said no, and that is final."""
    WILL_SEND_AGAIN = "will_send_again"
    OUTCOME_UNKNOWN = "outcome_unknown"
    """No answer, or one that leaves open whether the copy began: the bot looks."""
    FOUND_BEGUN = "found_begun"
    FOUND_NOT_BEGUN = "found_not_begun"
    ASKED_PERSON = "asked_person"
    """It could not be found out: a person has to say."""
    SEEN = "seen"
    """The status shown for a running copy changed."""
    SLOW = "slow"
    """It has run longer than nearly all before it between these regions."""
    COMPLETED = "completed"
    FAILED = "failed"
    LOST = "lost"
    RULES_CHANGED = "rules_changed"
    """Other rules are in force: ``digest`` of the file, and how many ``rules`` it has."""
    RULES_REJECTED = "rules_rejected"
    """The file of rules was changed and cannot be used; those before it stay in force. ``mistakes`` says where."""
    FOUND_OUTSIDE = "found_outside"
    """A copy that no order of this bot has made is in a region."""
    COPY_VANISHED = "copy_vanished"
    """A copy that this bot has made is not in its destination any more."""
    BOT_STARTED = "bot_started"
    BOT_STOPPED = "bot_stopped"
    WITNESS_POSTED = "witness_posted"
    """The head of the log was posted where who can write to its file cannot change it."""
    ARCHIVED = "archived"
    """The events up to one went from the log into a file; the log goes on from its hash."""


class Outcome(StrEnum):
    """How a copy ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    REFUSED = "refused"
    """Cloud Databases said no: nothing was copied."""
    STOPPED = "stopped"
    """It had not begun."""
    LOST = "lost"


ENDINGS: Mapping[Outcome, tuple[EventKind, ...]] = MappingProxyType(
    {
        Outcome.COMPLETED: (EventKind.COMPLETED, EventKind.FOUND_THERE, EventKind.SAID_IT_WAS_COPIED),
        Outcome.FAILED: (EventKind.FAILED,),
        Outcome.REFUSED: (EventKind.REFUSED,),
        Outcome.STOPPED: (EventKind.STOPPED, EventKind.LEFT_UNDONE),
        Outcome.LOST: (EventKind.LOST,),
    }
)
"""The events that end a copy so."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the audit log, before it has its place in it.

    Attributes:
        at: in UTC.
        copy_id: the copy it is about; ``None`` for what is about no copy.
        where: id of the channel it happened in or is told in.
        backup_id: of the source.
        facts: anything else worth knowing, by name: statuses, seconds, a fault's status, name and message.
    """

    kind: EventKind
    at: datetime
    who: Person
    copy_id: str | None = None
    backup_id: str | None = None
    backup_name: str | None = None
    source: str | None = None
    destination: str | None = None
    where: str | None = None
    reason: Reason | None = None
    facts: Mapping[str, str | int | float | None] = field(default_factory=dict)

    def joining(self, copy_id: str) -> "Event":
        """The event in place of this one, where the copy it opens is open already under another id."""
        return replace(self, kind=EventKind.COPY_JOINED, copy_id=copy_id, reason=Reason.COPY_UNDER_WAY)


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event in its place.

    Attributes:
        sequence: 1 for the first; without gaps.
        hash: of this event and all before it, as hexadecimal.
    """

    sequence: int
    event: Event
    hash: str


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events to show; ``None`` means any.

    Attributes:
        text: part of a name, id, message or any other word in the event, whatever its case.
        outcomes: only events of copies that ended in one of these ways: the request and who made it as well as the end.
        before: only events with a smaller sequence: the next page of a list that shows the newest first.
        after: only events with a greater sequence: the page before.
    """

    text: str | None = None
    person: str | None = None
    copy_id: str | None = None
    backup_id: str | None = None
    region: str | None = None
    kinds: tuple[EventKind, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    after: int | None = None
