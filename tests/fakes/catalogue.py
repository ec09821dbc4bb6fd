"""The catalogue, in memory. The contract suite holds it to the same promises as the real one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.domain.backup import Backup
from bot.domain.reasons import Fault
from bot.domain.rules import Scope
from bot.domain.survey import Held
from bot.operations.catalogue import Listed, Refresh
from bot.operations.ports import Clock

LONG_AGO = datetime.min.replace(tzinfo=UTC)


class MemoryCatalogue:
    """The port `Catalogue`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._backups: dict[tuple[str, str], Backup] = {}
        self._known_at: dict[tuple[str, str], datetime] = {}
        self._refreshes: dict[str, Refresh] = {}
        self.revision = 0

    async def search(
        self, region: str, text: str, *, limit: int, scopes: Sequence[Scope] | None = None
    ) -> Sequence[Backup]:
        return [backup for backup in self._matching([region], text, scopes) if backup.is_copyable][:limit]

    async def by_status(self, region: str, *, scopes: Sequence[Scope] | None = None) -> Mapping[str, int]:
        return Counter(backup.status for backup in self._matching([region], "", scopes))

    async def listed(
        self, regions: Sequence[str], text: str, *, limit: int, offset: int = 0, scopes: Sequence[Scope] | None = None
    ) -> Listed:
        matching = self._matching(regions, text, scopes)
        return Listed(tuple(matching[offset : offset + limit]), len(matching))

    def _matching(self, regions: Sequence[str], text: str, scopes: Sequence[Scope] | None) -> list[Backup]:
        words = text.casefold().split()
        there = [each for region in regions for each in self._newest_first(region)]
        newest_first = sorted(there, key=lambda backup: backup.created or LONG_AGO, reverse=True)
        return [each for each in newest_first if all(_has(each, word) for word in words) and _is_in(scopes, each)]

    async def backup(self, region: str, backup_id: str) -> Backup | None:
        return self._backups.get((region, backup_id))

    async def regions_of(self, backup_id: str) -> Sequence[Backup]:
        known = list(self._backups.values())
        exact = [each for each in known if each.id == backup_id] or [each for each in known if each.name == backup_id]
        begun = [each for each in known if len(backup_id) >= 8 and each.id.startswith(backup_id)]
        return exact or (begun if len({each.id for each in begun}) == 1 else [])

    async def likely_copies(self, original: Backup, destination: str, *, names: Sequence[str] = ()) -> Sequence[Backup]:
        there = self._newest_first(destination)
        likely_names = {original.name, f"{original.name}-copy", *names}
        found = [each for each in there if each.id == original.id]
        found += [each for each in there if original.id in (each.location or "")]
        found += [each for each in there if each.name in likely_names]
        return list({each.id: each for each in found}.values())

    async def ancestors(self, backup: Backup, *, limit: int) -> Sequence[Backup]:
        found: dict[str, Backup] = {}
        parent_id = backup.parent_id
        while parent_id and parent_id not in {backup.id, *found} and len(found) < limit:
            parent = self._backups.get((backup.region, parent_id))
            if parent is None:
                break
            found[parent_id] = parent
            parent_id = parent.parent_id
        return list(found.values())

    async def fulls_of(self, backup: Backup) -> Sequence[Backup]:
        there = self._newest_first(backup.region) if backup.origin else []
        return [each for each in there if each.origin == backup.origin and each.parent_id is None]

    async def everything(self) -> Sequence[Held]:
        return [
            Held(
                region=each.region,
                id=each.id,
                name=each.name,
                status=each.status,
                parent_id=each.parent_id,
                created=each.created,
                origin=each.origin,
                datastore=each.datastore,
                size_gb=each.size_gb,
                files_of=(each.location or "").rpartition("/")[2].partition(".")[0] or None,
            )
            for each in self._backups.values()
        ]

    async def put(self, backups: Sequence[Backup]) -> None:
        for backup in backups:
            self._know((backup.region, backup.id), backup)

    async def remove(self, region: str, backup_id: str) -> None:
        self._know((region, backup_id), None)

    async def refreshed(self, region: str) -> Refresh:
        noted = self._refreshes.get(region, Refresh(region, None, None, None, 0))
        return replace(noted, backups=len(self._newest_first(region)))

    async def replace(self, region: str, at: datetime, backups: Sequence[Backup]) -> None:
        seen = {(region, backup.id): backup for backup in backups if backup.region == region}
        for key in {*seen, *(key for key in self._backups if key[0] == region)}:
            if self._known_at.get(key, LONG_AGO) <= at:
                self._know(key, seen.get(key))
        self._refreshes[region] = Refresh(region, self._clock.now(), None, None, 0)

    async def note_refresh(self, region: str, *, running: int | None, fault: Fault | None) -> None:
        noted = await self.refreshed(region)
        self._refreshes[region] = replace(noted, running=running, fault=fault)

    def _know(self, key: tuple[str, str], backup: Backup | None) -> None:
        self._known_at[key] = self._clock.now()
        self.revision += backup != self._backups.get(key)
        if backup:
            self._backups[key] = backup
        else:
            self._backups.pop(key, None)

    def _newest_first(self, region: str) -> list[Backup]:
        there = (backup for (where, _), backup in self._backups.items() if where == region)
        return sorted(there, key=lambda backup: backup.created or LONG_AGO, reverse=True)


def _is_in(scopes: Sequence[Scope] | None, backup: Backup) -> bool:
    return scopes is None or any(scope.fits(backup) for scope in scopes)


def _has(backup: Backup, word: str) -> bool:
    parts = (backup.name, backup.id, backup.origin and backup.origin.id, backup.description, backup.datastore)
    return any(word in str(part).casefold() for part in parts if part)
