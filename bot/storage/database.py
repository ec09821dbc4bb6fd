"""Where a bot remembers: one thread that writes, a few that read."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TypeVar

from bot.storage.connection import Connection, Place
from bot.storage.errors import REFUSALS, StorageError, in_words
from bot.storage.writer import Writer

T = TypeVar("T")

READERS = 3
"""Reads at the same time: a long search or an export does not hold up the others."""


class Database(ABC):
    """A SQLite file, or a part of a PostgreSQL database.

    Attributes:
        place: where it is.
        name: the same for people, without a password.
    """

    def __init__(self, place: Place, name: str) -> None:
        self.place = place
        self.name = name
        self._writer = Writer(self._to_write, name)
        self._read_threads = ThreadPoolExecutor(READERS, thread_name_prefix=f"reads {name}")

    async def write(self, work: Callable[[Connection], T], after: Callable[[T], None] | None = None) -> T:
        """See `Writer.write`."""
        return await self._writer.write(work, after)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Have ``work`` run in a reading thread. It sees everything that was committed before, and changes nothing that
        may not be changed twice: where its connection is lost it runs again.

        Raises:
            StorageError: it was refused, or the database is closed.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._read_threads, self._read, work)
        except REFUSALS as error:
            raise StorageError(f"{self.name} could not be read: {in_words(error)}.") from error
        except RuntimeError as error:  # the threads have ended
            raise StorageError(f"{self.name} is closed: the bot is stopping.") from error

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self._to_read() as connection:
            return work(connection)

    async def check(self) -> None:
        """Write, and change nothing by it: a full disk, a lost one and a lock that somebody holds are seen so.

        Raises:
            StorageError: it cannot be written.
        """
        await self.write(self._touch)

    async def close(self) -> None:
        """Write what was asked for already, and let the database go. May be called twice."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        if not self._is_open():
            return
        self._writer.close()
        self._read_threads.shutdown()
        self._let_go()

    @abstractmethod
    def _touch(self, connection: Connection) -> None:
        """Write what is there already."""

    @abstractmethod
    def _to_write(self) -> AbstractContextManager[Connection]:
        """A connection for one transaction of the writing thread."""

    @abstractmethod
    def _to_read(self) -> AbstractContextManager[Connection]:
        """A connection for one of the reading threads."""

    @abstractmethod
    def _is_open(self) -> bool:
        """Whether it was not let go yet."""

    @abstractmethod
    def _let_go(self) -> None:
        """Close what is open: nobody reads or writes any more."""
