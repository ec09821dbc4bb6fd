import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cloud.faults import LONGEST_MESSAGE, LONGEST_WAIT, STATUSES, fault_of, seconds_to_wait
from bot.domain.reasons import Fault, Reason, Repeat

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

FAULT_TABLE = [
    (400, "badRequest", Reason.BAD_REQUEST, Repeat.NEVER),
    (401, "unauthorized", Reason.UNAUTHORIZED, Repeat.NEVER),
    (403, "forbidden", Reason.FORBIDDEN, Repeat.NEVER),
    (404, "itemNotFound", Reason.NOT_FOUND, Repeat.NEVER),
    (405, "badMethod", Reason.METHOD_NOT_ALLOWED, Repeat.NEVER),
    (413, "overLimit", Reason.OVER_LIMIT, Repeat.AFTER_WAITING),
    (415, "badMediaType", Reason.UNSUPPORTED_MEDIA_TYPE, Repeat.NEVER),
    (422, "unprocessableEntity", Reason.UNPROCESSABLE, Repeat.A_FEW_TIMES),
    (500, "instanceFault", Reason.INSTANCE_FAULT, Repeat.AFTER_LOOKING),
    (501, "notImplemented", Reason.NOT_IMPLEMENTED, Repeat.NEVER),
    (503, "serviceUnavailable", Reason.SERVICE_UNAVAILABLE, Repeat.A_FEW_TIMES),
]
"""The fault table of cloud-databases-api.md, row by row."""


def body(name: str, message: object = "No.") -> bytes:
    return json.dumps({name: {"code": 400, "message": message, "details": "Traceback: secret stack"}}).encode()


def answered(status: int, content: bytes, **headers: str) -> Fault:
    given_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return fault_of(status, given_headers, content, now=NOW)


@pytest.mark.parametrize(("status", "name", "reason", "repeat"), FAULT_TABLE)
def test_every_row_of_the_fault_table_has_its_reason_and_says_whether_to_repeat(
    status: int, name: str, reason: Reason, repeat: Repeat
) -> None:
    fault = answered(status, body(name, "Why not."))
    assert fault == Fault(reason, status, name, "Why not.")
    assert fault.repeat is repeat


def test_the_statuses_are_those_of_the_table_and_too_many_requests() -> None:
    assert set(STATUSES) == {row[0] for row in FAULT_TABLE} | {429}
    assert STATUSES[429] is Reason.OVER_LIMIT


@pytest.mark.parametrize("status", [302, 402, 408, 409, 418, 502, 504, 599])
def test_any_other_status_leaves_open_what_was_done(status: int) -> None:
    fault = answered(status, b"")
    assert fault == Fault(Reason.UNEXPECTED_ANSWER, status)
    assert fault.repeat is Repeat.AFTER_LOOKING


def test_the_details_are_dropped() -> None:
    assert "stack" not in repr(answered(500, body("instanceFault")))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><head><title>503 Service Unavailable</title></head></html>",
        b"\xff\xfe\x00 not text",
        b'"just text"',
        b"[1, 2]",
        b"null",
        b"{}",
        b'{"badRequest": "no element"}',
        b'{"badRequest": ["no element"]}',
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"badRequest": {"message": "cut of',
        body("badRequest", "long" * 100_000),
        body("not a name!"),
    ],
    ids=lambda content: repr(content[:24]),
)
def test_a_body_that_is_no_fault_leaves_the_status_alone(content: bytes) -> None:
    assert answered(503, content) == Fault(Reason.SERVICE_UNAVAILABLE, 503)


@pytest.mark.parametrize("message", [None, 7, ["a"], {"a": "b"}, True, "", "  \n "])
def test_a_message_that_is_no_text_is_left_out_and_the_name_kept(message: object) -> None:
    assert answered(400, body("badRequest", message)) == Fault(Reason.BAD_REQUEST, 400, "badRequest")


def test_a_message_without_a_root_element_is_still_told() -> None:
    assert answered(400, b'{"message": "Bad.", "code": 400}').message == "Bad."


def test_a_message_is_one_line_without_control_characters() -> None:
    message = "a\x1b[31m red\x00\r\n  line\u202e turned\u2028end 日本 é"
    assert answered(400, body("badRequest", message)).message == "a[31m red line turned end 日本 é"


def test_a_long_message_is_cut() -> None:
    message = answered(400, body("badRequest", "word " * 400)).message
    assert message is not None
    assert len(message) == LONGEST_MESSAGE
    assert message.endswith("…")


def test_a_secret_that_the_service_repeats_is_not_in_the_message() -> None:
    fault = fault_of(401, {}, body("unauthorized", "Token s3cr3t is bad, s3cr3t!"), now=NOW, secret="s3cr3t")
    assert fault.message == "Token … is bad, …!"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("0", 0),
        ("-5", 0),
        ("86400", LONGEST_WAIT),
        ("9" * 5000, LONGEST_WAIT),
        ("Sun, 22 Nov 2026 09:00:30 GMT", 30),
        ("Sun, 22 Nov 2026 09:00:30 -0000", 30),
        ("Sunday, 22-Nov-26 09:00:30 GMT", 30),
        ("Sun, 22 Nov 2026 08:59:00 GMT", 0),
        ("Thu, 22 Nov 2035 09:00:00 GMT", LONGEST_WAIT),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("1e3", None),
        ("Sun, 99 Nov 2026 09:00:30 GMT", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_within_bounds(header: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(header, NOW) == seconds


def test_a_date_is_counted_from_the_service_s_own_clock() -> None:
    theirs = NOW + timedelta(hours=2)
    fault = answered(
        413,
        body("overLimit"),
        date=format_datetime(theirs, usegmt=True),
        Retry_After=format_datetime(theirs + timedelta(seconds=12), usegmt=True),
    )
    assert fault.retry_after == 12


@settings(deadline=None)
@given(
    status=st.integers(300, 599),
    content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode),
    header=st.text(max_size=40),
)
def test_whatever_comes_is_a_fault(status: int, content: bytes, header: str) -> None:
    fault = fault_of(status, {"Retry-After": header, "Date": header}, content, now=NOW)
    assert fault.status == status
    assert fault.retry_after is None or 0 <= fault.retry_after <= LONGEST_WAIT


@settings(deadline=None)
@given(message=st.text())
def test_a_message_is_always_short_and_printable(message: str) -> None:
    told = answered(400, body("badRequest", message)).message
    assert told is None or (len(told) <= LONGEST_MESSAGE and told.isprintable())
