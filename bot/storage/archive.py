"""Old events go from the audit log into a file; the log goes on from the hash of the last of them.

First the file is whole and safe on the disk, then, in one transaction, an event says what went where (`ARCHIVED`) and
the rows go. So a crash leaves the events in both, or in the file alone. It is safe while the bot runs: one
writes at a time, the bot reads the last hash in the transaction it writes in, and what it may still need is kept. Its
writes wait meanwhile; it takes up to `bot.storage.database.BUSY_TIMEOUT`.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from pydantic import SecretStr

from bot.domain.events import Event, EventKind
from bot.domain.people import Person
from bot.operations.ports import Broken
from bot.storage import known_version
from bot.storage.archive_table import Carried, carried_on, note_archive
from bot.storage.audit_log import AuditLog, StoredEvent
from bot.storage.chain import Walk, link_with
from bot.storage.connection import Connection, Place, name_of
from bot.storage.errors import REFUSALS, NewerFileError, StorageError, WrongKeyError, in_words
from bot.storage.export import json_row
from bot.storage.json_text import time_text
from bot.storage.opening import changing
from bot.storage.posts import HAVE_APPROVERS
from bot.storage.sqlite_file import OWNER_ONLY
from bot.storage.verify import Progress, unheard

EVENTS_AT_ONCE = 1000

MOST_IN_ONE_FILE = 500_000
"""Events; so that the bot's writes wait some seconds at most while they go."""


@dataclass(frozen=True, slots=True)
class Archived:
    """Events that are in a file and no longer in the log.

    Attributes:
        first: sequence of the first of them.
        until: of the last.
        head: hash of the last.
        digest: SHA-256 of the file, as hexadecimal.
        kept_for: as in `Kept`.
        more: whether others are old enough as well, and go into another file.
    """

    first: int
    until: int
    head: str
    digest: str
    kept_for: int | None
    more: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """No event went.

    Attributes:
        kept_for: sequence of the first event that is old enough, but stays, and all after it: an order that is still
            open, or not told to its end, begins with it. ``None`` where no event is old enough.
    """

    kept_for: int | None


def archive(
    place: Place,
    file: Path,
    before: datetime,
    *,
    who: Person,
    at: datetime,
    key: SecretStr | None = None,
    progress: Progress = unheard,
) -> Archived | Kept:
    """Put the events before a moment into a new file, in JSON lines, and take them out of the log. Blocks.

    Args:
        place: of the log.
        file: is made, readable by its owner only.
        before: in UTC. The first event at or after it stays, and all that follow it in the log.
        who: does it.
        at: now, in UTC.
        key: of the audit log's hashes.
        progress: is told how many events were written, of how many.

    Raises:
        StorageError: nothing was taken out of the log.
    """
    if file.exists():
        raise StorageError(f"{file} is there already: an archive is never written over. Name another file.")
    try:
        with changing(place) as connection:
            _refuse_others(connection, place, key)
            carried = carried_on(connection)
            last, kept_for = _last_to_go(connection, before)
            if last <= carried.sequence:
                return Kept(kept_for)
            until = min(last, carried.sequence + MOST_IN_ONE_FILE)
            head, digest = _write(connection, file, carried, until, key=key, progress=progress)
            event = Event(
                EventKind.ARCHIVED,
                at,
                who,
                facts={
                    "events": until - carried.sequence,
                    "until": until,
                    "head": head,
                    "file": file.name,
                    "digest": digest,
                },
            )
            _take_out(connection, carried, event, AuditLog(key))
            return Archived(carried.sequence + 1, until, head, digest, kept_for, more=until < last)
    except REFUSALS as error:
        raise StorageError(
            f"{name_of(place)} cannot be changed: {in_words(error)}. No event was taken out of it."
        ) from error


