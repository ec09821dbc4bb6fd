"""The only room with SQL: the audit log with its hash chain, the copies as they stand, what was told of them, and
the catalogue of backups. On SQLite or PostgreSQL.

`open_storage` gives the bot all of it; `verify`, `read_newest`, `read_all` and `read_backups` look at
files that a bot may be using.
"""

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.operations.ports import Clock
from bot.storage.archive_table import create_archives
from bot.storage.audit_log import StoredEvent, compute_without_types, create_events
from bot.storage.catalogue import StoredCatalogue
from bot.storage.catalogue_table import add_what_rules_look_at, create_catalogue, index_what_is_searched
from bot.storage.connection import Place
from bot.storage.copies import create_copies
from bot.storage.database import Database
from bot.storage.errors import FileInUseError, NewerFileError, StorageError, UnreadableFileError, WrongKeyError
from bot.storage.export import as_csv, as_json_lines
from bot.storage.feed import Feed
from bot.storage.findings import create_findings
from bot.storage.orders import create_orders
from bot.storage.postgres import PostgresPart
from bot.storage.postgres_schema import MIGRATIONS
from bot.storage.posts import HAVE_APPROVERS, StoredPosts, create_approver_posts, create_posts
from bot.storage.reading import read_all, read_backups, read_newest
from bot.storage.record import StoredRecord
from bot.storage.refreshes import create_refreshing
from bot.storage.sizes import sizes_of
from bot.storage.sqlite_file import SqliteFile, catalogue_path
from bot.storage.standing_orders import StoredStandingOrders, create_standing_orders
from bot.storage.verify import verify

__all__ = [
    "FileInUseError",
    "NewerFileError",
    "Storage",
    "StorageError",
    "StoredCatalogue",
    "StoredEvent",
    "StoredPosts",
    "StoredRecord",
    "StoredStandingOrders",
    "UnreadableFileError",
    "WrongKeyError",
    "as_csv",
    "as_json_lines",
    "catalogue_path",
    "open_storage",
    "read_all",
    "read_backups",
    "read_newest",
    "sizes_of",
    "verify",
]

RECORD_SCHEMA = (
    create_events,
    create_copies,
    create_orders,
    create_posts,
    create_approver_posts,
    create_findings,
    create_archives,
    create_standing_orders,
    compute_without_types,
)
CATALOGUE_SCHEMA = (create_catalogue, add_what_rules_look_at, create_refreshing, index_what_is_searched)


def known_version(place: Place) -> int:
    """How many migrations make the record what it is today."""
    return len(RECORD_SCHEMA) if isinstance(place, Path) else len(MIGRATIONS["record"])


@dataclass(frozen=True, slots=True)
class Storage:
    """Everything the bot remembers."""

    record: StoredRecord
    posts: StoredPosts
    approver_posts: StoredPosts
    standing_orders: StoredStandingOrders
    catalogue: StoredCatalogue
    files: tuple[Database, ...]
    feed: Feed | None = None

    async def check(self) -> None:
        """Write to each file, and change nothing by it.

        Raises:
            StorageError: one cannot be written.
        """
        for file in self.files:
            await file.check()

    async def close(self) -> None:
        """Write what was asked for already, and let the files go."""
        if self.feed:
            await self.feed.aclose()
        for file in self.files:
            await file.close()


async def open_storage(
    place: Place, clock: Clock, *, key: SecretStr | None = None, epoch: int | None = None
) -> Storage:
    """Open what the bot remembers, and make it where there is nothing.

    Args:
        place: of the audit log, the copies and the posts; the catalogue of a file is beside it. A SQLite file is for
            one process alone, a PostgreSQL database for any number of them.
        clock: says when a backup was seen.
        key: of the audit log's hashes; ``None`` for hashes that anybody can make.
        epoch: of the bot at work on a PostgreSQL database (`bot.storage.lease`): when it is over, nothing is written.

    Raises:
        FileInUseError: another process has it.
        NewerFileError: a later version has written it.
        UnreadableFileError: it is not a database of this bot, or damaged.
        WrongKeyError: the audit log was written with another key.
        StorageError: it cannot be opened.
    """
    main = await _record_at(place, epoch)
    try:
        record = await StoredRecord.on(main, key)
        memory = await _catalogue_at(place, epoch)
    except BaseException:
        await main.close()
        raise
    catalogue = StoredCatalogue(memory, clock)
    storage = Storage(
        record=record,
        posts=StoredPosts(main),
        approver_posts=StoredPosts(main, "approver_posts", HAVE_APPROVERS),
        standing_orders=StoredStandingOrders(main, record),
        catalogue=catalogue,
        files=(main, memory),
        feed=_feed_of(place, record, catalogue, memory),
    )
    if storage.feed:
        try:
            await storage.feed.start()
        except BaseException:
            await storage.close()
            raise
    return storage


def _feed_of(place: Place, record: StoredRecord, catalogue: StoredCatalogue, memory: Database) -> Feed | None:
    """What tells of the changes that others make; a file has no others."""
    if isinstance(place, Path) or not isinstance(memory, PostgresPart):
        return None
    return Feed(place, record, catalogue, memory.origin)


async def _record_at(place: Place, epoch: int | None) -> Database:
    if isinstance(place, Path):
        return await SqliteFile.open(place, RECORD_SCHEMA)
    return await PostgresPart.open(place, "record", epoch)


async def _catalogue_at(place: Place, epoch: int | None) -> Database:
    if isinstance(place, Path):
        return await SqliteFile.open(catalogue_path(place), CATALOGUE_SCHEMA, synchronous="NORMAL")
    return await PostgresPart.open(place, "catalogue", epoch)
