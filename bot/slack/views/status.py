"""What runs now, and what a person asked for lately."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.orders import OrderStanding
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.copy_message import progress, sign_of
from bot.slack.views.copy_standing import standing_of
from bot.slack.views.text import DEFAULT_COMMAND, code, count, escape, fit, link, person_name, slack_date

MOST = 8
"""Orders shown in each of the two lists: twice that many stay within the size of a message."""

LONGEST_LINE = 350
LONGEST_TEXT = 2500


def draw(
    running: Sequence[OrderStanding],
    mine: Sequence[OrderStanding],
    *,
    now: datetime,
    links: Mapping[str, str] | None = None,
    command: str = DEFAULT_COMMAND,
) -> Message:
    """Open orders of everybody, and the last ones of the person who asks.

    Args:
        running: oldest first.
        mine: newest first; those that run are left out, as they are in the other list.
        now: for lengths of time.
        links: addresses of the orders' messages, by the order's id.
        command: the slash command's name.
    """
    addresses = links or {}
    open_ones = [line(each, now, addresses.get(each.order.id)) for each in running[:MOST]]
    ended = [each for each in mine if not each.is_open][:MOST]
    ended_ones = [line(each, now, addresses.get(each.order.id)) for each in ended]
    copies = sum(copy.is_open for copy in {copy.id: copy for each in running for copy in each.copies}.values())
    heading = f"*{count(copies, 'copy')} under way*" if running else "*Nothing runs*"
    more = len(running) - len(open_ones)
    shown: list[Block] = [blocks.section(heading), *(blocks.section(each) for each in open_ones)]
    if more > 0:
        shown.append(blocks.context(f"And {more:,} more: {code(f'{command} history')} shows what happened."))
    if ended_ones:
        shown += [blocks.divider(), blocks.section("*What you asked for lately*")]
        shown += [blocks.section(each) for each in ended_ones]
    shown.append(blocks.context(f"Only you see this. {code(f'{command} cancel ID')} stops what has not begun."))
    text = "\n".join([heading, *open_ones, *ended_ones])
    return Message(text=fit(text, LONGEST_TEXT), blocks=shown)


def line(standing: OrderStanding, now: datetime, address: str | None) -> str:
    """An order in two lines of ``mrkdwn``: how it stands, and whose it is.

    Args:
        standing: the order.
        now: for lengths of time.
        address: of its message.
    """
    copy, order = standing.main, standing.order
    stands = standing_of(copy, now=now)
    sign, how = (stands.sign, stands.gist) if standing.is_single else (sign_of(standing), progress(standing))
    way = f"{escape(copy.backup.region, 10)} → {escape(copy.destination, 10)}"
    told = f" · {link(address, 'message')}" if address else ""
    others = "" if standing.is_single else f" and {count(len(standing.copies) - 1, 'other')}"
    told_in = (
        f"{sign} {code(copy.backup.title, 64)}{others} {way}: {escape(how)}\n"
        f"{person_name(order.requested_by)} {slack_date(order.requested_at)} · id {code(order.id, 20)}"
    )
    return fit(told_in, LONGEST_LINE) + told
