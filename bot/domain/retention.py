"""Retention: a schedule makes a full backup a week and keeps two of them; with the third, the oldest is deleted and its
incrementals go with it (``cloud-databases-api.md``, Backups). So a parent may be gone before its chain is across.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.backup import Backup

FULLS_KEPT = 2
"""By a schedule, unless somebody has set it otherwise, which cannot be seen."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """A schedule is likely to delete a full backup, and all that was made from it.

    Attributes:
        full: the backup.
        expected_at: when the full backup is due that takes its place.
    """

    full: Backup
    expected_at: datetime


def expected_rotation(full: Backup, fulls: Iterable[Backup]) -> Rotation | None:
    """When a full backup is likely to be deleted by its schedule.

    Args:
        full: the oldest backup of a chain.
        fulls: the full backups of the same instance or HA group in the same region.

    Returns:
        ``None`` for a backup that no schedule made, and for one that the next full backup does not push out; it is due
        as long after the newest as that is after the one before.
    """
    if not full.is_automated or full.created is None:
        return None
    times = sorted({each.created for each in (full, *fulls) if each.is_automated and each.created})
    if len(times) - times.index(full.created) < FULLS_KEPT:
        return None
    return Rotation(full, times[-1] + (times[-1] - times[-2]))
