"""A PostgreSQL database of the bot: any number of processes, in each one thread that writes and a few that read.

Everything is in a schema of its own. Who writes holds an advisory lock to the end of the transaction, so that in all
processes together one writes at a time, as in a SQLite file: there is one chain of hashes, and what was looked up in a
transaction still holds when it is committed.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache, partial
from secrets import token_hex
from typing import Any, Literal, Self, TypeAlias, TypeVar

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool
from pydantic import SecretStr

from bot.storage.connection import Connection, Rows, Value, Values, name_of
from bot.storage.database import READERS, Database
from bot.storage.errors import LostAnswerError, NewerFileError, StorageError, unreadable
from bot.storage.postgres_schema import MIGRATIONS, SCHEMA, Part

T = TypeVar("T")

Library: TypeAlias = psycopg.Connection[TupleRow]

LOCKS = 0x436F7079
"""The first half of this bot's advisory locks ("Copy"): others may have locks in the same database."""

MIGRATING = 0
WRITING: Mapping[Part, int] = {"record": 1, "catalogue": 2}
"""The second halves: of whoever changes the schema, or writes to a part."""

SECONDS_TO_CONNECT = 10

SESSION = {
    "application_name": "copy-backup-bot",
    "search_path": f"{SCHEMA}, public",
    "default_transaction_isolation": "read committed",  # who waited for the lock sees what was written before it
    "tcp_keepalives_idle": "10",  # a process that is cut off does not hold a lock for long
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "plan_cache_mode": "force_custom_plan",  # one made without the values does not know how few a search is about
}
WRITING_SESSION = {
    "application_name": "copy-backup-bot",
    "idle_in_transaction_session_timeout": "10s",  # nor one that stands still in the midst of a transaction
    "lock_timeout": "30s",
}
ROWS_AT_ONCE = 1000

NEWS = "copy_backup_bot"
"""The channel on which processes tell each other that there is something new: the name of a part, and who says so."""


