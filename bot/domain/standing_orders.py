"""Standing orders: the newest backup of an instance is kept copied in a region, within an age that somebody wants."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from bot.domain.backup import Origin
from bot.domain.coverage import Cell
from bot.domain.judgement import Judgement
from bot.domain.people import Person
from bot.domain.reasons import Problem, Reason

USUAL_EVERY = timedelta(hours=24)
"""How old the newest copy may become unless a person says otherwise."""

SHORTEST_EVERY = timedelta(hours=1)
LONGEST_EVERY = timedelta(days=90)

FIRST_PAUSE = timedelta(hours=1)
"""Until it is tried again after a failure; doubled with each failure that follows, up to `StandingOrder.every`."""

MOST_DOUBLINGS = 16

NOT_FOR_THIS_PERSON = frozenset(
    {
        Reason.PERSON_NOT_ALLOWED,
        Reason.PERSON_IS_GUEST,
        Reason.PERSON_IS_BOT,
        Reason.CHANNEL_NOT_ALLOWED,
        Reason.NOT_IN_RULES,
    }
)
"""Why a person may not (any more): trying again changes nothing, so the standing order is paused."""

SAID_BY_SOMEBODY = frozenset({Reason.DECLINED, Reason.APPROVAL_EXPIRED, Reason.STOPPED})
"""People did not want a run, or nobody agreed to it: they are not asked again before the next one would be due."""

_HOURS = {"h": 1, "d": 24, "w": 168}


class StandingState(StrEnum):
    """Where a standing order stands."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class StandingOrder:
    """The newest restorable backup of an instance is kept in a region.

    Attributes:
        id: short enough to be typed: ``/copy-backup keep end 7f3a91c2``.
        revision: grows by one with each change; a change is refused when it has changed meanwhile.
        origin: the instance or HA group.
        region: the region that is copied to; from where, each run decides.
        every: how old the newest backup may become that can be restored there.
        ordered_by: under whose name each run is asked for.
        channel: id of the channel that is told.
        runs: how many orders it has begun to make.
        order_id: of the last one, written down before that is made, until it is known how it ended.
        failures: runs in a row that did not bring a copy.
        next_at: when it is tried again after a failure; ``None``: whenever it is looked at.
        told: the failures that people were told of since a run has succeeded.
        paused_for: why the bot paused it; ``None`` where a person did.
    """

    id: str
    origin: Origin
    region: str
    every: timedelta
    ordered_by: Person
    channel: str
    made_at: datetime
    revision: int = 0
    state: StandingState = StandingState.ACTIVE
    runs: int = 0
    order_id: str | None = None
    failures: int = 0
    next_at: datetime | None = None
    told: tuple[Reason, ...] = ()
    paused_for: Reason | None = None

    @property
    def key(self) -> tuple[Origin, str]:
        """What there is one standing order for at a time."""
        return self.origin, self.region

    @property
    def confirmation_id(self) -> str:
        """Names the last run: however often that is tried, it makes one order."""
        return f"keep:{self.id}:{self.runs}"

    def changed(self, **changes: Any) -> Self:  # noqa: ANN401 - what dataclasses.replace takes
        """The standing order after one change.

        Args:
            **changes: new values of its attributes.
        """
        return replace(self, revision=self.revision + 1, **changes)

    def begun(self) -> Self:
        """The standing order when its next run begins, or the one that was cut off begins again."""
        return self.changed(runs=self.runs if self.order_id else self.runs + 1)

    def failed(self, reason: Reason, now: datetime) -> Self:
        """The standing order after a run that did not bring a copy.

        Args:
            reason: why.
            now: the time.
        """
        pause = min(self.every, FIRST_PAUSE * 2 ** min(self.failures, MOST_DOUBLINGS))
        wait = self.every if reason in SAID_BY_SOMEBODY else pause
        told = self.told if reason in self.told else (*self.told, reason)
        return self.changed(failures=self.failures + 1, next_at=now + wait, told=told, order_id=None)

    def succeeded(self) -> Self:
        """The standing order after a run that brought a copy, or when none was needed any more."""
        return self.changed(failures=0, next_at=None, told=(), order_id=None)


@dataclass(frozen=True, slots=True)
class KeepRequest:
    """What a person wants to be kept.

    Attributes:
        origin: the instance or HA group.
        region: the region that is copied to.
        every: how old the newest backup may become that can be restored there.
        channel: id of the channel that is told.
    """

    origin: Origin
    region: str
    every: timedelta
    channel: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a standing order would do, and what the rules say of a run.

    Attributes:
        cell: how the instance stands in the region now.
        existing: one for the same instance and region.
    """

    request: KeepRequest
    cell: Cell
    judgement: Judgement
    problems: tuple[Problem, ...] = ()
    existing: StandingOrder | None = None

    @property
    def can_be_ordered(self) -> bool:
        """Whether the person may: what only holds up a single run (a freeze, a limit) does not matter."""
        return not self.problems and self.existing is None and self.judgement.allowed_by is not None


def is_due(standing: StandingOrder, now: datetime) -> bool:
    """Whether a copy may be asked for now. A clock that was set back delays little: nobody
    waits longer than `StandingOrder.every` and `FIRST_PAUSE`.
    """
    if standing.state is not StandingState.ACTIVE:
        return False
    if standing.next_at is None or now >= standing.next_at:
        return True
    return standing.next_at - now > standing.every + FIRST_PAUSE


def is_overdue(standing: StandingOrder, made: datetime | None, now: datetime) -> bool:
    """Whether people have to hear that there is nothing newer to copy: the instance may have no backups any more.

    Args:
        standing: the standing order.
        made: when the newest backup was made that can be restored in the region; ``None`` where there is none: then it
            counts from when the standing order was made.
        now: the time.
    """
    return now - (made or standing.made_at) >= 2 * standing.every


def read_every(text: str) -> timedelta | None:
    """A length of time as people type it: ``24h``, ``7d``, ``2w``.

    Returns:
        ``None`` where it is none, or shorter than `SHORTEST_EVERY` or longer than `LONGEST_EVERY`.
    """
    found = re.fullmatch(r"(\d{1,4})\s?([hdw])[a-z]*", text.strip().lower())
    if found is None:
        return None
    every = timedelta(hours=int(found[1]) * _HOURS[found[2]])
    return every if SHORTEST_EVERY <= every <= LONGEST_EVERY else None


def write_every(every: timedelta) -> str:
    """The same as `read_every` reads: whole days as days, from two on."""
    hours = round(every.total_seconds() / 3600)
    return f"{hours // 24}d" if hours % 24 == 0 and hours >= 48 else f"{hours}h"
