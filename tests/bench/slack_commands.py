"""Slash commands as Slack sends them (``slack-platform.md``, Requests to the app), made as cheaply as possible."""

import hmac
import itertools
import json
import secrets
import time
from urllib.parse import urlencode

SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
"""The one of Slack's own example of a signature."""

BOT_TOKEN = "xoxb-benchmark"
APP_TOKEN = "xapp-benchmark"
TEAM = "T0BENCH01"
CHANNEL = "C0BENCH01"
BOT_USER = "U0BENCHBOT"
PEOPLE = tuple(f"U0BENCH{number:02}" for number in range(16))
COMMAND = "/copy-backup"
SLACK_PATH = "/slack/events"

_RUN = secrets.token_hex(16)
_numbers = itertools.count(1)


def _fields(person: str) -> dict[str, str]:
    return {
        "token": "gIkuvaNzQIHg97ATvDxqgjtO",
        "team_id": TEAM,
        "team_domain": "bench",
        "channel_id": CHANNEL,
        "channel_name": "databases",
        "user_id": person,
        "user_name": person.lower(),
        "command": COMMAND,
        "text": "",
        "api_app_id": "A0BENCH01",
        "is_enterprise_install": "false",
        "response_url": "https://hooks.slack.example/commands/T0BENCH01/1234567890/abcdef",
    }


_FIELDS = tuple(_fields(person) for person in PEOPLE)
_BODIES = tuple(urlencode(fields).encode() + b"&trigger_id=" for fields in _FIELDS)
_SECRET = SIGNING_SECRET.encode()


def next_trigger() -> str:
    """A new ``trigger_id``: text that needs no encoding."""
    return f"{next(_numbers)}.2147483705.{_RUN}"


def signature(timestamp: bytes, body: bytes) -> bytes:
    """``X-Slack-Signature`` of a request."""
    return b"v0=" + hmac.digest(_SECRET, b"v0:" + timestamp + b":" + body, "sha256").hex().encode()


def http_request(trigger: str, person: int) -> bytes:
    """A signed command as an HTTP request.

    Args:
        trigger: its ``trigger_id``.
        person: any number; the people take turns.
    """
    body = _BODIES[person % len(_BODIES)] + trigger.encode()
    timestamp = b"%d" % time.time()
    return (
        b"POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\n"
        b"Accept: application/json,*/*\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n"
        b"X-Slack-Request-Timestamp: %b\r\nX-Slack-Signature: %b\r\n\r\n%b"
    ) % (SLACK_PATH.encode(), len(body), timestamp, signature(timestamp, body), body)


def envelope(trigger: str, person: int) -> str:
    """A command as Socket Mode delivers it; its ``trigger_id`` is its ``envelope_id`` as well."""
    return json.dumps(
        {
            "envelope_id": trigger,
            "type": "slash_commands",
            "accepts_response_payload": True,
            "payload": {**_FIELDS[person % len(_FIELDS)], "trigger_id": trigger},
        }
    )
