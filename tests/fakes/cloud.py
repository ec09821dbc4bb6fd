"""Cloud Databases, in memory. The contract suite holds it to the same promises as the client.

cloud = MemoryCloud(full, increment)
cloud.refuse(Fault(Reason.SERVICE_UNAVAILABLE, 503), call="show", region="IAD", times=3)
...
cloud.finish_copies()
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Literal

from bot.domain.backup import REGIONS_FOR_COPIES, Backup, BackupStatus
from bot.domain.reasons import Fault, Reason
from bot.operations.ports import Accepted

PAGE = 20

CallKind = Literal["show", "list", "copy"]


@dataclass(frozen=True, slots=True)
class CloudCall:
    """One call that was made; the last four are those of a copy."""

    kind: CallKind
    region: str
    backup_id: str | None = None
    urgent: bool = False
    destination: str | None = None
    name: str | None = None
    description: str | None = None
    request_id: str | None = None


@dataclass(slots=True, eq=False)
class _Trouble:
    fault: Fault
    kind: CallKind | None
    region: str | None
    backup_id: str | None
    times: int | None
    after_work: bool

    def strikes(self, call: CloudCall, *, after_work: bool) -> bool:
        if self.kind not in {None, call.kind} or self.region not in {None, call.region}:
            return False
        if self.backup_id not in {None, call.backup_id}:
            return False
        if self.after_work != after_work or self.times == 0:
            return False
        self.times = None if self.times is None else self.times - 1
        return True


class MemoryCloud:
    """The port `Cloud`. It refuses what Cloud Databases refuses; copies end when a test says so.

    Attributes:
        calls: every call so far, in order.
        keeps_ids: whether a copy has the id of its source; otherwise it has a new one.
        role: of the account, where it is one that may not copy.
    """

    def __init__(self, *backups: Backup, regions: tuple[str, ...] = REGIONS_FOR_COPIES, keeps_ids: bool = True) -> None:
        self.calls: list[CloudCall] = []
        self.keeps_ids = keeps_ids
        self.role: str | None = None
        self._regions = regions
        self._backups: dict[tuple[str, str], Backup] = {}
        self._troubles: list[_Trouble] = []
        self._held: dict[CallKind, asyncio.Event] = {}
        self._under_way: list[tuple[Backup, Backup]] = []
        self.put(*backups)

    # The port

    @property
    def regions(self) -> tuple[str, ...]:
        return self._regions

    async def show(self, region: str, backup_id: str, *, urgent: bool = False) -> Backup | Fault:
        call = CloudCall("show", region, backup_id, urgent)
        if fault := await self._begin(call):
            return fault
        return self.backup(region, backup_id) or Fault(Reason.NOT_FOUND, 404, "itemNotFound", "Backup not found.")

    async def pages(self, region: str, *, urgent: bool = False) -> AsyncIterator[tuple[Backup, ...] | Fault]:
        last = ""
        while True:
            if fault := await self._begin(CloudCall("list", region, urgent=urgent)):
                yield fault
                return
            left = [backup for backup in self.backups(region) if backup.id > last]
            if left:
                yield tuple(left[:PAGE])
            if len(left) <= PAGE:
                return
            last = left[PAGE - 1].id

    async def copy(
        self, region: str, backup_id: str, *, destination: str, name: str, description: str, request_id: str
    ) -> Accepted | Fault:
        call = CloudCall(
            "copy",
            region,
            backup_id,
            destination=destination,
            name=name,
            description=description,
            request_id=request_id,
        )
        if fault := await self._begin(call) or self._refusal(call):
            return fault
        source = self._backups[region, backup_id]
        new_id = backup_id if self.keeps_ids else f"copy-{len(self.calls)}-of-{backup_id}"
        made = replace(source, id=new_id, region=destination, name=name, description=description)
        self._under_way.append((source, made))
        self.put(replace(source, status=BackupStatus.COPYING))
        return self._struck(call, after_work=True) or Accepted()

    async def role_that_cannot_copy(self) -> str | None:
        return self.role

    # What a test does

    def put(self, *backups: Backup) -> None:
        """Have backups, in their regions."""
        self._backups.update({(backup.region, backup.id): backup for backup in backups})

    def remove(self, region: str, backup_id: str) -> None:
        """Have a backup no more."""
        del self._backups[region, backup_id]

    def backup(self, region: str, backup_id: str) -> Backup | None:
        """A backup as it stands."""
        return self._backups.get((region, backup_id))

    def backups(self, region: str) -> list[Backup]:
        """The backups of a region, by id."""
        return sorted((one for one in self._backups.values() if one.region == region), key=lambda one: one.id)

    def refuse(
        self,
        fault: Fault,
        *,
        call: CallKind | None = None,
        region: str | None = None,
        backup_id: str | None = None,
        times: int | None = 1,
        after_work: bool = False,
    ) -> None:
        """Answer calls with a fault.

        Args:
            fault: the answer.
            call: which calls; all by default.
            region: which region's; all by default.
            backup_id: which backup's; all by default.
            times: how often; ``None`` for ever.
            after_work: only when the work was done: a lost answer.
        """
        self._troubles.append(_Trouble(fault, call, region, backup_id, times, after_work))

    def lift(self) -> None:
        """Refuse no more, and release what is held."""
        self._troubles.clear()
        for held in self._held.values():
            held.set()
        self._held.clear()

    def hold(self, call: CallKind) -> asyncio.Event:
        """Let calls wait, before any work, until the event is set."""
        return self._held.setdefault(call, asyncio.Event())

    def finish_copies(self, status: str = BackupStatus.COMPLETED) -> None:
        """End all copies that were accepted.

        Args:
            status: of the new backups; with ``COPY_ERROR`` the sources have it, and there is nothing new.
        """
        for source, made in self._under_way:
            failed = status == BackupStatus.COPY_ERROR
            self.put(replace(source, status=status if failed else BackupStatus.COMPLETED))
            if not failed:
                self.put(replace(made, status=status))
        self._under_way.clear()

    @property
    def copy_requests(self) -> list[CloudCall]:
        """The copies that were asked for, taken or not."""
        return [call for call in self.calls if call.kind == "copy"]

    async def _begin(self, call: CloudCall) -> Fault | None:
        self.calls.append(call)
        await asyncio.sleep(0)
        if held := self._held.get(call.kind):
            await held.wait()
        if call.region not in self._regions:
            return Fault(Reason.NO_ENDPOINT)
        return self._struck(call, after_work=False)

    def _struck(self, call: CloudCall, *, after_work: bool) -> Fault | None:
        return next((one.fault for one in self._troubles if one.strikes(call, after_work=after_work)), None)

    def _refusal(self, call: CloudCall) -> Fault | None:
        """What the rules say against a copy (``copy-backup-operation.rst``)."""
        source = self.backup(call.region, call.backup_id or "")
        if source is None:
            return Fault(Reason.NOT_FOUND, 404, "itemNotFound", "Backup not found.")
        if call.destination not in REGIONS_FOR_COPIES or call.destination == call.region:
            return Fault(Reason.BAD_REQUEST, 400, "badRequest", "Invalid region.")
        if not source.is_copyable:
            return Fault(Reason.UNPROCESSABLE, 422, "unprocessableEntity", f"The backup is {source.status}.")
        if source.parent_id and not self._has_parent(source, call.destination):
            return Fault(Reason.BAD_REQUEST, 400, "badRequest", "Parent backup not found.")
        return None

    def _has_parent(self, source: Backup, destination: str) -> bool:
        """Whether the parent, or a copy of it, is whole in the destination."""
        there = (one for one in self.backups(destination) if one.is_usable)
        return any(one.id == source.parent_id or one.id.endswith(f"-of-{source.parent_id}") for one in there)
