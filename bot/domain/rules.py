"""The rules: who may ask for what, what needs a second person, what is closed, how much at once, and what it costs.

Where no file of rules is set there is one rule only, made of the settings: who may use the bot, may ask for anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property
from zoneinfo import ZoneInfo

from bot.domain.backup import Backup, Origin
from bot.domain.policy import AccessRules, Member, refusal
from bot.domain.reasons import Reason

FROM_SETTINGS = "the settings"
"""Name of the one rule there is without a file."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which copies a rule is about. What is empty does not narrow.

    Attributes:
        sources: regions that are copied from.
        destinations: regions that are copied to.
        instances: ids of instances or HA groups; ``*`` stands for any characters.
        backups: names of backups, in the same way, whatever their case. Cloud Databases does not tell the names of
            instances in its list of backups.
    """

    sources: frozenset[str] = frozenset()
    destinations: frozenset[str] = frozenset()
    instances: tuple[str, ...] = ()
    backups: tuple[str, ...] = ()

    def fits(self, backup: Backup, destination: str | None = None) -> bool:
        """Whether a copy is one of those.

        Args:
            backup: that is copied.
            destination: where to; ``None``: anywhere.
        """
        return self._fits_but_for_instances(backup, destination) and (
            not self.instances or is_instance(backup.origin, self.instances)
        )

    def may_fit(self, backup: Backup, destination: str) -> bool:
        """Whether a copy is one of those, or may be: it is not known of which instance the backup is."""
        return self._fits_but_for_instances(backup, destination) and (
            not self.instances or may_be_instance(backup.origin, self.instances)
        )

    def _fits_but_for_instances(self, backup: Backup, destination: str | None) -> bool:
        return (
            (not self.sources or backup.region in self.sources)
            and (not self.destinations or destination is None or destination in self.destinations)
            and (not self.backups or _matches(backup.name, self.backups))
        )

    def overlaps(self, other: "Scope") -> bool:
        """Whether a copy may be one of both, by its regions. Patterns are not compared: they may overlap always."""
        return _overlap(self.sources, other.sources) and _overlap(self.destinations, other.destinations)


def _overlap(some: frozenset[str], others: frozenset[str]) -> bool:
    return not some or not others or bool(some & others)


def is_instance(origin: Origin | None, patterns: Iterable[str]) -> bool:
    """Whether an instance or HA group has one of these ids, in which ``*`` stands for any characters."""
    return origin is not None and _matches(origin.id, patterns)


def may_be_instance(origin: Origin | None, patterns: Iterable[str]) -> bool:
    """The same, for what holds copies up: a backup may be of any instance where it is not known of which."""
    return origin is None or is_instance(origin, patterns)


def _matches(text: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(text.lower(), _only_stars(pattern.lower())) for pattern in patterns)


def _only_stars(pattern: str) -> str:
    """A pattern in which nothing but ``*`` has a meaning."""
    return pattern.replace("[", "[[]").replace("?", "[?]")


@dataclass(frozen=True, slots=True)
class People:
    """Some people: named by id, or as members of user groups."""

    people: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def include(self, member: Member) -> bool:
        """Whether somebody is one of them. Guests, bots and those who have left never are."""
        if member.is_guest or member.is_bot or member.is_deactivated:
            return False
        return member.id in self.people or bool(member.groups & self.groups)


@dataclass(frozen=True, slots=True)
class AllowRule:
    """Who may ask, from where, and for what."""

    name: str
    access: AccessRules
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """What needs the agreement of other people than the one who asks. All that is set has to be so.

    Attributes:
        larger_than_gb: gigabytes of all that is copied at once.
        costs_more_than: of all that is copied at once: once and for the first month, together.
        out_of_hours: only outside of `Rules.hours`.
        approvers: who may agree.
        approvals: how many of them have to.
        channel: id of the channel they are asked in.
        expires_after: after which nobody can agree any more.
        reminds_after: after which they are reminded, once; ``None``: never.
    """

    name: str
    approvers: People
    channel: str
    scope: Scope = field(default_factory=Scope)
    larger_than_gb: float | None = None
    costs_more_than: float | None = None
    out_of_hours: bool = False
    approvals: int = 1
    expires_after: timedelta = timedelta(hours=24)
    reminds_after: timedelta | None = timedelta(hours=1)


class Per(StrEnum):
    """Whose copies a limit counts."""

    PERSON = "person"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Limit:
    """How much one person may ask for, or may be asked for in one channel; ``None`` does not narrow.

    Attributes:
        running: copies that are open at the same time.
        gb_running: gigabytes of those.
        copies_a_day: copies asked for in 24 hours.
        gb_a_day: gigabytes asked for in 24 hours.
    """

    name: str
    per: Per
    running: int | None = None
    copies_a_day: int | None = None
    gb_a_day: float | None = None
    gb_running: float | None = None


@dataclass(frozen=True, slots=True)
class Freeze:
    """Nothing is copied for a while, or until somebody takes the rule out.

    Attributes:
        reason: that people are told.
        regions: copies from or to one of these; empty: all.
        instances: as in `Scope`.
        since: when it begins; ``None``: it has begun.
        until: when it ends; ``None``: when it is taken out.
    """

    name: str
    reason: str
    regions: frozenset[str] = frozenset()
    instances: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    def holds(self, backup: Backup, destination: str, at: datetime) -> bool:
        """Whether it keeps a copy from being made at a time; also where it is not known of which instance it is."""
        return (
            (self.since is None or at >= self.since)
            and (self.until is None or at < self.until)
            and (not self.regions or bool(self.regions & {backup.region, destination}))
            and (not self.instances or may_be_instance(backup.origin, self.instances))
        )


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """Who may go on without agreement, freeze or limit, with a reason that everybody is told.

    Attributes:
        channel: id of the channel in which the approvers are told, and asked to look at it afterwards.
    """

    people: People
    channel: str


@dataclass(frozen=True, slots=True)
class Price:
    """What a copy costs, in `Rules.currency`. The first that fits counts.

    Attributes:
        once: for each gigabyte that is sent.
        monthly: for each gigabyte that is kept.
    """

    once: float = 0.0
    monthly: float = 0.0
    sources: frozenset[str] = frozenset()
    destinations: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class WantedAge:
    """How old the newest backup may be that can be restored in a region. The first that fits counts.

    Attributes:
        instances: as in `Scope`; empty: all.
        destinations: the regions; empty: all.
    """

    age: timedelta
    instances: tuple[str, ...] = ()
    destinations: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Hours:
    """When people are at work.

    Attributes:
        zone: name of the time zone, such as ``Europe/Berlin``.
        days: of the week; 0 is Monday.
    """

    zone: str
    days: frozenset[int]
    begins: time
    ends: time

    def include(self, at: datetime) -> bool:
        """Whether a moment is within them."""
        there = at.astimezone(ZoneInfo(self.zone))
        return there.weekday() in self.days and self.begins <= there.time() < self.ends


@dataclass(frozen=True)
class Rules:
    """All of them. What follows from them is worked out once: it is asked for with every request.

    Attributes:
        hours: everybody is at work always where it is ``None``.
        currency: of prices, such as ``USD``.
    """

    allow: tuple[AllowRule, ...]
    approvals: tuple[ApprovalRule, ...] = ()
    limits: tuple[Limit, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    break_glass: BreakGlass | None = None
    prices: tuple[Price, ...] = ()
    currency: str = "USD"
    wanted_ages: tuple[WantedAge, ...] = ()
    hours: Hours | None = None

    @classmethod
    def only(cls, access: AccessRules) -> "Rules":
        """One rule: whoever may use the bot may ask for anything."""
        return cls(allow=(AllowRule(FROM_SETTINGS, access),))

    @property
    def number(self) -> int:
        """How many there are, prices and wanted ages aside."""
        rules = (self.allow, self.approvals, self.limits, self.freezes)
        return sum(len(each) for each in rules) + (self.break_glass is not None)

    @cached_property
    def named(self) -> AccessRules:
        """All people, user groups and channels that are named anywhere."""
        access = [rule.access for rule in self.allow]
        others = [(rule.approvers, rule.channel) for rule in self.approvals]
        if self.break_glass:
            others.append((self.break_glass.people, self.break_glass.channel))
        access += [AccessRules(who.people, who.groups, frozenset({channel})) for who, channel in others]
        return AccessRules(
            people=frozenset[str]().union(*(each.people for each in access)),
            groups=frozenset[str]().union(*(each.groups for each in access)),
            channels=frozenset[str]().union(*(each.channels for each in access)),
        )

    def knows_without_groups(self, person_id: str) -> bool:
        """Whether it is known what somebody may without asking for the members of any group: a rule that names them is
        the only one there is.
        """
        is_only_rule = len(self.allow) == 1 and not self.approvals and self.break_glass is None
        return is_only_rule and person_id in self.allow[0].access.people

    @cached_property
    def channels_for_work(self) -> frozenset[str]:
        """The channels from which the bot may be used, and which it may tell; empty: any."""
        named = [rule.access.channels for rule in self.allow]
        return frozenset[str]().union(*named) if all(named) else frozenset()

    def door(self, member: Member, channel: str | None) -> Reason | None:
        """Why somebody may not use the bot at all from a channel; ``None`` if one of the rules lets them in.

        Args:
            member: who.
            channel: where; ``None`` where there is none (a global shortcut, App Home).
        """
        reasons = [refusal(rule.access, member, channel) for rule in self.allow]
        if not reasons:
            return Reason.PERSON_NOT_ALLOWED
        if None in reasons:
            return None
        return Reason.CHANNEL_NOT_ALLOWED if Reason.CHANNEL_NOT_ALLOWED in reasons else reasons[0]

    def door_anywhere(self, member: Member) -> Reason | None:
        """Why somebody may not use the bot from any channel; ``None`` if they may from one at least."""
        reasons = [refusal(rule.access, member, _some(rule.access.channels)) for rule in self.allow]
        return None if None in reasons else next(iter(reasons), Reason.PERSON_NOT_ALLOWED)

    def that_allow(self, member: Member) -> tuple[AllowRule, ...]:
        """The rules that let somebody ask for something, from some channel."""
        return tuple(rule for rule in self.allow if refusal(rule.access, member, _some(rule.access.channels)) is None)

    def scopes_seen_by(self, member: Member) -> tuple[Scope, ...] | None:
        """The backups that somebody may know of: a rule lets them ask for a copy of it, from some channel to some
        region; or they may have to agree to one. ``None``: all there are.
        """
        asks = [rule.scope for rule in self.that_allow(member)]
        agrees = [rule.scope for rule in self.approvals if rule.approvers.include(member)]
        return None if Scope() in asks else (*asks, *agrees)

    def is_approver(self, member: Member) -> bool:
        """Whether somebody may have to agree to something, or to look at it afterwards."""
        return any(rule.approvers.include(member) for rule in self.approvals)

    def wanted_age(self, origin: Origin, region: str) -> timedelta | None:
        """How old the newest backup of an instance may be that can be restored in a region; ``None``: none is wanted
        there.
        """
        for wanted in self.wanted_ages:
            if wanted.instances and not is_instance(origin, wanted.instances):
                continue
            if not wanted.destinations or region in wanted.destinations:
                return wanted.age
        return None


def _some(channels: frozenset[str]) -> str | None:
    return next(iter(channels), None)
