"""Look at what runs and what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import product

from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventFilter, EventKind, RecordedEvent
from bot.domain.learned import Learned
from bot.domain.orders import OrderStanding
from bot.domain.plan import OrderRequest
from bot.domain.sight import EVERYTHING, Sight
from bot.operations.plan_order import learned_of
from bot.operations.ports import Ports

MOST_ALIKE = 50
"""Orders that are looked at, at most, where the beginning of an id fits many."""


async def open_copies(ports: Ports) -> Sequence[Copy]:
    """All copies that have not ended, oldest first."""
    return await ports.record.open_copies()


async def open_orders(ports: Ports, *, sight: Sight = EVERYTHING) -> Sequence[OrderStanding]:
    """All orders of which something is still to happen, oldest first."""
    return [standing for standing in await ports.record.open_orders() if sight.sees_order(standing)]


async def recent_orders_of(ports: Ports, person_id: str, *, limit: int = 10) -> Sequence[OrderStanding]:
    """What a person asked for lately, newest first."""
    return await ports.record.orders_of(person_id, limit=limit)


async def find_order(ports: Ports, order_id: str, *, sight: Sight = EVERYTHING) -> OrderStanding | None:
    """One order; a unique beginning of its id, of six characters at least, is enough. One that may not be seen is as
    good as none.
    """
    standing = await ports.record.order(order_id)
    return standing if standing and sight.sees_order(standing) else None


async def story_of(ports: Ports, standing: OrderStanding) -> tuple[Sequence[RecordedEvent], Mapping[str, Learned]]:
    """What happened to an order, oldest first, and how long those of its copies that run are likely to take, by the
    copy's id.
    """
    running = standing.in_state(CopyState.RUNNING)
    learned = {copy.id: await learned_of(ports, copy.backup, copy.destination) for copy in running}
    story = await ports.record.story(standing.order.id)
    return story, {copy_id: each for copy_id, each in learned.items() if each}


@dataclass(frozen=True, slots=True)
class MaybeMeant:
    """Orders that somebody may have meant, the likeliest first.

    Attributes:
        is_ambiguous: whether the id of each begins with what was typed; otherwise they are only like it.
    """

    orders: tuple[OrderStanding, ...]
    is_ambiguous: bool


async def orders_maybe_meant(ports: Ports, typed: str, *, sight: Sight = EVERYTHING, limit: int = 5) -> MaybeMeant:
    """The orders that somebody may have meant by an id that names none: those that begin with it, or else open ones
    with an id like it.
    """
    begun = await ports.record.orders_beginning(typed, limit=MOST_ALIKE)
    if seen := [each for each in begun if sight.sees_order(each)]:
        return MaybeMeant(tuple(seen[:limit]), is_ambiguous=True)
    running = {each.order.id: each for each in await open_orders(ports, sight=sight)}
    near = get_close_matches(typed, running, n=limit, cutoff=0.3)
    return MaybeMeant(tuple(running[each] for each in near), is_ambiguous=False)


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


async def found_outside(ports: Ports, sight: Sight, *, limit: int = 5) -> Sequence[RecordedEvent]:
    """What happened lately to copies without this bot, newest first; nothing for whom the rules hide some backups."""
    if sight.is_narrowed:
        return []
    return await ports.record.events(EventFilter(kinds=(EventKind.FOUND_OUTSIDE, EventKind.COPY_VANISHED)), limit=limit)
