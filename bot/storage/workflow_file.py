"""The file in which DBOS keeps what is being worked on (``durable-execution.md``).

DBOS makes its own tables and connections; how the file is made is said here, before it does: SQLite remembers the WAL
mode in the file itself.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

OWNER_ONLY = 0o600


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
