"""What can go wrong with a database, as something a person can act on.

StorageError             a `StoreTroubleError` to the operations
├── FileInUseError       another process has the file: two would do each copy twice
├── NewerFileError       a later version of the bot has written it
├── UnreadableFileError  it is no SQLite database, or not one of this bot, or damaged
│   ├── NoFileError      it is not there
│   ├── NoLogError       no bot has started on this PostgreSQL database yet
│   └── AwayError        the PostgreSQL server cannot be reached, or refuses
├── WrongKeyError        its audit log was written with another key, or with none
├── LostAnswerError      the connection was lost during a commit: it is written, or it is not
└── (itself)             the database refused: the disk is full, the file is gone, the server is away, ...
"""

import sqlite3
from pathlib import Path

import psycopg

from bot.operations.ports import StoreTroubleError
from bot.storage.connection import Place, name_of

REFUSALS = (sqlite3.Error, psycopg.Error)
"""What is raised where a database does not do what it was told."""

DAMAGE = (*REFUSALS, UnicodeDecodeError)
"""What is raised where a file is damaged: SQLite quotes what it stumbles over, which may be no UTF-8 any more."""


def in_words(error: Exception) -> str:
    """What a database said, in one line and without values: PostgreSQL has them in the lines after the first."""
    return str(error).partition("\n")[0].strip().rstrip(".")


class StorageError(StoreTroubleError):
    """A database of the bot cannot be used. Its text says which, what that means and what to do."""


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
    """The database was written by a later version of the bot."""

    def __init__(self, path: Path | str, version: int, known: int) -> None:
        super().__init__(
            f"{path} was written by a later version of this bot (its schema is number {version}; this version knows "
            f"up to {known}). Nothing was changed. Run that later version, or one newer than it."
        )


class LostAnswerError(StorageError):
    """The connection to PostgreSQL was lost during a commit: nobody knows whether that was made."""

    def __init__(self, name: str, error: Exception) -> None:
        super().__init__(
            f"{name} may have been written: its answer was lost ({in_words(error)}), and whether anything was changed "
            "is not known. Look before you do it again."
        )


class UnreadableFileError(StorageError):
    """It is no database of this bot, or is damaged."""

    def __init__(self, path: Path | str, finding: str) -> None:
        super().__init__(f"{path} cannot be read as a database of this bot: {finding}. Restore it from a backup.")


class NoLogError(UnreadableFileError):
    """There is no audit log in a PostgreSQL database."""

    def __init__(self, name: str) -> None:
        StorageError.__init__(
            self,
            f"There is no audit log in {name}. The bot makes it when it first starts: set DATABASE_URL as it is set "
            "for the bot.",
        )


class AwayError(UnreadableFileError):
    """A PostgreSQL database cannot be reached, or does not let the bot in."""

    def __init__(self, name: str, error: Exception) -> None:
        StorageError.__init__(self, f"{name} cannot be used: {in_words(error)}. `doctor` says what to do.")


class NoFileError(UnreadableFileError):
    """There is no such file to read."""

    def __init__(self, path: Path) -> None:
        StorageError.__init__(
            self,
            f"There is no file {path}. The bot makes it when it first starts: set DATABASE_URL as it is set for the "
            "bot, or start from the bot's folder.",
        )


def unreadable(place: Place, error: Exception) -> UnreadableFileError:
    """Why something cannot be read, when SQLite or PostgreSQL says that it cannot."""
    if not isinstance(place, Path):
        return AwayError(name_of(place), error)
    return UnreadableFileError(place, str(error)) if place.exists() else NoFileError(place)


class WrongKeyError(StorageError):
    """The audit log goes on with another key than it was written with, or its last event was changed."""

    def __init__(self, path: Path | str, sequence: int) -> None:
        super().__init__(
            f"The hash of event {sequence}, the last of the audit log in {path}, does not fit the key that is set. "
            f"Either the key is another than the one the log was written with (or one was set or removed since), or "
            f"the event was changed. Set the former key again, or run `audit verify` to see what was changed."
        )
