"""Stop what has not begun of an order."""

from dataclasses import dataclass

from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind
from bot.domain.orders import OrderStanding
from bot.domain.people import Person
from bot.domain.reasons import Reason
from bot.operations.moves import move
from bot.operations.ports import Ports


@dataclass(frozen=True, slots=True)
class Stopped:
    """Nothing will be sent for these copies.

    Attributes:
        shared: copies that have not begun either, and go on: another order needs them.
    """

    standing: OrderStanding
    copies: tuple[Copy, ...]
    shared: tuple[Copy, ...] = ()


@dataclass(frozen=True, slots=True)
class NotStopped:
    """All of it has begun (Cloud Databases has no way to stop it then), has ended, or is needed by others; ``None``:
    there is no such order.
    """

    standing: OrderStanding | None
    shared: tuple[Copy, ...] = ()


async def stop_order(ports: Ports, order_id: str, person: Person, where: str | None) -> Stopped | NotStopped:
    """Stop, on behalf of a person, every copy of an order that has not begun, but for those that others need.

    Args:
        ports: the world.
        order_id: the order.
        person: who stops it.
        where: id of the channel it is done in.
    """
    standing = await ports.record.order(order_id)
    if standing is None:
        return NotStopped(None)
    stopped: list[Copy] = []
    shared: list[Copy] = []
    own = {copy.id for copy in standing.can_be_stopped}
    needed = {each.after for each in await ports.record.open_copies() if each.id not in own}
    for copy in reversed(standing.can_be_stopped):  # the last first: what waits must not see its parent stopped
        if copy.id in needed or await _is_wanted_elsewhere(ports, copy, standing):
            shared.append(copy)
            needed.add(copy.after)
        elif ended := await _stop(ports, copy, person, where):
            stopped.append(ended)
    now = await ports.record.order(order_id) or standing
    return Stopped(now, tuple(reversed(stopped)), tuple(shared)) if stopped else NotStopped(now, tuple(shared))


async def _is_wanted_elsewhere(ports: Ports, copy: Copy, standing: OrderStanding) -> bool:
    """Whether another order still wants something with this copy."""
    others = [each for each in await ports.record.orders_with(copy.id) if each.order.id != standing.order.id]
    return any(wanted.is_open for other in others for wanted in other.wanted)


async def _stop(ports: Ports, copy: Copy, person: Person, where: str | None) -> Copy | None:
    """Stop one copy; ``None`` if it has begun meanwhile."""
    current: Copy | None = copy
    while current is not None and current.can_be_stopped:
        stopped = await move(
            ports,
            current,
            CopyState.STOPPED,
            EventKind.STOPPED,
            who=person,
            where=where,
            reason=Reason.STOPPED,
            ended_at=ports.clock.now(),
            ended_by=person,
        )
        if stopped:
            return stopped
        current = await ports.record.copy(copy.id)
    return None
