"""A copy of the bot's own file, made while the bot runs.

The file of the audit log is all there is to keep: the copies, the orders and what was told stand in it as they were at
one moment. The catalogue is read from the cloud again; and who works on which copy is found from what is open
(`bot.workflow.engine`), so that no second file has to fit.
"""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.operations.ports import Broken, Verified
from bot.storage.errors import StorageError, unreadable
from bot.storage.sqlite_file import OWNER_ONLY, open_to_read
from bot.storage.verify import Progress, unheard, verify


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was made, and read again.

    Attributes:
        last: sequence of the last event in it.
        head: its hash.
        size: bytes of the file.
    """

    last: int
    head: str
    size: int


def back_up(path: Path, file: Path, key: SecretStr | None = None, progress: Progress = unheard) -> BackedUp:
    """Copy the bot's file as it is at one moment, and check what was copied. Blocks; the bot goes on meanwhile.

    Args:
        path: of the bot's file.
        file: is made, readable by its owner only; it is there only once it is whole.
        key: of the audit log's hashes.
        progress: is told how many events of the copy were checked, of how many.

    Raises:
        StorageError: there is no backup.
    """
    if file.exists():
        raise StorageError(f"{file} is there already: a backup is never written over. Name another file.")
    partial = file.with_name(f"{file.name}.partial")
    try:
        _copy(path, partial)
        found = verify(partial, key, progress)
        if isinstance(found, Broken):
            raise StorageError(
                f"Event {found.sequence} is not what it was: {found.finding}. There is no backup of a log that is not "
                "whole; `audit verify` says more."
            )
        return _keep(partial, file, found)
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror}. There is no backup.") from error
    finally:
        partial.unlink(missing_ok=True)


def _copy(path: Path, partial: Path) -> None:
    """One read of the whole file: in WAL mode it sees one moment, and keeps nobody from writing."""
    try:
        source = open_to_read(path).conn
    except sqlite3.Error as error:
        raise unreadable(path, error) from error
    with closing(source):
        os.close(os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_RDWR, OWNER_ONLY))
        try:
            with closing(sqlite3.connect(partial)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")  # one file alone; the bot makes it WAL again
        except sqlite3.Error as error:
            raise StorageError(f"{path} cannot be copied to {partial}: {error}. There is no backup.") from error


def _keep(partial: Path, file: Path, found: Verified) -> BackedUp:
    """Give it its name, once it is on the disk."""
    for place in (partial, partial.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    os.link(partial, file)  # unlike a rename, it takes the place of nothing
    return BackedUp(found.archived + found.events, found.head, file.stat().st_size)
