"""The catalogue: every backup as last seen. A memory of what the cloud has: its file may be deleted, and the next
refresh fills it again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from bot.domain.backup import Backup
from bot.domain.reasons import Fault
from bot.domain.rules import Scope
from bot.domain.survey import Held
from bot.operations.catalogue import Listed, Refresh
from bot.operations.ports import Clock
from bot.storage.catalogue_search import count_by_status, find, find_in_any_state
from bot.storage.catalogue_table import (
    MOST_NAMESAKES,
    SEARCHED,
    all_held,
    ancestors_of,
    backups_where,
    find_backups,
    forget,
    forget_unless_later,
    fulls_like,
    ids_not_seen_since,
    remember_all,
)
from bot.storage.connection import Connection
from bot.storage.database import Database
from bot.storage.json_text import time_text
from bot.storage.refreshes import how_fresh, note_complete, note_refreshing

T = TypeVar("T")

WRITTEN_AT_ONCE = 500
"""Backups of a refresh in one transaction: what a person waits for gets its turn in between."""


class StoredCatalogue:
    """The port `bot.operations.ports.Catalogue`, on a database; its methods are described there.

    Args:
        database: with the tables of `bot.storage.catalogue_table`.
        clock: says when a backup was seen.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._revision = 0

    @property
    def revision(self) -> int:
        """Grows whenever a backup is another than before."""
        return self._revision

    async def search(
        self, region: str, text: str, *, limit: int, scopes: Sequence[Scope] | None = None
    ) -> Sequence[Backup]:
        """What matches in one region and can be copied."""
        return await self._database.read(lambda connection: find(connection, region, text, limit, scopes))

    async def by_status(self, region: str, *, scopes: Sequence[Scope] | None = None) -> Mapping[str, int]:
        """How many backups one region has."""
        return await self._database.read(lambda connection: count_by_status(connection, region, scopes))

    async def listed(
        self, regions: Sequence[str], text: str, *, limit: int, offset: int = 0, scopes: Sequence[Scope] | None = None
    ) -> Listed:
        """What matches in some regions, a part at a time."""
        return await self._database.read(
            lambda connection: find_in_any_state(connection, regions, text, limit=limit, offset=offset, scopes=scopes)
        )

    async def backup(self, region: str, backup_id: str) -> Backup | None:
        """One backup as last seen."""
        found = await self._where("region = ? AND id = ?", region, backup_id)
        return found[0] if found else None

    async def regions_of(self, backup_id: str) -> Sequence[Backup]:
        """A backup in every region, by id, beginning of its id, or name."""
        return await self._database.read(lambda connection: find_backups(connection, backup_id))

    async def likely_copies(self, original: Backup, destination: str, *, names: Sequence[str] = ()) -> Sequence[Backup]:
        """Backups that may be the same, the likeliest first: by id, by files, by name (newest first)."""
        by_id = await self._where("region = ? AND id = ?", destination, original.id)
        by_files = await self._where("region = ? AND original = ?", destination, original.id.lower())
        likely_names = [original.name, f"{original.name}-copy", *names]
        marks = ", ".join("?" * len(likely_names))
        by_name = await self._where(f"region || '' = ? AND name IN ({marks})", destination, *likely_names)
        return list({backup.id: backup for backup in (*by_id, *by_files, *by_name)}.values())

    async def ancestors(self, backup: Backup, *, limit: int) -> Sequence[Backup]:
        """What a backup was made from, the nearest first."""
        return await self._database.read(lambda connection: ancestors_of(connection, backup, limit))

    async def fulls_of(self, backup: Backup) -> Sequence[Backup]:
        """The full backups of the same instance or HA group."""
        return await self._database.read(lambda connection: fulls_like(connection, backup))

    async def everything(self) -> Sequence[Held]:
        """All backups, with what matters among very many."""
        return await self._database.read(all_held)

    async def put(self, backups: Sequence[Backup]) -> None:
        """Note backups as they were just seen."""
        now = time_text(self._clock.now())
        for some in _in_parts(backups):
            await self._database.write(_noting(some, now), self._changed)

    async def remove(self, region: str, backup_id: str) -> None:
        """Note that a backup is gone."""
        now = time_text(self._clock.now())
        await self._database.write(
            _announced(lambda connection: forget(connection, region, backup_id, now)), self._changed
        )

    async def refreshed(self, region: str) -> Refresh:
        """How fresh a region is."""
        return await self._database.read(lambda connection: how_fresh(connection, region))

    async def replace(self, region: str, at: datetime, backups: Sequence[Backup]) -> None:
        """All of a region at once, in parts: what was seen later than ``at`` stays as it was seen."""
        began = time_text(at)
        before = self._revision
        seen = {backup.id: backup for backup in backups if backup.region == region}
        now = time_text(self._clock.now())
        for some in _in_parts(tuple(seen.values())):
            await self._database.write(_noting(some, now, unless_later_than=began), self._changed)
        left = await self._database.read(lambda connection: ids_not_seen_since(connection, region, began))
        for unseen in _in_parts([each for each in left if each not in seen]):
            await self._database.write(_forgetting(region, unseen, began), self._changed)
        ended = time_text(self._clock.now())

        def end(connection: Connection) -> None:
            note_complete(connection, region, began=began, ended=ended)
            note_refreshing(connection, region, None, None)
            if self._revision != before:
                connection.gather_statistics(SEARCHED)

        await self._database.write(end)

    async def note_refresh(self, region: str, *, running: int | None, fault: Fault | None) -> None:
        """How a refresh goes."""
        await self._database.write(lambda connection: note_refreshing(connection, region, running, fault))

    def catch_up(self) -> None:
        """Another process has changed something, or may have."""
        self._revision += 1

    def _changed(self, number: int) -> None:
        self._revision += number

    async def _where(self, condition: str, *values: str) -> list[Backup]:
        return await self._database.read(
            lambda connection: backups_where(connection, condition, values, MOST_NAMESAKES)
        )


def _noting(backups: Sequence[Backup], now: str, unless_later_than: str | None = None) -> Callable[[Connection], int]:
    return _announced(lambda connection: remember_all(connection, backups, now, unless_later_than=unless_later_than))


def _forgetting(region: str, ids: Sequence[str], began: str) -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        return sum(forget_unless_later(connection, region, backup_id, began) for backup_id in ids)

    return _announced(work)


def _announced(change: Callable[[Connection], int]) -> Callable[[Connection], int]:
    """The same change, of which others hear where it changes anything."""

    def work(connection: Connection) -> int:
        number = change(connection)
        if number:
            connection.announce()
        return number

    return work


def _in_parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + WRITTEN_AT_ONCE] for start in range(0, len(items), WRITTEN_AT_ONCE))
