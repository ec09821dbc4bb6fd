"""What runs now, and what a person asked for lately."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.copies import Copy
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.copy_message import standing_of
from bot.slack.views.text import DEFAULT_COMMAND, code, count, escape, fit, link, person_name, slack_date

MOST = 8
"""Copies shown in each of the two lists: twice that many stay within the size of a message."""

LONGEST_LINE = 350
LONGEST_TEXT = 2500


def draw(
    running: Sequence[Copy],
    mine: Sequence[Copy],
    *,
    now: datetime,
    links: Mapping[str, str] | None = None,
    command: str = DEFAULT_COMMAND,
) -> Message:
    """Open copies of everybody, and the last ones of the person who asks.

    Args:
        running: oldest first.
        mine: newest first; those that run are left out, as they are in the other list.
        now: for lengths of time.
        links: addresses of the copies' messages, by the copy's id.
        command: the slash command's name.
    """
    open_ones = [_line(copy, now, (links or {}).get(copy.id)) for copy in running[:MOST]]
    ended = [copy for copy in mine if not copy.is_open][:MOST]
    ended_ones = [_line(copy, now, (links or {}).get(copy.id)) for copy in ended]
    heading = f"*{count(len(running), 'copy').replace('copys', 'copies')} under way*" if running else "*Nothing runs*"
    more = len(running) - len(open_ones)
    shown: list[Block] = [blocks.section(heading), *(blocks.section(line) for line in open_ones)]
    if more > 0:
        shown.append(blocks.context(f"And {more:,} more: {code(f'{command} history')} shows what happened."))
    if ended_ones:
        shown += [blocks.divider(), blocks.section("*What you asked for lately*")]
        shown += [blocks.section(line) for line in ended_ones]
    shown.append(blocks.context(f"Only you see this. {code(f'{command} cancel ID')} stops a copy that has not begun."))
    text = "\n".join([heading, *open_ones, *ended_ones])
    return Message(text=fit(text, LONGEST_TEXT), blocks=shown)


def _line(copy: Copy, now: datetime, address: str | None) -> str:
    standing = standing_of(copy, now=now)
    way = f"{escape(copy.backup.region, 10)} → {escape(copy.destination, 10)}"
    told = f" · {link(address, 'message')}" if address else ""
    line = (
        f"{standing.sign} {code(copy.backup.title, 64)} {way}: {escape(standing.gist)}\n"
        f"{person_name(copy.requested_by)} {slack_date(copy.requested_at)} · id {code(copy.id, 20)}"
    )
    return fit(line, LONGEST_LINE) + told
