"""The record: the audit log and the copies as they stand, in one file, written together or not at all."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Self

from pydantic import SecretStr
from sqlite_utils import Database as Connection

from bot.domain.copies import Copy
from bot.domain.events import Event, EventFilter, RecordedEvent
from bot.operations.ports import Opened
from bot.storage.audit_log import AuditLog, StoredEvent, find_events
from bot.storage.copies import (
    all_open_copies,
    copy_in_the_way,
    copy_named,
    find_copies,
    insert_copy,
    open_copy_of,
    replace_copy,
)
from bot.storage.database import Database
from bot.storage.errors import WrongKeyError

EVENTS_AT_ONCE = 500
"""Read in one go by whoever wants all of them; in between others get their turn."""

NO_LIMIT = -1


class SqliteRecord:
    """The port `bot.operations.ports.Record`, on SQLite; its methods are described there.

    Args:
        database: with the tables of `bot.storage.audit_log` and `bot.storage.copies`.
        key: of the audit log's hashes.
    """

    def __init__(self, database: Database, key: SecretStr | None = None) -> None:
        self._database = database
        self._log = AuditLog(key)
        self._listeners: list[Callable[[RecordedEvent], None]] = []
        self._waiting: dict[str, set[asyncio.Future[Copy]]] = {}

    @classmethod
    async def on(cls, database: Database, key: SecretStr | None = None) -> Self:
        """A record that goes on where the file ends.

        Raises:
            WrongKeyError: the last event's hash was not made with this key.
        """
        record = cls(database, key)
        sequence = await database.read(record._log.first_not_fitting)
        if sequence is not None:
            raise WrongKeyError(database.path, sequence)
        return record

    def on_commit(self, callback: Callable[[RecordedEvent], None]) -> None:
        """Have a callback run on the event loop for each event, once it is committed, in the log's order."""
        self._listeners.append(callback)

    async def open(self, copy: Copy, event: Event) -> Opened:
        """Open a copy, unless there is one."""

        def work(connection: Connection) -> tuple[Opened, RecordedEvent | None]:
            if there := copy_in_the_way(connection, copy):
                return Opened(there, is_new=False), None
            insert_copy(connection, copy)
            return Opened(copy, is_new=True), self._log.append(connection, event)

        def after(outcome: tuple[Opened, RecordedEvent | None]) -> None:
            self._tell(outcome[1])

        opened, _ = await self._database.write(work, after)
        return opened

    async def move(self, copy: Copy, event: Event) -> bool:
        """Write a copy that was moved once, and its event."""

        def work(connection: Connection) -> RecordedEvent | None:
            return self._log.append(connection, event) if replace_copy(connection, copy) else None

        def after(recorded: RecordedEvent | None) -> None:
            if recorded:
                self._wake(copy)
            self._tell(recorded)

        return await self._database.write(work, after) is not None

    async def append(self, event: Event) -> RecordedEvent:
        """Write an event that moves no copy."""
        return await self._database.write(lambda connection: self._log.append(connection, event), self._tell)

    async def copy(self, copy_id: str) -> Copy | None:
        """One copy, by id or a unique beginning of it."""
        return await self._database.read(lambda connection: copy_named(connection, copy_id))

    async def changed(self, copy: Copy, timeout: float) -> Copy:  # noqa: ASYNC109 - waiting that long is the promise
        """Wait until a copy has moved on."""
        moved: asyncio.Future[Copy] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(copy.id, set())
        waiting.add(moved)  # before the look, so that no move falls in between
        try:
            now = await self.copy(copy.id) or copy
            if now.revision > copy.revision:
                return now
            done, _ = await asyncio.wait({moved}, timeout=timeout)
            return moved.result() if done else now
        finally:
            waiting.discard(moved)
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
        limit: int = 20,
    ) -> Sequence[Copy]:
        """Copies, newest first."""
        return await self._database.read(
            lambda connection: find_copies(
                connection, backup_id=backup_id, destination=destination, requested_by=requested_by, limit=limit
            )
        )

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

    async def story(self, copy_id: str, *, after: int = 0) -> Sequence[RecordedEvent]:
        """The events of one copy, oldest first."""
        wanted = EventFilter(copy_id=copy_id)
        found = await self._database.read(
            lambda connection: find_events(connection, wanted, limit=NO_LIMIT, after=after)
        )
        return [stored.recorded for stored in found]

    async def _page(self, wanted: EventFilter, after: int) -> Sequence[StoredEvent]:
        return await self._database.read(
            lambda connection: find_events(connection, wanted, limit=EVENTS_AT_ONCE, after=after)
        )

    def _wake(self, copy: Copy) -> None:
        for moved in self._waiting.pop(copy.id, ()):
            if not moved.done():
                moved.set_result(copy)

    def _tell(self, recorded: RecordedEvent | None) -> None:
        """Each callback gets a turn of the event loop of its own: one that fails keeps nothing from the others."""
        if recorded:
            for callback in self._listeners:
                asyncio.get_running_loop().call_soon(callback, recorded)
