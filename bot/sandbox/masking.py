"""Takes every secret out of what went over the wire, before anybody sees it.

A secret is known by its value (the simulator made it), by its name (a header, a field of JSON or of a
form), or by its shape (`xoxb-…`, the address of a `response_url`): one of the three is enough.
"""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl

from pydantic_core import from_json

MASK = "***"
"""What stands where a secret was."""

_HEADERS = frozenset({"authorization", "x-auth-token", "x-slack-signature", "cookie", "set-cookie"})
_FIELDS = frozenset({"token", "app_token", "access_token", "apikey", "api_key", "password", "secret", "signing_secret"})
_SHAPES = re.compile(r"\b(?P<kind>xox[a-z]|xapp)-[\w-]+|(?P<before>/response/|[?&]ticket=)[\w-]+")
_NAMED_IN_TEXT = re.compile(
    rf"""(?P<before>\b(?:{"|".join(sorted(_FIELDS))})\b["']?\s*[:=]\s*["']?)(?P<value>[^"'&\s,}}{{]+)""", re.IGNORECASE
)


def masked_headers(headers: Iterable[tuple[bytes, bytes]], known: Sequence[str] = ()) -> dict[str, str]:
    """The headers of a request or an answer.

    Args:
        headers: Names and values as they came.
        known: Secrets by their value.
    """
    shown = {}
    for raw_name, raw_value in headers:
        name = raw_name.decode("latin-1").lower()
        shown[name] = MASK if name in _HEADERS else masked_text(raw_value.decode("latin-1"), known)
    return shown


def masked_body(body: bytes, content_type: str, known: Sequence[str] = ()) -> object:
    """A body as it is best read: the document that its JSON is, the fields of a form, else its text.

    Args:
        body: The whole body; a part of it can be masked less surely.
        content_type: What it says it is.
        known: Secrets by their value.

    Returns:
        Something that JSON can hold; None for no body.
    """
    if not body:
        return None
    text = body.decode(errors="replace")
    if content_type.startswith("application/x-www-form-urlencoded"):
        fields = {name: _document(value) for name, value in parse_qsl(text, keep_blank_values=True)}
        return masked_document(fields, known)
    document = _document(text)
    if isinstance(document, str):
        return masked_text(_NAMED_IN_TEXT.sub(rf"\g<before>{MASK}", document), known)
    return masked_document(document, known)


def masked_document(document: object, known: Sequence[str] = ()) -> object:
    """A document of JSON, the same but for its secrets."""
    if isinstance(document, dict):
        return {name: _masked_field(str(name), value, known) for name, value in document.items()}
    if isinstance(document, list):
        return [masked_document(value, known) for value in document]
    return masked_text(document, known) if isinstance(document, str) else document


def masked_text(text: str, known: Sequence[str] = ()) -> str:
    """A text without the secrets that are known by their value or their shape."""
    for secret in known:
        text = text.replace(secret, MASK)
    return _SHAPES.sub(lambda found: (found["before"] or f"{found['kind']}-") + MASK, text)


def _masked_field(name: str, value: object, known: Sequence[str]) -> object:
    if name.lower() not in _FIELDS:
        return masked_document(value, known)
    if isinstance(value, dict):  # Identity's answer: {"token": {"id": …, "expires": …}}
        return {inner: MASK if inner == "id" else masked_document(one, known) for inner, one in value.items()}
    return MASK if isinstance(value, str) else masked_document(value, known)


def _document(text: str) -> object:
    """What a text says as JSON, where it is an object or a list; else the text."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        document: object = from_json(text)
    except ValueError:
        return text
    return document
