"""What would happen if a person said yes: the plan, and the digest that is confirmed."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.backup import LONGEST_DESCRIPTION, LONGEST_NAME, REGION_NEVER_COPIED, Backup
from bot.domain.copies import Copy
from bot.domain.learned import Learned
from bot.domain.lineage import (
    Chain,
    ParentAbsent,
    ParentArriving,
    ParentGone,
    ParentReady,
    ParentStatus,
    ParentUnchecked,
    Recognised,
)
from bot.domain.names import PLACE, name_from, not_taken, suggested_name
from bot.domain.reasons import Problem, Reason
from bot.domain.retention import Rotation

MOST_COPIES = 100
"""Copies that one order may make: more are a mistake, or a job for several orders."""


UNKNOWN_TIME = 3600.0
"""Seconds that a copy is given as long as nothing was learned, to foresee whether a schedule is faster."""


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """One backup that a person wants in one region.

    Attributes:
        source: the region the backup is in.
        name: of the new backup, or the template it is made from (`bot.domain.names`).
    """

    backup_id: str
    source: str
    destination: str
    name: str
    description: str = ""
    whole_chain: bool = False
    """Copy first what the backup was made from and is not in the destination."""
    despite_existing_copy: bool = False
    """Copy again although there is a copy in the destination already."""
    despite_unchecked_parent: bool = False
    """Send it although the destination could not be asked for the parent."""


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What a person asks for at once: each of these backups in each of these regions.

    Attributes:
        name: of the new backup, or the template that the names are made from.
        left_out: backups and regions that are not asked for all the same.
    """

    source: str
    backup_ids: tuple[str, ...]
    destinations: tuple[str, ...]
    name: str
    description: str = ""
    whole_chain: bool = False
    despite_existing_copy: bool = False
    despite_unchecked_parent: bool = False
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def single(self) -> tuple[CopyRequest, ...]:
        """One request for each backup and region."""
        return tuple(
            CopyRequest(
                backup_id=backup_id,
                source=self.source,
                destination=destination,
                name=self.name,
                description=self.description,
                whole_chain=self.whole_chain,
                despite_existing_copy=self.despite_existing_copy,
                despite_unchecked_parent=self.despite_unchecked_parent,
            )
            for destination in self.destinations
            for backup_id in self.backup_ids
            if (backup_id, destination) not in self.left_out
        )


@dataclass(frozen=True, slots=True)
class ExistingCopy:
    """A copy of the backup that is in the destination already.

    Attributes:
        requested_by: id of who asked this bot for it; ``None`` if it was made elsewhere.
    """

    found: Recognised
    requested_by: str | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """What one request comes to.

    Attributes:
        backup: as it stands now in the source region.
        parent: what it needs in the destination, and whether that is there.
        existing: a copy that is there already.
        under_way: this bot's own open copy of the same backup to the same region.
        looked_at: when the cloud was asked.
        learned: how long copies between these regions take; ``None`` while too few are known.
        rotation: when a schedule may delete what is needed, if that is to be feared.
    """

    request: CopyRequest
    backup: Backup
    parent: ParentStatus
    existing: ExistingCopy | None
    looked_at: datetime
    under_way: Copy | None = None
    learned: Learned | None = None
    rotation: Rotation | None = None

    @property
    def chain(self) -> Chain | None:
        """What has to be copied first, where that is to be done."""
        return self.parent.chain if isinstance(self.parent, ParentAbsent) and self.request.whole_chain else None

    @property
    def backups(self) -> tuple[Backup, ...]:
        """All that is copied, in the order in which it is; the last is the one that was asked for."""
        return (*(self.chain.missing if self.chain else ()), self.backup)

    @property
    def problem(self) -> Problem | None:
        """Why this plan cannot be carried out as it is; ``None`` if it can."""
        if self.under_way:
            return Problem(Reason.COPY_UNDER_WAY, about=self.under_way.order_id)
        if not self.backup.is_copyable:
            return Problem(Reason.BACKUP_NOT_COPYABLE, about=self.backup.status)
        match self.parent:
            case ParentAbsent(parent) if self.chain is None:
                return Problem(Reason.PARENT_MISSING, about=parent.title)
            case ParentGone(parent_id):
                return Problem(Reason.PARENT_GONE, about=parent_id)
            case ParentUnchecked(region, fault) if not self.request.despite_unchecked_parent:
                return Problem(fault.reason, about=region, fault=fault)
        if self.existing and not self.request.despite_existing_copy:
            return Problem(Reason.COPY_EXISTS, about=self.existing.found.backup.title)
        return None

    def is_threatened_by_rotation(self, now: datetime) -> bool:
        """Whether a schedule may delete what is needed before it is copied, as copies usually take."""
        if self.rotation is None:
            return False
        each = self.learned.nine_tenths if self.learned else UNKNOWN_TIME
        chain = self.parent.chain.missing if isinstance(self.parent, ParentAbsent) and self.parent.chain else ()
        return (self.rotation.expected_at - now).total_seconds() <= each * (len(chain) + 1)

    @property
    def facts(self) -> list[object]:
        """All that was decided on, without the time of the look."""
        return [
            [
                [each.id, each.region, each.size_gb, each.parent_id, each.is_copyable or each is not self.backup]
                for each in self.backups
            ],
            _parent_facts(self.parent),
            self.existing.found.backup.id if self.existing else None,
            [self.request.destination, self.request.name, self.request.description, self.request.whole_chain],
        ]


def _parent_facts(parent: ParentStatus) -> list[str | None]:
    match parent:
        case ParentReady(found=Recognised(backup=there)):
            return ["ParentReady", there.id]
        case ParentAbsent(chain=Chain(base=Recognised(backup=there))):
            return ["ParentAbsent", there.id]
        case ParentAbsent(chain=Chain(base=ParentArriving(parent_id=arriving))):
            return ["ParentAbsent", arriving]
        case _:
            return [type(parent).__name__, None]


