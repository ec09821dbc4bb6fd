"""What stands in a modal where there is nothing to fill in: what is being done, and what became of it."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.orders import OrderStanding
from bot.domain.reasons import Problem
from bot.slack.views import blocks, channel_errors
from bot.slack.views.blocks import Block, Message, View
from bot.slack.views.reasons import explain
from bot.slack.views.text import age, approvals_by, channel_mention, code, count, escape, link, mention

CALLBACK_ID = "copy_notice"


def draw_looking(regions: Sequence[str]) -> View:
    """While the plan is made."""
    return _notice("Copy a backup", blocks.alert("info", f"Looking at {', '.join(regions)} …"))


def draw_sending() -> View:
    """While both regions are looked at once more and the request is written down."""
    return _notice(
        "Starting …",
        blocks.alert("info", "Looking at both regions once more …"),
        blocks.section("One moment."),
        closes_all=True,
    )


def draw_asked(standing: OrderStanding) -> View:
    """It is in the audit log, and waits for the agreement of others."""
    order = standing.order
    needs = order.approval.needs if order.approval else ()
    may = [f"*{escape(each.rule, 60)}:* {approvals_by(each.approvals, each.groups, each.people)}" for each in needs]
    asked = f" in {channel_mention(order.approval.channel)}" if order.approval else ""
    return _notice(
        "Asked for approval",
        blocks.alert("success", "Nothing is sent yet. You can close this."),
        blocks.section(
            f"Those who have to agree are asked{asked}. When they have, it goes on by itself. It is told in "
            f"{channel_mention(order.channel)}, where you can also withdraw it; you are mentioned there at the end."
        ),
        *(blocks.section(part) for part in blocks.in_sections(may)),
        blocks.context(f"Its id: {code(order.id)}"),
        closes_all=True,
    )


def draw_started(standing: OrderStanding, *, permalink: str | None = None) -> View:
    """It is in the audit log, and under way."""
    if standing.awaits_approval:
        return draw_asked(standing)
    order, copy = standing.order, standing.main
    told = f"the message in {channel_mention(order.channel)}"
    where = link(permalink, "the message in the channel") if permalink else told
    what = (
        f"{code(copy.backup.title)} goes from {escape(copy.backup.region)} to {escape(copy.destination)} as "
        f"{code(copy.name)}."
        if standing.is_single
        else f"{count(len(standing.copies), 'backup')} are copied, one after the other where one needs another."
    )
    return _notice(
        "Copy started" if standing.is_single else "Copies started",
        blocks.alert("success", "The bot takes it from here. You can close this."),
        blocks.section(f"{what} How it goes is told in {where}; you are mentioned there when it has ended."),
        blocks.context(f"Its id: {code(order.id)}"),
        closes_all=True,
    )


def draw_already(orders: Sequence[OrderStanding], *, now: datetime, permalink: str | None = None) -> View:
    """All of it is under way already: whose it is, and where it is told.

    Args:
        orders: that do it.
        now: for ages.
        permalink: address of the first one's message.
    """
    drawn: list[Block] = [
        blocks.alert("info", "This is on its way to that region already. One copy is enough."),
    ]
    for number, standing in enumerate(orders[:5]):
        order = standing.order
        told = f"its message in {channel_mention(order.channel)}"
        where = link(permalink, "its message") if permalink and not number else told
        drawn.append(
            blocks.section(
                f"{mention(order.requested_by.id)} asked for {code(standing.main.backup.title)} to "
                f"{escape(standing.main.destination)} {age(order.requested_at, now)}. Nothing was sent a second time. "
                f"See {where} for how it goes."
            )
        )
        drawn.append(blocks.context(f"Its id: {code(order.id)}"))
    return _notice("Copied already", *drawn, closes_all=True)


def draw_refused(problems: Sequence[Problem]) -> View:
    """It cannot be done, and why."""
    told = [blocks.section(explain(problem)) for problem in problems[:10]]
    return _notice("Not copied", blocks.alert("error", "This copy cannot be made. Nothing was sent."), *told)


def draw_channel_closed(channel: str, error: str) -> View:
    """The bot cannot post in the channel that is to be told: nothing is sent.

    Args:
        channel: its id.
        error: Slack's name of the error.
    """
    return _notice(
        "Nobody would be told",
        blocks.alert("warning", "The bot cannot post in that channel. Nothing was sent."),
        blocks.section(channel_errors.explain(channel, error)),
    )


def draw_message(message: Message) -> View:
    """A short answer, where a modal is open already."""
    return _notice("Copy a backup", *message.blocks)


def draw_outdated(*, command: str) -> View:
    """A form or a confirmation that another version of the bot opened: what is in it cannot be read any more.

    Args:
        command: the slash command's name.
    """
    return _notice(
        "Please start again",
        blocks.alert("warning", "The bot was replaced while this was open. Nothing was sent."),
        blocks.section(f"What is in it cannot be read any more. Close it and type {code(command)} again."),
        closes_all=True,
    )


def draw_unexpected(error_id: str) -> View:
    """Something in the bot broke."""
    return _notice(
        "Something broke",
        blocks.alert("error", "This is a mistake in the bot, not in what you did."),
        blocks.section(
            f"Tell whoever runs this bot the id {code(error_id)}: it is in the bot's log. Before you try again, see "
            "whether the copy is under way: `status` after the command lists it."
        ),
    )


def _notice(title: str, *drawn: Block, closes_all: bool = False) -> View:
    return blocks.modal(title, drawn, callback_id=CALLBACK_ID, closes_all=closes_all)
