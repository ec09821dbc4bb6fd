r"""The chain of hashes through the audit log, so that nothing in it can be changed unnoticed.

Each event's hash is made of its place, the hash before it, and its exact text, as UTF-8::

    hash = SHA-256(f"{sequence}\n{previous_hash}\n{body}")              as lower-case hexadecimal
    hash = HMAC-SHA-256(key, f"{sequence}\n{previous_hash}\n{body}")    with a key set

The first event has the sequence 1 and an empty previous hash; sequences have no gaps. So anybody can check a whole
export (`bot.storage.export`) without this program; for JSON lines, written without a filter::

    import hashlib, hmac, json
    key, previous = None, ""                                            # or the key, as bytes
    for number, line in enumerate(open("audit.jsonl", encoding="utf-8"), start=1):
        row = json.loads(line)
        text = f"{number}\n{previous}\n{row['body']}".encode()
        previous = (hmac.new(key, text, "sha256") if key else hashlib.sha256(text)).hexdigest()
        assert (row["sequence"], row["hash"]) == (number, previous), f"event {number} is not what it was"
    print("whole; the last hash is", previous)

What a chain alone cannot show is that its newest events were cut off together with all traces of them: note the
last hash somewhere else now and then.
"""

import hashlib
import hmac
from collections.abc import Callable

from pydantic import SecretStr

Link = Callable[[int, bytes, bytes | bytearray], bytes]
"""Makes the hash, as ASCII, of an event's sequence, the hash before it and its body."""


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
