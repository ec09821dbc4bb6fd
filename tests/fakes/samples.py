"""Events and copies to fill a record with."""

from datetime import UTC, datetime, timedelta

from bot.domain.backup import Backup
from bot.domain.copies import Copy
from bot.domain.events import Event, EventKind
from bot.domain.orders import Order
from bot.domain.people import Person

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ANA = Person("U0ANA", "Ana Güneş")


def sample_event(number: int, kind: EventKind = EventKind.SEEN) -> Event:
    """An event that differs from every other."""
    return Event(
        kind=kind,
        at=NOON + timedelta(seconds=number),
        who=ANA,
        copy_id=f"copy-{number}",
        backup_id="ff44da4e-91eb-40ba-aa5b-841e1c308f55",
        backup_name="nightly 🙂",
        source="DFW",
        destination="IAD",
        where="C0OPS",
        facts={"number": number, "status": "COPYING"},
    )


def sample_copy(number: int) -> Copy:
    """A copy of a backup of its own."""
    return Copy(
        id=f"copy-{number:08}",
        revision=0,
        order_id=f"copy-{number:08}",
        backup=Backup(id=f"backup-{number}", region="DFW", name=f"nightly-{number}", status="COMPLETED"),
        destination="IAD",
        name="copy",
        description="",
        requested_by=ANA,
        requested_at=NOON + timedelta(seconds=number),
        channel="C0OPS",
    )


def sample_order(*copies: Copy) -> Order:
    """The order that opens these copies, all of which were asked for; with the id of the first."""
    first = copies[0]
    ids = tuple(copy.id for copy in copies)
    return Order(
        id=first.order_id,
        confirmation_id=f"confirmation of {first.order_id}",
        requested_by=first.requested_by,
        requested_at=first.requested_at,
        channel=first.channel,
        plan_digest="d",
        copy_ids=ids,
        wanted_ids=ids,
    )
