"""A copy that somebody asked for: its states, and which move follows which."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from bot.domain.approval import Agreement
from bot.domain.backup import Backup
from bot.domain.learned import CopyTime
from bot.domain.lineage import Evidence
from bot.domain.people import Person
from bot.domain.reasons import Fault, Reason


class CopyState(StrEnum):
    """Where a copy stands. The audit log says it; everything else follows."""

    REQUESTED = "requested"
    """Confirmed; nothing was sent yet, or what was sent was refused and will be sent again."""
    AWAITING_APPROVAL = "awaiting_approval"
    """Confirmed; other people have to agree first."""
    WAITING = "waiting"
    """Its parent is on the way to the destination."""
    SENDING = "sending"
    """About to be sent, or sent: until the outcome is written nobody knows whether it began."""
    RUNNING = "running"
    """It began."""
    UNDECIDED = "undecided"
    """It cannot be known whether it began: a person has to say."""
    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"
    """Stopped before it had begun: by a person, or because what it needs did not arrive."""
    LOST = "lost"
    """Watched for longer than anybody waits; it may still arrive."""


ENDED = frozenset({CopyState.COMPLETED, CopyState.FAILED, CopyState.STOPPED, CopyState.LOST})
"""The states nothing follows."""

NOT_BEGUN = frozenset({CopyState.AWAITING_APPROVAL, CopyState.REQUESTED, CopyState.WAITING})
"""The states in which a copy can still be stopped: nothing is under way in the cloud."""

NEXT_STATES: Mapping[CopyState, frozenset[CopyState]] = MappingProxyType(
    {
        CopyState.AWAITING_APPROVAL: frozenset(
            {CopyState.AWAITING_APPROVAL, CopyState.REQUESTED, CopyState.WAITING, CopyState.STOPPED}
        ),
        CopyState.REQUESTED: frozenset(
            {
                CopyState.REQUESTED,
                CopyState.WAITING,
                CopyState.SENDING,
                CopyState.RUNNING,
                CopyState.COMPLETED,
                CopyState.STOPPED,
                CopyState.FAILED,
            }
        ),
        CopyState.WAITING: frozenset({CopyState.REQUESTED, CopyState.STOPPED, CopyState.FAILED}),
        CopyState.SENDING: frozenset(
            {CopyState.SENDING, CopyState.RUNNING, CopyState.REQUESTED, CopyState.FAILED, CopyState.UNDECIDED}
        ),
        CopyState.RUNNING: frozenset({CopyState.RUNNING, CopyState.COMPLETED, CopyState.FAILED, CopyState.LOST}),
        CopyState.UNDECIDED: frozenset({CopyState.RUNNING, CopyState.REQUESTED, CopyState.COMPLETED, CopyState.FAILED}),
    }
)
"""Which state may follow which; an ended copy has no next."""


class ImpossibleMoveError(ValueError):
    """A copy was told to move to a state that cannot follow the one it is in: a mistake in the program."""


@dataclass(frozen=True, slots=True)
class Copy:
    """The copy of one backup to one region, from the moment it is in the audit log.

    Attributes:
        revision: grows by one with each move; a move is refused when it has moved on meanwhile.
        order_id: of the order that opened it; others may share it (see `bot.domain.orders`).
        backup: the source, as it was when the copy was confirmed.
        name: of the new backup.
        channel: id of the channel that is told.
        after: id of the copy that brings its parent: it is sent when that has arrived.
        is_wanted: whether a person asked for this very backup, rather than for one that needs it.
        despite_existing_copy: whether a person wants it although there is one in the destination. Otherwise one that is
            there when its turn comes is not copied a second time.
        ready_at: when its parent had arrived, or other people had agreed; ``None`` where it waited for neither.
        agreements: of the people who agreed to its order, as far as it is the order's `gate`.
        is_reminded: whether they were reminded.
        present_before: ids of backups that were in the destination before the request and could be mistaken
            for its result.
        failed_before: ids of backups that were there too, but had failed: a copy may take the place of one.
        attempts: requests sent so far.
        next_attempt_at: when a refused request is sent again.
        parent_id: id of the parent as it stands in the destination; ``None`` for a full backup.
        parent_evidence: how that parent was recognised.
        copied_id: id of the new backup in the destination, once seen.
        copied_evidence: how the new backup was recognised.
        shown_status: the last status of source or new backup that was seen, as the service says it.
        is_slow: whether it has run longer than nearly all before it between these regions.
        reason: why it failed, waits to be sent again, is undecided, or was stopped.
    """

    id: str
    revision: int
    order_id: str
    backup: Backup
    destination: str
    name: str
    description: str
    requested_by: Person
    requested_at: datetime
    channel: str
    state: CopyState = CopyState.REQUESTED
    after: str | None = None
    is_wanted: bool = True
    despite_existing_copy: bool = False
    ready_at: datetime | None = None
    present_before: tuple[str, ...] = ()
    failed_before: tuple[str, ...] = ()
    attempts: int = 0
    sent_at: datetime | None = None
    next_attempt_at: datetime | None = None
    parent_id: str | None = None
    parent_evidence: Evidence | None = None
    copied_id: str | None = None
    copied_evidence: Evidence | None = None
    shown_status: str | None = None
    is_slow: bool = False
    ended_at: datetime | None = None
    reason: Reason | None = None
    fault: Fault | None = None
    ended_by: Person | None = None
    agreements: tuple[Agreement, ...] = ()
    is_reminded: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """What there is one open copy of at a time: backup, source region, destination."""
        return self.backup.id, self.backup.region, self.destination

    @property
    def time(self) -> CopyTime | None:
        """How long it took; ``None`` where it was not made by this bot, or is not known to have ended."""
        if self.state is not CopyState.COMPLETED or self.sent_at is None or self.ended_at is None or self.ended_by:
            return None
        return CopyTime(self.backup.size_gb, (self.ended_at - self.sent_at).total_seconds())

    @property
    def is_open(self) -> bool:
        """Whether something is still to happen."""
        return self.state not in ENDED

    @property
    def can_be_stopped(self) -> bool:
        """Whether nothing has begun in the cloud."""
        return self.state in NOT_BEGUN

    @property
    def first_state(self) -> CopyState:
        """The state in which it begins, or goes on when other people have agreed."""
        return CopyState.WAITING if self.after else CopyState.REQUESTED

    def moved(self, state: CopyState, **changes: Any) -> Self:  # noqa: ANN401 - what dataclasses.replace takes
        """The copy after a move, with the changes that go with it.

        Args:
            state: where it moves to.
            **changes: new values of other attributes.

        Raises:
            ImpossibleMoveError: the state cannot follow the present one.
        """
        if state not in NEXT_STATES.get(self.state, frozenset()):
            raise ImpossibleMoveError(f"copy {self.id}: {self.state} cannot be followed by {state}")
        return replace(self, state=state, revision=self.revision + 1, **changes)
