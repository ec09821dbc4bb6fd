"""The copy: what is refused, and how an accepted one goes on (copy-backup-operation.rst).

A copy is not a task. When it is accepted, everything that will happen to it is put into a queue, with how
much work will have been done by then; whoever looks at the cloud first lets happen what has become due, at
the time it was due. So a thousand copies cost nothing while nobody looks, and are never late.
"""

import heapq
import random
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints, ValidationError

from bot.sandbox.backup import StoredBackup, location_of
from bot.sandbox.cloud.behaviour import Behaviour
from bot.sandbox.cloud.clock import Clock
from bot.sandbox.cloud.faults import Fault
from bot.sandbox.cloud.store import RegionStore

COPY_REGIONS = frozenset({"DFW", "IAD", "ORD", "HKG", "SYD"})
"""Regions that a copy may come from and go to (copy-backup-operation.rst); compared with their case."""

CopyEnd = Literal["COMPLETED", "FAILED", "COPY_ERROR", "NOTHING", "NEVER"]
"""How a copy ends: `FAILED` in the destination; `COPY_ERROR` on the source and no copy; `NOTHING`: the source is
COMPLETED again and there is no copy; `NEVER`: it runs for ever."""

_SHOWS_UP, _BUILDS = 0.1, 0.3  # parts of the whole time after which the copy is NEW, BUILDING


class CopyRequest(BaseModel, strict=True):
    """The element `copy-backup`. A name must be given, though it may be null."""

    target_backup_region: str
    name: Annotated[str, StringConstraints(max_length=64, pattern=r"\S")] | None
    description: str | None = None


def read_copy_request(body: object) -> CopyRequest:
    """Reads the body of an action on a backup.

    Raises:
        Fault: 400, something is missing, invalid, or no action that is known.
    """
    if not isinstance(body, dict) or len(body) != 1:
        raise Fault(400, "The request must have exactly one element, which names the action.")
    action, arguments = next(iter(body.items()))
    if action != "copy-backup":
        raise Fault(400, f"Invalid backup action: {action}.")
    try:
        return CopyRequest.model_validate(arguments)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, one['loc'])) or action}: {one['msg']}" for one in error.errors())
        raise Fault(400, f"Validation error: {'; '.join(problems)}.") from None


@dataclass(frozen=True, slots=True, eq=False)
class Copy:
    """An accepted copy. `began` and `lasts` are seconds of the clock's work."""

    source_region: str
    source: StoredBackup
    region: str
    backup: StoredBackup
    began: float
    lasts: float
    ends: CopyEnd