def _refuse_others(connection: Connection, place: Place, key: SecretStr | None) -> None:
    """Refuse what this version cannot write to."""
    version, known = connection.schema_version, known_version(place)
    if version > known:
        raise NewerFileError(name_of(place), version, known)
    if version < known:
        raise StorageError(f"{name_of(place)} is not as this version of the bot writes it: start the bot on it once.")
    sequence = AuditLog(key).first_not_fitting(connection)
    if sequence is not None:
        raise WrongKeyError(name_of(place), sequence)


FIRST_NEEDED = (
    "SELECT min(first_event) FROM orders WHERE id NOT IN (SELECT order_id FROM posts WHERE is_finished = 1) "  # noqa: S608 - constants
    f"OR ({HAVE_APPROVERS} AND id NOT IN (SELECT order_id FROM approver_posts WHERE is_finished = 1)) "
    "OR id IN (SELECT order_copies.order_id FROM copies JOIN order_copies ON order_copies.copy_id = copies.id "
    "WHERE copies.is_open = 1)"
)
"""The first event of an order of which something is still to happen, or to be told."""


def _last_to_go(connection: Connection, before: datetime) -> tuple[int, int | None]:
    """The last event that may go, and the first that is old enough and may not."""
    (first_young,) = connection.execute(
        "SELECT coalesce((SELECT min(sequence) FROM events WHERE at >= ?), (SELECT max(sequence) + 1 FROM events), 1)",
        (time_text(before),),
    ).fetchone()
    (first_needed,) = connection.execute(FIRST_NEEDED).fetchone()
    if first_needed is not None and first_needed < first_young:
        return first_needed - 1, first_needed
    return first_young - 1, None


def _write(
    connection: Connection, file: Path, carried: Carried, until: int, *, key: SecretStr | None, progress: Progress
) -> tuple[str, str]:
    """Write the file.

    Returns:
        The hash of the last event in it, and the digest of the file.
    """
    digest = hashlib.sha256()
    walk = Walk(link_with(key), carried.sequence, carried.hash.encode())
    unfinished = file.with_name(f"{file.name}.part")
    try:
        with _new_file(unfinished) as written:
            for row in _rows(connection, carried, until):
                if broken := walk.step(row.sequence, row.body.encode(), row.hash.encode()):
                    raise _not_whole(broken)
                line = json_row(row).encode()
                digest.update(line)
                written.write(line)
                if row.sequence % EVENTS_AT_ONCE == 0 or row.sequence == until:
                    progress(row.sequence - carried.sequence, until - carried.sequence)
            if walk.checked != until:
                raise _not_whole(Broken(walk.checked + 1, "it is missing"))
        unfinished.rename(file)
        _flush_folder(file.parent)
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror}. No event was taken out of the log.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return walk.head.decode(), digest.hexdigest()


def _rows(connection: Connection, carried: Carried, until: int) -> Iterator[StoredEvent]:
    rows = connection.stream("SELECT sequence, body, hash FROM events WHERE sequence <= ? ORDER BY sequence", (until,))
    for sequence, body, made in rows:
        is_first = sequence == carried.sequence + 1 > 1
        yield StoredEvent(sequence, body, made, carried.hash if is_first else None)


def _not_whole(broken: Broken) -> StorageError:
    return StorageError(
        f"Event {broken.sequence} is not what it was: {broken.finding}. Nothing is archived of a log that is "
        "not whole; `audit verify` says more."
    )


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that is on the disk when the block is left."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, OWNER_ONLY), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Have the disk know the file's name, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _take_out(connection: Connection, carried: Carried, event: Event, log: AuditLog) -> None:
    """Say in the log what is in the file, and let it go from the log: both, or neither."""
    with connection.transaction():
        if carried_on(connection) != carried:
            raise StorageError("Somebody else archived events at the same time. No event was taken out by this one.")
        said = log.append(connection, event)
        until, head = int(event.facts["until"] or 0), str(event.facts["head"])
        note_archive(connection, Carried(until, head, said.sequence))
        connection.execute("DELETE FROM events WHERE sequence <= ?", (until,))
