"""Parents: what an incremental backup needs in the destination, and how a backup is recognised there.

Cloud Databases refuses to copy an incremental whose parent is not in the destination
(``copy-backup-operation.rst``, note), and never says under which id a copy arrives
(``cloud-databases-api.md``, The copy): so a backup is looked up by its id first, then by evidence.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from bot.domain.backup import Backup, BackupStatus
from bot.domain.reasons import Fault


class Evidence(StrEnum):
    """How a backup in the destination was recognised, the surest first."""

    SAME_ID = "same_id"
    OWN_RECORD = "own_record"
    """This bot made that copy and wrote down its id."""
    SAME_FILES = "same_files"
    """The original's id is in the address of its files."""
    MATCHING_FACTS = "matching_facts"
    """Name, instance or source, datastore and size agree."""
    SAID_BY_PERSON = "said_by_person"


SUREST_FIRST = tuple(Evidence)


@dataclass(frozen=True, slots=True)
class Recognised:
    """A backup in another region that is the same as one that was looked for."""

    backup: Backup
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class FullBackup:
    """Needs nothing in the destination."""


@dataclass(frozen=True, slots=True)
class ParentReady:
    """The parent is in the destination and whole.

    Attributes:
        parent: in the source region; ``None`` if it is gone there (its copy in the destination is enough).
    """

    parent: Backup | None
    found: Recognised


@dataclass(frozen=True, slots=True)
class ParentArriving:
    """The parent is on its way to the destination.

    Attributes:
        copy_id: this bot's own copy that brings it; ``None`` if it was started elsewhere.
        since: when that copy was asked for.
        requested_by: id of who asked this bot for it.
    """

    parent_id: str
    parent_name: str
    copy_id: str | None = None
    since: datetime | None = None
    requested_by: str | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """What has to be in the destination before an incremental can be copied, as far as it is not there.

    Attributes:
        missing: oldest first; the last is the parent itself.
        base: what the oldest of them was made from and is in the destination already, or on its way there; ``None``
            if the oldest is a full backup.
    """

    missing: tuple[Backup, ...]
    base: "Recognised | ParentArriving | None" = None


@dataclass(frozen=True, slots=True)
class ParentAbsent:
    """The parent is in the source region but not in the destination: the copy would be refused.

    Attributes:
        chain: what would have to be copied first; ``None`` where nobody has looked.
    """

    parent: Backup
    chain: Chain | None = None


@dataclass(frozen=True, slots=True)
class ParentGone:
    """The parent, or what it was made from, was deleted, failed or cannot be seen, here and there: the chain is
    broken.

    Attributes:
        parent_id: of the one that is missing.
        parent: as it stands in the source region if it failed; ``None`` if it is not there.
    """

    parent_id: str
    parent: Backup | None = None


@dataclass(frozen=True, slots=True)
class ParentUnchecked:
    """A region could not be asked."""

    region: str
    fault: Fault


ParentStatus = FullBackup | ParentReady | ParentArriving | ParentAbsent | ParentGone | ParentUnchecked

PARENT_WORDS: Mapping[type[ParentStatus], str] = MappingProxyType(
    {
        FullBackup: "not needed",
        ParentReady: "there",
        ParentArriving: "on its way",
        ParentAbsent: "not there",
        ParentGone: "gone",
        ParentUnchecked: "not known",
    }
)
"""How the state of the parent is written down: in the audit log, and in a confirmation."""


def recognise(
    original: Backup,
    candidates: Iterable[Backup],
    *,
    recorded_ids: Iterable[str] = (),
    names: Iterable[str] = (),
) -> Recognised | None:
    """The backup among ``candidates`` that is the same as ``original``, with the surest evidence for it.

    Args:
        original: as it stands in its own region.
        candidates: backups of the other region.
        recorded_ids: ids under which this bot has seen copies of ``original`` arrive there.
        names: names a copy of it may have beside the original's own and its ``-copy``
            (which is what Rackspace's own panel calls a copy).

    Returns:
        ``None`` when no candidate is the same backup. A failed candidate never is.
    """
    recorded = frozenset(recorded_ids)
    likely_names = {original.name, f"{original.name}-copy", *names}
    found = [
        Recognised(candidate, evidence)
        for candidate in candidates
        if not candidate.has_failed and (evidence := _evidence(original, candidate, recorded, likely_names)) is not None
    ]
    return min(found, key=_preference, default=None)


def _evidence(original: Backup, candidate: Backup, recorded_ids: frozenset[str], names: set[str]) -> Evidence | None:
    if candidate.id == original.id:
        return Evidence.SAME_ID
    if candidate.id in recorded_ids:
        return Evidence.OWN_RECORD
    if candidate.location is not None and original.id in candidate.location:
        return Evidence.SAME_FILES
    if candidate.name in names and facts_agree(original, candidate):
        return Evidence.MATCHING_FACTS
    return None


def facts_agree(original: Backup, candidate: Backup) -> bool:
    """Whether two backups of different regions can be the same one, names aside.

    Facts that one side does not have (a size while it is being built, an instance) do not speak against it, but
    something has to speak for it: at least the instance or HA group, or the size, is known on both sides.
    """
    if original.is_incremental != candidate.is_incremental or candidate.parent_id == original.id:
        return False
    facts = (
        (original.origin, candidate.origin),
        (original.datastore, candidate.datastore),
        (original.size_gb, candidate.size_gb),
    )
    known = [(ours, theirs) for ours, theirs in facts if ours is not None and theirs is not None]
    speaks_for_it = (original.origin and candidate.origin) or (original.size_gb and candidate.size_gb)
    return bool(speaks_for_it) and all(ours == theirs for ours, theirs in known)


def _preference(found: Recognised) -> tuple[int, int, float]:
    whole_first = 0 if found.backup.is_usable else 1
    newest_first = -found.backup.created.timestamp() if found.backup.created else 0.0
    return whole_first, SUREST_FIRST.index(found.evidence), newest_first


def parent_status(
    backup: Backup,
    *,
    in_source: Backup | Fault | None,
    in_destination: Recognised | Fault | None,
    arriving: ParentArriving | None,
    destination: str,
) -> ParentStatus:
    """What a copy of ``backup`` needs and whether it is there.

    Args:
        backup: what is to be copied.
        in_source: its parent in its own region; a `Fault` if that could not be asked.
        in_destination: its parent in the destination; a `Fault` if that could not be asked.
        arriving: this bot's own open copy of the parent to the destination.
        destination: the region's name, to say which one could not be asked.
    """
    if backup.parent_id is None:
        return FullBackup()
    parent = in_source if isinstance(in_source, Backup) else None
    match in_destination:
        case Recognised(backup=there) if there.is_usable:
            return ParentReady(parent, in_destination)
        case _ if arriving is not None:
            return arriving
        case Recognised(backup=there):
            return ParentArriving(parent_id=backup.parent_id, parent_name=there.title, since=there.created)
        case Fault():
            return ParentUnchecked(destination, in_destination)
    if isinstance(in_source, Fault):
        return ParentUnchecked(backup.region, in_source)
    if parent is None or parent.status in {BackupStatus.FAILED, BackupStatus.DELETE_FAILED}:
        return ParentGone(backup.parent_id, parent)
    return ParentAbsent(parent)
