"""How values are written as text: canonical JSON, the same bytes for the same value, always."""

import json
from datetime import UTC, datetime
from typing import Generic, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


class JsonText(Generic[T]):
    """Writes and reads one kind of value. Reading ignores what a later version has added, and fills in the
    defaults of what an earlier one did not have.
    """

    def __init__(self, kind: type[T]) -> None:
        self._adapter = TypeAdapter(kind)

    def write(self, value: T, **instead: str) -> str:
        """The value as JSON with sorted keys, no spaces, and characters as they are (UTF-8).

        Args:
            value: to be written. Half a character (a lone surrogate) in a text becomes a question mark.
            **instead: texts to write in place of attributes.
        """
        plain = self._adapter.dump_python(value, mode="json")
        text = json.dumps({**plain, **instead}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return clean(text)

    def read(self, text: str | bytes) -> T:
        """The value that was written."""
        return self._adapter.validate_json(text)


def clean(text: str) -> str:
    """The text, with a question mark for each half of a character (a lone surrogate), which has no UTF-8."""
    return text.encode("utf-8", "replace").decode()


def seconds_between(earlier: str, later: str) -> float:
    """Seconds between two times as they are stored."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def time_text(at: datetime) -> str:
    """A time as it is stored: UTC, with microseconds, so that text sorts as time does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
