"""Nobody who looks at the wire sees a secret, wherever in a request or an answer it stands."""

import json
from urllib.parse import urlencode

import pytest

from bot.sandbox.masking import MASK, masked_body, masked_headers, masked_text

KNOWN = ["0a1b2c3d4e5f"]
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "name", ["Authorization", "X-Auth-Token", "X-Slack-Signature", "Cookie", "Set-Cookie", "x-auth-token"]
)
def test_headers_that_let_somebody_in_are_masked(name: str) -> None:
    assert masked_headers([(name.encode(), b"Bearer anything")]) == {name.lower(): MASK}


def test_other_headers_are_shown_but_for_what_is_known_in_them() -> None:
    headers = [(b"Host", b"127.0.0.1:8000"), (b"X-Note", b"key 0a1b2c3d4e5f"), (b"Location", b"/link/?ticket=abc")]
    assert masked_headers(headers, KNOWN) == {
        "host": "127.0.0.1:8000",
        "x-note": f"key {MASK}",
        "location": f"/link/?ticket={MASK}",
    }


@pytest.mark.parametrize(
    ("document", "shown"),
    [
        (
            {"auth": {"RAX-KSKEY:apiKeyCredentials": {"username": "ana", "apiKey": "typed-by-mistake"}}},
            {"auth": {"RAX-KSKEY:apiKeyCredentials": {"username": "ana", "apiKey": MASK}}},
        ),
        (
            {"access": {"token": {"id": "t", "expires": "2026"}, "user": {"id": "172157"}}},
            {"access": {"token": {"id": MASK, "expires": "2026"}, "user": {"id": "172157"}}},
        ),
        ({"token": "verification", "tokens": ["0a1b2c3d4e5f"]}, {"token": MASK, "tokens": [MASK]}),
        ([{"password": "x", "Token": "y", "API_KEY": "z"}], [{"password": MASK, "Token": MASK, "API_KEY": MASK}]),
        ({"token": None, "secret": 5}, {"token": None, "secret": 5}),
        ({"text": "look: xoxb-12-ab and xapp-1-A"}, {"text": f"look: xoxb-{MASK} and xapp-{MASK}"}),
        (
            {"response_url": "http://127.0.0.1:1/response/aabb", "url": "ws://h/link/?ticket=1f&app_id=A1"},
            {"response_url": f"http://127.0.0.1:1/response/{MASK}", "url": f"ws://h/link/?ticket={MASK}&app_id=A1"},
        ),
        ({"size": 1.4, "ok": True, "name": "nightly"}, {"size": 1.4, "ok": True, "name": "nightly"}),
    ],
)
def test_a_document_is_shown_without_its_secrets(document: object, shown: object) -> None:
    assert masked_body(json.dumps(document).encode(), "application/json", KNOWN) == shown


def test_a_form_is_shown_field_by_field_with_the_documents_in_it() -> None:
    payload = {"type": "block_actions", "token": "verification", "user": {"id": "U1"}}
    form = {"payload": json.dumps(payload), "token": "xoxb-1", "text": "", "channel": "C1"}
    assert masked_body(urlencode(form).encode(), FORM) == {
        "payload": {"type": "block_actions", "token": MASK, "user": {"id": "U1"}},
        "token": MASK,
        "text": "",
        "channel": "C1",
    }


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"apiKey": "abc", "username": "ana",', f'{{"apiKey": "{MASK}", "username": "ana",'),
        (b"<p>token=abc&x=1</p>", f"<p>token={MASK}&x=1</p>"),
        (b"the key is 0a1b2c3d4e5f.", f"the key is {MASK}."),
        (b"password: hunter2", f"password: {MASK}"),
        (b"No valid token provided.", "No valid token provided."),
        (b"\xff", "\ufffd"),
        (b'"a text"', '"a text"'),
    ],
)
def test_what_cannot_be_read_is_shown_as_text_without_its_secrets(body: bytes, shown: str) -> None:
    assert masked_body(body, "application/json", KNOWN) == shown


def test_no_body_is_none() -> None:
    assert masked_body(b"", "application/json") is None


def test_a_secret_that_contains_another_is_masked_whole() -> None:
    assert masked_text("secret-and-more", ["secret-and-more", "secret"]) == MASK
