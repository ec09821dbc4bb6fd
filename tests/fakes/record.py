"""The record, in memory. The contract suite holds it to the same promises as the real one."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence

from bot.domain.copies import Copy
from bot.domain.events import Event, EventFilter, RecordedEvent
from bot.operations.ports import Opened


class MemoryRecord:
    """The port `Record`; `history` is the whole log, for a test to look at."""

    def __init__(self) -> None:
        self.history: list[RecordedEvent] = []
        self._copies: dict[str, Copy] = {}
        self._listeners: list[Callable[[RecordedEvent], None]] = []
        self._moved = asyncio.Condition()

    def on_commit(self, callback: Callable[[RecordedEvent], None]) -> None:
        self._listeners.append(callback)

    async def open(self, copy: Copy, event: Event) -> Opened:
        same = [each for each in self._copies.values() if each.confirmation_id == copy.confirmation_id]
        same += [each for each in self._copies.values() if each.is_open and _key(each) == _key(copy)]
        if same:
            return Opened(same[0], is_new=False)
        self._copies[copy.id] = copy
        self._write(event)
        return Opened(copy, is_new=True)

    async def move(self, copy: Copy, event: Event) -> bool:
        standing = self._copies.get(copy.id)
        if standing is None or standing.revision != copy.revision - 1:
            return False
        self._copies[copy.id] = copy
        self._write(event)
        async with self._moved:
            self._moved.notify_all()
        return True

    async def append(self, event: Event) -> RecordedEvent:
        return self._write(event)

    async def copy(self, copy_id: str) -> Copy | None:
        if copy_id in self._copies:
            return self._copies[copy_id]
        begun = [copy for copy in self._copies.values() if copy.id.startswith(copy_id)]
        return begun[0] if len(begun) == 1 and len(copy_id) >= 6 else None

    async def changed(self, copy: Copy, timeout: float) -> Copy:  # noqa: ASYNC109 - the port's promise
        def standing() -> Copy:
            return self._copies.get(copy.id, copy)

        try:
            async with asyncio.timeout(timeout), self._moved:
                await self._moved.wait_for(lambda: standing().revision > copy.revision)
        except TimeoutError:
            pass
        return standing()

    async def open_copies(self) -> Sequence[Copy]:
        return [copy for copy in self._oldest_first() if copy.is_open]

    async def open_copy(self, *, backup_id: str, source: str, destination: str) -> Copy | None:
        key = (backup_id, source, destination)
        return next((copy for copy in self._copies.values() if copy.is_open and _key(copy) == key), None)

    async def copies(
        self,
        *,
        backup_id: str | None = None,
        destination: str | None = None,
        requested_by: str | None = None,
        limit: int = 20,
    ) -> Sequence[Copy]:
        found = [
            copy
            for copy in reversed(self._oldest_first())
            if backup_id in {None, copy.backup.id}
            and destination in {None, copy.destination}
            and requested_by in {None, copy.requested_by.id}
        ]
        return found[:limit]

    async def events(self, wanted: EventFilter, *, limit: int = 20) -> Sequence[RecordedEvent]:
        return [recorded for recorded in reversed(self.history) if _fits(recorded, wanted)][:limit]

    async def all_events(self, wanted: EventFilter) -> AsyncIterator[RecordedEvent]:
        for recorded in list(self.history):
            if _fits(recorded, wanted):
                yield recorded

    async def story(self, copy_id: str, *, after: int = 0) -> Sequence[RecordedEvent]:
        return [each for each in self.history if each.event.copy_id == copy_id and each.sequence > after]

    def _oldest_first(self) -> list[Copy]:
        return sorted(self._copies.values(), key=lambda copy: copy.requested_at)

    def _write(self, event: Event) -> RecordedEvent:
        sequence = len(self.history) + 1
        recorded = RecordedEvent(sequence, event, hashlib.sha256(repr((sequence, event)).encode()).hexdigest())
        self.history.append(recorded)
        for callback in self._listeners:
            asyncio.get_running_loop().call_soon(callback, recorded)
        return recorded


def _key(copy: Copy) -> tuple[str, str, str]:
    return copy.backup.id, copy.backup.region, copy.destination


def _fits(recorded: RecordedEvent, wanted: EventFilter) -> bool:
    event = recorded.event
    return (
        wanted.copy_id in {None, event.copy_id}
        and wanted.backup_id in {None, event.backup_id}
        and (wanted.person is None or wanted.person == event.who.id or wanted.person.lower() == event.who.name.lower())
        and (wanted.region is None or wanted.region in {event.source, event.destination})
        and (not wanted.kinds or event.kind in wanted.kinds)
        and (wanted.since is None or event.at >= wanted.since)
        and (wanted.until is None or event.at < wanted.until)
        and (wanted.before is None or recorded.sequence < wanted.before)
        and (not wanted.text or any(wanted.text.casefold() in word.casefold() for word in _words(event)))
    )


def _words(event: Event) -> list[str]:
    plain = [event.kind, event.who.id, event.who.name, event.copy_id, event.backup_id, event.backup_name]
    plain += [event.source, event.destination, event.where, event.reason]
    return [str(word) for word in (*plain, *event.facts.values()) if word is not None]
