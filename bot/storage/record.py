"""The record: the audit log and the copies as they stand, in one database, written together or not at all."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime
from typing import Self

from pydantic import SecretStr

from bot.domain.copies import Copy
from bot.domain.events import Event, EventFilter, RecordedEvent
from bot.domain.judgement import Usage
from bot.domain.learned import CopyTime
from bot.domain.orders import Order, OrderStanding
from bot.domain.survey import Made
from bot.operations.ports import Opened
from bot.storage.audit_log import AuditLog, StoredEvent, find_events
from bot.storage.connection import EVERYTHING, Connection
from bot.storage.copies import (
    all_made,
    all_open_copies,
    arrived_since,
    copy_with,
    find_copies,
    insert_copy,
    open_copy_of,
    replace_copy,
    times_between,
    usage_since,
)
from bot.storage.database import Database
from bot.storage.errors import WrongKeyError
from bot.storage.findings import is_new, noted
from bot.storage.orders import (
    all_open_orders,
    first_event_of,
    insert_order,
    order_confirmed_by,
    order_named,
    orders_beginning_with,
    orders_of_person,
    orders_with_copy,
)

EVENTS_AT_ONCE = 500
"""Read in one go by whoever wants all of them; in between others get their turn."""


class StoredRecord:
    """The port `bot.operations.ports.Record`, on a database; its methods are described there.

    Args:
        database: with the tables of `bot.storage.audit_log` and `bot.storage.copies`.
        key: of the audit log's hashes.
    """

    def __init__(self, database: Database, key: SecretStr | None = None) -> None:
        self._database = database
        self._log = AuditLog(key)
        self._on_commit: list[Callable[[RecordedEvent], None]] = []
        self._on_news: list[Callable[[RecordedEvent], None]] = []
        self._waiting: dict[str, dict[asyncio.Future[Copy], int]] = {}
        self._revision = 0
        self._told: int | None = None
        self._counted: set[int] = set()

    @property
    def revision(self) -> int:
        """Grows whenever a copy changes."""
        return self._revision

    @classmethod
    async def on(cls, database: Database, key: SecretStr | None = None) -> Self:
        """A record that goes on where the log ends.

        Raises:
            WrongKeyError: the last event's hash was not made with this key.
        """
        record = cls(database, key)
        sequence = await database.read(record._log.first_not_fitting)
        if sequence is not None:
            raise WrongKeyError(database.name, sequence)
        return record

    def on_commit(self, callback: Callable[[RecordedEvent], None]) -> None:
        """Have a callback run on the event loop for each event that is written here, once it is committed, in the log's
        order.
        """
        self._on_commit.append(callback)

    def on_news(self, callback: Callable[[RecordedEvent], None]) -> None:
        """Have a callback run on the event loop for each event, whichever process has written it, once it is committed,
        in the log's order.
        """
        self._on_news.append(callback)

    async def share(self) -> None:
        """From now on other processes write to the database, too: `catch_up` says what is new.

        Raises:
            StorageError: it cannot be read.
        """
        newest = await self.events(EventFilter(), limit=1)
        self._told = newest[0].sequence if newest else 0

    async def catch_up(self) -> None:
        """Tell all that was committed since the last time, by whichever process.

        Raises:
            StorageError: it cannot be read; nothing is left out the next time.
        """
        while page := await self._page(EventFilter(), self._told or 0):
            await self._wake_waiting({stored.recorded.event.copy_id for stored in page} & self._waiting.keys())
            for stored in page:
                self._told = stored.sequence
                if stored.recorded.event.copy_id is not None and stored.sequence not in self._counted:
                    self._revision += 1
                self._counted.discard(stored.sequence)
                _run_all(self._on_news, stored.recorded)

    async def open(
        self, order: Order, copies: Sequence[tuple[Copy, Event]], *, looked_at: datetime | None = None
    ) -> Opened:
        """Open an order and its copies."""

        def work(connection: Connection) -> tuple[Opened, list[RecordedEvent]]:
            if earlier := order_confirmed_by(connection, order.confirmation_id):
                return Opened(earlier, is_new=False), []
            return self._open(connection, order, copies, looked_at)

        def after(outcome: tuple[Opened, list[RecordedEvent]]) -> None:
            self._revision += len(outcome[0].new)
            for recorded in outcome[1]:
                self._count(recorded)
                self._tell(recorded)

        opened, _ = await self._database.write(work, after)
        return opened

    def _open(
        self,
        connection: Connection,
        order: Order,
        copies: Sequence[tuple[Copy, Event]],
        looked_at: datetime | None,
    ) -> tuple[Opened, list[RecordedEvent]]:
        new: list[Copy] = []
        joined: list[Copy] = []
        instead: dict[str, str] = {}
        recorded: list[RecordedEvent] = []
        for copy, event in copies:
            if there := _in_place_of(connection, copy, looked_at):
                joined.append(there)
                instead[copy.id] = there.id
                recorded.append(self._log.append(connection, event.joining(there.id)))
            else:
                new.append(replace(copy, after=instead.get(copy.after or "", copy.after)))
                insert_copy(connection, new[-1])
                recorded.append(self._log.append(connection, event))
        if not new:
            return Opened(None, is_new=False, joined=tuple(joined)), recorded
        insert_order(connection, order.instead(instead), recorded[0].sequence)
        made = order_confirmed_by(connection, order.confirmation_id)
        return Opened(made, is_new=True, new=tuple(new), joined=tuple(joined)), recorded

    async def move(self, copy: Copy, event: Event) -> bool:
        """Write a copy that was moved once, and its event."""

        def work(connection: Connection) -> RecordedEvent | None:
            return self._log.append(connection, event) if replace_copy(connection, copy) else None

        def after(recorded: RecordedEvent | None) -> None:
            if recorded:
                self._revision += 1
                self._count(recorded)
                self._wake(copy)
            self._tell(recorded)

        return await self._database.write(work, after) is not None

    async def write_beside(self, work: Callable[[Connection], bool], event: Event | None) -> bool:
        """Write something into the same file, and its event, together or not at all.

        Args:
            work: writes it; ``False`` where there was nothing to be written: then there is no event either.
            event: ``None``: it is worth none.
        """

        def both(connection: Connection) -> tuple[bool, RecordedEvent | None]:
            is_written = work(connection)
            return is_written, self._log.append(connection, event) if is_written and event else None

        is_written, _ = await self._database.write(both, lambda outcome: self._tell(outcome[1]))
        return is_written

    async def append(self, event: Event) -> RecordedEvent:
        """Write an event that moves no copy."""
        return await self._database.write(lambda connection: self._log.append(connection, event), self._tell)

    async def copy(self, copy_id: str) -> Copy | None:
        """One copy."""
        return await self._database.read(lambda connection: copy_with(connection, copy_id))

    async def order(self, order_id: str) -> OrderStanding | None:
        """One order, by id or a unique beginning of it, or by the id of a copy that it opened."""
        return await self._database.read(lambda connection: order_named(connection, order_id))

    async def orders_beginning(self, beginning: str, *, limit: int) -> Sequence[OrderStanding]:
        """Orders of which the id begins so, newest first."""
        return await self._database.read(lambda connection: orders_beginning_with(connection, beginning, limit))

    async def orders_with(self, copy_id: str) -> Sequence[OrderStanding]:
        """Orders that have a copy, oldest first."""
        return await self._database.read(lambda connection: orders_with_copy(connection, copy_id))

    async def open_orders(self) -> Sequence[OrderStanding]:
        """Orders with an open copy, oldest first."""
        return await self._database.read(all_open_orders)

    async def orders_of(self, person_id: str, *, limit: int = 20) -> Sequence[OrderStanding]:
        """Orders of a person, newest first."""
        return await self._database.read(lambda connection: orders_of_person(connection, person_id, limit))

    async def changed(self, copy: Copy, timeout: float) -> Copy:  # noqa: ASYNC109 - waiting that long is the promise
        """Wait until a copy has moved on."""
        moved: asyncio.Future[Copy] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(copy.id, {})
        waiting[moved] = copy.revision  # before the look, so that no move falls in between
        try:
            now = await self.copy(copy.id) or copy
            if now.revision > copy.revision:
                return now
            done, _ = await asyncio.wait({moved}, timeout=timeout)
            return moved.result() if done else now
        finally:
            waiting.pop(moved, None)
            if not waiting and self._waiting.get(copy.id) is waiting:
                del self._waiting[copy.id]

    async def open_copies(self) -> Sequence[Copy]:
        """Open copies, oldest first."""
        return await self._database.read(all_open_copies)

    async def open_copy(self, *, backup_id: str, source: str, destination: str) -> Copy | None:
        """The open copy of a backup to a region."""
        return await self._database.read(lambda connection: open_copy_of(connection, backup_id, source, destination))

    async def copies(
        self,
        *,
        backup_id: str | None = None,
        destination: str | None = None,
        requested_by: str | None = None,
        copied_id: str | None = None,
        limit: int = 20,
    ) -> Sequence[Copy]:
        """Copies, newest first."""
        return await self._database.read(
            lambda connection: find_copies(
                connection,
                backup_id=backup_id,
                destination=destination,
                requested_by=requested_by,
                copied_id=copied_id,
                limit=limit,
            )
        )

    async def usage(self, since: datetime, *, person_id: str | None = None, channel: str | None = None) -> Usage:
        """What a person asked for, or what was asked for in a channel."""
        return await self._database.read(lambda connection: usage_since(connection, since, person_id, channel))

    async def times(self, source: str, destination: str, *, limit: int = 100) -> Sequence[CopyTime]:
        """Times of the latest completed copies between two regions."""
        return await self._database.read(lambda connection: times_between(connection, source, destination, limit))

    async def made(self) -> Sequence[Made]:
        """Every copy in short."""
        return await self._database.read(all_made)

    async def note_once(self, findings: Mapping[str, Event | None]) -> int:
        """Remember what was found, with the events of what is new."""

        def work(connection: Connection) -> tuple[int, list[RecordedEvent]]:
            new = [key for key in findings if is_new(connection, key)]
            events = [event for key in new if (event := findings[key]) is not None]
            return len(new), [self._log.append(connection, event) for event in events]

        def after(outcome: tuple[int, list[RecordedEvent]]) -> None:
            for recorded in outcome[1]:
                self._tell(recorded)

        number, _ = await self._database.write(work, after)
        return number

    async def are_noted(self, keys: Sequence[str]) -> frozenset[str]:
        """Which findings are remembered."""
        return await self._database.read(lambda connection: noted(connection, keys))

    async def events(self, wanted: EventFilter, *, limit: int = 20) -> Sequence[RecordedEvent]:
        """Events, newest first."""
        found = await self._database.read(lambda connection: find_events(connection, wanted, limit=limit))
        return [stored.recorded for stored in found]

    async def all_events(self, wanted: EventFilter) -> AsyncIterator[RecordedEvent]:
        """Events, oldest first, a page at a time."""
        async for stored in self.stored_events(wanted):
            yield stored.recorded

    async def stored_events(self, wanted: EventFilter) -> AsyncIterator[StoredEvent]:
        """The same as `all_events`, each with its exact text: what an export is made of."""
        after = 0
        while page := await self._page(wanted, after):
            for stored in page:
                yield stored
            after = page[-1].sequence

    async def story(self, order_id: str, *, after: int = 0) -> Sequence[RecordedEvent]:
        """The events of an order's copies since it was opened, oldest first."""

        def work(connection: Connection) -> list[StoredEvent]:
            if (standing := order_named(connection, order_id)) is None:
                return []
            told = max(after, first_event_of(connection, standing.order.id) - 1)
            found = [
                stored
                for copy_id in standing.order.copy_ids
                for stored in find_events(connection, EventFilter(copy_id=copy_id), limit=EVERYTHING, after=told)
            ]
            return sorted(found, key=lambda stored: stored.sequence)

        return [stored.recorded for stored in await self._database.read(work)]

    async def _page(self, wanted: EventFilter, after: int) -> Sequence[StoredEvent]:
        return await self._database.read(
            lambda connection: find_events(connection, wanted, limit=EVENTS_AT_ONCE, after=after)
        )

    async def _wake_waiting(self, copy_ids: Set[str | None]) -> None:
        """Wake those who wait for these copies, where they have moved."""
        if not copy_ids:
            return
        found = await self._database.read(
            lambda connection: [copy_with(connection, copy_id) for copy_id in copy_ids if copy_id]
        )
        for copy in found:
            if copy:
                self._wake(copy)

    def _wake(self, copy: Copy) -> None:
        for moved, revision in self._waiting.get(copy.id, {}).items():
            if copy.revision > revision and not moved.done():
                moved.set_result(copy)

    def _count(self, recorded: RecordedEvent) -> None:
        """The revision has grown by this event, which comes again with the news of a shared database."""
        if self._told is not None and recorded.sequence > self._told:
            self._counted.add(recorded.sequence)

    def _tell(self, recorded: RecordedEvent | None) -> None:
        """What is new in a shared database is told by `catch_up`, with what others have written in between."""
        if recorded:
            _run_all(self._on_commit, recorded)
            if self._told is None:
                _run_all(self._on_news, recorded)


def _run_all(callbacks: Sequence[Callable[[RecordedEvent], None]], recorded: RecordedEvent) -> None:
    """Each gets a turn of the event loop of its own: one that fails keeps nothing from the others."""
    for callback in callbacks:
        asyncio.get_running_loop().call_soon(callback, recorded)


def _in_place_of(connection: Connection, copy: Copy, looked_at: datetime | None) -> Copy | None:
    """The copy that is open already, or has arrived meanwhile, and makes this one needless."""
    return open_copy_of(connection, *copy.key) or (
        arrived_since(connection, copy.key, looked_at) if looked_at else None
    )
