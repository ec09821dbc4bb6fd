"""The data that the simulated cloud starts with: whole accounts, made from a seed.

`believable_estate` is the account of the storyboard. Databases in DFW have weekly fulls and nightly incrementals,
each made from the one before, and two fulls kept; a part of them is in IAD and ORD already. What others
may rely on has a name:

`full`: a small full backup in DFW that is nowhere else.
`incremental_with_parent_in_iad`: the newest incremental of orders-db; its parent, a full, is in IAD under the same id.
`incremental_without_parent`: the newest incremental of billing-db; nothing of its chain of 3 is in IAD.
`orphan`: an incremental of a database that is gone, whose parent was deleted everywhere.
`ha_full`: the newest full of sessions-ha, a HA group; it has no instance.
`failed`, `building`: what their names say.
"""

import random
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.sandbox.backup import MYSQL_56, StoredBackup, location_of

ACCOUNT = "938359"
"""The account id of the sandbox."""

_WITHOUT_SCHEDULES = ("SYD", "HKG")  # cloud-databases-api.md, Backups
_MYSQL_57 = {"type": "mysql", "version": "5.7", "version_id": "3c9e5ba2-4c1c-4b6e-8d0f-7be7f3d4b1c6"}
_MARIADB = {"type": "mariadb", "version": "10", "version_id": "8dc5b2c4-2ea8-4f4a-8c4b-5ef2c9a3fd0e"}
_PERCONA = {"type": "percona", "version": "5.6", "version_id": "ab0a2b1c-5d39-4d0c-b0c8-3bc0b9a84a37"}


@dataclass(frozen=True, slots=True)
class Estate:
    """The backups of each region, and those among them that have a name to be relied on."""

    backups: Mapping[str, tuple[StoredBackup, ...]]
    named: Mapping[str, StoredBackup] = field(default_factory=dict)

    @property
    def full(self) -> StoredBackup:
        """A full backup in DFW that is nowhere else."""
        return self.named["full"]

    @property
    def incremental_with_parent_in_iad(self) -> StoredBackup:
        """An incremental in DFW that can be copied to IAD at once."""
        return self.named["incremental_with_parent_in_iad"]

    @property
    def incremental_without_parent(self) -> StoredBackup:
        """An incremental in DFW, the last of a chain of 3 of which nothing is in IAD."""
        return self.named["incremental_without_parent"]

    @property
    def orphan(self) -> StoredBackup:
        """An incremental in DFW whose parent was deleted."""
        return self.named["orphan"]

    @property
    def ha_full(self) -> StoredBackup:
        """A full backup of a HA group in DFW."""
        return self.named["ha_full"]

    @property
    def failed(self) -> StoredBackup:
        """A FAILED backup in DFW."""
        return self.named["failed"]

    @property
    def building(self) -> StoredBackup:
        """A BUILDING backup in DFW."""
        return self.named["building"]

    def chain(self, region: str, backup: StoredBackup) -> list[StoredBackup]:
        """A backup and all it was made from that is in a region, oldest first."""
        there = {one.id: one for one in self.backups.get(region, ())}
        chain = [backup]
        while (parent := there.get(chain[0].parent_id or "")) is not None:
            chain.insert(0, parent)
        return chain


@dataclass(frozen=True, slots=True)
class _Database:
    """A database with a schedule: how long ago its last weekly full was, and how big its backups are (GB)."""

    name: str
    days_since_full: int
    full_size: float
    incremental_size: float
    datastore: Mapping[str, str]
    is_ha: bool = False


_SCHEDULED = (
    _Database("orders-db", 1, 6.2, 1.4, MYSQL_56),
    _Database("billing-db", 2, 11.9, 1.15, _MYSQL_57),
    _Database("sessions-ha", 3, 2.4, 0.35, MYSQL_56, is_ha=True),
    _Database("catalog-db", 4, 8.1, 0.6, _MARIADB),
    _Database("inventory-db", 5, 3.3, 0.5, _PERCONA),
)


