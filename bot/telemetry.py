"""Logs: one line for each thing worth knowing, as text for people or as JSON for machines."""

import json
import logging
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

NOISY = ("httpx", "httpcore", "aiohttp.access", "uvicorn.access", "slack_bolt", "slack_sdk")
"""Libraries whose every request is a line: only their warnings are of use."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``at``, ``level``, ``logger``, ``message``, and ``traceback`` if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
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
    text = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")
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
