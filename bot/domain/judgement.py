"""What the rules say of one wish: may it be, who has to agree, what does it cost.

Nothing here asks anybody: who asks, how much they have running, and what time it is are given.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from bot.domain.backup import Backup
from bot.domain.policy import Member, refusal
from bot.domain.reasons import Problem, Reason
from bot.domain.rules import AllowRule, ApprovalRule, Limit, Per, Price, Rules


@dataclass(frozen=True, slots=True)
class Usage:
    """What was asked for already.

    Attributes:
        running: copies that are open.
        copies: asked for in the last 24 hours.
        gb: gigabytes of those.
        gb_running: gigabytes of the open ones.
    """

    running: int = 0
    copies: int = 0
    gb: float = 0.0
    gb_running: float = 0.0


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody wants copies.

    Attributes:
        channel: id of the channel that is told.
        copies: each backup that is copied, and where to: also those beneath what was asked for.
        at: when.
        usage: what the person, and what the channel has asked for already.
    """

    member: Member
    channel: str
    copies: tuple[tuple[Backup, str], ...]
    at: datetime
    usage: Mapping[Per, Usage] = field(default_factory=dict)

    @property
    def gb(self) -> float:
        """Gigabytes of all that is copied, as far as sizes are known."""
        return sum(backup.size_gb or 0.0 for backup, _ in self.copies)


