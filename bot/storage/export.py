"""The audit log as text for other programs: every line has the exact body and its hash, so that whoever gets an
export of the whole log in JSON lines can check it (the README has a program of ten lines that does).
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator

from bot.storage.audit_log import StoredEvent

CSV_COLUMNS = (
    "sequence",
    "at",
    "kind",
    "who_id",
    "who_name",
    "copy_id",
    "backup_id",
    "backup_name",
    "source",
    "destination",
    "where",
    "reason",
    "body",
    "hash",
)

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet may take for a formula at the beginning of a cell, the last four being the same in full width
(OWASP, CSV Injection). Some spreadsheets overlook spaces before it.
"""


def csv_header() -> str:
    """The first line."""
    return _csv_line(CSV_COLUMNS)


def csv_row(stored: StoredEvent) -> str:
    """One event as a line of CSV (RFC 4180). A cell that a spreadsheet would take for a formula begins with an
    apostrophe; body and hash never do, and stand as they are.
    """
    event = json.loads(stored.body)
    who = event["who"]
    cells = {**event, "sequence": stored.sequence, "who_id": who["id"], "who_name": who["name"]}
    cells |= {"body": stored.body, "hash": stored.hash}
    return _csv_line(_harmless(cells.get(column)) for column in CSV_COLUMNS)


def json_row(stored: StoredEvent) -> str:
    """One event as a line of JSON; ``body`` is a text, to keep it exact. The first line after an archive has the hash
    before it, too, as ``previous``.
    """
    row = {"sequence": stored.sequence, "hash": stored.hash, "body": stored.body}
    if stored.previous is not None:
        row["previous"] = stored.previous
    return json.dumps(row, ensure_ascii=False) + "\n"


def as_csv(events: Iterable[StoredEvent]) -> Iterator[str]:
    """Lines of CSV, the header first."""
    yield csv_header()
    yield from map(csv_row, events)


def as_json_lines(events: Iterable[StoredEvent]) -> Iterator[str]:
    """Lines of JSON, one for each event."""
    return map(json_row, events)


def _harmless(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(STARTS_A_FORMULA) or text.lstrip().startswith(STARTS_A_FORMULA) else text


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
