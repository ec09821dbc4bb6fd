"""Whether an audit log is what it was when it was written; see `bot.storage.chain`."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.operations.ports import Broken, Verified
from bot.storage.chain import Link, link_with
from bot.storage.database import open_to_read
from bot.storage.errors import UnreadableFileError, unreadable
from bot.storage.pages import event_at

ROWS_AT_ONCE = 1000

Progress = Callable[[int, int], None]
"""Called now and then with the events that were checked and how many there are."""


def verify(path: Path, key: SecretStr | None = None, progress: Progress | None = None) -> Verified | Broken:
    """Check every event of a log. Works while the bot runs, and changes nothing. Blocks for as long as it takes.

    Args:
        path: of the bot's file.
        key: the one the log is written with, if any.
        progress: is told how far it is.

    Returns:
        `Broken` with the first event that is changed, missing, out of order, of a wrong type or unreadable.

    Raises:
        UnreadableFileError: there is no such file, or it has no audit log in it.
    """
    try:
        connection = open_to_read(path).conn
    except sqlite3.Error as error:
        raise unreadable(path, error) from error
    with closing(connection):
        connection.text_factory = bytearray  # texts that are not UTF-8 any more can be read; a BLOB stays `bytes`
        _refuse_other_files(connection, path)
        connection.execute("BEGIN")
        log = _Log(path, connection, link_with(key), progress or _unheard)
        broken = log.check()
        if broken:
            return _with_hint(broken, key)
        return Verified(events=log.checked, head=log.head.decode(), is_keyed=bool(key and key.get_secret_value()))


@dataclass(slots=True)
class _Log:
    path: Path
    connection: sqlite3.Connection
    link: Link
    progress: Progress
    checked: int = 0
    head: bytes = b""

    def check(self) -> Broken | None:
        try:
            expected = self._events_ever()
            broken = self._check_all(expected)
        except sqlite3.Error:
            return self._check_one_by_one()
        if broken or self.checked == expected:
            return broken or self._check_pages()
        return Broken(self.checked + 1, f"it is missing: SQLite remembers {expected} events")

    def _events_ever(self) -> int:
        row = self.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
        return int(row[0]) if row else 0

    def _check_all(self, expected: int) -> Broken | None:
        rows = self.connection.execute("SELECT sequence, body, hash FROM events NOT INDEXED ORDER BY sequence")
        while some := rows.fetchmany(ROWS_AT_ONCE):
            for sequence, body, stored in some:
                if broken := self._check_one(sequence, body, stored):
                    return broken
            self.progress(self.checked, expected)
        return None

    def _check_one(self, sequence: object, body: object, stored: object) -> Broken | None:
        """The next event, if it is as it should be; otherwise what is wrong with it."""
        due = self.checked + 1
        if sequence != due:
            return Broken(due, f"it is missing or out of order: event {sequence} stands in its place")
        if type(body) is not bytearray or type(stored) is not bytearray:
            return Broken(due, "its body or its hash is not text")
        head = self.link(due, self.head, body)
        if head != stored:
            return Broken(due, "its hash does not fit what it says and the event before it")
        self.head = head
        self.checked = due
        return None

    def _check_one_by_one(self) -> Broken:
        """Find the event SQLite stumbles over. It could not read them all, so one of those left is at fault."""
        while True:
            due = self.checked + 1
            try:
                row = self.connection.execute(
                    "SELECT sequence, body, hash FROM events NOT INDEXED WHERE sequence = ?", (due,)
                ).fetchone()
            except sqlite3.Error as error:
                return Broken(due, f"SQLite cannot read it: {error}")
            if row is None:
                return Broken(due, "it is missing, or SQLite cannot find it: the file is damaged")
            if broken := self._check_one(*row):
                return broken

    def _check_pages(self) -> Broken | None:
        """What a changed byte between the events does not show in any of them."""
        row = self.connection.execute("PRAGMA quick_check('events')").fetchone()
        finding: str = row[0].decode(errors="replace").replace("\n", "; ")
        if finding == "ok":
            return None
        sequence = event_at(self.path, finding)
        near = sequence if sequence and sequence <= self.checked else self.checked
        return Broken(near, f"the file is damaged where it stands: {finding}")


def _refuse_other_files(connection: sqlite3.Connection, path: Path) -> None:
    try:
        found = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'events'").fetchone()
    except sqlite3.Error as error:
        raise unreadable(path, error) from error
    if not found:
        raise UnreadableFileError(path, "it has no audit log in it")


def _with_hint(broken: Broken, key: SecretStr | None) -> Broken:
    if broken.sequence > 1 or "hash" not in broken.finding:
        return broken
    doubt = "the key is not the one of this log" if key else "this log is written with a key, and none is set"
    return Broken(broken.sequence, f"{broken.finding}, or {doubt}")


def _unheard(_checked: int, _expected: int) -> None:
    return
