"""Short answers, for one person only."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.backup import Backup
from bot.domain.copies import Copy, CopyState
from bot.domain.orders import OrderStanding
from bot.domain.reasons import Reason
from bot.slack.views import blocks, channel_errors
from bot.slack.views.backup_choice import summary
from bot.slack.views.blocks import Message
from bot.slack.views.copy_message import progress
from bot.slack.views.copy_message import summary as order_in_short
from bot.slack.views.copy_standing import standing_of
from bot.slack.views.misread import did_you_mean
from bot.slack.views.reasons import explain
from bot.slack.views.text import DEFAULT_COMMAND, channel_mention, code, count, escape, fit, link, person_name

MESSAGE_GONE = frozenset({"message_not_found", "thread_not_found", "cannot_reply_to_message"})
"""Slack's names for what can be neither changed nor replied to: somebody has deleted it."""

LONGEST_PARAGRAPH = 2300
LONGEST_TEXT = 2500
"""Of an answer: in words and with its three paragraphs it stays under 10,000 characters (``slack-platform.md``,
Sizes).
"""

MOST = 5
"""Backups or copies offered where what was typed does not name one."""


def _message(*paragraphs: str) -> Message:
    said = [fit(paragraph, LONGEST_PARAGRAPH) for paragraph in paragraphs if paragraph]
    text = fit("\n".join(said), LONGEST_TEXT)
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


def stopped(
    standing: OrderStanding, copies: Sequence[Copy], shared: Sequence[Copy] = (), *, permalink: str | None = None
) -> Message:
    """What has not begun of an order was stopped.

    Args:
        standing: the order.
        copies: that were stopped.
        shared: that have not begun and go on, as another order needs them.
        permalink: address of the order's message.
    """
    if standing.is_single:
        return _message(f"Stopped: {_which(standing, permalink)}. Nothing was sent, and nothing was copied.")
    running = [copy for copy in standing.copies if copy.is_open and copy not in shared]
    on = f" {count(len(running), 'copy')} that had begun go on." if running else ""
    return _message(
        f"Stopped: {count(len(copies), 'copy')} of {_which(standing, permalink)} that had not begun.{on}",
        _shared(shared),
    )


def not_stopped(
    standing: OrderStanding, shared: Sequence[Copy] = (), *, now: datetime, permalink: str | None = None
) -> Message:
    """All of an order has begun, has ended, or is needed by others, and cannot be stopped."""
    which = _which(standing, permalink)
    if not standing.is_open:
        return _message(f"There is nothing to stop: {which} has ended ({escape(_how(standing, now))}).")
    if shared:
        return _message(f"{which} cannot be stopped.", _shared(shared))
    why = (
        "nobody knows whether it has begun. Its message asks what to do."
        if standing.in_state(CopyState.UNDECIDED)
        else "it has begun, or is about to. Cloud Databases has no way to stop a copy: it can only be deleted in the "
        "Rackspace control panel when it is done."
    )
    return _message(f"{which} cannot be stopped: {why}")


def _shared(shared: Sequence[Copy]) -> str:
    if not shared:
        return ""
    names = ", ".join(code(copy.backup.title, 64) for copy in shared[:MOST])
    return f"{count(len(shared), 'copy')} ({names}) that others need go on."


def unknown_order(
    order_id: str,
    nearest: Sequence[OrderStanding] = (),
    *,
    is_ambiguous: bool = False,
    verb: str = "cancel",
    command: str = DEFAULT_COMMAND,
) -> Message:
    """Nothing has this id, or several begin with it; some that have one like it, or that run.

    Args:
        order_id: as it was typed.
        nearest: the orders that may have been meant, the likeliest first.
        is_ambiguous: whether all of them begin with what was typed.
        verb: what was wanted of it, as it is typed.
        command: the slash command's name.
    """
    near = [f"• {code(f'{command} {verb} {each.order.id}')} – {_what(each)}" for each in nearest[:MOST]]
    if is_ambiguous and len(nearest) == 1:
        said = f"{code(order_id, 40)} is too short to be sure which copy is meant. Nothing was done."
    elif is_ambiguous:
        said = f"Several copies have an id that begins with {code(order_id, 40)}. Nothing was done."
    else:
        said = f"There is no copy with the id {code(order_id, 40)}. {code(f'{command} status')} lists what runs."
    return _message(said, "\n".join(["*Did you mean*", *near]) if near else "")


