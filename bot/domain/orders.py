"""An order: what one confirmation asked for. One copy, or several that are told together in one message.

Copies that two orders need are made once: an order may hold copies that another one has opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.approval import Approval, BrokenGlass
from bot.domain.copies import Copy, CopyState
from bot.domain.names import USUAL_TEMPLATE
from bot.domain.people import Person


@dataclass(frozen=True, slots=True)
class Order:
    """What a person confirmed at once.

    Attributes:
        id: short enough to be typed: ``/copy-backup cancel 7f3a91c2``.
        confirmation_id: names the confirmation it came from: one confirmation makes one order, however often it is
            delivered.
        channel: id of the channel that is told.
        plan_digest: of what was confirmed; see `bot.domain.plan.OrderPlan.digest`.
        copy_ids: of its copies, each after those that it needs.
        wanted_ids: of those among them that the person asked for; the others are needed beneath them.
        name: of the new backups, or the template that their names were made from (`bot.domain.names`).
        approval: the agreement of others that it waits for, or has waited for; ``None``: it needed none.
        glass: set where the person broke the glass instead.
    """

    id: str
    confirmation_id: str
    requested_by: Person
    requested_at: datetime
    channel: str
    plan_digest: str
    copy_ids: tuple[str, ...]
    wanted_ids: tuple[str, ...]
    name: str = USUAL_TEMPLATE
    approval: Approval | None = None
    glass: BrokenGlass | None = None

    def instead(self, others: dict[str, str]) -> "Order":
        """The order with other copies in the place of some.

        Args:
            others: the id of the other copy, by the id of the one it replaces.
        """
        return replace(
            self,
            copy_ids=tuple(dict.fromkeys(others.get(each, each) for each in self.copy_ids)),
            wanted_ids=tuple(dict.fromkeys(others.get(each, each) for each in self.wanted_ids)),
        )


@dataclass(frozen=True, slots=True)
class OrderStanding:
    """An order and its copies as they stand, in the order in which they are sent."""

    order: Order
    copies: tuple[Copy, ...]

    @property
    def revision(self) -> int:
        """Grows with each move of one of its copies."""
        return sum(copy.revision for copy in self.copies)

    @property
    def is_open(self) -> bool:
        """Whether something is still to happen."""
        return any(copy.is_open for copy in self.copies)

    @property
    def wanted(self) -> tuple[Copy, ...]:
        """The copies that the person asked for."""
        return tuple(copy for copy in self.copies if copy.id in self.order.wanted_ids)

    @property
    def main(self) -> Copy:
        """The copy that a single order is about; the first that was asked for, if there are several."""
        return next(iter(self.wanted), self.copies[-1])

    @property
    def own(self) -> tuple[Copy, ...]:
        """The copies that it has opened itself."""
        return tuple(copy for copy in self.copies if copy.order_id == self.order.id)

    @property
    def gate(self) -> Copy:
        """The copy that the agreement of others is written to: its other own copies follow it."""
        return self.own[0]

    @property
    def awaits_approval(self) -> bool:
        """Whether other people have to agree."""
        return self.order.approval is not None and self.gate.state is CopyState.AWAITING_APPROVAL

    @property
    def is_single(self) -> bool:
        """Whether it is about one copy only."""
        return len(self.copies) == 1

    def in_state(self, *states: CopyState) -> tuple[Copy, ...]:
        """Its copies in one of these states."""
        return tuple(copy for copy in self.copies if copy.state in states)

    @property
    def can_be_stopped(self) -> tuple[Copy, ...]:
        """Its copies that have not begun."""
        return tuple(copy for copy in self.copies if copy.can_be_stopped)


def standing(order: Order, copies: Sequence[Copy]) -> OrderStanding:
    """An order with its copies, whatever order they come in."""
    by_id = {copy.id: copy for copy in copies}
    return OrderStanding(order, tuple(by_id[each] for each in order.copy_ids if each in by_id))
