"""One order in full, for one person: what its message shows, and its story."""

import json
from collections.abc import Sequence
from datetime import datetime

from bot.domain.events import RecordedEvent
from bot.domain.orders import OrderStanding
from bot.slack.views import blocks, copy_message
from bot.slack.views.blocks import Block, Message
from bot.slack.views.copy_message import Likely
from bot.slack.views.history import event_line
from bot.slack.views.text import channel_mention, count, fit, link

LONGEST = 9000
"""Characters of all blocks as JSON, and of the text: the message as a whole stays under 10,000 (``slack-platform.md``,
Sizes).
"""

LONGEST_TEXT = 900
LONGEST_LINE = 400


def draw(
    standing: OrderStanding,
    story: Sequence[RecordedEvent],
    *,
    now: datetime,
    likely: Likely | None = None,
    permalink: str | None = None,
) -> Message:
    """An order with its buttons, and as much of its story as there is room for, the latest part.

    Args:
        standing: the order and its copies as they stand.
        story: its events, oldest first.
        now: for lengths of time.
        likely: how long such copies take.
        permalink: address of its message; ``None`` where it has none.
    """
    message = copy_message.draw(standing, now=now, story=story, likely=likely)
    told = f"{link(permalink, 'Its message')} is in {channel_mention(standing.order.channel)}. Only you see this."
    text = fit(message.text, LONGEST_TEXT)
    shown = [*message.blocks, blocks.context(told)]
    room = LONGEST - len(text) - len(json.dumps(shown))
    return Message(text=text, blocks=[*shown, *_story(story, room)])


def _story(story: Sequence[RecordedEvent], room: int) -> list[Block]:
    lines: list[str] = []
    for recorded in reversed(story):
        line = fit(event_line(recorded), LONGEST_LINE)
        room -= len(json.dumps(line))
        if room < 0:
            break
        lines.insert(0, line)
    if not lines:
        return []
    left_out = len(story) - len(lines)
    before = f" ({count(left_out, 'line')} before these)" if left_out else ""
    parts = blocks.in_sections([f"*What happened*{before}", *lines])
    return [blocks.divider(), *(blocks.section(part) for part in parts)]
