"""Short answers, for one person only."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.backup import Backup
from bot.domain.copies import Copy
from bot.domain.reasons import Problem, Reason
from bot.slack.views.blocks import Message
from bot.slack.views.text import DEFAULT_COMMAND


def not_allowed(reason: Reason) -> Message:
    """Somebody who may not tried something."""
    return Message("", [])


def unexpected(error_id: str) -> Message:
    """Something in the bot broke; the id is in its log."""
    return Message("", [])


def refused(problems: Sequence[Problem]) -> Message:
    """What was asked for cannot be done."""
    return Message("", [])


def stopped(copy: Copy, *, permalink: str | None = None) -> Message:
    """A copy was stopped."""
    return Message("", [])


def not_stopped(copy: Copy, *, now: datetime, permalink: str | None = None) -> Message:
    """A copy has begun or ended, and cannot be stopped."""
    return Message("", [])


def unknown_copy(copy_id: str, nearest: Sequence[Copy] = (), *, command: str = DEFAULT_COMMAND) -> Message:
    """No copy has this id; some that have one like it."""
    return Message("", [])


def settled(copy: Copy) -> Message:
    """A person's word on an undecided copy was taken."""
    return Message("", [])


def nothing_to_settle(copy: Copy | None) -> Message:
    """Somebody else, or the bot itself, was faster."""
    return Message("", [])


def ambiguous(reference: str, found: Sequence[Backup], *, now: datetime, command: str = DEFAULT_COMMAND) -> Message:
    """Several backups fit what was typed."""
    return Message("", [])


def backup_not_found(reference: str, *, command: str = DEFAULT_COMMAND) -> Message:
    """No backup fits what was typed."""
    return Message("", [])


def channel_closed(channel: str, error: str) -> Message:
    """The bot cannot post in a channel, and how to cure that, by Slack's name of the error."""
    return Message("", [])
