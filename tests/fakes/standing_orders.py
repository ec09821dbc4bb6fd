"""Standing orders, in memory. The contract suite holds them to the same promises as the real ones."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.backup import Origin
from bot.domain.events import Event
from bot.domain.people import Person
from bot.domain.standing_orders import StandingOrder, StandingState
from tests.fakes.record import MemoryRecord


class MemoryStandingOrders:
    """The port `StandingOrders`."""

    def __init__(self, record: MemoryRecord) -> None:
        self._record = record
        self._known: dict[str, StandingOrder] = {}

    async def write(self, standing: StandingOrder, event: Event | None = None) -> bool:
        known = self._known.get(standing.id)
        if standing.revision == 0:
            if known or any(each.key == standing.key for each in await self.kept()):
                return False
        elif known is None or known.revision != standing.revision - 1:
            return False
        self._known[standing.id] = standing
        if event:
            await self._record.append(event)
        return True

    async def kept(self) -> Sequence[StandingOrder]:
        return [each for each in self._known.values() if each.state is not StandingState.ENDED]

    async def standing_order(self, standing_id: str) -> StandingOrder | None:
        if standing_id in self._known:
            return self._known[standing_id]
        begun = [each for each in self._known.values() if each.id.startswith(standing_id)]
        return begun[0] if len(begun) == 1 and len(standing_id) >= 6 else None


def standing_order(**changes: object) -> StandingOrder:
    """Ana's standing order to keep the instance of `tests.fakes.world.FULL` in IAD."""
    standing = StandingOrder(
        id="5d1c0ffee123",
        origin=Origin("instance", "orders-db"),
        region="IAD",
        every=timedelta(hours=24),
        ordered_by=Person("U-ana", "ana"),
        channel="C-databases",
        made_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
    )
    return replace(standing, **changes)  # type: ignore[arg-type]  # attributes of StandingOrder
