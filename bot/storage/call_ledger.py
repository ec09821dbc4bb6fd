"""The calls to the cloud of all processes that work on a PostgreSQL database: the port
`bot.operations.call_ledger.CallLedger`. The server's clock alone counts.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

import psycopg
from psycopg.rows import TupleRow
from pydantic import SecretStr

from bot.operations.call_ledger import Spending, Spent
from bot.storage.connection import name_of
from bot.storage.errors import StorageError, in_words
from bot.storage.postgres import SESSION, configuration, prepare
from bot.storage.postgres_schema import SCHEMA

logger = logging.getLogger(__name__)

SECONDS_TO_ANSWER = 2.0
"""A later answer is none: the call would be made when it hardly counts any more."""

WINDOW_SECONDS = 60.0 + SECONDS_TO_ANSWER + 1.0
"""How long a call counts: a minute, and what may go by between counting it and its arrival at the service."""

Library: TypeAlias = psycopg.AsyncConnection[TupleRow]


class PostgresCallLedger:
    """See the module. It has one connection of its own: nobody who writes or reads the record holds up a call.

    What is spent is on the server's disk before it is told, as the record is: that takes milliseconds, before a request
    that takes more, and not even a crash of the server makes the cloud be asked too often.

    Args:
        place: of a database with the record's tables.
        window: seconds for which a call counts.
    """

    def __init__(self, place: SecretStr, window: float = WINDOW_SECONDS) -> None:
        self._place = place
        self._window = window
        self._one_at_a_time = asyncio.Lock()
        self._connection: Library | None = None
        self._is_away = False

    async def spend(self, region: str, call: str, *, most: int) -> Spending:
        """See `bot.operations.call_ledger.CallLedger.spend`; an answer comes within `SECONDS_TO_ANSWER`.

        Raises:
            StorageError: there is no answer.
        """
        statement = f"SELECT wait, is_closed FROM {SCHEMA}.spend_cloud_call(%s, %s, %s, %s)"  # noqa: S608
        ((wait, is_closed),) = await self._answer(statement, (region, call, most, self._window))
        return Spending(wait, is_closed)

    async def close(self, region: str, call: str, seconds: float) -> None:
        """See `bot.operations.call_ledger.CallLedger.close`.

        Raises:
            StorageError: it may not be known to the others.
        """
        await self._answer(
            f"INSERT INTO {SCHEMA}.cloud_calls AS known (region, call, closed_until) "  # noqa: S608
            "VALUES (%s, %s, clock_timestamp() + %s * interval '1 second') ON CONFLICT (region, call) DO UPDATE "
            "SET closed_until = greatest(known.closed_until, excluded.closed_until) RETURNING region",
            (region, call, seconds),
        )

    async def spent(self) -> Mapping[tuple[str, str], Spent]:
        """See `bot.operations.call_ledger.CallLedger.spent`.

        Raises:
            StorageError: that cannot be read.
        """
        rows = await self._answer(
            "SELECT region, call, closed_until > clock_timestamp(), (SELECT count(*) FROM "  # noqa: S608
            f"unnest(spent) AS at WHERE at + %s * interval '1 second' > clock_timestamp()) FROM {SCHEMA}.cloud_calls",
            (self._window,),
        )
        return {(region, call): Spent(calls, is_closed) for region, call, is_closed, calls in rows}

    async def aclose(self) -> None:
        """Let the database go."""
        async with self._one_at_a_time:
            await self._let_go()

    async def _answer(self, statement: str, values: Sequence[str | float]) -> Sequence[TupleRow]:
        try:
            async with asyncio.timeout(SECONDS_TO_ANSWER), self._connected() as connection:
                answer = await connection.execute(statement.encode(), values)
                rows = await answer.fetchall()
        except (psycopg.Error, TimeoutError) as error:
            raise self._trouble(error) from error
        self._is_away = False
        return rows

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Library]:
        """The connection, for one question. After one that went wrong, a new one is made for the next."""
        async with self._one_at_a_time:
            try:
                if self._connection is None:
                    address = self._place.get_secret_value()
                    self._connection = await psycopg.AsyncConnection.connect(address, autocommit=True)
                    await self._connection.execute(*configuration(SESSION))
                yield self._connection
            except BaseException:
                await self._let_go()
                raise

    async def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def _trouble(self, error: psycopg.Error | TimeoutError) -> StorageError:
        why = in_words(error) or f"no answer within {SECONDS_TO_ANSWER:g} s"
        trouble = StorageError(f"Calls to the cloud could not be counted in {name_of(self._place)}: {why}.")
        if not self._is_away:  # told once, and not for every call that waits
            logger.warning("%s None is made until they can", trouble)
        self._is_away = True
        return trouble


@asynccontextmanager
async def call_ledger(place: SecretStr, window: float = WINDOW_SECONDS) -> AsyncIterator[PostgresCallLedger]:
    """The ledger in a database, whose tables are made where they are missing.

    Args:
        place: of the database.
        window: seconds for which a call counts.

    Raises:
        StorageError: the database cannot be used.
    """
    await asyncio.to_thread(prepare, place, "record")
    ledger = PostgresCallLedger(place, window)
    try:
        yield ledger
    finally:
        await ledger.aclose()
