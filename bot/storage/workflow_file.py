"""Where DBOS keeps what is being worked on (``durable-execution.md``): a file beside the bot's own, or the schema
``dbos`` of its PostgreSQL database.

DBOS makes its own tables and connections; how the file is made is said here, before it does: SQLite remembers the WAL
mode in the file itself.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr
from sqlalchemy import URL

from bot.storage.connection import Place, name_of
from bot.storage.lease import WORKFLOW_CONNECTIONS, Lease
from bot.storage.postgres import SECONDS_TO_CONNECT
from bot.storage.sqlite_file import OWNER_ONLY

WORKFLOW_SCHEMA = "dbos"
"""In PostgreSQL; DBOS calls it so."""


def workflow_path(path: Path) -> Path:
    """The workflows' file, beside the bot's own."""
    return path.with_name(f"{path.stem}-workflows{path.suffix}")


def prepare_workflow_file(path: Path) -> None:
    """Make the file if it is not there, for its owner only and in WAL mode. Blocks.

    Raises:
        OSError: it cannot be made.
        sqlite3.Error: it is not a SQLite database.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, OWNER_ONLY))
    path.chmod(OWNER_ONLY)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


@dataclass(frozen=True, slots=True)
class WorkflowDatabase:
    """Where DBOS keeps what is being worked on.

    Attributes:
        name: for people.
        url: as SQLAlchemy takes it, without a password.
        connect: makes a connection to PostgreSQL; ``None`` for a file, which SQLAlchemy opens itself.
    """

    name: str
    url: str
    connect: Callable[[], object] | None


def prepare_workflow_database(place: Place, lease: Lease | None = None) -> WorkflowDatabase:
    """What DBOS needs to know, with the file made where it is one. Blocks.

    Args:
        place: of the bot's file or database.
        lease: without which there are no connections to PostgreSQL: there a bot that stood still and comes back would
            take work from the queues of the one that has taken over. Whoever takes over ends those it had.

    Raises:
        OSError: the file cannot be made.
        sqlite3.Error: it is not a SQLite database.
    """
    if isinstance(place, Path):
        path = workflow_path(place)
        prepare_workflow_file(path)
        return WorkflowDatabase(str(path), f"sqlite:///{path}", None)
    known = conninfo_to_dict(place.get_secret_value())
    url = URL.create("postgresql", database=str(known["dbname"]))
    return WorkflowDatabase(name_of(place), url.render_as_string(), partial(_connected, place, lease))


def _connected(place: SecretStr, lease: Lease | None) -> object:
    if lease and not lease.is_held():
        raise psycopg.OperationalError("another bot works on it, or may do so by now")
    return psycopg.connect(
        place.get_secret_value(), connect_timeout=SECONDS_TO_CONNECT, application_name=WORKFLOW_CONNECTIONS
    )
