"""What the contract of the record is about: copies, events and orders to write."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.domain.backup import Backup, Datastore, Origin
from bot.domain.copies import Copy, CopyState
from bot.domain.events import Event, EventFilter, EventKind, RecordedEvent
from bot.domain.people import Person
from bot.operations.ports import Opened, Record
from tests.fakes.samples import sample_order

ANA = Person("U0ANA", "Ana")
BEN = Person("U0BEN", "Ben Öztürk")
START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class ListenedRecord(Record, Protocol):
    def on_commit(self, callback: Callable[[RecordedEvent], None]) -> None: ...


def backup(backup_id: str = "ff44da4e-91eb-40ba-aa5b-841e1c308f55", region: str = "DFW") -> Backup:
    return Backup(
        id=backup_id,
        region=region,
        name="nightly <!channel> & <b>",
        status="COMPLETED",
        size_gb=1.25,
        created=START - timedelta(hours=6),
        datastore=Datastore("mysql", "5.6"),
        origin=Origin("instance", "3f0c"),
        is_automated=True,
    )


def new_copy(number: int = 1, **changes: object) -> Copy:
    copy = Copy(
        id=f"{number:06x}c0ffee",
        revision=0,
        order_id=f"{number:06x}c0ffee",
        backup=backup(),
        destination="IAD",
        name="nightly-copy",
        description="“before” the\nmigration",
        requested_by=ANA,
        requested_at=START + timedelta(minutes=number),
        channel="C0OPS",
    )
    return replace(copy, **{"order_id": changes.get("id", copy.id), **changes})  # type: ignore[arg-type]  # the attributes of a copy


def event(kind: EventKind = EventKind.COPY_REQUESTED, copy: Copy | None = None, **changes: object) -> Event:
    made = Event(kind=kind, at=START, who=ANA, where="C0OPS", facts={"seconds": 1.5, "status": 202, "nothing": None})
    if copy:
        about = copy.backup
        made = replace(made, copy_id=copy.id, backup_id=about.id, backup_name=about.name)
        made = replace(made, source=about.region, destination=copy.destination)
    return replace(made, **changes)  # type: ignore[arg-type]  # the attributes of an event


async def ask_for(
    record: Record, *copies: Copy, confirmation_id: str | None = None, looked_at: datetime | None = None
) -> Opened:
    """One order of all of these."""
    order = sample_order(*copies)
    order = replace(order, confirmation_id=confirmation_id or order.confirmation_id)
    requests = [(copy, event(copy=copy, at=copy.requested_at)) for copy in copies]
    return await record.open(order, requests, looked_at=looked_at)


async def opened(record: Record, copy: Copy) -> Copy:
    (new,) = (await ask_for(record, copy)).new
    return new


async def sequences(record: Record, wanted: EventFilter, limit: int = 20) -> list[int]:
    return [recorded.sequence for recorded in await record.events(wanted, limit=limit)]


async def completed(record: Record, copy: Copy, at: datetime, copied_id: str = "new") -> Copy:
    """A copy that was asked for, sent and completed."""
    sending = (await opened(record, copy)).moved(CopyState.SENDING, sent_at=START)
    running = sending.moved(CopyState.RUNNING)
    ended = running.moved(CopyState.COMPLETED, ended_at=at, copied_id=copied_id)
    for moved in (sending, running, ended):
        assert await record.move(moved, event(EventKind.SEEN, copy))
    return ended
