"""Whether an audit log is what it was when it was written; see `bot.storage.chain`."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pydantic import SecretStr

from bot.domain.events import EventKind
from bot.operations.ports import Broken, Verified
from bot.storage.archive_table import Carried, carried_on
from bot.storage.audit_log import not_computed
from bot.storage.chain import Walk, link_with
from bot.storage.connection import Connection, Place
from bot.storage.errors import DAMAGE, UnreadableFileError, unreadable
from bot.storage.opening import reading
from bot.storage.pages import event_at
from bot.storage.sqlite_file import open_to_read

ROWS_AT_ONCE = 1000

Progress = Callable[[int, int], None]
"""Called now and then with the events that were checked and how many there are."""


def verify(place: Place, key: SecretStr | None = None, progress: Progress | None = None) -> Verified | Broken:
    """Check every event of a log. Works while the bot runs, and changes nothing. Blocks for as long as it takes.

    Args:
        place: of the log.
        key: the one the log is written with, if any.
        progress: is told how far it is.

    Returns:
        `Broken` with the first event that is changed, missing, out of order, of a wrong type or unreadable.

    Raises:
        UnreadableFileError: there is no such database, or it has no audit log in it.
    """
    if isinstance(place, Path):
        return _verify_file(place, key, progress)
    with reading(place) as connection:
        return verify_on(connection, key, progress)


def verify_on(connection: Connection, key: SecretStr | None, progress: Progress | None) -> Verified | Broken:
    """The same for the log in PostgreSQL as a transaction sees it."""
    return _Log(connection, Walk(link_with(key)), progress or unheard).found(key)


def _verify_file(path: Path, key: SecretStr | None, progress: Progress | None) -> Verified | Broken:
    try:
        connection = open_to_read(path)
    except DAMAGE as error:
        raise unreadable(path, error) from error
    with closing(connection):
        connection.conn.text_factory = bytearray  # texts that are not UTF-8 any more can be read; a BLOB stays `bytes`
        _refuse_other_files(connection, path)
        connection.execute("BEGIN")
        return _LogInFile(connection, Walk(link_with(key)), progress or unheard, path=path).found(key)


@dataclass(slots=True)
class _Log:
    """A log that is checked: in PostgreSQL, which sees to it that texts are texts, and pages whole."""

    connection: Connection
    walk: Walk
    progress: Progress
    carried: Carried = field(default_factory=Carried)

    def found(self, key: SecretStr | None) -> Verified | Broken:
        if broken := self.check():
            return with_hint(broken, key, first=self.carried.sequence + 1)
        return Verified(
            events=self.walk.checked - self.carried.sequence,
            head=self.walk.head.decode(),
            is_keyed=bool(key and key.get_secret_value()),
            archived=self.carried.sequence,
        )

    def check(self) -> Broken | None:
        expected = self._begin()
        return self._check_all(expected) or self._check_end(expected, "PostgreSQL") or self._check_archive()

    def _begin(self) -> int:
        """Begin where the log does.

        Returns:
            The sequence of the last event that was ever written.
        """
        self.carried = carried_on(self.connection)
        self.walk.checked, self.walk.head = self.carried.sequence, self.carried.hash.encode()
        return self._events_ever()

    def _events_ever(self) -> int:
        (sequence,) = self.connection.execute("SELECT sequence FROM last_written").fetchone()
        return int(sequence)

    def _check_all(self, expected: int) -> Broken | None:
        rows = self._rows()
        while some := list(islice(rows, ROWS_AT_ONCE)):
            for sequence, body, stored in some:
                if broken := self._check_one(sequence, body, stored):
                    return broken
            self.progress(self.walk.checked - self.carried.sequence, expected - self.carried.sequence)
        return None

    def _rows(self) -> Iterator[tuple[object, object, object]]:
        return self.connection.stream("SELECT sequence, body, hash FROM events ORDER BY sequence")

    def _check_one(self, sequence: object, body: object, stored: object) -> Broken | None:
        return self.walk.step(sequence, str(body).encode(), str(stored).encode())

    def _check_end(self, expected: int, who: str) -> Broken | None:
        if self.walk.checked == expected:
            return None
        return Broken(self.walk.checked + 1, f"it is missing: {who} remembers {expected} events")

    def _check_archive(self) -> Broken | None:
        """Whether the log itself says that the events before its first are in an archive."""
        if not self.carried.sequence:
            return None
        row = self.connection.execute("SELECT body FROM events WHERE sequence = ?", (self.carried.event,)).fetchone()
        event = json.loads(row[0]) if row else {"kind": None, "facts": {}}
        said = (event["kind"], event["facts"].get("until"), event["facts"].get("head"))
        if said == (EventKind.ARCHIVED.value, self.carried.sequence, self.carried.hash):
            return None
        return Broken(self.carried.sequence, "it is missing with all before it, and no event says that it was archived")


@dataclass(slots=True, kw_only=True)
class _LogInFile(_Log):
    """A log in a SQLite file, of which any byte may be another."""

    path: Path

    def check(self) -> Broken | None:
        try:
            expected = self._begin()
            broken = self._check_all(expected)
        except DAMAGE:
            return self._check_one_by_one()
        return (
            broken
            or self._check_end(expected, "SQLite")
            or self._check_pages()
            or self._check_columns()
            or self._check_archive()
        )

    def _events_ever(self) -> int:
        row = self.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
        return int(row[0]) if row else 0

    def _rows(self) -> Iterator[tuple[object, object, object]]:
        return self.connection.stream("SELECT sequence, body, hash FROM events NOT INDEXED ORDER BY sequence")

    def _check_one(self, sequence: object, body: object, stored: object) -> Broken | None:
        if type(body) is bytearray and type(stored) is bytearray:
            return self.walk.step(sequence, body, stored)
        due = self.walk.checked + 1
        if sequence == due:
            return Broken(due, "its body or its hash is not text")
        return self.walk.step(sequence, b"", b"")

    def _check_one_by_one(self) -> Broken:
        """Find the event SQLite stumbles over. It could not read them all, so one of those left is at fault."""
        while True:
            due = self.walk.checked + 1
            try:
                row = self.connection.execute(
                    "SELECT sequence, body, hash FROM events NOT INDEXED WHERE sequence = ?", (due,)
                ).fetchone()
            except DAMAGE as error:
                return Broken(due, f"SQLite cannot read it: {error}")
            if row is None:
                return Broken(due, "it is missing, or SQLite cannot find it: the file is damaged")
            if broken := self._check_one(*row):
                return broken

    def _check_pages(self) -> Broken | None:
        """What a changed byte between the events does not show in any of them."""
        try:
            row = self.connection.execute("PRAGMA quick_check('events')").fetchone()
        except DAMAGE as error:
            return Broken(self.walk.checked, f"the file is damaged: {error}")
        finding: str = row[0].decode(errors="replace").replace("\n", "; ")
        if finding == "ok":
            return None
        sequence = event_at(self.path, finding)
        near = sequence if sequence and sequence <= self.walk.checked else self.walk.checked
        return Broken(near, f"the file is damaged where it stands: {finding}")

    def _check_columns(self) -> Broken | None:
        """Whether what people read and filter by is what the events say: SQLite computes it anew each time."""
        row = self.connection.execute(
            "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'events'"
        ).fetchone()
        column = not_computed(row[0].decode(errors="replace"))
        if column is None:
            return None
        return Broken(self.walk.checked, f"the events are whole, but the column {column} does not show what they say")


def _refuse_other_files(connection: Connection, path: Path) -> None:
    try:
        found = connection.has_table("events")
    except DAMAGE as error:
        raise unreadable(path, error) from error
    if not found:
        raise UnreadableFileError(path, "it has no audit log in it")


def with_hint(broken: Broken, key: SecretStr | None, *, first: int = 1) -> Broken:
    """The same, saying that it may be for want of the right key, where it is about the first event that is there."""
    if broken.sequence != first or "hash" not in broken.finding:
        return broken
    doubt = "the key is not the one of this log" if key else "this log is written with a key, and none is set"
    return Broken(broken.sequence, f"{broken.finding}, or {doubt}")


def unheard(_checked: int, _expected: int) -> None:
    """Progress that nobody wants to know of."""
