"""Which bot works on the copies in a PostgreSQL database: one at a time, whatever the number of those that answer
people. One of the others takes that over when the one at work has ended, or has not been heard of for a while.

Each who takes over begins an epoch. A bot that was cut off, or stood still, and comes back, is of an epoch that is
over: nothing that it wants to write is written (``stay_at_work`` in `bot.storage.postgres_schema`), it sends no copy
request, and ends.
"""

import asyncio
import logging
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from bot.storage.connection import Connection
from bot.storage.errors import StorageError
from bot.storage.postgres import PostgresPart

logger = logging.getLogger(__name__)

LEASE_SECONDS = 15.0
"""After so long without a word of the bot at work another one takes over."""

WORDS_IN_A_LEASE = 5
"""How often the bot at work gives word meanwhile; some may be lost."""

LOOKS_IN_A_LEASE = 15
"""How often the others look meanwhile whether they can take over."""


WORKFLOW_CONNECTIONS = "copy-backup-bot workflows"
"""The name of DBOS's connections, which know nothing of epochs."""


class Lease:
    """The right to work on a database, which lasts as long as there is word of the bot that has it.

    Args:
        database: the record, for this alone: nobody who writes or reads is to hold up a word of the bot at work.
        seconds: that it lasts without a word.

    Attributes:
        epoch: of this bot.
        lost: set when another bot has taken over.
    """

    def __init__(self, database: PostgresPart, seconds: float = LEASE_SECONDS) -> None:
        self._database = database
        self._seconds = seconds
        self._ends = 0.0
        self.epoch = 0
        self.lost = asyncio.Event()

    def is_held(self) -> bool:
        """Whether no other bot can have taken over yet; by a clock that goes on while the bot stands still."""
        return _clock() < self._ends

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Be the bot at work inside the block, after waiting for it, however long the database is away meanwhile."""
        await self._wait()
        keeping = asyncio.create_task(self._keep(), name="keep the lease")
        try:
            yield
        finally:
            keeping.cancel()
            await self._give_up()

    async def _wait(self) -> None:
        told = ""
        while True:
            try:
                if await self._took_over():
                    return
                (holder,) = await self._database.read(
                    lambda connection: connection.execute("SELECT holder FROM bot_at_work").fetchone()
                )
            except StorageError as error:
                holder = f"nobody can say who, as {self._name} cannot be used ({error}),"
            if holder != told:
                logger.info("%s works on the copies; when it ends, this bot takes over", holder)
                told = holder
            await asyncio.sleep(self._seconds / LOOKS_IN_A_LEASE)

    async def _keep(self) -> None:
        """Give word again and again; return when another bot has taken over."""
        while True:
            await asyncio.sleep(self._seconds / WORDS_IN_A_LEASE)
            asked = _clock()
            try:
                if not await self._database.read(self._renew):  # not `write`, which waits for whoever writes
                    self._ends = 0.0
                    self.lost.set()
                    logger.error("another bot has taken over the work on %s: this one ends", self._name)
                    return
            except StorageError as error:
                logger.warning("no word can be given of this bot: %s", error)
            else:
                self._ends = asked + self._seconds

    async def _give_up(self) -> None:
        """Let another bot take over at once."""
        self._ends = 0.0
        try:
            await self._database.read(self._end)
        except StorageError as error:
            logger.warning("another bot can take over in %g s only: %s", self._seconds, error)

    @property
    def _name(self) -> str:
        return self._database.name

    async def _took_over(self) -> bool:
        """Take over, if it may be done; by `write`: what the bot before wrote is committed, or never is."""
        asked = _clock()
        epoch = await self._database.write(self._begin)
        if epoch is None:
            return False
        self.epoch, self._ends = epoch, asked + self._seconds
        return True

    def _begin(self, connection: Connection) -> int | None:
        row = connection.execute(
            "UPDATE bot_at_work SET epoch = epoch + 1, holder = ?, ends = clock_timestamp() + ? * interval '1 second' "
            "WHERE ends < clock_timestamp() RETURNING epoch",
            (f"process {os.getpid()} on {socket.gethostname()}", self._seconds),
        ).fetchone()
        if row is None:
            return None
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE application_name = ? AND datname = current_database()",
            (WORKFLOW_CONNECTIONS,),
        )
        return int(row[0])

    def _renew(self, connection: Connection) -> bool:
        renewed = connection.execute(
            "UPDATE bot_at_work SET ends = clock_timestamp() + ? * interval '1 second' WHERE epoch = ?",
            (self._seconds, self.epoch),
        )
        return renewed.rowcount == 1

    def _end(self, connection: Connection) -> None:
        connection.execute("UPDATE bot_at_work SET ends = '-infinity' WHERE epoch = ?", (self.epoch,))


def _clock() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@asynccontextmanager
async def lease_on(place: SecretStr, seconds: float = LEASE_SECONDS) -> AsyncIterator[Lease]:
    """The lease of a database, which nobody holds by that.

    Args:
        place: of the database.
        seconds: that the lease lasts without a word.

    Raises:
        StorageError: the database cannot be used.
    """
    database = await PostgresPart.open(place, "record")
    try:
        yield Lease(database, seconds)
    finally:
        await database.close()