class Copies:
    """Refuses and accepts copies, and lets the accepted ones go on."""

    def __init__(
        self,
        stores: Mapping[str, RegionStore],
        behaviour: Behaviour,
        clock: Clock,
        *,
        account: str,
        random_numbers: random.Random,
    ) -> None:
        self._stores = stores
        self._behaviour = behaviour
        self._clock = clock
        self._account = account
        self._random = random_numbers
        self._due: list[tuple[float, int, Callable[[datetime], None]]] = []  # by seconds of the clock's work
        self._sequence = count()
        self._running: dict[Copy, None] = {}  # in the order they began
        self._of_source: Counter[tuple[str, str]] = Counter()
        self._taken: set[tuple[str, str]] = set()

    def go_on(self) -> bool:
        """Lets everything happen that is due; True if anything did."""
        worked = self._clock.worked()
        happened = False
        while self._due and self._due[0][0] <= worked:
            due, _, change = heapq.heappop(self._due)
            change(self._clock.time_of(due))
            happened = True
        return happened

    def seconds_to_next_change(self) -> float | None:
        """In how many seconds something will happen next; None: nothing will."""
        return self._clock.seconds_until(self._due[0][0]) if self._due else None

    def running(self) -> list[tuple[Copy, float]]:
        """The copies whose source is COPYING, each with how far it is, from 0 to 1; the oldest first."""
        self.go_on()
        worked = self._clock.worked()
        return [(copy, min(1.0, (worked - copy.began) / copy.lasts) if copy.lasts else 1.0) for copy in self._running]

    def seconds(self, size: float | None) -> float:
        """How long a copy takes at speed 1.

        Args:
            size: GB.
        """
        return self._behaviour.copy_base_seconds + self._behaviour.copy_seconds_per_gb * (size or 0.0)

    def check(self, region: str, backup_id: str, request: CopyRequest) -> StoredBackup:
        """Refuses what Cloud Databases refuses, and returns the source of what it takes.

        Raises:
            Fault: 400, 404, 422 or 501.
        """
        destination = request.target_backup_region
        if not self._behaviour.copy_implemented:
            raise Fault(501, "The server does not support the functionality required to fulfill the request.")
        source = self._stores[region].get(backup_id)
        if source is None:
            raise Fault(404, f"Backup {backup_id} not found.")
        if region not in COPY_REGIONS:
            raise Fault(400, f"Backups in region {region} cannot be copied.")
        if destination not in COPY_REGIONS:
            raise Fault(400, f"Backups cannot be copied to region {destination}.")
        if destination == region:
            raise Fault(400, f"The backup is in region {region} already.")
        self._check_status(source)
        parent = source.parent_content
        if parent is not None and self._stores[destination].with_content(parent) is None:
            raise Fault(400, f"Parent backup {source.parent_id} was not found in region {destination}.")
        return source

    def accept(self, region: str, source: StoredBackup, request: CopyRequest, ends: CopyEnd) -> Copy:
        """Begins a copy that was checked."""
        now, began = self._clock.now(), self._clock.worked()
        destination = request.target_backup_region
        backup = self._new_backup(source, request, now)
        copy = Copy(region, source, destination, backup, began, self.seconds(source.size), ends)
        self._running[copy] = None
        self._of_source[region, source.id] += 1
        self._taken.add((destination, backup.id))
        self._show(region, source.id, "COPYING", now)
        there = began + self._behaviour.destination_lag_seconds
        self._at(there + copy.lasts * _SHOWS_UP, lambda moment: self._appear(copy, moment))
        self._at(there + copy.lasts * _BUILDS, lambda moment: self._show(destination, backup.id, "BUILDING", moment))
        if ends != "NEVER":
            self._at(there + copy.lasts, lambda moment: self._finish_copy(copy, moment))
            self._at(began + copy.lasts, lambda moment: self._finish_source(copy, moment))
        return copy

    def _check_status(self, source: StoredBackup) -> None:
        copying_again = source.status == "COPYING" and self._behaviour.second_copy == "accepted"
        if source.status not in ("COMPLETED", "COPY_ERROR") and not copying_again:
            raise Fault(
                422,
                f"The requested resource could not be processed at the moment: backup {source.id} is {source.status}.",
            )

    def _new_backup(self, source: StoredBackup, request: CopyRequest, now: datetime) -> StoredBackup:
        destination = request.target_backup_region
        store = self._stores[destination]
        own_id = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        there = store.get(source.id)
        may_keep = (destination, source.id) not in self._taken and (there is None or there.status == "FAILED")
        new_id = source.id if self._behaviour.copied_ids == "kept" and may_keep else own_id
        parent_id = source.parent_id
        if source.parent_content is not None and self._behaviour.copied_parent == "copied":
            parent = store.with_content(source.parent_content)
            parent_id = parent.id if parent else parent_id
        file_id = source.id if self._behaviour.copied_location == "source" else new_id
        return replace(
            source,
            id=new_id,
            name=request.name,
            description=request.description,
            parent_id=parent_id,
            created=source.created if self._behaviour.copied_created == "source" else now,
            updated=now,
            status="NEW",
            is_automated=0,
            location=location_of(destination, self._account, file_id),
        )

    def _appear(self, copy: Copy, moment: datetime) -> None:
        self._stores[copy.region].put(replace(copy.backup, size=None, location=None, updated=moment))

    def _finish_copy(self, copy: Copy, moment: datetime) -> None:
        self._taken.discard((copy.region, copy.backup.id))
        if copy.ends in ("COPY_ERROR", "NOTHING"):
            self._stores[copy.region].remove(copy.backup.id)
        elif copy.ends == "FAILED" or not self._can_be_finished(copy):
            self._show(copy.region, copy.backup.id, "FAILED", moment)
        elif self._stores[copy.region].get(copy.backup.id) is not None:
            self._stores[copy.region].put(replace(copy.backup, status="COMPLETED", updated=moment))

    def _can_be_finished(self, copy: Copy) -> bool:
        """Whether what it is made from is still there: the source, and the parent in the destination."""
        parent = copy.backup.parent_content
        parent_is_there = parent is None or self._stores[copy.region].with_content(parent) is not None
        return parent_is_there and self._stores[copy.source_region].get(copy.source.id) is not None

    def _finish_source(self, copy: Copy, moment: datetime) -> None:
        del self._running[copy]
        key = (copy.source_region, copy.source.id)
        self._of_source[key] -= 1
        if not self._of_source[key]:
            del self._of_source[key]
            self._show(*key, "COPY_ERROR" if copy.ends == "COPY_ERROR" else "COMPLETED", moment)

    def _show(self, region: str, backup_id: str, status: str, moment: datetime) -> None:
        """Gives a backup a status, unless it was deleted meanwhile."""
        backup = self._stores[region].get(backup_id)
        if backup is not None:
            self._stores[region].put(replace(backup, status=status, updated=moment))

    def _at(self, due: float, change: Callable[[datetime], None]) -> None:
        heapq.heappush(self._due, (due, next(self._sequence), change))
