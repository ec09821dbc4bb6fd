"""Whether a file of events is what it was when it was written: an export of the whole log in JSON lines, or an archive.
`bot.storage.export` writes them.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from bot.operations.ports import Broken, Verified
from bot.storage.chain import Walk, link_with
from bot.storage.errors import StorageError
from bot.storage.verify import Progress, unheard, with_hint

EVENTS_AT_ONCE = 1000


class _Line(BaseModel):
    """One line."""

    model_config = ConfigDict(strict=True, extra="ignore")

    sequence: int
    hash: str
    body: str
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class FileOfEvents:
    """What was found of a file.

    Attributes:
        found: whether its events are what they were.
        digest: SHA-256 of the file, as hexadecimal: what the log says of an archive.
    """

    found: Verified | Broken
    digest: str


def verify_file(path: Path, key: SecretStr | None = None, progress: Progress = unheard) -> FileOfEvents:
    """Check every event in a file. Blocks for as long as it takes.

    Args:
        path: of the file.
        key: the one the log was written with, if any.
        progress: is told how far it is.

    Raises:
        StorageError: it cannot be read.
    """
    try:
        lines, digest = _measure(path)
        found = _check(path, key, progress, lines)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}.") from error
    return FileOfEvents(found, digest)


def hashes_in(path: Path) -> Iterator[tuple[int, str]]:
    """Sequence and hash of each event of a file that was verified."""
    with path.open("rb") as file:
        for line in file:
            read = _Line.model_validate_json(line)
            yield read.sequence, read.hash


def _measure(path: Path) -> tuple[int, str]:
    """How many lines there are, and the digest of them all."""
    digest, lines = hashlib.sha256(), 0
    with path.open("rb") as file:
        for line in file:
            digest.update(line)
            lines += 1
    return lines, digest.hexdigest()


def _check(path: Path, key: SecretStr | None, progress: Progress, lines: int) -> Verified | Broken:
    walk, before = Walk(link_with(key)), 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                read = _Line.model_validate_json(line)
            except ValidationError:
                return Broken(walk.checked + 1, f"line {number} of the file is no event as `audit export` writes it")
            if number == 1 and read.sequence > 1 and read.previous is not None:
                before = read.sequence - 1
                walk.checked, walk.head = before, read.previous.encode()
            if broken := walk.step(read.sequence, read.body.encode(), read.hash.encode()):
                return with_hint(broken, key, first=before + 1)
            if number % EVENTS_AT_ONCE == 0 or number == lines:
                progress(number, lines)
    is_keyed = bool(key and key.get_secret_value())
    return Verified(walk.checked - before, walk.head.decode(), is_keyed, archived=before)
