"""One simulated account: its backups in six regions, and everything that governs them."""

import asyncio
import random
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

from bot.sandbox.backup import MYSQL_56, StoredBackup, location_of
from bot.sandbox.cloud.behaviour import Behaviour
from bot.sandbox.cloud.clock import Clock
from bot.sandbox.cloud.copying import Copies
from bot.sandbox.cloud.identity import REGIONS, Identity
from bot.sandbox.cloud.limits import Limits
from bot.sandbox.cloud.record import RequestLog, RequestRecord
from bot.sandbox.cloud.store import RegionStore
from bot.sandbox.cloud.trouble import Trouble
from bot.sandbox.estate import ACCOUNT, Estate, believable_estate
from bot.sandbox.wire import Wire

DEFAULT_INSTANCE = "9c3c2b4e-5d0a-4f0e-8a7b-2f1d5c6e7a80"
"""The instance of a backup that is added without one."""


class CloudState(Behaviour):
    """The account, without its HTTP face.

    Attributes:
        estate: The data that it started with.
        clock: Its clock.
        identity: Its credentials and tokens.
        limits: Its rate limits.
        trouble: The switches for trouble.
        requests: Every request so far.
        wire: The latest requests with their answers, for who looks from outside.
        stores: The backups of each region, as they were when something last happened; ask `backup` and
            `backups` for what is true now.
        copies: The rules of copying, and the copies that run.
        region_urls: The public address of each region, while it is served.
    """

    def __init__(self, *, seed: int = 7, speed: float = 60.0, estate: Estate | None = None) -> None:
        super().__init__()
        numbers = random.Random(f"credentials and copies {seed}")  # not the numbers of the estate's ids
        self.clock = Clock(speed)
        self.estate = believable_estate(seed, self.clock.now()) if estate is None else estate
        self.identity = Identity(
            self, self.clock, username="sandbox", api_key=f"{numbers.getrandbits(128):032x}", account=ACCOUNT
        )
        self.limits = Limits()
        self.trouble = Trouble(self.identity)
        self.requests = RequestLog()
        self.wire = Wire(self.identity.secrets)
        self.stores: Mapping[str, RegionStore] = {
            region: RegionStore(self.estate.backups.get(region, ())) for region in REGIONS
        }
        self.copies = Copies(self.stores, self, self.clock, account=ACCOUNT, random_numbers=numbers)
        self.region_urls: dict[str, str] = {}
        self._changed = asyncio.Event()

    def backup(self, region: str, backup_id: str) -> StoredBackup | None:
        """A backup as it is now, or None."""
        self.go_on()
        return self.stores[region].get(backup_id)

    def backups(self, region: str) -> list[StoredBackup]:
        """All backups of a region as they are now."""
        self.go_on()
        return list(self.stores[region])

    def add_backup(
        self,
        *,
        region: str = "DFW",
        id: str | None = None,  # noqa: A002  # as the API names it
        name: str | None = "a-backup",
        parent_id: str | None = None,
        size: float | None = 1.0,
        status: str = "COMPLETED",
        instance_id: str | None = DEFAULT_INSTANCE,
        source: Mapping[str, str] | None = None,
        datastore: Mapping[str, str] | None = MYSQL_56,
        created: datetime | None = None,
        description: str | None = None,
        type: str | None = None,  # noqa: A002  # as the API names it
        is_automated: bool | int = 0,
        content: str = "",
        parent_content: str | None = None,
        unknown_fields: Mapping[str, object] | None = None,
    ) -> StoredBackup:
        """Puts a backup into a region, over one that has its id.

        Args:
            region: Where.
            id: Its id; without one it gets a new one.
            name: Its name.
            parent_id: The id of the backup that it was made from, for an incremental.
            size: GB.
            status: Its status, any word.
            instance_id: The instance it was made from.
            source: Where it was made from; without one, its instance.
            datastore: Its datastore.
            created: When it was made; now, if nothing is said.
            description: Its description.
            type: Its type; without one, that of a full or an incremental backup.
            is_automated: Whether a schedule made it.
            content: For a copy with an id of its own: the id of the backup that was copied.
            parent_content: The same of its parent.
            unknown_fields: Fields that no documentation names.
        """
        now = self.clock.now()
        backup_id = str(uuid.uuid4()) if id is None else id
        made_from = {"type": "instance", "id": instance_id} if instance_id else {}
        backup = StoredBackup(
            id=backup_id,
            name=name,
            created=now if created is None else created,
            updated=now if created is None else created,
            status=status,
            parent_id=parent_id,
            size=size,
            type=type,
            instance_id=instance_id,
            source=made_from if source is None else source,
            datastore=datastore,
            description=description,
            is_automated=is_automated,
            location=location_of(region, ACCOUNT, content or backup_id),
            content=content,
            parent_content=parent_content,
            unknown_fields=unknown_fields or {},
        )
        self.go_on()
        self.stores[region].put(backup)
        self.has_changed()
        return backup

    def remove_backup(self, region: str, backup_id: str) -> None:
        """Removes a backup and every incremental made from it, whatever their status; as a rotation does."""
        self.go_on()
        self.stores[region].remove(backup_id)
        self.has_changed()

    def copy_requests(self, backup_id: str | None = None) -> list[RequestRecord]:
        """Every request for a copy so far, accepted or not.

        Args:
            backup_id: Only those for this backup.
        """
        return self.requests.of("copy", backup_id=backup_id)

    async def waits_for(
        self,
        region: str,
        condition: Callable[[StoredBackup], bool],
        timeout: float = 10.0,  # noqa: ASYNC109  # a test gives it, and wants the region's backups in the error
    ) -> StoredBackup:
        """Waits until a backup in a region fulfils a condition, and returns it.

        Args:
            region: The region to look at.
            condition: The condition.
            timeout: For how many (real) seconds to wait.

        Raises:
            TimeoutError: None did in time; says what is in the region.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while True:
                    changed = self._changed
                    found = next((one for one in self.backups(region) if condition(one)), None)
                    if found is not None:
                        return found
                    await self._wait_for_change(changed)
        newest = sorted(self.backups(region), key=lambda one: one.updated, reverse=True)[:5]
        shown = "; ".join(f"{one.name} ({one.id}) {one.status}" for one in newest) or "nothing"
        raise TimeoutError(f"No such backup in {region} within {timeout:g} s. Changed last there: {shown}.")

    def go_on(self) -> None:
        """Lets everything happen that is due by now."""
        if self.copies.go_on():
            self.has_changed()

    def has_changed(self) -> None:
        """Wakes all who wait for a change."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def _wait_for_change(self, changed: asyncio.Event) -> None:
        """Waits until something was changed, or the next change of a copy is due."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.copies.seconds_to_next_change()):
                await changed.wait()
