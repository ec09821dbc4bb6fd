"""A backup as the simulated Cloud Databases holds it, and the JSON that it is shown as."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

MYSQL_56: Mapping[str, str] = MappingProxyType(
    {"type": "mysql", "version": "5.6", "version_id": "1379cc8b-4bc5-4c4a-9e9d-7a9ad27c0866"}
)
"""The datastore of a backup when nothing else is said (cloud-databases-api.md, Backups)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBackup:
    """One backup in one region.

    `size` and `volume_size` are GB; times are UTC. `content` and `parent_content` never leave the
    cloud: they are the ids under which this backup and its parent were first made, by which the cloud
    knows a copy again when the copy has an id of its own.
    """

    id: str
    name: str | None
    created: datetime
    updated: datetime
    status: str = "COMPLETED"
    parent_id: str | None = None
    size: float | None = None
    type: str | None = None
    instance_id: str | None = None
    source: Mapping[str, str] = field(default_factory=dict)
    datastore: Mapping[str, str] | None = field(default_factory=lambda: MYSQL_56)
    description: str | None = None
    is_automated: bool | int = 0
    location: str | None = None
    flavor_ram: int | None = 1024
    volume_size: int | None = None
    content: str = ""
    parent_content: str | None = None
    unknown_fields: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.content:
            object.__setattr__(self, "content", self.id)
        if self.parent_content is None:
            object.__setattr__(self, "parent_content", self.parent_id)
        if self.type is None:
            object.__setattr__(self, "type", "InnoBackupExIncremental" if self.parent_id else "InnoBackupEx")

    @property
    def ha_id(self) -> str | None:
        """The id of the HA group it was made from, if it was made from one."""
        return self.source.get("id") if self.source.get("type") == "ha" else None

    def document(self, *, naive_times: bool = False) -> dict[str, object]:
        """The backup as JSON shows it; `source` is always there (cloud-databases-api.md, Backups).

        Args:
            naive_times: Leave the `Z` of the times out, as some deployments do.
        """
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "status": self.status,
            "created": _timestamp(self.created, naive=naive_times),
            "updated": _timestamp(self.updated, naive=naive_times),
            "datastore": None if self.datastore is None else dict(self.datastore),
            "size": self.size,
            "is_automated": self.is_automated,
            "parent_id": self.parent_id,
            "flavor_ram": self.flavor_ram,
            "instance_id": self.instance_id,
            "source": dict(self.source),
            "locationRef": self.location,
            "type": self.type,
            "volume_size": self.volume_size,
            **self.unknown_fields,
        }


def location_of(region: str, account: str, file_id: str) -> str:
    """Where Cloud Files keeps a backup's file, as `locationRef` names it.

    Args:
        region: The region that the file is in, such as `DFW`.
        account: The account id.
        file_id: The backup id in the file's name.
    """
    return (
        f"https://snet-storage101.{region.lower()}1.clouddrive.com/v1/MossoCloudFS_{account}"
        f"/z_CLOUDDB_BACKUPS/{file_id}.xbstream.gz"
    )


def _timestamp(moment: datetime, *, naive: bool) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}{'' if naive else 'Z'}"
