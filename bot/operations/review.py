"""Look at what runs and what happened."""

from collections.abc import Sequence
from itertools import product

from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventFilter, EventKind, RecordedEvent
from bot.domain.orders import OrderStanding
from bot.domain.plan import OrderRequest
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


def what_is_left(standing: OrderStanding) -> OrderRequest:
    """A request for what an order has not brought, with the chains beneath it."""
    left = [copy for copy in standing.wanted if copy.state is not CopyState.COMPLETED] or list(standing.wanted)
    backup_ids = tuple(dict.fromkeys(copy.backup.id for copy in left))
    destinations = tuple(dict.fromkeys(copy.destination for copy in left))
    asked_for = {(copy.backup.id, copy.destination) for copy in left}
    return OrderRequest(
        source=left[0].backup.region,
        backup_ids=backup_ids,
        destinations=destinations,
        name=standing.order.name,
        description=left[0].description,
        whole_chain=len(standing.copies) > len(standing.wanted),
        left_out=tuple(each for each in product(backup_ids, destinations) if each not in asked_for),
    )


async def found_outside(ports: Ports, *, limit: int = 5) -> Sequence[RecordedEvent]:
    """What happened lately to copies without this bot, newest first."""
    return await ports.record.events(EventFilter(kinds=(EventKind.FOUND_OUTSIDE, EventKind.COPY_VANISHED)), limit=limit)


async def history(ports: Ports, wanted: EventFilter, *, limit: int = 20) -> Sequence[RecordedEvent]:
    """Events of the audit log, newest first."""
    return await ports.record.events(wanted, limit=limit)
