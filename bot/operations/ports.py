"""What the operations need from the world, as they need it. The rooms of the outer ring provide it."""

from collections.abc import AsyncIterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.backup import Backup
from bot.domain.copies import Copy
from bot.domain.events import Event, EventFilter, RecordedEvent
from bot.domain.judgement import Usage
from bot.domain.learned import CopyTime
from bot.domain.orders import Order, OrderStanding
from bot.domain.pace import Pace
from bot.domain.policy import Member
from bot.domain.progress import Look
from bot.domain.reasons import Fault
from bot.domain.standing_orders import StandingOrder
from bot.domain.survey import Made
from bot.operations.catalogue import Catalogue
from bot.operations.rules_in_force import RulesInForce


class StoreTroubleError(Exception):
    """What the bot remembers cannot be read or written at the moment (the disk is full, a file is locked). Nothing was
    changed; it may be gone a little later.
    """


class Clock(Protocol):
    """Time. Tests turn it by hand."""

    def now(self) -> datetime:
        """The time in UTC, with its zone."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer 202: the request was taken. It names no new backup."""


class Cloud(Protocol):
    """Cloud Databases. Never raises for what the service answers, or fails to: that is a `Fault`.

    Every call counts against the region's budget and waits for it. ``urgent`` calls, those a person waits for,
    go before the others; those that are not leave a part of the budget to them. Where several processes keep to one
    budget, and what they remember it in cannot be used, reading raises `StoreTroubleError`: nothing was asked.
    """

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions copies may leave from and go to, as set."""
        ...

    async def show(self, region: str, backup_id: str, *, urgent: bool = False) -> Backup | Fault:
        """One backup; a `Fault` with `Reason.NOT_FOUND` where it is not in the region."""
        ...

    def pages(self, region: str, *, urgent: bool = False) -> AsyncIterator[tuple[Backup, ...] | Fault]:
        """All backups of a region, page by page (20 at most each). A `Fault` is the last thing it gives."""
        ...

    async def copy(
        self, region: str, backup_id: str, *, destination: str, name: str, description: str, request_id: str
    ) -> Accepted | Fault:
        """Send one copy request, once. It is never repeated here, but for one 401 with a new token.

        Args:
            region: where the backup is.
            backup_id: the backup.
            destination: where the copy goes.
            name: of the new backup.
            description: of the new backup; may be empty.
            request_id: names the request in the logs of both sides.
        """
        ...

    async def role_that_cannot_copy(self) -> str | None:
        """The account's role, such as ``dbaas:observer``, where it is one by which every copy would be refused;
        ``None`` where it may copy, where nothing is known of its role, and before the first login. It costs no call,
        but for one a minute at most while it names a role.
        """
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening an order came to.

    Attributes:
        standing: the order; with no order of its own, ``None``: all its copies are under way already.
        is_new: whether this call opened it; otherwise it came from the same confirmation.
        new: the copies that were opened.
        joined: the copies that were open already, or had just arrived, opened by others.
    """

    standing: OrderStanding | None
    is_new: bool
    new: tuple[Copy, ...] = ()
    joined: tuple[Copy, ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """The first event of the audit log that is not what it was.

    Attributes:
        sequence: of that event; for a missing one, the number it should have had.
        finding: what is wrong with it, in a few words.
    """

    sequence: int
    finding: str


@dataclass(frozen=True, slots=True)
class Verified:
    """The audit log is whole.

    Attributes:
        events: how many it has.
        head: the last hash; empty for an empty log.
        is_keyed: whether the hashes need a key to be forged.
        archived: sequence of the last event before them, which is in an archive; 0 where they begin with the first.
    """

    events: int
    head: str
    is_keyed: bool
    archived: int = 0


class Record(Protocol):
    """The audit log, and the copies as they stand: one store, so that a move and its event are written together
    or not at all. Whoever waits is woken only after the commit.
    """

    @property
    def revision(self) -> int:
        """Grows whenever a copy changes; begins anew with each process."""
        ...

    async def open(
        self, order: Order, copies: Sequence[tuple[Copy, Event]], *, looked_at: datetime | None = None
    ) -> Opened:
        """Open an order and its copies, all at once or not at all.

        A copy of which there is an open one already (same backup, source region and destination), or one that has
        completed since ``looked_at``, is not opened: the other one takes its place, also as what others come after,
        and its event becomes that of joining (`Event.joining`). Where no copy is left to be opened, no order is made;
        and nothing at all is written if an order came from the same confirmation before.

        Args:
            order: with the ids of these copies.
            copies: each with the event of its request; what one comes after comes before it.
            looked_at: when somebody last looked whether the copies are needed.
        """
        ...

    async def move(self, copy: Copy, event: Event) -> bool:
        """Write a copy that was moved once (`Copy.moved`) and the event of that move.

        Returns:
            ``False``, with nothing written, if the copy has moved on since it was read.
        """
        ...

    async def append(self, event: Event) -> RecordedEvent:
        """Write an event that moves no copy."""
        ...

    async def copy(self, copy_id: str) -> Copy | None:
        """One copy."""
        ...

    async def order(self, order_id: str) -> OrderStanding | None:
        """One order with its copies; a unique beginning of its id, of six characters at least, is enough. The id of a
        copy is as good: it means the order that opened it.
        """
        ...

    async def orders_beginning(self, beginning: str, *, limit: int) -> Sequence[OrderStanding]:
        """The orders of which the id begins so, newest first; none for an empty beginning."""
        ...

    async def orders_with(self, copy_id: str) -> Sequence[OrderStanding]:
        """Every order that has this copy, oldest first."""
        ...

    async def open_orders(self) -> Sequence[OrderStanding]:
        """All orders that have an open copy, oldest first."""
        ...

    async def orders_of(self, person_id: str, *, limit: int = 20) -> Sequence[OrderStanding]:
        """The orders of one person, newest first."""
        ...

    async def changed(self, copy: Copy, timeout: float) -> Copy:  # noqa: ASYNC109 - waiting that long is the promise
        """The copy as soon as it has moved on since it was read, or as it is after ``timeout`` seconds."""
        ...

    async def open_copies(self) -> Sequence[Copy]:
        """All copies that have not ended, oldest first."""
        ...

    async def open_copy(self, *, backup_id: str, source: str, destination: str) -> Copy | None:
        """The open copy of a backup to a destination."""
        ...

    async def copies(
        self,
        *,
        backup_id: str | None = None,
        destination: str | None = None,
        requested_by: str | None = None,
        copied_id: str | None = None,
        limit: int = 20,
    ) -> Sequence[Copy]:
        """Copies, open and ended, newest first; ``None`` means any."""
        ...

    async def usage(self, since: datetime, *, person_id: str | None = None, channel: str | None = None) -> Usage:
        """What a person asked for, or what was asked for in a channel.

        Args:
            since: copies asked for at that time or later are counted, beside those that are open.
            person_id: who; ``None``: anybody.
            channel: where it is told; ``None``: anywhere.
        """
        ...

    async def times(self, source: str, destination: str, *, limit: int = 100) -> Sequence[CopyTime]:
        """How long the latest completed copies between two regions took, those of which that is known."""
        ...

    async def made(self) -> Sequence[Made]:
        """Every copy, open and ended, with what matters among very many, in no order."""
        ...

    async def note_once(self, findings: Mapping[str, Event | None]) -> int:
        """Remember findings, all at once or not at all. A finding that is remembered already stays as it was.

        Args:
            findings: by the key that each is remembered by, with the event that is written when it is new; ``None``: it
                is worth none.

        Returns:
            How many were new.
        """
        ...

    async def are_noted(self, keys: Sequence[str]) -> Set[str]:
        """Which of these findings are remembered."""
        ...

    async def events(self, wanted: EventFilter, *, limit: int = 20) -> Sequence[RecordedEvent]:
        """Events, newest first."""
        ...

    def all_events(self, wanted: EventFilter) -> AsyncIterator[RecordedEvent]:
        """Every such event, oldest first, without holding them all in memory."""
        ...

    async def story(self, order_id: str, *, after: int = 0) -> Sequence[RecordedEvent]:
        """The events of the copies of one order since it was opened, with a sequence greater than ``after``, oldest
        first.
        """
        ...


class Watch(Protocol):
    """Looks at running copies, for all of them together within the budget."""

    async def look(self, copy: Copy, *, not_before: datetime) -> Look:
        """A look at both sides of a copy, made at ``not_before`` or later."""
        ...


class StandingOrders(Protocol):
    """What is kept copied. A change and its event are written together, or not at all."""

    async def write(self, standing: StandingOrder, event: Event | None = None) -> bool:
        """Write a standing order that is new (revision 0) or was changed once (`StandingOrder.changed`).

        Returns:
            ``False``, with nothing written, where it has changed since it was read, or, for a new one, where there is
            one for the same instance and region that has not ended.
        """
        ...

    async def kept(self) -> Sequence[StandingOrder]:
        """Those that have not ended, oldest first."""
        ...

    async def standing_order(self, standing_id: str) -> StandingOrder | None:
        """One of them, also one that has ended; a unique beginning of its id, of six characters at least, is enough."""
        ...


class Members(Protocol):
    """Who somebody is, as the chat knows them."""

    @property
    def can_be_told_apart(self) -> bool:
        """Whether the chat was reached since the start: before that nobody is known, and everybody looks like a guest
        of another workspace.
        """
        ...

    async def member(self, person_id: str) -> Member | None:
        """Somebody, as the chat says now or said a few minutes ago; ``None`` where that cannot be found out."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """The world, as the operations are given it."""

    cloud: Cloud
    record: Record
    catalogue: Catalogue
    watch: Watch
    clock: Clock
    pace: Pace
    rules: RulesInForce