def backup_gone(name: str, region: str, *, command: str = DEFAULT_COMMAND) -> Message:
    """A backup of the list is not there any more, or not to be seen.

    Args:
        name: its id.
        region: where it was.
        command: the slash command's name.
    """
    return _message(
        f"The backup {code(name)} is not in {escape(region, 10)} any more. Nothing was done: "
        f"{code(f'{command} list')} shows what is there."
    )


def settled(copy: Copy) -> Message:
    """A person's word on an undecided copy was taken."""
    what = (
        "it ends as copied, on your word. Nothing more is sent."
        if copy.state is CopyState.COMPLETED
        else "it is sent again."
    )
    return _message(f"Thank you. {_which_copy(copy)}: {what}")


def nothing_to_settle(copy: Copy | None, *, now: datetime) -> Message:
    """Somebody else, or the bot itself, was faster."""
    if copy is None:
        return _message("There is no such copy (any more). Nothing was done.")
    return _message(
        f"There is nothing to decide any more about {_which_copy(copy)}: {escape(standing_of(copy, now=now).gist)}. "
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


def backup_not_found(reference: str, *, near: str | None = None, command: str = DEFAULT_COMMAND) -> Message:
    """No backup fits what was typed.

    Args:
        reference: the id or name.
        near: what was probably meant instead, without the command's name.
        command: the slash command's name.
    """
    return _message(
        f"No backup has the id or name {code(reference)}. Nothing was done.{did_you_mean(near, command)}\n"
        f"*What to do:* look for it in the form, which searches while you type: {code(command)}. A name with spaces "
        "goes in quotes."
    )


def not_told(standing: OrderStanding, error: str, *, now: datetime) -> Message:
    """How an order stands, for the person who asked for it, because its channel cannot be told.

    Args:
        standing: the order.
        error: Slack's name of the error.
        now: for lengths of time.
    """
    channel = standing.order.channel
    why = (
        f"Its message in {channel_mention(channel)} was deleted."
        if error in MESSAGE_GONE
        else channel_errors.explain(channel, error)
    )
    return _message(order_in_short(standing, now=now), f"You are told here because its channel cannot be. {why}")


def not_asked(standing: OrderStanding, channel: str, error: str, *, now: datetime) -> Message:
    """Nobody could be asked to agree, for the person who asked.

    Args:
        standing: the order.
        channel: id of the approvers' channel.
        error: Slack's name of the error.
        now: for lengths of time.
    """
    what = order_in_short(standing, now=now)
    why = channel_errors.explain(channel, error)
    return _message(what, f"Those who have to agree to it, or to look at it, could not be told. {why}")


def _how(standing: OrderStanding, now: datetime) -> str:
    return standing_of(standing.main, now=now).gist if standing.is_single else progress(standing)


def _what(standing: OrderStanding) -> str:
    copy = standing.main
    others = "" if standing.is_single else f" and {count(len(standing.copies) - 1, 'other')}"
    return (
        f"{code(copy.backup.title, 64)}{others} {escape(copy.backup.region, 10)} → {escape(copy.destination, 10)}, "
        f"asked for by {person_name(standing.order.requested_by)}"
    )


def _which(standing: OrderStanding, permalink: str | None) -> str:
    told = f", {link(permalink, 'its message')}" if permalink else ""
    return f"the copy of {_what(standing)} (id {code(standing.order.id)}{told})"


def _which_copy(copy: Copy) -> str:
    return (
        f"the copy of {code(copy.backup.title, 64)} {escape(copy.backup.region, 10)} → {escape(copy.destination, 10)}, "
        f"asked for by {person_name(copy.requested_by)}"
    )
