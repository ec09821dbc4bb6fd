"""The tables of a file of rules, and the domain's rules that they stand for.

What only two values together make wrong is found at the later of them, so that it is told with all the rest.
"""

from datetime import datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from bot.domain import rules
from bot.domain.policy import AccessRules
from bot.rules_file.values import (
    AnyChannelId,
    ChannelId,
    Currency,
    Days,
    GroupId,
    Moment,
    Name,
    Number,
    Pattern,
    PersonId,
    Positive,
    Price,
    Region,
    Reminder,
    Sentence,
    Some,
    Span,
    TimeOfDay,
    Zone,
)

USUAL_EXPIRY = timedelta(hours=24)
USUAL_REMINDER = timedelta(hours=1)


class Table(BaseModel):
    """One table: only what is known, and only of the kind it should be."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class _Ways(Table):
    sources: Annotated[list[Region], Some] = Field(alias="from", default=[])
    destinations: Annotated[list[Region], Some] = Field(alias="to", default=[])

    @field_validator("destinations")
    @classmethod
    def _elsewhere(cls, value: list[str], others: ValidationInfo) -> list[str]:
        if len(set(value)) == 1 and set(value) == set(others.data.get("sources", ())):
            raise ValueError(f"is {value[0]}, as `from` is, and a copy never goes to its own region")
        return value


class _Scope(_Ways):
    instances: Annotated[list[Pattern], Some] = []
    backups: Annotated[list[Pattern], Some] = []

    def _scope(self) -> rules.Scope:
        return rules.Scope(
            sources=frozenset(self.sources),
            destinations=frozenset(self.destinations),
            instances=tuple(self.instances),
            backups=tuple(self.backups),
        )


class PeopleTable(Table):
    """``approvers``."""

    people: Annotated[list[PersonId], Some] = []
    groups: Annotated[list[GroupId], Some] = []

    def who(self) -> rules.People:
        """In the words of the domain."""
        return rules.People(frozenset(self.people), frozenset(self.groups))


class AllowTable(_Scope):
    """``[[allow]]``."""

    name: Name
    people: Annotated[list[PersonId], Some] = []
    groups: Annotated[list[GroupId], Some] = []
    channels: Annotated[list[AnyChannelId], Some] = []

    def rule(self) -> rules.AllowRule:
        """In the words of the domain."""
        access = AccessRules(frozenset(self.people), frozenset(self.groups), frozenset(self.channels))
        return rules.AllowRule(self.name, access, self._scope())


class ApprovalTable(_Scope):
    """``[[approval]]``."""

    name: Name
    approvers: PeopleTable
    approvals: Number = 1
    channel: ChannelId
    larger_than_gb: Positive | None = None
    costs_more_than: Positive | None = None
    out_of_hours: bool = False
    expires_after: Span = USUAL_EXPIRY
    remind_after: Reminder = USUAL_REMINDER

    @field_validator("approvals")
    @classmethod
    def _enough_people(cls, value: int, others: ValidationInfo) -> int:
        who = others.data.get("approvers")
        if isinstance(who, PeopleTable) and not who.groups and len(set(who.people)) < value:
            raise ValueError(f"is more than the {len(set(who.people))} people who are named as approvers")
        return value

    @field_validator("remind_after")
    @classmethod
    def _in_time(cls, value: timedelta | None, others: ValidationInfo) -> timedelta | None:
        expiry = others.data.get("expires_after")
        if value is not None and isinstance(expiry, timedelta) and value >= expiry:
            raise ValueError("has to be less than `expires_after`, or nobody is ever reminded")
        return value

    def rule(self) -> rules.ApprovalRule:
        """In the words of the domain."""
        reminds_after = self.remind_after
        if "remind_after" not in self.model_fields_set and self.expires_after <= USUAL_REMINDER:
            reminds_after = None
        return rules.ApprovalRule(
            name=self.name,
            approvers=self.approvers.who(),
            channel=self.channel,
            scope=self._scope(),
            larger_than_gb=self.larger_than_gb,
            costs_more_than=self.costs_more_than,
            out_of_hours=self.out_of_hours,
            approvals=self.approvals,
            expires_after=self.expires_after,
            reminds_after=reminds_after,
        )


class LimitTable(Table):
    """``[[limit]]``."""

    name: Name
    per: Literal["person", "channel"]
    running: Number | None = None
    copies_a_day: Number | None = None
    gb_a_day: Positive | None = None
    gb_running: Positive | None = None

    def rule(self) -> rules.Limit:
        """In the words of the domain."""
        return rules.Limit(
            self.name,
            rules.Per(self.per),
            running=self.running,
            copies_a_day=self.copies_a_day,
            gb_a_day=self.gb_a_day,
            gb_running=self.gb_running,
        )


class FreezeTable(Table):
    """``[[freeze]]``."""

    name: Name
    reason: Sentence
    regions: Annotated[list[Region], Some] = []
    instances: Annotated[list[Pattern], Some] = []
    since: Moment | None = None
    until: Moment | None = None

    @field_validator("until")
    @classmethod
    def _after_it_began(cls, value: datetime | None, others: ValidationInfo) -> datetime | None:
        since = others.data.get("since")
        if value is not None and isinstance(since, datetime) and value <= since:
            raise ValueError("has to be later than `since`")
        return value

    def rule(self) -> rules.Freeze:
        """In the words of the domain."""
        regions, instances = frozenset(self.regions), tuple(self.instances)
        return rules.Freeze(self.name, self.reason, regions, instances, self.since, self.until)


class BreakGlassTable(PeopleTable):
    """``[break_glass]``."""

    channel: ChannelId

    def rule(self) -> rules.BreakGlass:
        """In the words of the domain."""
        return rules.BreakGlass(self.who(), self.channel)


class PriceTable(_Ways):
    """``[[price]]``."""

    once: Price = 0.0
    monthly: Price = 0.0

    def rule(self) -> rules.Price:
        """In the words of the domain."""
        return rules.Price(self.once, self.monthly, frozenset(self.sources), frozenset(self.destinations))


class HoursTable(Table):
    """``[hours]``."""

    timezone: Zone
    days: Days = frozenset(range(5))
    begins: TimeOfDay = Field(alias="from")
    ends: TimeOfDay = Field(alias="to")

    @field_validator("ends")
    @classmethod
    def _later(cls, value: time, others: ValidationInfo) -> time:
        begins = others.data.get("begins")
        if isinstance(begins, time) and value <= begins:
            raise ValueError("has to be later than `from`, on the same day")
        return value

    def rule(self) -> rules.Hours:
        """In the words of the domain."""
        return rules.Hours(self.timezone, self.days, self.begins, self.ends)


class WantedAgeTable(Table):
    """``[[wanted_age]]``."""

    age: Span
    instances: Annotated[list[Pattern], Some] = []
    destinations: Annotated[list[Region], Some] = Field(alias="to", default=[])

    def rule(self) -> rules.WantedAge:
        """In the words of the domain."""
        return rules.WantedAge(self.age, tuple(self.instances), frozenset(self.destinations))


class RulesTable(Table):
    """The file."""

    currency: Currency = "USD"
    allow: list[AllowTable] = []
    """One at least, which `bot.rules_file.reading` sees to."""
    approval: list[ApprovalTable] = []
    limit: list[LimitTable] = []
    freeze: list[FreezeTable] = []
    break_glass: BreakGlassTable | None = None
    price: list[PriceTable] = []
    hours: HoursTable | None = None
    wanted_age: list[WantedAgeTable] = []

    def rules(self) -> rules.Rules:
        """In the words of the domain."""
        return rules.Rules(
            allow=tuple(each.rule() for each in self.allow),
            approvals=tuple(each.rule() for each in self.approval),
            limits=tuple(each.rule() for each in self.limit),
            freezes=tuple(each.rule() for each in self.freeze),
            break_glass=self.break_glass.rule() if self.break_glass else None,
            prices=tuple(each.rule() for each in self.price),
            currency=self.currency,
            wanted_ages=tuple(each.rule() for each in self.wanted_age),
            hours=self.hours.rule() if self.hours else None,
        )
