"""A SQLite file of the bot: one process, one thread that writes, a few that read."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from typing import Literal, Self, TypeVar

from filelock import FileLock, Timeout
from sqlite_utils import Database as Connection

from bot.storage.errors import FileInUseError, NewerFileError, StorageError, UnreadableFileError
from bot.storage.writer import Writer

T = TypeVar("T")
Migration = Callable[[Connection], None]

READERS = 3
"""Reads at the same time: a long search or an export does not hold up the others."""

BUSY_TIMEOUT = 10_000
"""Milliseconds to wait for another program, such as a SQLite shell, to end its transaction."""

OWNER_ONLY = 0o600


class Database:
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
        self.path = path
        self._lock = _locked(path)
        connection: Connection | None = None
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
        self._writer = Writer(connection, str(path))
        self._idle_readers: SimpleQueue[Connection] = SimpleQueue()
        for reader in readers:
            self._idle_readers.put(reader)
        self._read_threads = ThreadPoolExecutor(READERS, thread_name_prefix=f"reads {path}")

    @classmethod
    async def open(
        cls, path: Path, migrations: Sequence[Migration], *, synchronous: Literal["FULL", "NORMAL"] = "FULL"
    ) -> Self:
        """The same as the constructor, off the event loop."""
        return await asyncio.to_thread(cls, path, migrations, synchronous=synchronous)

    async def write(self, work: Callable[[Connection], T], after: Callable[[T], None] | None = None) -> T:
        """See `Writer.write`."""
        return await self._writer.write(work, after)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Have ``work`` run in a reading thread. It sees everything that was committed before.

        Raises:
            StorageError: SQLite refused, or the file is closed.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._read_threads, self._read, work)
        except sqlite3.Error as error:
            raise StorageError(f"{self.path} could not be read: {error}.") from error
        except RuntimeError as error:  # the threads have ended
            raise StorageError(f"{self.path} is closed: the bot is stopping.") from error

    def _read(self, work: Callable[[Connection], T]) -> T:
        reader = self._idle_readers.get()
        try:
            return work(reader)
        finally:
            self._idle_readers.put(reader)

    async def check(self) -> None:
        """Write, and change nothing by it: a full disk, a lost one and a lock that somebody holds are seen so.

        Raises:
            StorageError: it cannot be written.
        """
        await self.write(lambda connection: connection.execute(f"PRAGMA user_version = {schema_version(connection)}"))

    async def close(self) -> None:
        """Write what was asked for already, and let the file go. May be called twice."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        if not self._lock.is_locked:
            return
        self._writer.close()
        self._read_threads.shutdown()
        for _ in range(READERS):
            self._idle_readers.get().close()
        self._connection.close()
        self._lock.release()


def open_to_read(path: Path) -> Connection:
    """A connection that cannot write, usable from any one thread at a time, also while the bot runs.

    Raises:
        sqlite3.Error: there is no such file, or it is not a database.
    """
    return _connected(f"{path.absolute().as_uri()}?mode=ro")


def open_to_change(path: Path) -> Connection:
    """A connection that can write to a file that is there, also while the bot runs: it holds no lock but SQLite's own.

    Raises:
        sqlite3.Error: there is no such file, or it is not a database.
    """
    connection = _connected(f"{path.absolute().as_uri()}?mode=rw")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _open_to_write(path: Path, synchronous: str) -> Connection:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, OWNER_ONLY))
    path.chmod(OWNER_ONLY)
    connection = _connected(path.absolute().as_uri())
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    return connection


def _connected(uri: str) -> Connection:
    raw = sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT / 1000, cached_statements=256
    )
    connection = Connection(raw, execute_plugins=False)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -64000")
    return connection


def catalogue_path(path: Path) -> Path:
    """The file of the catalogue, beside the bot's own: it holds nothing that the cloud does not have."""
    return path.with_name(f"{path.stem}-catalogue{path.suffix}")


def lock_path(path: Path) -> Path:
    """The file beside a database that is locked by the process that works on it."""
    return path.with_name(f"{path.name}.lock")


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


def _migrate(connection: Connection, path: Path, migrations: Sequence[Migration]) -> None:
    version = schema_version(connection)
    if version > len(migrations):
        raise NewerFileError(path, version, len(migrations))
    for number, migration in enumerate(migrations[version:], start=version + 1):
        connection.execute("BEGIN IMMEDIATE")
        migration(connection)
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")


def schema_version(connection: Connection) -> int:
    """How many migrations a file has gone through."""
    with closing(connection.execute("PRAGMA user_version")) as found:
        version: int = found.fetchone()[0]
    return version


def _explained(path: Path, error: sqlite3.Error) -> StorageError:
    if isinstance(error, sqlite3.OperationalError):
        return StorageError(f"{path} cannot be opened: {error}.")
    return UnreadableFileError(path, str(error))
