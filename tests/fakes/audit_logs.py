"""Audit logs in files: how they come to be, what is done to them, and who looks at them."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pydantic import SecretStr

from bot.domain.events import Event
from bot.storage import open_storage
from tests.fakes.clock import FakeClock
from tests.fakes.repository import verifying_program


def write_events(path: Path, *events: Event, key: str | None = None) -> Path:
    """A bot writes events, and stops."""

    async def writing() -> None:
        storage = await open_storage(path, FakeClock(), key=SecretStr(key) if key else None)
        for event in events:
            await storage.record.append(event)
        await storage.close()

    asyncio.run(writing())
    return path


@contextmanager
def tampering(path: Path) -> Iterator[sqlite3.Connection]:
    """What somebody can do who may write to the file: the triggers are the first to go."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        yield connection


def cut_off(path: Path, after: int) -> None:
    """Remove the end of a log with all traces: the chain that is left is whole."""
    with tampering(path) as connection:
        connection.execute("DELETE FROM events WHERE sequence > ?", (after,))
        connection.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'events'", (after,))


def hash_of(path: Path, sequence: int) -> str:
    with closing(sqlite3.connect(path)) as connection:
        (made,) = connection.execute("SELECT hash FROM events WHERE sequence = ?", (sequence,)).fetchone()
    return str(made)


def check_by_program(export: str, key: str = "") -> subprocess.CompletedProcess[str]:
    """An outsider runs the README's own program on an export."""
    return subprocess.run(  # noqa: S603  # the README's own program
        [sys.executable, "-I", "-c", verifying_program()],
        input=export,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "AUDIT_KEY": key},
        check=False,
    )
