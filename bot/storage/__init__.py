"""The only room with SQL: the audit log with its hash chain, the copies as they stand, what was told of them, and
the catalogue of backups. On SQLite.

`open_storage` gives the bot all of it; `verify`, `read_newest`, `read_all` and `read_backups` look at
files that a bot may be using.
"""

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.operations.ports import Clock
from bot.storage.archive_table import create_archives
from bot.storage.audit_log import StoredEvent, create_events
from bot.storage.catalogue import SqliteCatalogue
from bot.storage.catalogue_table import add_what_rules_look_at, create_catalogue
from bot.storage.copies import create_copies
from bot.storage.database import Database, catalogue_path
from bot.storage.errors import FileInUseError, NewerFileError, StorageError, UnreadableFileError, WrongKeyError
from bot.storage.export import as_csv, as_json_lines
from bot.storage.findings import create_findings
from bot.storage.orders import create_orders
from bot.storage.posts import HAVE_APPROVERS, SqlitePosts, create_approver_posts, create_posts
from bot.storage.reading import read_all, read_backups, read_newest
from bot.storage.record import SqliteRecord
from bot.storage.sizes import file_sizes
from bot.storage.standing_orders import SqliteStandingOrders, create_standing_orders
from bot.storage.verify import verify

__all__ = [
    "FileInUseError",
    "NewerFileError",
    "SqliteCatalogue",
    "SqlitePosts",
    "SqliteRecord",
    "SqliteStandingOrders",
    "Storage",
    "StorageError",
    "StoredEvent",
    "UnreadableFileError",
    "WrongKeyError",
    "as_csv",
    "as_json_lines",
    "catalogue_path",
    "file_sizes",
    "open_storage",
    "read_all",
    "read_backups",
    "read_newest",
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
)
CATALOGUE_SCHEMA = (create_catalogue, add_what_rules_look_at)


@dataclass(frozen=True, slots=True)
class Storage:
    """Everything the bot remembers."""

    record: SqliteRecord
    posts: SqlitePosts
    approver_posts: SqlitePosts
    standing_orders: SqliteStandingOrders
    catalogue: SqliteCatalogue
    files: tuple[Database, ...]

    async def check(self) -> None:
        """Write to each file, and change nothing by it.

        Raises:
            StorageError: one cannot be written.
        """
        for file in self.files:
            await file.check()

    async def close(self) -> None:
        """Write what was asked for already, and let the files go."""
        for file in self.files:
            await file.close()


async def open_storage(path: Path, clock: Clock, *, key: SecretStr | None = None) -> Storage:
    """Open the bot's files, and make them where there are none.

    Args:
        path: of the file with the audit log, the copies and the posts.
        clock: says when a backup was seen.
        key: of the audit log's hashes; ``None`` for hashes that anybody can make.

    Raises:
        FileInUseError: another process has it.
        NewerFileError: a later version has written it.
        UnreadableFileError: it is not a database of this bot, or damaged.
        WrongKeyError: the audit log was written with another key.
        StorageError: it cannot be opened.
    """
    main = await Database.open(path, RECORD_SCHEMA)
    try:
        record = await SqliteRecord.on(main, key)
        memory = await Database.open(catalogue_path(path), CATALOGUE_SCHEMA, synchronous="NORMAL")
    except BaseException:
        await main.close()
        raise
    approver_posts = SqlitePosts(main, "approver_posts", HAVE_APPROVERS)
    return Storage(
        record,
        SqlitePosts(main),
        approver_posts,
        SqliteStandingOrders(main, record),
        SqliteCatalogue(memory, clock),
        (main, memory),
    )