class PostgresConnection:
    """A connection to PostgreSQL, with what `bot.storage.connection.Connection` promises.

    Args:
        raw: with a session as `connect` makes it.
        part: of the database that it is for.
        epoch: of the bot at work (`bot.storage.lease`), which alone may write; ``None`` for whoever is none.
        origin: who says that there is something new.
    """

    def __init__(self, raw: Library, part: Part, epoch: int | None = None, origin: str = "") -> None:
        self.raw = raw
        self._part = part
        self._epoch = epoch
        self._origin = origin
        self._has_news = False

    @property
    def language(self) -> Literal["postgresql"]:
        """PostgreSQL's."""
        return "postgresql"

    def execute(self, statement: str, values: Values = (), /) -> Rows:
        """Run one statement."""
        return self.raw.execute(_translated(statement), _translated_values(values))

    def stream(self, statement: str, values: Values = (), /) -> Iterator[Any]:
        """The rows that a statement finds, which the server keeps until they are wanted."""
        with self.raw.transaction(), self.raw.cursor(name="stream") as rows:
            rows.itersize = ROWS_AT_ONCE
            yield from rows.execute(_translated(statement), _translated_values(values))

    def copy_into(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
        """Add many rows, quickly."""
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
        with self.raw.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([_translated_value(value) for value in row])

    def gather_statistics(self, tables: Sequence[str]) -> None:
        """Renew what plans are made by (``ANALYZE``): autovacuum does so a minute later, or never where it is off."""
        self.raw.execute(sql.SQL("ANALYZE {}").format(sql.SQL(", ").join(map(sql.Identifier, tables))))

    def has_table(self, name: str) -> bool:
        """Whether there is a table of this name."""
        (found,) = self.execute("SELECT to_regclass(?) IS NOT NULL", (f"{SCHEMA}.{name}",)).fetchone()
        return bool(found)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction, in which nobody else writes to this part from its beginning, in whatever process.

        Raises:
            LostAnswerError: it was committed, or not.
        """
        is_to_be_committed = False
        try:
            with self.raw.transaction():
                self.execute("SELECT pg_advisory_xact_lock(?, ?)", (LOCKS, WRITING[self._part]))
                if self._epoch is not None:
                    self.execute("SELECT stay_at_work(?)", (self._epoch,))
                self._has_news = False
                yield
                if self._has_news:
                    self.execute("SELECT pg_notify(?, ?)", (NEWS, f"{self._part} {self._origin}"))
                is_to_be_committed = True
        except psycopg.OperationalError as error:
            if is_to_be_committed and self.raw.broken:
                raise LostAnswerError(name_of(SecretStr(self.raw.info.dsn)), error) from error
            raise

    def atomic(self) -> AbstractContextManager[object]:
        """A savepoint."""
        return self.raw.transaction()

    def announce(self) -> None:
        """Have the other processes told, once the transaction is committed: of many changes in one, once."""
        self._has_news = True

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open: it is lost with its connection."""
        return self.raw.info.transaction_status == TransactionStatus.INTRANS

    @property
    def schema_version(self) -> int:
        """How many migrations this part has gone through."""
        if not self.has_table("schema_versions"):
            return 0
        found = self.execute("SELECT version FROM schema_versions WHERE part = ?", (self._part,)).fetchone()
        return int(found[0]) if found else 0

    def close(self) -> None:
        """Let it go; what was not committed is undone."""
        self.raw.close()


class PostgresPart(Database):
    """A part of the bot's PostgreSQL database: the record, or the catalogue.

    Args:
        place: of the database; it has to be there, its tables are made.
        part: which.
        epoch: see `PostgresConnection`.

    Attributes:
        origin: by which others, and it itself, know what it says to be new.

    Raises:
        NewerFileError: a later version has written it.
        UnreadableFileError: the server cannot be reached, or does not let the bot in.
        StorageError: it cannot be used.
    """

    def __init__(self, place: SecretStr, part: Part, epoch: int | None = None) -> None:
        prepare(place, part)
        self._part: Part = part
        self._epoch = epoch
        self.origin = token_hex(8)
        self._pool = ConnectionPool(
            place.get_secret_value(),
            kwargs={"autocommit": True},
            configure=partial(_configure, settings={**SESSION, **WRITING_SESSION, **_durability(part)}),
            check=ConnectionPool[Library].check_connection,  # one that was lost meanwhile is replaced
            min_size=1,
            max_size=1 + READERS,
            timeout=SECONDS_TO_CONNECT,
            name=part,
            open=True,
        )
        super().__init__(place, name_of(place))

    @classmethod
    async def open(cls, place: SecretStr, part: Part, epoch: int | None = None) -> Self:
        """The same as the constructor, off the event loop."""
        return await asyncio.to_thread(cls, place, part, epoch)

    def _touch(self, connection: Connection) -> None:
        connection.execute("UPDATE schema_versions SET version = version WHERE part = ?", (self._part,))

    def _to_write(self) -> AbstractContextManager[Connection]:
        return self._leased()

    def _to_read(self) -> AbstractContextManager[Connection]:
        return self._leased()

    def _read(self, work: Callable[[Connection], T]) -> T:
        """Read; once more where the connection is lost meanwhile, of which people need not hear."""
        is_lost = False
        try:
            with self._pool.connection() as raw:
                try:
                    return work(self._on(raw))
                finally:
                    is_lost = raw.broken
        except psycopg.OperationalError:
            if not is_lost:
                raise
        return super()._read(work)

    @contextmanager
    def _leased(self) -> Iterator[Connection]:
        with self._pool.connection() as raw:
            yield self._on(raw)

    def _on(self, raw: Library) -> PostgresConnection:
        return PostgresConnection(raw, self._part, self._epoch, self.origin)

    def _is_open(self) -> bool:
        return not self._pool.closed

    def _let_go(self) -> None:
        self._pool.close()


def prepare(place: SecretStr, part: Part) -> None:
    """Make the tables, or bring them to the schema of today. Blocks.

    Raises:
        NewerFileError: a later version has written them.
        UnreadableFileError: the server cannot be reached, or does not let the bot in.
        StorageError: the database cannot be used.
    """
    try:
        with connect(place, part) as connection:
            _refuse_other_encodings(connection, name_of(place))
            _migrate(connection, name_of(place), part)
    except psycopg.Error as error:
        raise unreadable(place, error) from error


@contextmanager
def connect(place: SecretStr, part: Part, **settings: str) -> Iterator[PostgresConnection]:
    """A connection of one's own. Blocks.

    Args:
        place: of the database.
        part: of it.
        **settings: of the session, besides those every session has.

    Raises:
        psycopg.Error: the server cannot be reached, or does not let the bot in.
    """
    with psycopg.connect(place.get_secret_value(), autocommit=True, connect_timeout=SECONDS_TO_CONNECT) as raw:
        raw.execute(*configuration({**SESSION, **settings}))
        yield PostgresConnection(raw, part)


def configuration(settings: Mapping[str, str]) -> tuple[bytes, Sequence[str]]:
    """The statement that makes these the settings of a session, and its values."""
    calls = ", ".join(["set_config(%s, %s, false)"] * len(settings))
    return f"SELECT {calls}".encode(), [text for setting in settings.items() for text in setting]


def _configure(raw: Library, settings: Mapping[str, str]) -> None:
    raw.execute(*configuration(settings))


def _durability(part: Part) -> Mapping[str, str]:
    """The catalogue is read from the cloud again, if its last changes are lost with the power."""
    return {"synchronous_commit": "on" if part == "record" else "off"}


def encoding_of(connection: Connection) -> str:
    """How the database writes texts."""
    (encoding,) = connection.execute("SHOW server_encoding").fetchone()
    return str(encoding)


def _refuse_other_encodings(connection: Connection, name: str) -> None:
    encoding = encoding_of(connection)
    if encoding != "UTF8":
        raise StorageError(
            f"{name} has the encoding {encoding}: make a database with UTF8, and set DATABASE_URL to it."
        )


def _migrate(connection: PostgresConnection, name: str, part: Part) -> None:
    with connection.raw.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(?, ?)", (LOCKS, MIGRATING))
        version, migrations = connection.schema_version, MIGRATIONS[part]
        if version > len(migrations):
            raise NewerFileError(name, version, len(migrations))
        if version == len(migrations):
            return
        if not connection.has_table("schema_versions"):
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            connection.execute("CREATE TABLE schema_versions (part TEXT PRIMARY KEY, version INTEGER NOT NULL)")
        for migration in migrations[version:]:
            connection.raw.execute(migration.encode())
        connection.execute(
            "INSERT INTO schema_versions (part, version) VALUES (?, ?) "
            "ON CONFLICT (part) DO UPDATE SET version = excluded.version",
            (part, len(migrations)),
        )


@lru_cache(maxsize=250)
def _translated(statement: str) -> bytes:
    """A statement with the marks of psycopg."""
    doubled = statement.replace("%", "%%")
    return re.sub(r":([a-z_][a-z_0-9]*)", r"%(\1)s", doubled.replace("?", "%s")).encode()


def _translated_values(values: Values) -> Sequence[Value] | Mapping[str, Value]:
    if isinstance(values, Mapping):
        return {name: _translated_value(value) for name, value in values.items()}
    return [_translated_value(value) for value in values]


def _translated_value(value: Value) -> Value:
    """Truth is a number, as in SQLite; a text has no NUL, which PostgreSQL has no place for."""
    if isinstance(value, bool):
        return int(value)
    return str(value).replace("\0", "\ufffd") if isinstance(value, str) else value
