"""The message that is a witness: whoever copies it from Slack has all that is needed."""

from datetime import UTC, datetime

import pytest

from bot.domain.witness import Witness
from bot.slack.views import witness as view

ONE = Witness(1234, "3fa9" * 16, datetime(2026, 11, 22, 12, 0, tzinfo=UTC))


def test_a_message_is_read_back_from_its_words_and_from_its_metadata() -> None:
    drawn = view.draw(ONE)
    metadata = view.metadata(ONE)
    payload = metadata["event_payload"]

    assert view.read_lines(drawn.text) == [ONE]
    assert view.read_lines(str(drawn.blocks)) == [ONE]
    assert isinstance(payload, dict)
    assert view.read_metadata(view.EVENT_TYPE, payload, "1795348800.000000") == ONE


def test_witnesses_are_found_among_other_words_and_over_line_breaks() -> None:
    text = (
        f"Copy Backup  APP  12:00\n{view.line(ONE)}\nand {view.line(ONE).replace(' hash ', chr(10) + 'hash ')} thanks"
    )

    assert view.read_lines(text) == [ONE, ONE]


@pytest.mark.parametrize(
    "text", ["", "event 12, hash abc", view.line(ONE)[:-5], view.line(ONE).replace("2026-11", "2026-13")]
)
def test_what_is_no_witness_is_not_read_as_one(text: str) -> None:
    assert view.read_lines(text) == []


@pytest.mark.parametrize(
    ("event_type", "payload"),
    [
        ("copy", {"sequence": 1, "hash": ONE.hash}),
        (view.EVENT_TYPE, {}),
        (view.EVENT_TYPE, {"sequence": "1", "hash": ONE.hash}),
        (view.EVENT_TYPE, {"sequence": 1, "hash": "short"}),
        (view.EVENT_TYPE, {"sequence": 1, "hash": 7}),
    ],
)
def test_metadata_of_another_shape_is_no_witness(event_type: str, payload: dict[str, object]) -> None:
    assert view.read_metadata(event_type, payload, "1.0") is None
