"""Reading the audit log and the catalogue without being the bot: also while it runs, which keeps its lock."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bot.domain.backup import Backup
from bot.domain.events import EventFilter, RecordedEvent
from bot.storage.archive_table import carried_on
from bot.storage.audit_log import StoredEvent, find_events
from bot.storage.catalogue_table import backups_of_instance, find_backups
from bot.storage.connection import Place
from bot.storage.opening import reading
from bot.storage.sqlite_file import catalogue_path

EVENTS_AT_ONCE = 1000


def read_newest(place: Place, wanted: EventFilter, limit: int) -> Sequence[RecordedEvent]:
    """Events that fit, newest first. Blocks.

    Raises:
        UnreadableFileError: there is no such file, or it has no audit log in it that can be read.
    """
    with reading(place) as connection:
        return [stored.recorded for stored in find_events(connection, wanted, limit=limit)]


def read_all(place: Place, wanted: EventFilter) -> Iterator[StoredEvent]:
    """Every event that fits, oldest first, each with its exact text: what an export is made of. Blocks.

    Raises:
        UnreadableFileError: there is no such file, or it has no audit log in it that can be read.
    """
    with reading(place) as connection:
        carried = carried_on(connection)
        after = 0
        while page := find_events(connection, wanted, limit=EVENTS_AT_ONCE, after=after):
            if page[0].sequence == carried.sequence + 1 > 1:
                page = [replace(page[0], previous=carried.hash), *page[1:]]
            yield from page
            after = page[-1].sequence


def read_backups(place: Place, wanted: str) -> Sequence[Backup]:
    """Backups as the bot has last seen them: one by its id, the beginning of it or its name, in every region it is in;
    or all of an instance, by its id. Blocks.

    Args:
        place: of the bot; the catalogue of a file is beside it.
        wanted: id or name.

    Raises:
        UnreadableFileError: there is no catalogue, or it cannot be read.
    """
    with reading(catalogue_path(place) if isinstance(place, Path) else place) as connection:
        return find_backups(connection, wanted) or backups_of_instance(connection, wanted)