@dataclass(frozen=True, slots=True)
class PlannedCopy:
    """One copy of an order, before it is opened.

    Attributes:
        needs: the `key` of the planned copy that brings its parent.
        after: id of the copy, under way already, that brings its parent.
        waits_for: name of that parent, whoever brings it.
        is_wanted: whether the person asked for this very backup.
        despite_existing_copy: whether the person wants it although there is one.
    """

    backup: Backup
    destination: str
    name: str
    description: str
    needs: tuple[str, str, str] | None = None
    after: str | None = None
    waits_for: str | None = None
    is_wanted: bool = False
    despite_existing_copy: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """The same as `Copy.key`."""
        return self.backup.id, self.backup.region, self.destination


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """Everything a person confirms.

    Attributes:
        plans: one for each backup and region.
    """

    request: OrderRequest
    plans: tuple[CopyPlan, ...]

    @property
    def copies(self) -> tuple[PlannedCopy, ...]:
        """Every copy that is made, once, each after the one that it needs, with a name of its own."""
        planned: dict[tuple[str, str, str], PlannedCopy] = {}
        for step in (step for plan in self.plans for step in _steps(plan, self.request)):
            known = planned.get(step.key)
            if known is None:
                planned[step.key] = step
            elif step.is_wanted:
                again = step.despite_existing_copy
                planned[step.key] = replace(known, is_wanted=True, name=step.name, despite_existing_copy=again)
        return _with_names_of_their_own(planned.values())

    @property
    def size_gb(self) -> float:
        """Gigabytes that are copied, as far as sizes are known."""
        return sum(each.backup.size_gb or 0.0 for each in self.copies)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why it cannot be carried out as it is; none if it can. What is under way already is shared, as long as
        something is left to be copied.
        """
        found = tuple(plan.problem for plan in self.plans if plan.problem)
        if any(plan.under_way is None for plan in self.plans):
            found = tuple(problem for problem in found if problem.reason is not Reason.COPY_UNDER_WAY)
        if len(self.copies) > MOST_COPIES:
            return (*found, Problem(Reason.TOO_MANY_COPIES, about=str(len(self.copies))))
        return found

    @property
    def looked_at(self) -> datetime:
        """When the cloud was asked, the longest ago."""
        return min(plan.looked_at for plan in self.plans)

    @property
    def digest(self) -> str:
        """Names all that was decided on: it changes when a backup, a parent's state, an existing copy or the request
        does, and not with the time of the look.
        """
        facts = [[plan.facts for plan in self.plans], [[*each.key, each.name] for each in self.copies]]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def _with_names_of_their_own(planned: Iterable[PlannedCopy]) -> tuple[PlannedCopy, ...]:
    """The copies with each name given once in a region; those that a person asked for get theirs first."""
    copies = list(planned)
    names: dict[tuple[str, str, str], str] = {}
    taken: defaultdict[str, set[str]] = defaultdict(set)
    for each in sorted(copies, key=lambda copy: not copy.is_wanted):
        names[each.key] = not_taken(each.name, taken[each.destination])
        taken[each.destination].add(names[each.key])
    return tuple(replace(each, name=names[each.key]) for each in copies)


def _steps(plan: CopyPlan, request: OrderRequest) -> list[PlannedCopy]:
    """The copies of one plan, oldest first."""
    steps: list[PlannedCopy] = []
    destination = plan.request.destination
    for backup in plan.backups:
        is_wanted = backup is plan.backup
        before = steps[-1] if steps else None
        arriving = None if before else _arriving_beneath(plan)
        steps.append(
            PlannedCopy(
                backup=backup,
                destination=destination,
                name=name_from(request.name, backup.title) if is_wanted else suggested_name(backup.title),
                description=request.description,
                needs=before.key if before else None,
                after=arriving.copy_id if arriving else None,
                waits_for=before.backup.title if before else arriving.parent_name if arriving else None,
                is_wanted=is_wanted,
                despite_existing_copy=is_wanted and plan.existing is not None and request.despite_existing_copy,
            )
        )
    return steps


def _arriving_beneath(plan: CopyPlan) -> ParentArriving | None:
    """What the first copy of a plan needs, where that is on its way already."""
    match plan.parent:
        case ParentArriving() as arriving:
            return arriving
        case ParentAbsent(chain=Chain(base=ParentArriving() as arriving)) if plan.chain:
            return arriving
        case _:
            return None


def problems_of(request: OrderRequest, allowed_regions: tuple[str, ...]) -> tuple[Problem, ...]:
    """All that is wrong with a request by itself, before anybody asks the cloud.

    Args:
        request: what was asked for.
        allowed_regions: the regions copies may leave from and go to.
    """
    problems = [
        Problem(Reason.REGION_NOT_ALLOWED, about=region)
        for region in dict.fromkeys((request.source, *request.destinations))
        if region == REGION_NEVER_COPIED or region not in allowed_regions
    ]
    if request.source in request.destinations:
        problems.append(Problem(Reason.SAME_REGION, about=request.source))
    length = len(request.name.replace(PLACE, ""))
    if not request.name.strip():
        problems.append(Problem(Reason.NAME_MISSING))
    if length > LONGEST_NAME:
        problems.append(Problem(Reason.NAME_TOO_LONG, about=str(length)))
    if len(request.description) > LONGEST_DESCRIPTION:
        problems.append(Problem(Reason.DESCRIPTION_TOO_LONG, about=str(len(request.description))))
    return tuple(problems)
