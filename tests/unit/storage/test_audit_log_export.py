"""An export can be checked by anybody, and opened in a spreadsheet without harm."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.events import EventFilter
from bot.domain.people import Person
from bot.storage import Storage, as_csv, as_json_lines, read_all
from tests.fakes.samples import sample_event


def test_both_kinds_of_export_have_the_exact_text_and_its_hash(log_file: Path) -> None:
    events = list(read_all(log_file, EventFilter()))
    from_csv = list(csv.DictReader(io.StringIO("".join(as_csv(events)))))
    from_json = [json.loads(line) for line in as_json_lines(events)]
    assert [(row["body"], row["hash"]) for row in from_csv] == [(event.body, event.hash) for event in events]
    assert [(row["body"], row["hash"]) for row in from_json] == [(event.body, event.hash) for event in events]
    assert from_csv[0]["who_name"] == "Ana Güneş"
    assert [row["sequence"] for row in from_json] == list(range(1, 61))


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\uff1d1"])
async def test_no_cell_of_a_table_is_taken_for_a_formula(storage: Storage, name: str) -> None:
    await storage.record.append(replace(sample_event(1), who=Person(name, name), backup_name=name, where=name))
    rows = [stored async for stored in storage.record.stored_events(EventFilter())]
    (row,) = csv.DictReader(io.StringIO("".join(as_csv(rows)), newline=""))
    assert (row["who_name"], row["backup_name"], row["where"]) == (f"'{name}",) * 3
    assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]


def test_an_empty_table_still_has_its_header() -> None:
    assert "".join(as_csv([])).startswith("sequence,at,kind,who_id")
    assert list(as_json_lines([])) == []
