"""What a stranger is told on the page, by whoever made the sandbox: the page itself knows no app and no rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Guide:
    """Words for the page.

    Attributes:
        hint: What to try, shown where a channel begins; may be empty.
        roles: What each person may do, by name, shown in the list of people to be.
    """

    hint: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)

    def payload(self) -> dict[str, object]:
        """The words as JSON."""
        return {"hint": self.hint, "roles": dict(self.roles)}
