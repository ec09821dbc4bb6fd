"""Looks at the bot's files, also while a bot works on them. Makes no file, changes none, and holds no lock."""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from bot.operations.health import Check, Finding, Probe, Subject
from bot.storage import RECORD_SCHEMA, catalogue_path
from bot.storage.audit_log import AuditLog
from bot.storage.connection import Place
from bot.storage.postgres_health import look_at_server
from bot.storage.sqlite_file import SqliteConnection, lock_path, open_to_read, process_in
from bot.storage.workflow_file import workflow_path

_EFFECTIVE = os.access in os.supports_effective_ids
"""Whether the system says what the user who runs this may do, rather than the one who started it."""


def probes(place: Place, key: SecretStr | None) -> list[Probe]:
    """What can be looked at.

    Args:
        place: of the bot's file or PostgreSQL database.
        key: of the audit log's hashes.
    """
    return [Probe(Subject.DATABASE, partial(_off_the_loop, place, key))]


async def _off_the_loop(place: Place, key: SecretStr | None) -> Sequence[Check]:
    if isinstance(place, Path):
        return [await asyncio.to_thread(look_at, place, key)]
    return [await asyncio.to_thread(look_at_server, place, key)]


def look_at(path: Path, key: SecretStr | None) -> Check:
    """Whether the bot could work on a file, and whether one does. Blocks.

    Args:
        path: of the bot's file; the others are beside it.
        key: of the audit log's hashes.
    """
    try:
        for each in (path, catalogue_path(path), workflow_path(path)):
            if obstacle := _obstacle(each):
                return _check(Finding.DATABASE_NOT_WRITABLE, path, why=obstacle)
        if not path.exists():
            return _check(Finding.DATABASE_NOT_THERE_YET, path)
        finding = _content(path, key) or (Finding.DATABASE_IN_USE if _is_in_use(path) else Finding.DATABASE_USABLE)
    except OSError as error:
        return _check(Finding.DATABASE_NOT_WRITABLE, path, why=f"{error.filename}: {error.strerror}")
    except sqlite3.Error as error:
        return _check(Finding.DATABASE_UNREADABLE, path, why=str(error))
    process = process_in(lock_path(path))
    return _check(finding, path, process=f"process {process}" if process else "another process")


def _check(finding: Finding, path: Path, **facts: str) -> Check:
    return Check(Subject.DATABASE, finding, facts={"path": str(path), "folder": str(path.parent.absolute()), **facts})


def _obstacle(path: Path) -> str | None:
    """What keeps the bot from writing a file, or from making it with its folder."""
    there = next(each for each in (path, *path.absolute().parents) if each.exists())
    if there != path and not there.is_dir():
        return f"{there} is not a folder"
    if there == path and not path.is_file():
        return f"{path} is not a file"
    places = (path, path.parent) if there == path else (there,)  # SQLite and the lock need files beside it
    closed = next((each for each in places if not _can_be_written(each)), None)
    return f"{closed} cannot be written by the user this runs as" if closed else None


def _can_be_written(place: Path) -> bool:
    mode = os.R_OK | os.W_OK | (os.X_OK if place.is_dir() else 0)
    return os.access(place, mode, effective_ids=_EFFECTIVE)


def _content(path: Path, key: SecretStr | None) -> Finding | None:
    """What is wrong with what is in the file; ``None`` if nothing is."""
    with closing(_open_without_a_trace(path)) as connection:
        version = connection.schema_version
        if version > len(RECORD_SCHEMA):
            return Finding.DATABASE_NEWER
        if version > 0 and AuditLog(key).first_not_fitting(connection) is not None:
            return Finding.AUDIT_KEY_DOES_NOT_FIT
    return None


def _open_without_a_trace(path: Path) -> SqliteConnection:
    """A connection that leaves nothing behind: to read a file in WAL mode SQLite makes others beside it, unless they
    are there already or the file is said to be at rest. It is at rest without a ``-wal``, which whoever writes has.
    """
    if path.with_name(f"{path.name}-wal").exists():
        return open_to_read(path)
    raw = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    return SqliteConnection(raw, execute_plugins=False)


def _is_in_use(path: Path) -> bool:
    """Whether a bot holds the lock. A shared lock is asked for and let go at once: nobody is kept out by it for
    longer than that.
    """
    try:
        descriptor = os.open(lock_path(path), os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
