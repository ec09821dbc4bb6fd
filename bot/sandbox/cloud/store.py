"""The backups of one region, indexed so that no request has to sort or search all of them."""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from bot.sandbox.backup import StoredBackup

PAGE = 20
"""Backups on one page at most (cloud-databases-api.md, Backups)."""


class _Shelf:
    """Ids of backups, in both orders in which lists are served."""

    __slots__ = ("by_id", "newest")

    def __init__(self) -> None:
        self.by_id: list[str] = []
        self.newest: list[tuple[float, str]] = []

    def put(self, backup: StoredBackup) -> None:
        insort(self.by_id, backup.id)
        insort(self.newest, _newest_first(backup))

    def take(self, backup: StoredBackup) -> None:
        del self.by_id[bisect_left(self.by_id, backup.id)]
        del self.newest[bisect_left(self.newest, _newest_first(backup))]

    def after(self, marker: StoredBackup | None, order: Literal["id", "newest"]) -> Iterator[str]:
        if order == "id":
            start = bisect_right(self.by_id, marker.id) if marker else 0
            yield from (self.by_id[place] for place in range(start, len(self.by_id)))
        else:
            start = bisect_right(self.newest, _newest_first(marker)) if marker else 0
            yield from (self.newest[place][1] for place in range(start, len(self.newest)))


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `more` says whether another follows."""

    backups: list[StoredBackup]
    more: bool


class RegionStore:
    """The backups of one region."""

    def __init__(self, backups: Iterable[StoredBackup] = ()) -> None:
        self._backups: dict[str, StoredBackup] = {}
        self._gone: dict[str, StoredBackup] = {}
        self._all = _Shelf()
        self._shelves: dict[tuple[str, str], _Shelf] = defaultdict(_Shelf)
        self._by_content: dict[str, set[str]] = defaultdict(set)
        self._children: dict[str, set[str]] = defaultdict(set)
        for backup in backups:
            self.put(backup)

    def __len__(self) -> int:
        return len(self._backups)

    def __iter__(self) -> Iterator[StoredBackup]:
        return iter(list(self._backups.values()))

    def get(self, backup_id: str) -> StoredBackup | None:
        """The backup with that id, or None."""
        return self._backups.get(backup_id)

    def put(self, backup: StoredBackup) -> None:
        """Adds a backup, or puts a changed one in its place."""
        before = self._backups.get(backup.id)
        self._backups[backup.id] = backup
        if before is not None:
            if _places(before) == _places(backup):
                return
            self._forget(before)
        self._all.put(backup)
        for key in _owners(backup):
            self._shelves[key].put(backup)
        self._by_content[backup.content].add(backup.id)
        if backup.parent_content:
            self._children[backup.parent_content].add(backup.id)

    def remove(self, backup_id: str) -> list[StoredBackup]:
        """Removes a backup and every incremental made from it, however deep; returns what went."""
        removed = []
        waiting = [backup_id]
        while waiting:
            backup = self._backups.pop(waiting.pop(), None)
            if backup is None:
                continue
            self._forget(backup)
            self._gone[backup.id] = backup
            removed.append(backup)
            if self.with_content(backup.content) is None:  # another copy of it here would still carry them
                waiting.extend(self._children[backup.content])
        return removed

    def with_content(self, content: str) -> StoredBackup | None:
        """A whole backup here that holds what `content` was first made as, or None.

        One that is COPYING is whole: it is only being read.
        """
        found = (self._backups[backup_id] for backup_id in self._by_content.get(content, ()))
        return next((backup for backup in found if backup.status in ("COMPLETED", "COPYING")), None)

    def knows(self, owner: tuple[str, str]) -> bool:
        """Whether there ever was a backup of that `("instance" | "ha", id)`."""
        return owner in self._shelves

    def page(
        self,
        *,
        owner: tuple[str, str] | None = None,
        marker: str | None = None,
        limit: int = PAGE,
        order: Literal["id", "newest"] = "id",
        datastore: str | None = None,
    ) -> Page:
        """One page of a list.

        Args:
            owner: `("instance" | "ha", id)`, or None for all.
            marker: The id of the last backup of the page before; it may have been deleted since.
            limit: How many at most.
            order: In which order.
            datastore: Only backups of this type of datastore.

        Raises:
            LookupError: There never was a backup with that id.
        """
        last = None
        if marker is not None:
            last = self._backups.get(marker) or self._gone[marker]
        shelf = self._all if owner is None else self._shelves.get(owner, _Shelf())
        found: list[StoredBackup] = []
        for backup_id in shelf.after(last, order):
            backup = self._backups[backup_id]
            if datastore is not None and (backup.datastore or {}).get("type") != datastore:
                continue
            if len(found) == limit:
                return Page(found, more=True)
            found.append(backup)
        return Page(found, more=False)

    def _forget(self, backup: StoredBackup) -> None:
        self._all.take(backup)
        for key in _owners(backup):
            self._shelves[key].take(backup)
        self._by_content[backup.content].discard(backup.id)
        if backup.parent_content:
            self._children[backup.parent_content].discard(backup.id)


def _newest_first(backup: StoredBackup) -> tuple[float, str]:
    return (-backup.created.timestamp(), backup.id)


def _owners(backup: StoredBackup) -> list[tuple[str, str]]:
    owners = [("instance", backup.instance_id), ("ha", backup.ha_id)]
    return [(kind, owner) for kind, owner in owners if owner is not None]


def _places(backup: StoredBackup) -> tuple[object, ...]:
    """All that decides where a backup is found."""
    return (*_newest_first(backup), *_owners(backup), backup.content, backup.parent_content)