class _Builder:
    """Makes an estate, backup by backup."""

    def __init__(self, seed: int, now: datetime) -> None:
        self._numbers = random.Random(seed)
        self.now = now
        self.backups: dict[str, list[StoredBackup]] = defaultdict(list)
        self.named: dict[str, StoredBackup] = {}

    def new_id(self) -> str:
        return str(uuid.UUID(int=self._numbers.getrandbits(128), version=4))

    def varied(self, size: float) -> float:
        return round(size * self._numbers.uniform(0.9, 1.1), 2)

    def add(
        self,
        region: str,
        name: str | None,
        hours_ago: float,
        *,
        size: float | None = 1.0,
        status: str = "COMPLETED",
        parent_id: str | None = None,
        instance_id: str | None = None,
        source: Mapping[str, str] | None = None,
        datastore: Mapping[str, str] | None = MYSQL_56,
        description: str | None = None,
        is_automated: bool | int = 0,
        located: bool = True,
        unknown_fields: Mapping[str, object] | None = None,
    ) -> StoredBackup:
        backup_id = self.new_id()
        created = self.now - timedelta(hours=hours_ago)
        made_from = {"type": "instance", "id": instance_id} if instance_id else {}
        backup = StoredBackup(
            id=backup_id,
            name=name,
            created=created,
            updated=created + timedelta(minutes=4),
            size=size,
            status=status,
            parent_id=parent_id,
            instance_id=instance_id,
            source=made_from if source is None else source,
            datastore=datastore,
            description=description,
            is_automated=is_automated,
            location=location_of(region, ACCOUNT, backup_id) if located else None,
            volume_size=20,
            unknown_fields=unknown_fields or {},
        )
        self.backups[region].append(backup)
        return backup

    def copy(self, backup: StoredBackup, *regions: str) -> None:
        """Puts copies under the same id into other regions, as a schedule with `copy_to` does, or a person."""
        for region in regions:
            automated = 0 if region in _WITHOUT_SCHEDULES else backup.is_automated
            location = location_of(region, ACCOUNT, backup.id)
            self.backups[region].append(replace(backup, location=location, is_automated=automated))

    def estate(self) -> Estate:
        return Estate({region: tuple(backups) for region, backups in self.backups.items()}, self.named)


def empty_estate() -> Estate:
    """An account without any backup."""
    return Estate({})


def believable_estate(seed: int, now: datetime) -> Estate:
    """An account as in the storyboard; see the module.

    Args:
        seed: The same seed gives the same ids and sizes.
        now: When it is now; all ages count from here.
    """
    builder = _Builder(seed, now)
    weeks = {database.name: _schedule(builder, database) for database in _SCHEDULED}
    orders, billing, sessions, catalog = (
        weeks[name] for name in ("orders-db", "billing-db", "sessions-ha", "catalog-db")
    )
    # Copied already: the fulls of orders-db by their schedule, half of its older week, all of catalog-db's week.
    builder.copy(orders[1][0], "IAD", "ORD")
    for backup in orders[0][:4]:
        builder.copy(backup, "IAD")
    builder.copy(billing[0][0], "ORD")
    builder.copy(sessions[1][0], "ORD")
    for backup in catalog[1]:
        builder.copy(backup, "IAD", "HKG")
    builder.named["incremental_with_parent_in_iad"] = orders[1][-1]
    builder.named["incremental_without_parent"] = billing[1][-1]
    builder.named["ha_full"] = sessions[1][0]
    _add_manual_backups(builder)
    _add_other_regions(builder)
    return builder.estate()


