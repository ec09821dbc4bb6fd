"""The SQLite file in which the workflow engine notes what it works on. It holds ids of copies, nothing else."""

import os
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, Engine, create_engine, event

from bot.storage.database import OWNER_ONLY

CONNECTIONS = 20
"""As many as the engine has threads (16), and its own in the background."""


class _Connection(Protocol):
    """What is used of ``sqlite3.Connection``."""

    isolation_level: str | None

    def execute(self, statement: str, /) -> object: ...


def workflow_path(path: Path) -> Path:
    """The engine's file, beside the bot's own. What is in it follows from the audit log: it may be deleted."""
    return path.with_name(f"{path.stem}-workflow{path.suffix}")


def open_workflow_database(path: Path) -> Engine:
    """Open the engine's file, and make it where there is none: in WAL mode, and only its owner may read it.

    Who asks for it holds the lock of the bot's own file (`bot.storage.open_storage`): two processes would each
    carry out every copy. Call ``dispose`` on it in the end.

    Args:
        path: of the file; see `workflow_path`.

    Raises:
        OSError: it cannot be made or read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, OWNER_ONLY))
    path.chmod(OWNER_ONLY)
    engine = create_engine(
        URL.create("sqlite", database=str(path.absolute())),
        pool_size=CONNECTIONS,
        max_overflow=0,
        hide_parameters=True,  # the engine writes the texts of errors into its log
    )
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: _Connection, _record: object) -> None:
    """What DBOS sets on connections that it makes itself, and WAL, which it does not."""
    connection.isolation_level = "IMMEDIATE"
    connection.execute("PRAGMA busy_timeout = 30000")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")  # a loss of power costs its last lines; the audit log has them
