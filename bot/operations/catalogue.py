"""The catalogue of backups, as the operations need it (see `bot.operations.ports`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.backup import Backup
from bot.domain.reasons import Fault
from bot.domain.rules import Scope
from bot.domain.survey import Held


@dataclass(frozen=True, slots=True)
class Refresh:
    """How the catalogue of a region stands.

    Attributes:
        complete_at: when the last refresh that went through all pages ended; ``None`` before the first.
        fault: why the last one did not end well.
        running: backups seen so far by a refresh under way; ``None`` when none is.
        backups: how many the catalogue has of this region.
    """

    region: str
    complete_at: datetime | None
    fault: Fault | None
    running: int | None
    backups: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A part of a list.

    Attributes:
        backups: newest first.
        total: how many the whole list has.
    """

    backups: tuple[Backup, ...]
    total: int


class Catalogue(Protocol):
    """The backups as last seen: what the form searches in, without asking the cloud."""

    @property
    def revision(self) -> int:
        """Grows whenever a backup is seen to be new, another than before, or gone; begins anew with each process."""
        ...

    async def search(
        self, region: str, text: str, *, limit: int, scopes: Sequence[Scope] | None = None
    ) -> Sequence[Backup]:
        """The newest backups of a region that can be copied and of which name, id, instance id, description or
        datastore contain every word of ``text``, whatever its case; all for an empty text. What is in none of the
        ``scopes``, unless there are none given, is not found.
        """
        ...

    async def by_status(self, region: str, *, scopes: Sequence[Scope] | None = None) -> Mapping[str, int]:
        """How many backups of a region have which status. What is in none of the ``scopes``, unless there are none
        given, is not counted.
        """
        ...

    async def listed(
        self, regions: Sequence[str], text: str, *, limit: int, offset: int = 0, scopes: Sequence[Scope] | None = None
    ) -> Listed:
        """Backups in any state, found in these regions as `search` finds them: ``limit`` of them after the ``offset``
        newest.
        """
        ...

    async def backup(self, region: str, backup_id: str) -> Backup | None:
        """One backup as last seen."""
        ...

    async def regions_of(self, backup_id: str) -> Sequence[Backup]:
        """A backup in every region it was last seen in; a unique beginning of its id, of eight characters at
        least, or its exact name is enough.
        """
        ...

    async def likely_copies(self, original: Backup, destination: str, *, names: Sequence[str] = ()) -> Sequence[Backup]:
        """Backups of the destination that may be ``original``: same id, its id in the address of their files,
        or its name, its name with ``-copy``, or one of ``names``.
        """
        ...

    async def ancestors(self, backup: Backup, *, limit: int) -> Sequence[Backup]:
        """What a backup was made from, in its own region, the nearest first, as far as it is known; a circle ends
        where it begins again.
        """
        ...

    async def fulls_of(self, backup: Backup) -> Sequence[Backup]:
        """The full backups of the same instance or HA group in the same region; none where that is not known."""
        ...

    async def everything(self) -> Sequence[Held]:
        """All backups of all regions as last seen, with what matters among very many, in no order."""
        ...

    async def put(self, backups: Sequence[Backup]) -> None:
        """Note backups as they were just seen."""
        ...

    async def remove(self, region: str, backup_id: str) -> None:
        """Note that a backup is gone."""
        ...

    async def refreshed(self, region: str) -> Refresh:
        """How fresh the catalogue of a region is."""
        ...

    async def replace(self, region: str, at: datetime, backups: Sequence[Backup]) -> None:
        """All backups of a region, as a refresh that began at ``at`` saw them: what it did not see is gone,
        unless it was put there later than ``at``.
        """
        ...

    async def note_refresh(self, region: str, *, running: int | None, fault: Fault | None) -> None:
        """How a refresh goes: backups seen so far, or why it ended without an end."""
        ...
