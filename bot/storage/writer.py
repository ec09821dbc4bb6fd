"""One thread that writes, several callers in one transaction: group commit."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from bot.storage.connection import Connection
from bot.storage.errors import REFUSALS, LostAnswerError, StorageError, in_words

T = TypeVar("T")

MOST_IN_ONE_TRANSACTION = 200
"""So that the first of them does not wait long for the last."""


@dataclass(frozen=True, slots=True)
class _Done(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True)
class _Failed:
    error: Exception


class _Job(Generic[T]):
    """Something to write, and who waits for it."""

    def __init__(self, work: Callable[[Connection], T], after: Callable[[T], None] | None) -> None:
        self._work = work
        self._after = after
        self._outcome: _Done[T] | _Failed = _Failed(StorageError("It was never written: the bot is stopping."))
        self.answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def run(self, connection: Connection) -> None:
        """Do the work inside a savepoint of its own.

        Raises:
            Exception: the whole transaction is lost with it.
        """
        try:
            with connection.atomic():
                self._outcome = _Done(self._work(connection))
        except Exception as error:  # the border of the thread: whoever asked gets it
            self._outcome = _Failed(error)
            if not connection.in_transaction:
                raise

    def fail(self, error: Exception) -> None:
        """Nothing was written, or nobody knows."""
        self._outcome = _Failed(error)

    def tell(self) -> None:
        """Tell whoever waits. Runs on the event loop, after the commit."""
        if isinstance(self._outcome, _Failed):
            if not self.answer.done():
                self.answer.set_exception(self._outcome.error)
            return
        if self._after:
            self._after(self._outcome.value)
        if not self.answer.done():
            self.answer.set_result(self._outcome.value)


class Writer:
    """Writes what it is given, in order. What comes while a transaction runs shares the next one.

    Each work is written wholly or not at all, whatever becomes of the others, and is answered after the commit.

    Args:
        lease: gives a connection for one transaction.
        name: of the database, for people.
    """

    def __init__(self, lease: Callable[[], AbstractContextManager[Connection]], name: str) -> None:
        self._lease = lease
        self._name = name
        self._jobs: SimpleQueue[_Job[object] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"writes {name}", daemon=True)
        self._thread.start()
        self._is_closed = False

    async def write(self, work: Callable[[Connection], T], after: Callable[[T], None] | None = None) -> T:
        """Have ``work`` run in the writing thread.

        Args:
            work: given the connection, inside a transaction.
            after: called on the event loop after the commit, before anybody is answered, in the order of the
                commits; also when the caller was cancelled meanwhile.

        Raises:
            LostAnswerError: it was written, or not: the connection was lost during the commit.
            StorageError: it was refused, or the database is closed; nothing was written.
        """
        if self._is_closed:
            raise StorageError(f"{self._name} is closed: the bot is stopping.")
        job = _Job(work, after)
        self._jobs.put(job)  # type: ignore[arg-type]  # a queue of jobs of every kind
        try:
            return await job.answer
        except REFUSALS as error:
            raise StorageError(f"{self._name} could not be written: {in_words(error)}. Nothing was changed.") from error

    def close(self) -> None:
        """Write what was asked for already, then end. Blocks."""
        self._is_closed = True
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while jobs := self._next_jobs():
            try:
                self._write_together(jobs)
            except (*REFUSALS, LostAnswerError) as error:
                for job in jobs:
                    job.fail(error)
            self._tell(jobs)

    def _next_jobs(self) -> list[_Job[object]]:
        jobs: list[_Job[object]] = []
        job = self._jobs.get()
        try:
            while job is not None:
                jobs.append(job)
                if len(jobs) == MOST_IN_ONE_TRANSACTION:
                    return jobs
                job = self._jobs.get_nowait()
        except Empty:
            return jobs
        if jobs:
            self._jobs.put(None)  # the end comes after these
        return jobs

    def _write_together(self, jobs: Iterable[_Job[object]]) -> None:
        with self._lease() as connection, connection.transaction():
            for job in jobs:
                job.run(connection)

    def _tell(self, jobs: list[_Job[object]]) -> None:
        loop = jobs[0].answer.get_loop()
        try:
            loop.call_soon_threadsafe(_tell_all, jobs)
        except RuntimeError:  # the loop is closed: nobody waits any more
            return


def _tell_all(jobs: Iterable[_Job[object]]) -> None:
    for job in jobs:
        job.tell()
