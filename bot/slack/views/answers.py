"""Short answers, for one person only."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.backup import Backup
from bot.domain.copies import Copy, CopyState
from bot.domain.reasons import Problem, Reason
from bot.slack.views import blocks, channel_errors
from bot.slack.views.backup_choice import summary
from bot.slack.views.blocks import Message
from bot.slack.views.copy_message import standing_of
from bot.slack.views.copy_message import summary as summary_of_copy
from bot.slack.views.reasons import explain
from bot.slack.views.text import DEFAULT_COMMAND, channel_mention, code, escape, fit, link, person_name

MESSAGE_GONE = frozenset({"message_not_found", "thread_not_found", "cannot_reply_to_message"})
"""Slack's names for what can be neither changed nor replied to: somebody has deleted it."""

MOST = 5
"""Backups or copies offered where what was typed does not name one."""


def _message(*paragraphs: str) -> Message:
    said = [fit(paragraph, blocks.LONGEST_SECTION) for paragraph in paragraphs if paragraph]
    text = fit("\n".join(said), blocks.LONGEST_TEXT)
    return Message(text=text, blocks=[blocks.section(paragraph) for paragraph in said])


def not_allowed(reason: Reason) -> Message:
    """Somebody who may not tried something. Says nothing of backups, regions or who may."""
    return _message(explain(reason))


def unexpected(error_id: str) -> Message:
    """Something in the bot broke; the id is in its log."""
    return _message(f"{explain(Reason.UNEXPECTED)}\nThe id is {code(error_id)}.")


def not_opened(*, command: str = DEFAULT_COMMAND) -> Message:
    """Slack did not open the form or the confirmation, or not in the 3 seconds it gives."""
    return _message(f"Slack was too slow to open this. Nothing was done; please try again: {code(command)}.")


def refused(problems: Sequence[Problem]) -> Message:
    """What was asked for cannot be done."""
    return _message(*(explain(problem) for problem in problems[:3]))


def stopped(copy: Copy, *, permalink: str | None = None) -> Message:
    """A copy was stopped."""
    return _message(f"Stopped: {_which(copy, permalink)}. Nothing was sent, and nothing was copied.")


def not_stopped(copy: Copy, *, now: datetime, permalink: str | None = None) -> Message:
    """A copy has begun or ended, and cannot be stopped."""
    which = _which(copy, permalink)
    if not copy.is_open:
        return _message(f"There is nothing to stop: {which} has ended ({escape(standing_of(copy, now=now).gist)}).")
    why = (
        "nobody knows whether it has begun. Its message asks what to do."
        if copy.state is CopyState.UNDECIDED
        else "it has begun, or is about to. Cloud Databases has no way to stop a copy: it can only be deleted in the "
        "Rackspace control panel when it is done."
    )
    return _message(f"{which} cannot be stopped: {why}")


def unknown_copy(copy_id: str, nearest: Sequence[Copy] = (), *, command: str = DEFAULT_COMMAND) -> Message:
    """No copy has this id; some that have one like it, or that run.

    Args:
        copy_id: as it was typed.
        nearest: the copies that may have been meant, the likeliest first.
        command: the slash command's name.
    """
    near = [f"• {code(f'{command} cancel {copy.id}')} – {_what(copy)}" for copy in nearest[:MOST]]
    return _message(
        f"There is no copy with the id {code(copy_id, 40)}. {code(f'{command} status')} lists what runs.",
        "\n".join(["*Did you mean*", *near]) if near else "",
    )


def settled(copy: Copy) -> Message:
    """A person's word on an undecided copy was taken."""
    what = (
        "it ends as copied, on your word. Nothing more is sent."
        if copy.state is CopyState.COMPLETED
        else "it is sent again."
    )
    return _message(f"Thank you. {_which(copy, None)}: {what}")


def nothing_to_settle(copy: Copy | None, *, now: datetime) -> Message:
    """Somebody else, or the bot itself, was faster."""
    if copy is None:
        return _message("There is no such copy (any more). Nothing was done.")
    return _message(
        f"There is nothing to decide any more about {_which(copy, None)}: {escape(standing_of(copy, now=now).gist)}. "
        "Nothing was done."
    )


def ambiguous(
    reference: str,
    found: Sequence[Backup],
    *,
    region: str,
    now: datetime,
    command: str = DEFAULT_COMMAND,
) -> Message:
    """Several backups fit what was typed.

    Args:
        reference: as it was typed.
        found: the backups that fit.
        region: where the copy was to go.
        now: for ages.
        command: the slash command's name.
    """
    lines = [
        f"• {code(f'{command} {backup.id} {region}', 150)} – {code(backup.title, 64)} in {escape(backup.region, 10)}, "
        f"{escape(summary(backup, now))}"
        for backup in found[:MOST]
    ]
    more = f"\nand {len(found) - MOST:,} more" if len(found) > MOST else ""
    return _message(
        f"{code(reference)} fits several backups. Nothing was done. Say which by its id; if the same id is in several "
        f"regions, choose it in the form: {code(command)}.",
        "\n".join(lines) + more,
    )


def backup_not_found(reference: str, *, command: str = DEFAULT_COMMAND) -> Message:
    """No backup fits what was typed."""
    return _message(
        f"No backup has the id or name {code(reference)}. Nothing was done.\n"
        f"*What to do:* look for it in the form, which searches while you type: {code(command)}. A name with spaces "
        "goes in quotes."
    )


def channel_closed(channel: str, error: str) -> Message:
    """The bot cannot post in a channel, and how to cure that.

    Args:
        channel: its id.
        error: Slack's name of the error.
    """
    return _message(channel_errors.explain(channel, error))


def not_told(copy: Copy, error: str, *, now: datetime) -> Message:
    """How a copy stands, for the person who asked for it, because its channel cannot be told.

    Args:
        copy: the copy.
        error: Slack's name of the error.
        now: for lengths of time.
    """
    why = (
        f"Its message in {channel_mention(copy.channel)} was deleted."
        if error in MESSAGE_GONE
        else channel_errors.explain(copy.channel, error)
    )
    return _message(summary_of_copy(copy, now=now), f"You are told here because its channel cannot be. {why}")


def _what(copy: Copy) -> str:
    return (
        f"{code(copy.backup.title, 64)} {escape(copy.backup.region, 10)} → {escape(copy.destination, 10)}, asked for "
        f"by {person_name(copy.requested_by)}"
    )


def _which(copy: Copy, permalink: str | None) -> str:
    told = f", {link(permalink, 'its message')}" if permalink else ""
    return f"the copy of {_what(copy)} (id {code(copy.id)}{told})"
