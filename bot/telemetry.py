"""Logs: one line for each thing worth knowing, as text for people or as JSON for machines.

What belongs together has one id: that of the request of Slack's in which it is done, or that of the copy that is worked
on. It is in each line of the log, in the audit log, and in what is sent to the cloud.
"""

import json
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

NOISY = ("httpx", "httpcore", "aiohttp.access", "uvicorn.access", "slack_bolt", "slack_sdk")
"""Libraries whose every request is a line: only their warnings are of use."""


_request: ContextVar[str | None] = ContextVar("request", default=None)


@contextmanager
def in_request(request_id: str | None = None) -> Iterator[str]:
    """What is done in this block, and what is begun in it, is done for one request.

    Args:
        request_id: its id; a new one if not given.
    """
    named = request_id or secrets.token_hex(6)
    token = _request.set(named)
    try:
        yield named
    finally:
        _request.reset(token)


def current_request() -> str | None:
    """The id of the request for which something is done; ``None`` for what the bot does by itself."""
    return _request.get()


class TextFormatter(logging.Formatter):
    """A line for people; after what is done for a request, its id."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """The line, without a traceback."""
        line = super().formatMessage(record)
        request = current_request()
        return f"{line} [{request}]" if request else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``at``, ``level``, ``logger``, ``message``, ``request`` where something is done for one,
    and ``traceback`` if there is one.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := current_request():
            line["request"] = request
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure_logging(style: Literal["text", "json"], level: str) -> None:
    """Send all logs to standard error.

    Args:
        style: text for people, JSON for machines.
        level: the least level that is written, such as ``INFO``.
    """
    handler = logging.StreamHandler()
    text = TextFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")
    handler.setFormatter(JsonFormatter() if style == "json" else text)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def bot_version() -> str:
    """The bot's version, as it was installed."""
    try:
        return version("copy-backup-bot")
    except PackageNotFoundError:
        return "unknown"
