"""What an answer that is not the one that was asked for means (``cloud-databases-api.md``, Faults). Pure."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType

from pydantic_core import from_json

from bot.domain.reasons import Fault, Reason

STATUSES: Mapping[int, Reason] = MappingProxyType(
    {
        400: Reason.BAD_REQUEST,
        401: Reason.UNAUTHORIZED,
        403: Reason.FORBIDDEN,
        404: Reason.NOT_FOUND,
        405: Reason.METHOD_NOT_ALLOWED,
        413: Reason.OVER_LIMIT,
        415: Reason.UNSUPPORTED_MEDIA_TYPE,
        422: Reason.UNPROCESSABLE,
        429: Reason.OVER_LIMIT,
        500: Reason.INSTANCE_FAULT,
        501: Reason.NOT_IMPLEMENTED,
        503: Reason.SERVICE_UNAVAILABLE,
    }
)
"""What each status means. Any other is `Reason.UNEXPECTED_ANSWER`: nobody knows what was done before it."""

LONGEST_MESSAGE = 500
"""Characters of a fault's message that are kept."""

LONGEST_WAIT = 3600.0
"""Seconds of a ``Retry-After`` that are believed: the rates are counted by the minute."""

_MOST_BYTES = 64 * 1024  # a fault is a few hundred bytes; a larger body is a page, and not read
_NAME = re.compile(r"[A-Za-z][\w.-]{0,63}")
_SECONDS = re.compile(r"\d+(\.\d+)?")


def fault_of(status: int, headers: Mapping[str, str], body: bytes, *, now: datetime, secret: str = "") -> Fault:
    """The fault that an answer is.

    Its ``details`` are dropped, its message is cut and stripped of control characters. A body that is no fault (a
    proxy's page, nothing at all) leaves name and message ``None``.

    Args:
        status: the HTTP status.
        headers: of the answer; their names in any case.
        body: of the answer, whatever it is.
        now: when it came, for a ``Retry-After`` that is a date and an answer without a ``Date``.
        secret: what was sent along, and must not be in the message, should the service repeat it there.
    """
    given = {name.lower(): value for name, value in headers.items()}
    name, message = _name_and_message(body, secret)
    return Fault(
        reason=STATUSES.get(status, Reason.UNEXPECTED_ANSWER),
        status=status,
        name=name,
        message=message,
        retry_after=seconds_to_wait(given.get("retry-after"), _date(given.get("date")) or now),
    )


def seconds_to_wait(retry_after: str | None, now: datetime) -> float | None:
    """The seconds of a ``Retry-After``: never negative, `LONGEST_WAIT` at most.

    Args:
        retry_after: seconds or an HTTP date, as the header has it.
        now: the time by the clock of the service.

    Returns:
        ``None`` where the header is missing or cannot be read.
    """
    text = (retry_after or "").strip()
    if _SECONDS.fullmatch(text.removeprefix("-")):
        return min(max(float(text), 0.0), LONGEST_WAIT)
    until = _date(text)
    return None if until is None else min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT)


def _date(text: str | None) -> datetime | None:
    """An HTTP date; ``None`` where there is none."""
    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _name_and_message(body: bytes, secret: str) -> tuple[str | None, str | None]:
    """The root element of a fault, if it has one, and its message."""
    if len(body) > _MOST_BYTES:
        return None, None
    try:
        document: object = from_json(body)
    except ValueError:
        return None, None
    if not isinstance(document, dict):
        return None, None
    for name, fault in document.items():
        if isinstance(fault, dict) and _NAME.fullmatch(name):
            return name, _message(fault.get("message"), secret)
    return None, _message(document.get("message"), secret)


def _message(text: object, secret: str) -> str | None:
    """A message that can be shown: one line, without control characters, not too long; ``None`` if it is no text."""
    if not isinstance(text, str):
        return None
    harmless = text.replace(secret, "…") if secret else text
    visible = "".join(one for one in harmless if one.isspace() or not unicodedata.category(one).startswith("C"))
    line = " ".join(visible.split())
    return (line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…") or None
