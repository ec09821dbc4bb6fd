"""Reading the audit log and the catalogue without being the bot: also while it runs, which keeps its lock."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sqlite_utils import Database as Connection

from bot.domain.backup import Backup
from bot.domain.events import EventFilter, RecordedEvent
from bot.storage.archive_table import carried_on
from bot.storage.audit_log import StoredEvent, find_events
from bot.storage.catalogue_table import backups_of_instance, find_backups
from bot.storage.database import catalogue_path, open_to_read
from bot.storage.errors import DAMAGE, unreadable

EVENTS_AT_ONCE = 1000


def read_newest(path: Path, wanted: EventFilter, limit: int) -> Sequence[RecordedEvent]:
    """Events that fit, newest first. Blocks.

    Raises:
        UnreadableFileError: there is no such file, or it has no audit log in it that can be read.
    """
    with _reading(path) as connection:
        return [stored.recorded for stored in find_events(connection, wanted, limit=limit)]


def read_all(path: Path, wanted: EventFilter) -> Iterator[StoredEvent]:
    """Every event that fits, oldest first, each with its exact text: what an export is made of. Blocks.

    Raises:
        UnreadableFileError: there is no such file, or it has no audit log in it that can be read.
    """
    with _reading(path) as connection:
        connection.execute("BEGIN")  # so that nothing is archived meanwhile, as it is seen here
        carried = carried_on(connection)
        after = 0
        while page := find_events(connection, wanted, limit=EVENTS_AT_ONCE, after=after):
            if page[0].sequence == carried.sequence + 1 > 1:
                page = [replace(page[0], previous=carried.hash), *page[1:]]
            yield from page
            after = page[-1].sequence


def read_backups(path: Path, wanted: str) -> Sequence[Backup]:
    """Backups as the bot has last seen them: one by its id, the beginning of it or its name, in every region it is in;
    or all of an instance, by its id. Blocks.

    Args:
        path: of the bot's file; the catalogue is beside it.
        wanted: id or name.

    Raises:
        UnreadableFileError: there is no catalogue, or it cannot be read.
    """
    with _reading(catalogue_path(path)) as connection:
        return find_backups(connection, wanted) or backups_of_instance(connection, wanted)


@contextmanager
def _reading(path: Path) -> Iterator[Connection]:
    try:
        connection = open_to_read(path)
        try:
            yield connection
        finally:
            connection.close()
    except DAMAGE as error:
        raise unreadable(path, error) from error
