"""The words of the rules: what each of them amounts to, and why they decide as they do, for whoever runs the bot."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from bot.domain import rules as domain
from bot.domain.judgement import Cost, Judgement, Wish, allowing_rules, judge
from bot.domain.policy import AccessRules, refusal
from bot.domain.reasons import Reason
from bot.domain.rules import AllowRule, ApprovalRule, Freeze, Limit, Rules, Scope

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Line:
    """What one rule amounts to.

    Attributes:
        rule: what kind of rule it is, and its name.
        sentence: without a full stop.
    """

    rule: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.sentence}"


def gist_of(rules: Rules) -> str:
    """How many rules there are of each kind, in one sentence without a full stop."""
    parts = [
        _count(len(rules.allow), "rule lets people ask", "rules let people ask"),
        _count(len(rules.approvals), "needs the agreement of others", "need the agreement of others"),
        _count(len(rules.limits), "limit"),
        _count(len(rules.freezes), "freeze"),
        _count(len(rules.prices), "price"),
        _count(len(rules.wanted_ages), "wanted age"),
    ]
    return ", ".join(part for part in parts if not part.startswith("0 "))


def lines_of(rules: Rules) -> Iterator[Line]:
    """What each rule amounts to, in the order in which they are looked at."""
    yield from (Line(f"allow “{rule.name}”", _allows(rule)) for rule in rules.allow)
    yield from (Line(f"freeze “{rule.name}”", _freezes(rule)) for rule in rules.freezes)
    yield from (Line(f"limit “{rule.name}”", _limits(rule)) for rule in rules.limits)
    yield from (Line(f"approval “{rule.name}”", _needs(rule, rules.currency)) for rule in rules.approvals)
    if rules.break_glass:
        who, channel = _people(rules.break_glass.people), rules.break_glass.channel
        yield Line("break glass", f"{who} may go on without agreement, freeze or limit; {channel} is told")
    yield from (Line("price", _price(rule, rules.currency)) for rule in rules.prices)
    if rules.hours:
        yield Line("hours", _hours(rules.hours))
    for wanted in rules.wanted_ages:
        where = f" in {_or(sorted(wanted.destinations))}" if wanted.destinations else " in each region"
        of = _instances(wanted.instances) or " of each instance"
        yield Line("wanted age", f"the newest backup{of}{where} may be {_span(wanted.age)} old")


def explanation(rules: Rules, wish: Wish) -> Iterator[str]:
    """What the rules say of a wish, which rule decides, and why: one sentence each, the answer first."""
    said = judge(rules, wish)
    yield _answer(said)
    for rule in allowing_rules(rules, wish):
        yield f"Rule “{rule.name}” lets this person ask: {_allows(rule)}."
    if not said.allowed_by:
        yield from (f"Rule “{rule.name}” does not: {_why_not(rule, wish)}." for rule in rules.allow)
    for freeze in rules.freezes:
        if any(freeze.holds(backup, destination, wish.at) for backup, destination in wish.copies):
            yield f"Freeze “{freeze.name}” holds: {_freezes(freeze)}."
    yield from (f"By rule “{rule.name}”: {_needs(rule, rules.currency)}." for rule in said.needs)
    for limit in rules.limits:
        yield f"Limit “{limit.name}”: {_limits(limit)}; what was asked for already is not counted here."
    if said.cost:
        yield f"It costs {_cost(said.cost)}{_of_unknown_size(wish)}."
    if said.may_break_glass and (said.refusals or said.needs) and said.allowed_by:
        yield "This person may break the glass, and go on at once with a reason."


def _answer(said: Judgement) -> str:
    if said.refusals:
        return "Refused."
    if not said.needs:
        return "Allowed, at once."
    return f"Allowed, when {' and '.join(_enough(rule) for rule in said.needs)} agreed."


def _enough(rule: ApprovalRule) -> str:
    has = "has" if rule.approvals == 1 else "have"
    return f"{rule.approvals} of {_people(rule.approvers)} {has}"


_WHO: dict[Reason, str] = {
    Reason.PERSON_IS_GUEST: "guests and people of other workspaces never may",
    Reason.PERSON_IS_BOT: "bots never may",
}


def _why_not(rule: AllowRule, wish: Wish) -> str:
    reason = refusal(rule.access, wish.member, wish.channel)
    if reason is Reason.CHANNEL_NOT_ALLOWED:
        return f"it is for {_or(sorted(rule.access.channels))} only"
    if reason is not None:
        gone = "who has left never may" if wish.member.is_deactivated else f"it is for {_who(rule.access).rstrip(',')}"
        return _WHO.get(reason, gone)
    return f"it is for{_copies(rule.scope) or ' all copies'}"


def _allows(rule: AllowRule) -> str:
    return f"{_who(rule.access)} may ask for{_copies(rule.scope) or ' all copies'}"


def _who(access: AccessRules) -> str:
    where = f", from {_or(sorted(access.channels))}," if access.channels else ""
    return f"{_people(domain.People(access.people, access.groups)) or 'whoever is no guest'}{where}"


def _people(people: domain.People) -> str:
    return _or([*sorted(people.people), *(f"members of {group}" for group in sorted(people.groups))])


def _copies(scope: Scope) -> str:
    """Which copies, after a space; empty for all."""
    narrowed = f"{_way(scope.sources, scope.destinations)}{_instances(scope.instances)}"
    named = f" named {_or(scope.backups)}" if scope.backups else ""
    return f" copies{narrowed}{named}" if narrowed or named else ""


def _way(sources: Iterable[str], destinations: Iterable[str]) -> str:
    source, destination = _or(sorted(sources)), _or(sorted(destinations))
    return (f" from {source}" if source else "") + (f" to {destination}" if destination else "")


def _instances(instances: Sequence[str]) -> str:
    return f" of the instances {_or(instances)}" if instances else ""


def _needs(rule: ApprovalRule, currency: str) -> str:
    when = [
        f"of more than {rule.larger_than_gb:g} GB" if rule.larger_than_gb is not None else "",
        f"for more than {rule.costs_more_than:g} {currency}" if rule.costs_more_than is not None else "",
        "out of hours" if rule.out_of_hours else "",
    ]
    which = " ".join([_copies(rule.scope).strip() or "copies", *filter(None, when)])
    reminded = f", they are reminded after {_span(rule.reminds_after)}" if rule.reminds_after else ""
    return (
        f"{which} need the agreement of {rule.approvals} of {_people(rule.approvers)}; asked in {rule.channel}"
        f"{reminded}, and it ends after {_span(rule.expires_after)}"
    )


def _limits(limit: Limit) -> str:
    most = [
        f"{limit.running} copies running" if limit.running is not None else "",
        f"{limit.copies_a_day} copies in 24 hours" if limit.copies_a_day is not None else "",
        f"{limit.gb_a_day:g} GB in 24 hours" if limit.gb_a_day is not None else "",
    ]
    return f"at most {', '.join(filter(None, most))} for one {limit.per.value}"


def _freezes(freeze: Freeze) -> str:
    regions = f" from or to {_or(sorted(freeze.regions))}" if freeze.regions else ""
    since = f" from {_moment(freeze.since)}" if freeze.since else ""
    until = f" until {_moment(freeze.until)}" if freeze.until else " until the rule is taken out"
    return f"no copies{regions}{_instances(freeze.instances)}{since}{until} ({freeze.reason.rstrip('.')})"


def _price(price: domain.Price, currency: str) -> str:
    way = _way(price.sources, price.destinations) or " anywhere"
    return f"a GB{way} costs {price.once:g} {currency} once and {price.monthly:g} {currency} a month"


def _cost(cost: Cost) -> str:
    return f"{cost.once:.2f} {cost.currency} once and {cost.monthly:.2f} {cost.currency} a month"


def _of_unknown_size(wish: Wish) -> str:
    return ", without what has no size yet" if any(backup.size_gb is None for backup, _ in wish.copies) else ""


def _hours(hours: domain.Hours) -> str:
    days = ", ".join(DAYS[day] for day in sorted(hours.days))
    ends = "24:00" if hours.ends == time.max else f"{hours.ends:%H:%M}"
    return f"{days}, {hours.begins:%H:%M} to {ends} in {hours.zone}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}"


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes % 60:
        return _count(minutes, "minute")
    return _count(minutes // 60, "hour")


def _or(names: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _count(number: int, one: str, several: str | None = None) -> str:
    return f"{number} {one if number == 1 else several or f'{one}s'}"
