"""What a look at both sides says about a copy (``cloud-databases-api.md``, The copy).

While a copy runs its source shows COPYING; when it has ended the source is COMPLETED again and a new backup is in
the destination. Older releases leave COPY_ERROR on the source of a failed copy. The statuses of the service are
not trusted further than that: whatever else they say means "still in progress".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.backup import Backup, BackupStatus
from bot.domain.copies import Copy
from bot.domain.lineage import Evidence, Recognised, recognise
from bot.domain.reasons import Fault, Reason


@dataclass(frozen=True, slots=True)
class Look:
    """What both sides showed at one time.

    Attributes:
        source: the backup that is copied; a `Fault` where it could not be seen.
        destination: backups of the destination that may be the new one: the one with the source's id, if it is
            there, and those with the name that was asked for. A `Fault` where the destination could not be asked.
    """

    at: datetime
    source: Backup | Fault
    destination: tuple[Backup, ...] | Fault


@dataclass(frozen=True, slots=True)
class InProgress:
    """It runs, as far as can be seen."""

    status: str | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """The new backup is in the destination, whole."""

    found: Recognised


@dataclass(frozen=True, slots=True)
class Broken:
    """It will not arrive."""

    reason: Reason
    status: str | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class NothingThere:
    """The source is not being copied (any more), and nothing new is in the destination."""


@dataclass(frozen=True, slots=True)
class CannotTell:
    """A side that is needed for an answer could not be asked."""

    fault: Fault


Progress = InProgress | Arrived | Broken | NothingThere | CannotTell


def new_backup(copy: Copy, candidates: Iterable[Backup]) -> Recognised | Backup | None:
    """The result of a copy among the backups of its destination.

    Returns:
        A `Recognised` if it is there; the plain `Backup` if it is there and has failed; ``None`` if it is not.
    """
    old = (*copy.present_before, *copy.failed_before)
    new = [c for c in candidates if c.id not in (old if c.has_failed else copy.present_before)]
    recorded = (copy.copied_id,) if copy.copied_id else ()
    found = recognise(copy.backup, new, recorded_ids=recorded, names=(copy.name,))
    if found and found.evidence is Evidence.MATCHING_FACTS:  # it has the name that was asked for, and no other
        found = recognise(copy.backup, [each for each in new if each.name == copy.name], names=(copy.name,))
    if found:
        return found
    failed = (b for b in new if b.has_failed and (b.name == copy.name or b.id in {copy.backup.id, *recorded}))
    return next(failed, None)


def progress_of(copy: Copy, look: Look) -> Progress:
    """What one look says about a copy that was sent, or may have been."""
    source_status = look.source.status if isinstance(look.source, Backup) else None
    at_rest = source_status == BackupStatus.COMPLETED or _shows_an_older_error(copy, source_status)
    if source_status == BackupStatus.COPY_ERROR and not at_rest:
        return Broken(Reason.COPY_FAILED, status=source_status)
    if not isinstance(look.destination, Fault):
        match new_backup(copy, look.destination):
            case Recognised(backup=arrived) as found if arrived.is_usable:
                return Arrived(found)
            case Recognised(backup=arriving):
                return InProgress(arriving.status)
            case Backup(status=failed):
                return Broken(Reason.COPY_FAILED, status=failed)
    if source_status is not None and not at_rest:
        return InProgress(source_status)
    if isinstance(look.destination, Fault):
        return CannotTell(look.destination)
    if isinstance(look.source, Fault) and look.source.reason is not Reason.NOT_FOUND:
        return CannotTell(look.source)
    return NothingThere()


def _shows_an_older_error(copy: Copy, source_status: str | None) -> bool:
    """Whether the source has shown since before this copy that one of it failed, and nothing else yet."""
    return source_status == BackupStatus.COPY_ERROR == copy.backup.status and copy.shown_status is None
