"""The record, in memory. The contract suite holds it to the same promises as the real one."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime

from bot.domain.copies import Copy, CopyState
from bot.domain.events import ENDINGS, Event, EventFilter, RecordedEvent
from bot.domain.judgement import Usage
from bot.domain.learned import CopyTime
from bot.domain.orders import Order, OrderStanding, standing
from bot.domain.survey import Made
from bot.operations.ports import Opened


class MemoryRecord:
    """The port `Record`.

    Attributes:
        history: the whole log, for a test to look at.
        before_open: what happens right before an order is opened, at the worst of all moments.
    """

    def __init__(self) -> None:
        self.history: list[RecordedEvent] = []
        self.before_open: Callable[[], Awaitable[object]] | None = None
        self._copies: dict[str, Copy] = {}
        self._orders: dict[str, Order] = {}
        self._first_event: dict[str, int] = {}
        self._listeners: list[Callable[[RecordedEvent], None]] = []
        self._moved = asyncio.Condition()
        self._findings: set[str] = set()
        self.revision = 0

    def on_commit(self, callback: Callable[[RecordedEvent], None]) -> None:
        self._listeners.append(callback)

    async def open(
        self, order: Order, copies: Sequence[tuple[Copy, Event]], *, looked_at: datetime | None = None
    ) -> Opened:
        if self.before_open:
            await self.before_open()
        for earlier in self._orders.values():
            if earlier.confirmation_id == order.confirmation_id:
                return Opened(self._standing(earlier), is_new=False)
        first_event = len(self.history) + 1
        instead: dict[str, Copy] = {}
        new: list[Copy] = []
        for copy, event in copies:
            there = self._in_place_of(copy, looked_at)
            if there:
                instead[copy.id] = there
                self._write(event.joining(there.id))
                continue
            after = instead[copy.after].id if copy.after in instead else copy.after
            new.append(replace(copy, after=after))
            self._copies[copy.id] = new[-1]
            self.revision += 1
            self._write(event)
        joined = tuple(instead.values())
        if not new:
            return Opened(None, is_new=False, joined=joined)
        self._first_event[order.id] = first_event
        self._orders[order.id] = order.instead({key: copy.id for key, copy in instead.items()})
        return Opened(self._standing(self._orders[order.id]), is_new=True, new=tuple(new), joined=joined)

    async def move(self, copy: Copy, event: Event) -> bool:
        standing = self._copies.get(copy.id)
        if standing is None or standing.revision != copy.revision - 1:
            return False
        self._copies[copy.id] = copy
        self.revision += 1
        self._write(event)
        async with self._moved:
            self._moved.notify_all()
        return True

    async def append(self, event: Event) -> RecordedEvent:
        return self._write(event)

    async def copy(self, copy_id: str) -> Copy | None:
        return self._copies.get(copy_id)

    async def order(self, order_id: str) -> OrderStanding | None:
        if order_id in self._orders:
            return self._standing(self._orders[order_id])
        begun = [order for order in self._orders.values() if order.id.startswith(order_id)]
        if begun and len(order_id) >= 6:
            return self._standing(begun[0]) if len(begun) == 1 else None
        copy = self._copies.get(order_id)
        return self._standing(self._orders[copy.order_id]) if copy else None

    async def orders_beginning(self, beginning: str, *, limit: int) -> Sequence[OrderStanding]:
        newest_first = reversed(self._orders_oldest_first())
        return [each for each in newest_first if beginning and each.order.id.startswith(beginning)][:limit]

    async def orders_with(self, copy_id: str) -> Sequence[OrderStanding]:
        concerned = [order for order in self._orders.values() if copy_id in order.copy_ids]
        return [self._standing(order) for order in sorted(concerned, key=_when_asked)]

    async def open_orders(self) -> Sequence[OrderStanding]:
        return [each for each in self._orders_oldest_first() if each.is_open]

    async def orders_of(self, person_id: str, *, limit: int = 20) -> Sequence[OrderStanding]:
        mine = [each for each in reversed(self._orders_oldest_first()) if each.order.requested_by.id == person_id]
        return mine[:limit]

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
        return next((copy for copy in self._copies.values() if copy.is_open and copy.key == key), None)

    async def copies(
        self,
        *,
        backup_id: str | None = None,
        destination: str | None = None,
        requested_by: str | None = None,
        copied_id: str | None = None,
        limit: int = 20,
    ) -> Sequence[Copy]:
        found = [
            copy
            for copy in reversed(self._oldest_first())
            if backup_id in {None, copy.backup.id}
            and destination in {None, copy.destination}
            and requested_by in {None, copy.requested_by.id}
            and copied_id in {None, copy.copied_id}
        ]
        return found[:limit]

    async def all_orders(self) -> Sequence[Order]:
        return [each.order for each in self._orders_oldest_first()]

    async def usage(self, since: datetime, *, person_id: str | None = None, channel: str | None = None) -> Usage:
        counted = [
            copy
            for copy in self._copies.values()
            if person_id in {None, copy.requested_by.id} and channel in {None, copy.channel}
        ]
        lately = [copy for copy in counted if copy.requested_at >= since]
        return Usage(
            running=sum(copy.is_open for copy in counted),
            copies=len(lately),
            gb=sum(copy.backup.size_gb or 0.0 for copy in lately),
            gb_running=sum(copy.backup.size_gb or 0.0 for copy in counted if copy.is_open),
        )

    async def times(self, source: str, destination: str, *, limit: int = 100) -> Sequence[CopyTime]:
        known = [
            copy
            for copy in self._copies.values()
            if copy.time and (copy.backup.region, copy.destination) == (source, destination)
        ]
        known.sort(key=lambda copy: copy.ended_at or copy.requested_at, reverse=True)
        return [copy.time for copy in known[:limit] if copy.time]

    async def made(self) -> Sequence[Made]:
        return [
            Made(
                id=copy.id,
                source=copy.backup.region,
                backup_id=copy.backup.id,
                created=copy.backup.created,
                destination=copy.destination,
                name=copy.name,
                copied_id=copy.copied_id,
                completed_at=copy.ended_at if copy.state is CopyState.COMPLETED else None,
                was_sent=copy.sent_at is not None or copy.state is CopyState.SENDING,
            )
            for copy in self._copies.values()
        ]

    async def note_once(self, findings: Mapping[str, Event | None]) -> int:
        new = [key for key in findings if key not in self._findings]
        self._findings.update(new)
        for key in new:
            event = findings[key]
            if event is not None:
                self._write(event)
        return len(new)

    def forget_findings(self) -> None:
        """As a process does that is killed before it has noted them."""
        self._findings.clear()

    async def are_noted(self, keys: Sequence[str]) -> Set[str]:
        return self._findings & set(keys)

    async def events(self, wanted: EventFilter, *, limit: int = 20) -> Sequence[RecordedEvent]:
        return [recorded for recorded in reversed(self.history) if self._fits(recorded, wanted)][:limit]

    async def all_events(self, wanted: EventFilter) -> AsyncIterator[RecordedEvent]:
        for recorded in list(self.history):
            if self._fits(recorded, wanted):
                yield recorded

    async def story(self, order_id: str, *, after: int = 0) -> Sequence[RecordedEvent]:
        found = await self.order(order_id)
        if found is None:
            return []
        later = self.history[max(after, self._first_event[found.order.id] - 1) :]
        return [each for each in later if each.event.copy_id in found.order.copy_ids]

    def _fits(self, recorded: RecordedEvent, wanted: EventFilter) -> bool:
        endings = {kind for outcome in wanted.outcomes for kind in ENDINGS[outcome]}
        ended_so = {each.event.copy_id for each in self.history if each.event.kind in endings} - {None}
        return _fits(recorded, wanted) and (not wanted.outcomes or recorded.event.copy_id in ended_so)

    def _in_place_of(self, copy: Copy, looked_at: datetime | None) -> Copy | None:
        same = [each for each in self._copies.values() if each.key == copy.key]
        arrived = [
            each
            for each in same
            if looked_at and each.ended_at and each.state is CopyState.COMPLETED and each.ended_at >= looked_at
        ]
        return next((each for each in same if each.is_open), next(iter(arrived), None))

    def _standing(self, order: Order) -> OrderStanding:
        return standing(order, [self._copies[copy_id] for copy_id in order.copy_ids])

    def _orders_oldest_first(self) -> list[OrderStanding]:
        return [self._standing(order) for order in sorted(self._orders.values(), key=_when_asked)]

    def _oldest_first(self) -> list[Copy]:
        return sorted(self._copies.values(), key=lambda copy: copy.requested_at)

    def _write(self, event: Event) -> RecordedEvent:
        sequence = len(self.history) + 1
        recorded = RecordedEvent(sequence, event, hashlib.sha256(repr((sequence, event)).encode()).hexdigest())
        self.history.append(recorded)
        for callback in self._listeners:
            asyncio.get_running_loop().call_soon(callback, recorded)
        return recorded


def _when_asked(order: Order) -> datetime:
    return order.requested_at


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
        and (wanted.after is None or recorded.sequence > wanted.after)
        and (not wanted.text or any(wanted.text.casefold() in word.casefold() for word in _words(event)))
    )


def _words(event: Event) -> list[str]:
    plain = [event.kind, event.who.id, event.who.name, event.copy_id, event.backup_id, event.backup_name]
    plain += [event.source, event.destination, event.where, event.reason]
    return [str(word) for word in (*plain, *event.facts.values()) if word is not None]