def large_estate(count: int = 5000, region: str = "DFW", *, seed: int = 7, now: datetime | None = None) -> Estate:
    """An account with very many backups in one region: 25 instances, each with weeks of 7 backups.

    Args:
        count: How many backups.
        region: Where they are.
        seed: The same seed gives the same ids.
        now: When it is now.
    """
    builder = _Builder(seed, now or datetime.now(UTC))
    instances = [builder.new_id() for _ in range(25)]
    previous: dict[int, StoredBackup] = {}
    for number in range(count):
        place, night = number % 25, number // 25
        full = night % 7 == 0
        previous[place] = builder.add(
            region,
            f"database-{place:02d}-{'weekly' if full else 'nightly'}-{night:04d}",
            24 * (count // 25 - night) + 6,
            size=builder.varied(6.0 if full else 0.5),
            parent_id=None if full else previous[place].id,
            instance_id=instances[place],
            is_automated=1,
        )
    return builder.estate()


def awkward_estate(*, seed: int = 7, now: datetime | None = None) -> Estate:
    """Backups in DFW that are allowed, and that nobody expects. Their names in `named` say what they are.

    `pings`: named `<!channel> & <b>`. `longest_name`: 64 characters. `bare`: no description, name or
    instance. `nulls`: size, datastore and locationRef are null. `unknown_status`: a status that no
    documentation knows. `unknown_fields`: fields that it does not know. `ha`: of a HA group, without
    an instance. `boolean`: `is_automated` is true, not 1.

    Args:
        seed: The same seed gives the same ids.
        now: When it is now.
    """
    builder = _Builder(seed, now or datetime.now(UTC))
    instance = builder.new_id()
    named = builder.named
    named["pings"] = builder.add(
        "DFW", "<!channel> & <b>", 1, instance_id=instance, description="<@U012AB3CD> `rm` *bold* :tada:"
    )
    named["longest_name"] = builder.add("DFW", ("nightly-" * 8)[:64], 2, instance_id=instance)
    named["bare"] = builder.add("DFW", None, 3)
    named["nulls"] = builder.add("DFW", "nulls", 4, instance_id=instance, size=None, datastore=None, located=False)
    named["unknown_status"] = builder.add("DFW", "archived", 5, instance_id=instance, status="ARCHIVING")
    named["unknown_fields"] = builder.add(
        "DFW", "from-the-future", 6, instance_id=instance, unknown_fields={"tier": "cold", "checksums": [1, {}]}
    )
    named["ha"] = builder.add("DFW", "ha-without-instance", 7, source={"type": "ha", "id": builder.new_id()})
    named["boolean"] = builder.add("DFW", "boolean", 8, instance_id=instance, is_automated=True)
    return builder.estate()


def _schedule(builder: _Builder, database: _Database) -> list[list[StoredBackup]]:
    """What a schedule has left in DFW: the week before and this week, each a full and its incrementals."""
    owner_id = builder.new_id()
    this_week = [24 * days + 6 for days in range(database.days_since_full, -1, -1)]
    week_before = [24 * (database.days_since_full + days) + 6 for days in range(7, 0, -1)]
    return [_week(builder, database, owner_id, nights) for nights in (week_before, this_week)]


def _week(builder: _Builder, database: _Database, owner_id: str, nights: list[int]) -> list[StoredBackup]:
    chain: list[StoredBackup] = []
    for hours_ago in nights:
        kind = "nightly" if chain else "weekly"
        chain.append(
            builder.add(
                "DFW",
                f"{database.name}-{kind}-{builder.now - timedelta(hours=hours_ago):%Y-%m-%d}",
                hours_ago,
                size=builder.varied(database.incremental_size if chain else database.full_size),
                parent_id=chain[-1].id if chain else None,
                instance_id=None if database.is_ha else owner_id,
                source={"type": "ha" if database.is_ha else "instance", "id": owner_id},
                datastore=database.datastore,
                description=f"{'Nightly incremental' if chain else 'Weekly full'} of {database.name}",
                is_automated=1,
            )
        )
    return chain


def _add_manual_backups(builder: _Builder) -> None:
    """What people made in DFW by hand, and what went wrong there."""
    named = builder.named
    reports, staging = builder.new_id(), builder.new_id()
    named["full"] = builder.add(
        "DFW", "staging-before-migration", 30, size=0.8, instance_id=staging, description="Before the 5.7 upgrade"
    )
    builder.add("DFW", "staging-after-migration", 27, size=0.9, instance_id=staging)
    named["orphan"] = builder.add(
        "DFW",
        "reports-db-nightly-old",
        24 * 40,
        size=0.7,
        parent_id=builder.new_id(),
        instance_id=reports,
        description="Nightly incremental of reports-db",
    )
    builder.add("DFW", "reports-db-nightly-older", 24 * 39, size=0.6, parent_id=named["orphan"].id, instance_id=reports)
    named["failed"] = builder.add(
        "DFW", "staging-load-test", 52, size=None, status="FAILED", instance_id=staging, located=False
    )
    builder.add("DFW", "staging-old", 24 * 60, size=0.5, status="DELETE_FAILED", instance_id=staging)
    named["building"] = builder.add(
        "DFW", "staging-now", 0.1, size=None, status="BUILDING", instance_id=staging, located=False
    )


def _add_other_regions(builder: _Builder) -> None:
    """Databases that live elsewhere; people back them up by hand."""
    for region, database, number in (("HKG", "apac-sessions-db", 3), ("SYD", "apac-orders-db", 4)):
        instance = builder.new_id()
        for back in range(number):
            builder.add(
                region,
                f"{database}-manual-{number - back}",
                24 * 9 * back + 30,
                size=builder.varied(2.1),
                instance_id=instance,
            )
    analytics, london = builder.new_id(), builder.new_id()
    for back in range(3):
        builder.add(
            "ORD", f"analytics-db-full-{3 - back}", 24 * 7 * back + 12, size=builder.varied(9.4), instance_id=analytics
        )
    builder.add("LON", "emea-orders-db-full-1", 40, size=builder.varied(4.4), instance_id=london)
