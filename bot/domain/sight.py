"""What one person may see of backups, and of what was done with them."""

from dataclasses import dataclass

from bot.domain.backup import Backup
from bot.domain.copies import Copy
from bot.domain.orders import OrderStanding
from bot.domain.rules import Scope


@dataclass(frozen=True, slots=True)
class Sight:
    """What a person may see: what they asked for themselves, and the backups that the rules let them see.

    Attributes:
        person_id: who sees; empty for nobody in particular.
        scopes: the backups of any of these; ``None`` for all there are.
    """

    person_id: str = ""
    scopes: tuple[Scope, ...] | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether anything may be hidden."""
        return self.scopes is not None

    def sees(self, backup: Backup) -> bool:
        """Whether they may see a backup."""
        return self.scopes is None or any(scope.fits(backup) for scope in self.scopes)

    def sees_order(self, standing: OrderStanding) -> bool:
        """Whether they may see an order: their own, or one of which they may see every backup."""
        is_own = standing.order.requested_by.id == self.person_id
        return is_own or all(self.sees(copy.backup) for copy in standing.copies)

    def sees_copy(self, copy: Copy) -> bool:
        """Whether they may see a copy, for itself: their own, or one of a backup they may see."""
        return copy.requested_by.id == self.person_id or self.sees(copy.backup)


EVERYTHING = Sight()
"""Nothing is hidden."""
