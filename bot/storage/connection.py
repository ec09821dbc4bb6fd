"""What the statements of this room run on: a connection to a SQLite file (`bot.storage.sqlite_file`) or to PostgreSQL
(`bot.storage.postgres`), which look alike here. Statements are written once, in the SQL that both speak: marks are
``?`` or ``:name``, a value in JSON is ``json_extract(body, '$.name')``, and no index is used for ``column || ''``.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, Protocol

from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

Place = Path | SecretStr
"""Where a bot remembers: a SQLite file, or the address of a PostgreSQL database (with its password)."""


def name_of(place: Place) -> str:
    """What a place is called, without the password."""
    if isinstance(place, Path):
        return str(place)
    known = conninfo_to_dict(place.get_secret_value())
    host, port = known.get("host") or known.get("hostaddr") or "", known.get("port")
    return f"postgresql://{host}{f':{port}' if port else ''}/{known.get('dbname') or known.get('user') or ''}"


Value = str | int | float | None
Values = Sequence[Value] | Mapping[str, Value]

EVERYTHING = (1 << 63) - 1
"""A limit for whoever wants no limit."""


class Rows(Protocol):
    """What a statement found, or how many rows it changed."""

    @property
    def rowcount(self) -> int:
        """Rows that were changed."""
        ...

    def fetchone(self) -> Any:  # noqa: ANN401 - a row is what its statement says
        """The next row, or ``None``."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """The rows that are left."""
        ...


class Connection(Protocol):
    """A connection, used by one thread at a time."""

    @property
    def language(self) -> Literal["sqlite", "postgresql"]:
        """For the few statements that have to differ."""
        ...

    def execute(self, statement: str, values: Values = (), /) -> Rows:
        """Run one statement."""
        ...

    def stream(self, statement: str, values: Values = (), /) -> Iterator[Any]:
        """The rows that a statement finds, which need not fit into memory; in a transaction."""
        ...

    def gather_statistics(self, tables: Sequence[str]) -> None:
        """Look at what is in tables that have changed a lot, where statements are planned by it."""
        ...

    def has_table(self, name: str) -> bool:
        """Whether there is a table of this name."""
        ...

    def transaction(self) -> AbstractContextManager[object]:
        """One transaction, in which nobody else writes from its beginning, in whatever process: all of the block is
        written, or nothing.
        """
        ...

    def atomic(self) -> AbstractContextManager[object]:
        """A part of the transaction: if the block fails, nothing of it is written, and the rest may go on."""
        ...

    def announce(self) -> None:
        """Have the other processes told that there is something new, once the transaction is committed. A file has no
        others.
        """
        ...

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, and can be gone on with."""
        ...

    @property
    def schema_version(self) -> int:
        """How many migrations the database has gone through."""
        ...
