"""Look at what runs and what happened."""

from collections.abc import Sequence

from bot.domain.copies import Copy
from bot.domain.events import EventFilter, RecordedEvent
from bot.domain.orders import OrderStanding
from bot.operations.ports import Ports


async def open_copies(ports: Ports) -> Sequence[Copy]:
    """All copies that have not ended, oldest first."""
    return await ports.record.open_copies()


async def open_orders(ports: Ports) -> Sequence[OrderStanding]:
    """All orders of which something is still to happen, oldest first."""
    return await ports.record.open_orders()


async def recent_orders_of(ports: Ports, person_id: str, *, limit: int = 10) -> Sequence[OrderStanding]:
    """What a person asked for lately, newest first."""
    return await ports.record.orders_of(person_id, limit=limit)


async def find_order(ports: Ports, order_id: str) -> OrderStanding | None:
    """One order; a unique beginning of its id, of six characters at least, is enough."""
    return await ports.record.order(order_id)


async def history(ports: Ports, wanted: EventFilter, *, limit: int = 20) -> Sequence[RecordedEvent]:
    """Events of the audit log, newest first."""
    return await ports.record.events(wanted, limit=limit)
