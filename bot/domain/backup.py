"""A backup as Cloud Databases describes it (``cloud-databases-api.md``, Backups)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

REGIONS_FOR_COPIES = ("DFW", "IAD", "ORD", "HKG", "SYD")
"""The regions a copy may leave from and go to, unless a setting says otherwise. LON is never one of them
(``copy-backup-operation.rst``, note)."""

REGION_NEVER_COPIED = "LON"
"""The one region that exists and is refused by the operation, as source and as destination."""

LONGEST_NAME = 64
"""Characters a backup's name may have (``cloud-databases-api.md``, Backups)."""

LONGEST_DESCRIPTION = 255
"""Characters of a description that the form accepts: the service's own limit is unknown, its column is a
common 255."""


class BackupStatus(StrEnum):
    """The statuses that are documented or were seen. Any other is kept as the text it is."""

    NEW = "NEW"
    BUILDING = "BUILDING"
    COMPLETED = "COMPLETED"
    COPYING = "COPYING"
    FAILED = "FAILED"
    DELETE_FAILED = "DELETE_FAILED"
    COPY_ERROR = "COPY_ERROR"


COPYABLE_STATUSES = (BackupStatus.COMPLETED, BackupStatus.COPY_ERROR)
"""A backup in one of these can be copied: COPY_ERROR says that an earlier copy of it failed; its data is whole."""

FAILED_STATUSES = frozenset({BackupStatus.FAILED, BackupStatus.DELETE_FAILED, BackupStatus.COPY_ERROR})
"""A backup in one of these will never become usable."""


@dataclass(frozen=True, slots=True)
class Datastore:
    """The database a backup was made of, such as ``mysql 5.6``."""

    type: str
    version: str | None = None

    def __str__(self) -> str:
        return f"{self.type} {self.version}" if self.version else self.type


@dataclass(frozen=True, slots=True)
class Origin:
    """The instance or HA group a backup was made of."""

    type: str
    """``instance`` or ``ha``, or whatever word the service uses."""
    id: str


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup in one region.

    Attributes:
        id: unique in its region; whether a copy keeps the id of its source is unknown.
        status: as the service says it; see `BackupStatus` for those with a known meaning.
        parent_id: the backup that this one is an increment of; ``None`` for a full backup.
        size_gb: gigabytes; ``None`` until the backup has finished.
        created: in UTC; whether a copy carries its own time or its source's is unknown.
        kind: the service's name for the way it was made, such as ``InnoBackupExIncremental``.
        location: the address of its files in Cloud Files, which has the id of the original in it.
    """

    id: str
    region: str
    name: str
    status: str
    parent_id: str | None = None
    description: str | None = None
    size_gb: float | None = None
    created: datetime | None = None
    updated: datetime | None = None
    datastore: Datastore | None = None
    origin: Origin | None = None
    kind: str | None = None
    is_automated: bool = False
    location: str | None = None

    @property
    def title(self) -> str:
        """Its name; its id where it has none."""
        return self.name.strip() or self.id

    @property
    def is_incremental(self) -> bool:
        """Whether it needs its parent to be restored."""
        return self.parent_id is not None

    @property
    def is_copyable(self) -> bool:
        """Whether the service would take a copy of it now, its parent aside."""
        return self.status in COPYABLE_STATUSES

    @property
    def is_usable(self) -> bool:
        """Whether its data is whole: COMPLETED, also while it is being copied elsewhere."""
        return self.status in {BackupStatus.COMPLETED, BackupStatus.COPYING}

    @property
    def has_failed(self) -> bool:
        """Whether it will never become usable."""
        return self.status in FAILED_STATUSES
