"""The message that is a witness of the audit log, and reading it back: from its metadata, or from its words."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.domain.witness import Witness
from bot.slack.views import blocks
from bot.slack.views.blocks import Message

EVENT_TYPE = "audit_log_witness"
"""Of the message's metadata."""

_LINE = re.compile(
    r"audit-log\s+witness:\s+event\s+(\d{1,15}),\s+hash\s+([0-9a-f]{64}),\s+at\s+(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"
)
_HASH = re.compile(r"[0-9a-f]{64}")
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def line(witness: Witness) -> str:
    """The line that machines read: one that `read_lines` finds in any text."""
    at = f", at {witness.at.astimezone(UTC):{_TIME}}" if witness.at else ""
    return f"audit-log witness: event {witness.sequence}, hash {witness.hash}{at}"


def draw(witness: Witness) -> Message:
    """The message. It pings nobody."""
    words = f"```{line(witness)}```"
    why = (
        "Once a day the last event of the audit log is posted here, where nobody can change it who can write to the "
        "log's file. `audit verify --witnesses` finds by it if the end of the log is cut off, or all of it replaced."
    )
    return Message(text=line(witness), blocks=[blocks.section(words), blocks.context(why)])


def metadata(witness: Witness) -> dict[str, object]:
    """By which the bot finds the message again, and `read_metadata` reads it."""
    return {"event_type": EVENT_TYPE, "event_payload": {"sequence": witness.sequence, "hash": witness.hash}}


def read_metadata(event_type: str, payload: Mapping[str, object], ts: str) -> Witness | None:
    """The witness that a message of the bot is; ``None`` if it is none.

    Args:
        event_type: of the message's metadata.
        payload: of the message's metadata.
        ts: of the message: seconds since 1970, by Slack's clock.
    """
    sequence, made = payload.get("sequence"), payload.get("hash")
    if event_type != EVENT_TYPE or not isinstance(sequence, int) or not isinstance(made, str):
        return None
    if not _HASH.fullmatch(made):
        return None
    return Witness(sequence, made, datetime.fromtimestamp(float(ts), UTC))


def read_lines(text: str) -> list[Witness]:
    """Every witness in a text, such as messages that were copied from Slack."""
    return [
        Witness(int(sequence), made, datetime.strptime(at, _TIME).replace(tzinfo=UTC))
        for sequence, made, at in _LINE.findall(text)
        if _is_time(at)
    ]


def _is_time(text: str) -> bool:
    try:
        datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return False
    return True
