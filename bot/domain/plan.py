"""What would happen if a person said yes: the plan of one copy, and the digest that is confirmed."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from bot.domain.backup import LONGEST_DESCRIPTION, LONGEST_NAME, REGION_NEVER_COPIED, Backup
from bot.domain.copies import Copy
from bot.domain.lineage import ParentAbsent, ParentGone, ParentStatus, ParentUnchecked, Recognised
from bot.domain.reasons import Problem, Reason


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """What a person asks for.

    Attributes:
        source: the region the backup is in.
        name: of the new backup.
    """

    backup_id: str
    source: str
    destination: str
    name: str
    description: str = ""
    despite_existing_copy: bool = False
    """Copy again although there is a copy in the destination already."""
    despite_unchecked_parent: bool = False
    """Send it although the destination could not be asked for the parent."""


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
    """Everything a person confirms.

    Attributes:
        backup: as it stands now in the source region.
        parent: what it needs in the destination, and whether that is there.
        existing: a copy that is there already.
        under_way: this bot's own open copy of the same backup to the same region.
        looked_at: when the cloud was asked.
    """

    request: CopyRequest
    backup: Backup
    parent: ParentStatus
    existing: ExistingCopy | None
    looked_at: datetime
    under_way: Copy | None = None

    @property
    def problem(self) -> Problem | None:
        """Why this plan cannot be carried out as it is; ``None`` if it can."""
        if self.under_way:
            return Problem(Reason.COPY_UNDER_WAY, about=self.under_way.id)
        if not self.backup.is_copyable:
            return Problem(Reason.BACKUP_NOT_COPYABLE, about=self.backup.status)
        match self.parent:
            case ParentAbsent(parent):
                return Problem(Reason.PARENT_MISSING, about=parent.title)
            case ParentGone(parent_id):
                return Problem(Reason.PARENT_GONE, about=parent_id)
            case ParentUnchecked(region, fault) if not self.request.despite_unchecked_parent:
                return Problem(fault.reason, about=region, fault=fault)
        if self.existing and not self.request.despite_existing_copy:
            return Problem(Reason.COPY_EXISTS, about=self.existing.found.backup.title)
        return None

    @property
    def digest(self) -> str:
        """Names all that was decided on: it changes when the backup, its parent's state, an existing copy or the
        request does, and not with the time of the look.
        """
        backup = self.backup
        facts = [
            [backup.id, backup.region, backup.size_gb, backup.parent_id, backup.is_copyable],
            _parent_facts(self.parent),
            self.existing.found.backup.id if self.existing else None,
            [self.request.destination, self.request.name, self.request.description],
        ]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def _parent_facts(parent: ParentStatus) -> list[str | None]:
    there = getattr(parent, "found", None)
    return [type(parent).__name__, there.backup.id if isinstance(there, Recognised) else None]


def problems_of(request: CopyRequest, allowed_regions: tuple[str, ...]) -> tuple[Problem, ...]:
    """All that is wrong with a request by itself, before anybody asks the cloud.

    Args:
        request: what was asked for.
        allowed_regions: the regions copies may leave from and go to.
    """
    problems = [
        Problem(Reason.REGION_NOT_ALLOWED, about=region)
        for region in dict.fromkeys((request.source, request.destination))
        if region == REGION_NEVER_COPIED or region not in allowed_regions
    ]
    if request.source == request.destination:
        problems.append(Problem(Reason.SAME_REGION, about=request.source))
    if not request.name.strip():
        problems.append(Problem(Reason.NAME_MISSING))
    if len(request.name) > LONGEST_NAME:
        problems.append(Problem(Reason.NAME_TOO_LONG, about=str(len(request.name))))
    if len(request.description) > LONGEST_DESCRIPTION:
        problems.append(Problem(Reason.DESCRIPTION_TOO_LONG, about=str(len(request.description))))
    return tuple(problems)


def suggested_name(backup_name: str) -> str:
    """The name a copy gets unless a person gives another: the source's with ``-copy``, as Rackspace's own panel
    does (``cloud-databases-api.md``, The copy), cut to the length a name may have.
    """
    ending = "-copy"
    return backup_name[: LONGEST_NAME - len(ending)] + ending
