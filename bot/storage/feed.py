"""News of a PostgreSQL database, for each of the processes that share it: what one commits, all hear of."""

import asyncio
import logging
from typing import NoReturn

import psycopg
from psycopg import AsyncConnection, sql
from pydantic import SecretStr, ValidationError

from bot.storage.catalogue import StoredCatalogue
from bot.storage.connection import name_of
from bot.storage.errors import StorageError, unreadable
from bot.storage.postgres import NEWS, SECONDS_TO_CONNECT
from bot.storage.record import StoredRecord

logger = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds after which the record is looked at without having heard of anything: a word may be lost with its connection,
and versions before this one give none.
"""

PAUSE = 1.0
"""Seconds before a connection that was lost is tried again."""


class Feed:
    """Tells a process what is committed, by whichever process, for as long as it runs.

    Args:
        record: is caught up with what is new.
        catalogue: is told when another has changed it, or may have.
        origin: of what this process itself changes in the catalogue.
    """

    def __init__(self, place: SecretStr, record: StoredRecord, catalogue: StoredCatalogue, origin: str) -> None:
        self._place = place
        self._record = record
        self._catalogue = catalogue
        self._own = f"catalogue {origin}"
        self._connection: AsyncConnection | None = None
        self._following: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Tell what is committed from now on.

        Raises:
            StorageError: the database cannot be read.
        """
        try:
            self._connection = await self._listening()
        except psycopg.Error as error:
            raise unreadable(self._place, error) from error
        await self._record.share()
        following = self._follow(self._connection)
        self._following = asyncio.create_task(following, name=f"news of {name_of(self._place)}")

    async def aclose(self) -> None:
        """Tell nothing more."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
        if self._connection is not None:
            await self._connection.close()

    async def _follow(self, connection: AsyncConnection) -> None:
        while True:
            try:
                await self._tell_all(connection)
            except (psycopg.Error, StorageError, ValidationError) as error:  # a newer version may write what is new
                logger.warning("no news of %s: %s; again in %g s", name_of(self._place), error, PAUSE)
            await connection.close()
            self._connection = connection = await self._listening_again()
            self._catalogue.catch_up()  # what was said while nobody listened is lost

    async def _tell_all(self, connection: AsyncConnection) -> NoReturn:
        while True:
            await self._record.catch_up()
            async for notice in connection.notifies(timeout=LOOK_EVERY, stop_after=1):
                if notice.payload.startswith("catalogue") and notice.payload != self._own:
                    self._catalogue.catch_up()

    async def _listening_again(self) -> AsyncConnection:
        """A new connection, however often it takes."""
        while True:
            await asyncio.sleep(PAUSE)
            try:
                return await self._listening()
            except psycopg.Error as error:
                logger.warning("no news of %s: %s; again in %g s", name_of(self._place), error, PAUSE)

    async def _listening(self) -> AsyncConnection:
        connection = await AsyncConnection.connect(
            self._place.get_secret_value(),
            autocommit=True,
            connect_timeout=SECONDS_TO_CONNECT,
            application_name="copy-backup-bot news",
        )
        try:
            await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(NEWS)))
        except BaseException:
            await connection.close()
            raise
        return connection