@dataclass(frozen=True, slots=True)
class Cost:
    """What copies cost.

    Attributes:
        once: for sending them.
        monthly: for keeping them.
    """

    once: float
    monthly: float
    currency: str

    @property
    def first_month(self) -> float:
        """Once, and for one month."""
        return self.once + self.monthly


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules say of a wish.

    Attributes:
        allowed_by: names of the rules that let the person ask; ``None`` where they do not.
        refusals: why it may not be; a way around those in `glass` is breaking it.
        needs: the rules by which other people have to agree.
        cost: ``None`` where no price is set for it.
        may_break_glass: whether the person may go on without agreement, freeze or limit.
    """

    allowed_by: str | None
    refusals: tuple[Problem, ...] = ()
    needs: tuple[ApprovalRule, ...] = ()
    cost: Cost | None = None
    may_break_glass: bool = False

    @property
    def stands_in_the_way(self) -> bool:
        """Whether it cannot simply be started."""
        return bool(self.refusals or self.needs)

    def problems(self, *, glass_is_broken: bool) -> tuple[Problem, ...]:
        """Why it may not be.

        Args:
            glass_is_broken: whether the person breaks the glass. It counts only for who may.
        """
        if not (glass_is_broken and self.may_break_glass):
            return self.refusals
        return tuple(each for each in self.refusals if each.reason not in BEHIND_GLASS)


BEHIND_GLASS = frozenset({Reason.FROZEN, Reason.TOO_MANY_RUNNING, Reason.TOO_MANY_COPIES_A_DAY, Reason.TOO_MUCH_A_DAY})
"""What breaking the glass opens. Who may not ask at all, still may not."""


def judge(rules: Rules, wish: Wish) -> Judgement:
    """What the rules say."""
    allowing = allowing_rules(rules, wish)
    cost = cost_of(rules, wish.copies)
    return Judgement(
        allowed_by=", ".join(rule.name for rule in allowing) or None,
        refusals=(*_not_allowed(rules, wish), *_frozen(rules, wish), *_over_limits(rules.limits, wish)),
        needs=tuple(rule for rule in rules.approvals if _needs(rule, rules, wish, cost)),
        cost=cost,
        may_break_glass=rules.break_glass is not None and rules.break_glass.people.include(wish.member),
    )


def allowing_rules(rules: Rules, wish: Wish) -> tuple[AllowRule, ...]:
    """The rules that together let the person ask for all of it, for each copy the first that does; none where a copy
    is left that no rule allows.
    """
    found = [_allowing(rules, wish, backup, destination) for backup, destination in wish.copies]
    allowing = tuple(rule for rule in dict.fromkeys(found) if rule is not None)
    return () if None in found else allowing


def _allowing(rules: Rules, wish: Wish, backup: Backup, destination: str) -> AllowRule | None:
    mine = (rule for rule in rules.allow if refusal(rule.access, wish.member, wish.channel) is None)
    return next((rule for rule in mine if rule.scope.fits(backup, destination)), None)


def _not_allowed(rules: Rules, wish: Wish) -> Iterable[Problem]:
    if reason := rules.door(wish.member, wish.channel):
        return (Problem(reason),)
    refused = (copy for copy in wish.copies if _allowing(rules, wish, *copy) is None)
    return (
        Problem(Reason.NOT_IN_RULES, about=f"{backup.region} to {destination}")
        for backup, destination in islice(refused, 1)
    )


def _frozen(rules: Rules, wish: Wish) -> Iterable[Problem]:
    return (
        Problem(Reason.FROZEN, about=freeze.reason)
        for freeze in rules.freezes
        if any(freeze.holds(backup, destination, wish.at) for backup, destination in wish.copies)
    )


def _over_limits(limits: Sequence[Limit], wish: Wish) -> Iterable[Problem]:
    for limit in limits:
        used, more = wish.usage.get(limit.per, Usage()), len(wish.copies)
        if limit.running is not None and used.running + more > limit.running:
            yield Problem(Reason.TOO_MANY_RUNNING, about=_per(limit, f"{limit.running}"))
        if limit.gb_running is not None and used.gb_running + wish.gb > limit.gb_running:
            yield Problem(Reason.TOO_MANY_RUNNING, about=_per(limit, f"{limit.gb_running:g} GB"))
        if limit.copies_a_day is not None and used.copies + more > limit.copies_a_day:
            yield Problem(Reason.TOO_MANY_COPIES_A_DAY, about=_per(limit, f"{limit.copies_a_day}"))
        if limit.gb_a_day is not None and used.gb + wish.gb > limit.gb_a_day:
            yield Problem(Reason.TOO_MUCH_A_DAY, about=_per(limit, f"{limit.gb_a_day:g} GB"))


def _per(limit: Limit, most: str) -> str:
    return f"{most} for one {limit.per.value}"


def _needs(rule: ApprovalRule, rules: Rules, wish: Wish, cost: Cost | None) -> bool:
    return (
        any(rule.scope.may_fit(backup, destination) for backup, destination in wish.copies)
        and (rule.larger_than_gb is None or _is_larger(wish, rule.larger_than_gb))
        and (rule.costs_more_than is None or (cost is not None and _costs_more(wish, cost, rule.costs_more_than)))
        and not (rule.out_of_hours and (rules.hours is None or rules.hours.include(wish.at)))
    )


def _is_larger(wish: Wish, gb: float) -> bool:
    """Whether it is: also where a size is not known, as that may be any."""
    return wish.gb > gb or any(backup.size_gb is None for backup, _ in wish.copies)


def _costs_more(wish: Wish, cost: Cost, most: float) -> bool:
    return cost.first_month > most or any(backup.size_gb is None for backup, _ in wish.copies)


def cost_of(rules: Rules, copies: Iterable[tuple[Backup, str]]) -> Cost | None:
    """What copies cost; ``None`` where no price is set for any of them."""
    priced = [(price, backup.size_gb or 0.0) for backup, to in copies if (price := _price(rules.prices, backup, to))]
    if not priced:
        return None
    return Cost(
        once=sum(price.once * gb for price, gb in priced),
        monthly=sum(price.monthly * gb for price, gb in priced),
        currency=rules.currency,
    )


def _price(prices: Iterable[Price], backup: Backup, destination: str) -> Price | None:
    return next(
        (
            price
            for price in prices
            if (not price.sources or backup.region in price.sources)
            and (not price.destinations or destination in price.destinations)
        ),
        None,
    )
