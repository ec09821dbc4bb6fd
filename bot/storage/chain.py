r"""The chain of hashes through the audit log, so that nothing in it can be changed unnoticed.

Each event's hash is made of its place, the hash before it, and its exact text, as UTF-8::

    hash = SHA-256(f"{sequence}\n{previous_hash}\n{body}")              as lower-case hexadecimal
    hash = HMAC-SHA-256(key, f"{sequence}\n{previous_hash}\n{body}")    with a key set

The first event has the sequence 1 and an empty previous hash; sequences have no gaps. So anybody can check a whole
export in JSON lines (`bot.storage.export`) without the bot: the README has a program of ten lines that does.
Old events may be in an archive (`bot.storage.archive`): the first one left goes on from the hash of the last there.

What a chain alone cannot show is that its newest events were cut off together with all traces of them, or that another
was put in its place: that takes witnesses, of which others know (`bot.domain.witness`).
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr

from bot.operations.ports import Broken

Link = Callable[[int, bytes, bytes | bytearray], bytes]
"""Makes the hash, as ASCII, of an event's sequence, the hash before it and its body."""


@dataclass(slots=True)
class Walk:
    """Goes along a chain, event by event.

    Attributes:
        checked: sequence of the last event that was as it should be; to begin with, of the one before the first.
        head: its hash.
    """

    link: Link
    checked: int = 0
    head: bytes = b""

    def step(self, sequence: object, body: bytes | bytearray, stored: bytes | bytearray) -> Broken | None:
        """The next event: taken, if it is as it should be; otherwise what is wrong with it."""
        due = self.checked + 1
        if sequence != due:
            return Broken(due, f"it is missing or out of order: event {sequence} stands in its place")
        head = self.link(due, self.head, body)
        if head != stored:
            return Broken(due, "its hash does not fit what it says and the event before it")
        self.head = head
        self.checked = due
        return None


def link_with(key: SecretStr | None) -> Link:
    """What makes the hashes of a log.

    Args:
        key: makes them impossible to forge without it; ``None`` for plain hashes.
    """
    if key is None or not key.get_secret_value():
        return _plain
    secret = key.get_secret_value().encode()

    def keyed(sequence: int, previous: bytes, body: bytes | bytearray) -> bytes:
        return hmac.digest(secret, b"%d\n%b\n" % (sequence, previous) + body, "sha256").hex().encode()

    return keyed


def _plain(sequence: int, previous: bytes, body: bytes | bytearray) -> bytes:
    return hashlib.sha256(b"%d\n%b\n" % (sequence, previous) + body).hexdigest().encode()
