"""The rules as they are at the moment."""

from dataclasses import dataclass
from typing import Protocol

from bot.domain.rules import Rules


class RulesInForce(Protocol):
    """The rules, which may be changed while the bot runs."""

    def now(self) -> Rules:
        """As they are now, from memory."""
        ...


@dataclass(frozen=True, slots=True)
class FixedRules:
    """Rules that nobody changes while the bot runs."""

    rules: Rules

    def now(self) -> Rules:
        """The rules."""
        return self.rules
