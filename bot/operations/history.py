"""What happened: the audit log a page at a time, without what the person who asks may not see."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from bot.domain.backup import Backup, Origin
from bot.domain.events import Event, EventFilter, RecordedEvent
from bot.domain.sight import EVERYTHING, Sight
from bot.operations.ports import Ports

READ_AT_ONCE = 100
"""Events, where some of them may not be seen."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of the audit log.

    Attributes:
        events: newest first.
        has_older: whether there are more behind it.
        has_newer: whether there are more before it.
    """

    events: tuple[RecordedEvent, ...]
    has_older: bool = False
    has_newer: bool = False


async def history(ports: Ports, wanted: EventFilter, *, size: int = 20, sight: Sight = EVERYTHING) -> HistoryPage:
    """Events that fit and may be seen: the newest, or those next to `EventFilter.before` or `EventFilter.after`.

    What may not be seen is left out before pages are made: each is full, and what it says of others is true.
    """
    eyes = _Eyes(ports, sight)
    beyond = replace(wanted, before=None, after=None)
    if wanted.after is not None:
        found = await _first(eyes.oldest_first(wanted), size + 1)
        events = tuple(reversed(found[:size]))
        has_older = bool(events) and await eyes.see_any(replace(beyond, before=events[-1].sequence))
        return HistoryPage(events, has_older, has_newer=len(found) > size)
    found = await _first(eyes.newest_first(wanted), size + 1)
    events = tuple(found[:size])
    newest = events[0].sequence if events else (wanted.before or 1) - 1
    has_newer = wanted.before is not None and await eyes.see_any(replace(beyond, after=newest))
    return HistoryPage(events, len(found) > size, has_newer)


async def _first(events: AsyncGenerator[RecordedEvent, None], number: int) -> list[RecordedEvent]:
    found: list[RecordedEvent] = []
    async with aclosing(events):
        async for recorded in events:
            found.append(recorded)
            if len(found) == number:
                break
    return found


@dataclass(slots=True)
class _Eyes:
    """Looks at the audit log for somebody, and remembers for a moment which copies they may see."""

    ports: Ports
    sight: Sight
    copies: dict[str, bool] = field(default_factory=dict)

    async def see_any(self, wanted: EventFilter) -> bool:
        return bool(await _first(self.newest_first(wanted), 1))

    async def newest_first(self, wanted: EventFilter) -> AsyncGenerator[RecordedEvent, None]:
        before = wanted.before
        while page := await self.ports.record.events(replace(wanted, before=before), limit=READ_AT_ONCE):
            for recorded in page:
                if await self.see(recorded.event):
                    yield recorded
            before = page[-1].sequence

    async def oldest_first(self, wanted: EventFilter) -> AsyncGenerator[RecordedEvent, None]:
        async for recorded in self.ports.record.all_events(wanted):
            if await self.see(recorded.event):
                yield recorded

    async def see(self, event: Event) -> bool:
        """What is about no backup, and what they did themselves, everybody sees."""
        if not self.sight.is_narrowed or event.who.id == self.sight.person_id:
            return True
        if event.copy_id is not None:
            if event.copy_id not in self.copies:
                self.copies[event.copy_id] = await self._sees_copy(event.copy_id)
            return self.copies[event.copy_id]
        if event.backup_id is None:
            instance = _instance_in(event.facts)
            return instance is None or self._sees_instance(instance)
        return self.sight.sees(await self._backup_of(event, event.backup_id))

    def _sees_instance(self, instance: Origin) -> bool:
        """Whether they may see the backups of an instance that are in some region, whatever their names."""
        regions = self.ports.cloud.regions
        return any(self.sight.sees(Backup(id="", region=each, name="", status="", origin=instance)) for each in regions)

    async def _sees_copy(self, copy_id: str) -> bool:
        copy = await self.ports.record.copy(copy_id)
        if copy is None:
            return False
        orders = await self.ports.record.orders_with(copy_id)
        is_own = any(each.order.requested_by.id == self.sight.person_id for each in orders)
        return is_own or self.sight.sees_copy(copy)

    async def _backup_of(self, event: Event, backup_id: str) -> Backup:
        """The backup an event is about: as last seen, or as the event tells of it."""
        known = await self.ports.catalogue.backup(event.source or "", backup_id)
        return known or Backup(
            id=backup_id,
            region=event.source or "",
            name=event.backup_name or "",
            status="",
            origin=_instance_in(event.facts),
        )


def _instance_in(facts: Mapping[str, str | int | float | None]) -> Origin | None:
    instance = facts.get("instance")
    return Origin("instance", str(instance)) if instance else None
