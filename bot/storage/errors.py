"""What can go wrong with a file, as something a person can act on.

StorageError             a `StoreTroubleError` to the operations
├── FileInUseError       another process has the file: two would do each copy twice
├── NewerFileError       a later version of the bot has written it
├── UnreadableFileError  it is no SQLite database, or not one of this bot, or damaged
│   └── NoFileError      it is not there
├── WrongKeyError        its audit log was written with another key, or with none
└── (itself)             SQLite refused: the disk is full, the file is gone, ...
"""

import sqlite3
from pathlib import Path

from bot.operations.ports import StoreTroubleError

DAMAGE = (sqlite3.Error, UnicodeDecodeError)
"""What is raised where a file is damaged: SQLite quotes what it stumbles over, which may be no UTF-8 any more."""


class StorageError(StoreTroubleError):
    """A file of the bot cannot be used. Its text says which, what that means and what to do."""


class FileInUseError(StorageError):
    """Another process has the file.

    Attributes:
        path: of the file.
        process: id of the other process, where it is known.
    """

    def __init__(self, path: Path, process: int | None) -> None:
        self.path = path
        self.process = process
        other = f"process {process}" if process else "another process"
        super().__init__(
            f"{path} is in use by {other}. Only one bot can work on one file: "
            f"stop the other, or set DATABASE_URL to another file."
        )


class NewerFileError(StorageError):
    """The file was written by a later version of the bot."""

    def __init__(self, path: Path, version: int, known: int) -> None:
        super().__init__(
            f"{path} was written by a later version of this bot (its schema is number {version}; this version knows "
            f"up to {known}). Nothing was changed. Run that later version, or one newer than it."
        )


class UnreadableFileError(StorageError):
    """The file is no database of this bot, or is damaged."""

    def __init__(self, path: Path, finding: str) -> None:
        super().__init__(f"{path} cannot be read as a database of this bot: {finding}. Restore it from a backup.")


class NoFileError(UnreadableFileError):
    """There is no such file to read."""

    def __init__(self, path: Path) -> None:
        StorageError.__init__(
            self,
            f"There is no file {path}. The bot makes it when it first starts: set DATABASE_URL as it is set for the "
            "bot, or start from the bot's folder.",
        )


def unreadable(path: Path, error: sqlite3.Error | UnicodeDecodeError) -> UnreadableFileError:
    """Why a file cannot be read, when SQLite says that it cannot."""
    return UnreadableFileError(path, str(error)) if path.exists() else NoFileError(path)


class WrongKeyError(StorageError):
    """The audit log goes on with another key than it was written with, or its last event was changed."""

    def __init__(self, path: Path, sequence: int) -> None:
        super().__init__(
            f"The hash of event {sequence}, the last of the audit log in {path}, does not fit the key that is set. "
            f"Either the key is another than the one the log was written with (or one was set or removed since), or "
            f"the event was changed. Set the former key again, or run `audit verify` to see what was changed."
        )
