"""A SQLite file of the bot: one process, one thread that writes, a few that read."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal, Self

from filelock import FileLock, Timeout
from sqlite_utils import Database as Library

from bot.storage.connection import Connection, Values
from bot.storage.database import READERS, Database
from bot.storage.errors import FileInUseError, NewerFileError, StorageError, UnreadableFileError
from bot.storage.mentions import mentions

BUSY_TIMEOUT = 10_000
"""Milliseconds to wait for another program, such as a SQLite shell, to end its transaction."""

OWNER_ONLY = 0o600


class SqliteConnection(Library):
    """A connection to SQLite: the one of sqlite-utils, with what `bot.storage.connection.Connection` promises."""

    @property
    def language(self) -> Literal["sqlite"]:
        """SQLite's."""
        return "sqlite"

    def execute(self, statement: str, values: Values = (), /) -> sqlite3.Cursor:  # type: ignore[override]  # named values are a mapping
        """Run one statement."""
        return self.conn.execute(statement, values)

    def stream(self, statement: str, values: Values = (), /) -> Iterator[Any]:
        """The rows that a statement finds: SQLite finds one after the other."""
        return self.execute(statement, values)

    def gather_statistics(self, tables: Sequence[str]) -> None:
        """Nothing: SQLite plans by the indexes there are, and the statements are written for that."""

    def has_table(self, name: str) -> bool:
        """Whether there is a table of this name."""
        found = self.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)).fetchone()
        return found is not None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction, in which nobody else writes from its beginning."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        finally:
            if self.in_transaction:
                self.rollback()

    def announce(self) -> None:
        """Nothing: the file is for one process alone."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open: SQLite ends it where the disk is full, and the like."""
        return self.conn.in_transaction

    @property
    def schema_version(self) -> int:
        """How many migrations the file has gone through."""
        with closing(self.execute("PRAGMA user_version")) as found:
            version: int = found.fetchone()[0]
        return version


Migration = Callable[["SqliteConnection"], None]


class SqliteFile(Database):
    """A SQLite file in WAL mode that only its owner may read.

    Args:
        path: of the file; it is made if it is not there, with its folder.
        migrations: what brings a file to the schema of today, each run once, in order. Their number is the file's
            ``user_version``: later versions append to the list and never change what is in it.
        synchronous: ``FULL``: what is committed survives the loss of power. ``NORMAL``: it may be lost then, and
            the file stays whole.

    Raises:
        FileInUseError: another process has it.
        NewerFileError: a later version has written it.
        UnreadableFileError: it is not a SQLite database, or damaged.
        StorageError: it cannot be opened.
    """

    def __init__(
        self, path: Path, migrations: Sequence[Migration], *, synchronous: Literal["FULL", "NORMAL"] = "FULL"
    ) -> None:
        self._lock = _locked(path)
        connection: SqliteConnection | None = None
        try:
            connection = _open_to_write(path, synchronous)
            _migrate(connection, path, migrations)
            readers = [open_to_read(path) for _ in range(READERS)]
        except BaseException as error:
            if connection is not None:
                connection.close()
            self._lock.release()
            if isinstance(error, sqlite3.Error):
                raise _explained(path, error) from error
            raise
        self._connection = connection
        self._idle_readers: SimpleQueue[SqliteConnection] = SimpleQueue()
        for reader in readers:
            self._idle_readers.put(reader)
        super().__init__(path, str(path))

    @classmethod
    async def open(
        cls, path: Path, migrations: Sequence[Migration], *, synchronous: Literal["FULL", "NORMAL"] = "FULL"
    ) -> Self:
        """The same as the constructor, off the event loop."""
        return await asyncio.to_thread(cls, path, migrations, synchronous=synchronous)

    def _touch(self, connection: Connection) -> None:
        connection.execute(f"PRAGMA user_version = {connection.schema_version}")

    def _to_write(self) -> AbstractContextManager[Connection]:
        return nullcontext(self._connection)

    @contextmanager
    def _to_read(self) -> Iterator[Connection]:
        reader = self._idle_readers.get()
        try:
            yield reader
        finally:
            self._idle_readers.put(reader)

    def _is_open(self) -> bool:
        return self._lock.is_locked

    def _let_go(self) -> None:
        for _ in range(READERS):
            self._idle_readers.get().close()
        self._connection.close()
        self._lock.release()


def open_to_read(path: Path) -> SqliteConnection:
    """A connection that cannot write, usable from any one thread at a time, also while the bot runs.

    Raises:
        sqlite3.Error: there is no such file, or it is not a database.
    """
    return _connected(f"{path.absolute().as_uri()}?mode=ro")


def open_to_change(path: Path) -> SqliteConnection:
    """A connection that can write to a file that is there, also while the bot runs: it holds no lock but SQLite's own.

    Raises:
        sqlite3.Error: there is no such file, or it is not a database.
    """
    connection = _connected(f"{path.absolute().as_uri()}?mode=rw")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _open_to_write(path: Path, synchronous: str) -> SqliteConnection:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, OWNER_ONLY))
    path.chmod(OWNER_ONLY)
    connection = _connected(path.absolute().as_uri())
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    return connection


def _connected(uri: str) -> SqliteConnection:
    raw = sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT / 1000, cached_statements=256
    )
    connection = SqliteConnection(raw, execute_plugins=False)
    connection.conn.create_function("mentions", 2, mentions, deterministic=True)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -64000")
    return connection


def catalogue_path(path: Path) -> Path:
    """The file of the catalogue, beside the bot's own: it holds nothing that the cloud does not have."""
    return path.with_name(f"{path.stem}-catalogue{path.suffix}")


def lock_path(path: Path) -> Path:
    """The file beside a database that is locked by the process that works on it."""
    return path.with_name(f"{path.name}.lock")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep every bot away from a file.

    Raises:
        FileInUseError: a bot works on it.
    """
    lock = _locked(path)
    try:
        yield
    finally:
        lock.release()


def _locked(path: Path) -> FileLock:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = lock_path(path)
    lock = FileLock(beside, mode=OWNER_ONLY, blocking=False, thread_local=False)  # closed in another thread
    try:
        lock.acquire()
    except Timeout:
        raise FileInUseError(path, process_in(beside)) from None
    beside.write_text(str(os.getpid()), encoding="ascii")
    return lock


def process_in(lock_file: Path) -> int | None:
    """The id of the process that has, or had, the lock; ``None`` where that is not known."""
    try:
        return int(lock_file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _migrate(connection: SqliteConnection, path: Path, migrations: Sequence[Migration]) -> None:
    version = connection.schema_version
    if version > len(migrations):
        raise NewerFileError(path, version, len(migrations))
    for number, migration in enumerate(migrations[version:], start=version + 1):
        with connection.transaction():
            migration(connection)
            connection.execute(f"PRAGMA user_version = {number}")


def _explained(path: Path, error: sqlite3.Error) -> StorageError:
    if isinstance(error, sqlite3.OperationalError):
        return StorageError(f"{path} cannot be opened: {error}.")
    return UnreadableFileError(path, str(error))
