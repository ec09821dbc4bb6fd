"""The agreement of other people: what an order waits for, and who has agreed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.people import Person
from bot.domain.rules import ApprovalRule


@dataclass(frozen=True, slots=True)
class Need:
    """What one rule asked for when the order was made, to be shown. Which rules hold is looked up when somebody agrees.

    Attributes:
        rule: its name.
        approvals: how many people have to agree.
        people: ids of those who may, named one by one.
        groups: ids of the user groups whose members may.
    """

    rule: str
    approvals: int
    people: frozenset[str]
    groups: frozenset[str]

    @classmethod
    def of(cls, rule: ApprovalRule) -> "Need":
        """What a rule asks for."""
        return cls(rule.name, rule.approvals, rule.approvers.people, rule.approvers.groups)


@dataclass(frozen=True, slots=True)
class Approval:
    """What an order waits for.

    Attributes:
        channel: id of the channel in which people are asked to agree.
        expires_at: when nobody can agree any more.
        reminds_at: when they are reminded, once; ``None``: never.
    """

    needs: tuple[Need, ...]
    channel: str
    expires_at: datetime
    reminds_at: datetime | None = None

    @classmethod
    def asked(cls, rules: Sequence[ApprovalRule], at: datetime) -> "Approval":
        """What rules ask for: the earliest time of each kind counts, and the channel of the first.

        Args:
            rules: one at least.
            at: now.
        """
        reminders = [rule.reminds_after for rule in rules if rule.reminds_after is not None]
        return cls(
            needs=tuple(Need.of(rule) for rule in rules),
            channel=rules[0].channel,
            expires_at=at + min(rule.expires_after for rule in rules),
            reminds_at=at + min(reminders) if reminders else None,
        )


@dataclass(frozen=True, slots=True)
class BrokenGlass:
    """An order that went on without agreement, freeze or limit.

    Attributes:
        reason: that the person gave.
        channel: id of the channel in which the approvers are told.
        passed_over: what stood in the way, by name of the rule or kind of refusal.
    """

    reason: str
    channel: str
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """Somebody agreed.

    Attributes:
        rules: names of the rules that made them an approver.
    """

    person: Person
    rules: tuple[str, ...]


def missing(needs: Iterable[ApprovalRule], agreements: Sequence[Agreement]) -> tuple[tuple[ApprovalRule, int], ...]:
    """The rules by which people still have to agree, and how many."""
    left = ((rule, rule.approvals - _agreed(rule, agreements)) for rule in needs)
    return tuple((rule, number) for rule, number in left if number > 0)


def _agreed(rule: ApprovalRule, agreements: Sequence[Agreement]) -> int:
    return len({each.person.id for each in agreements if rule.name in each.rules})
