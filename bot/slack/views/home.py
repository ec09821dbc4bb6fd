"""App Home: what runs, what a person asked for, what waits for them, and where a copy is missing."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.coverage import Report
from bot.domain.events import RecordedEvent
from bot.domain.orders import OrderStanding
from bot.domain.reasons import Reason
from bot.slack.views import blocks, coverage, status
from bot.slack.views.blocks import Block, View
from bot.slack.views.history import event_line
from bot.slack.views.reasons import explain
from bot.slack.views.text import DEFAULT_COMMAND, code, count, slack_date

NEW_COPY = "new_copy"
"""The ``action_id`` of the button that opens the form."""

MOST_ORDERS = 5
MOST_GAPS = 15
MOST_ROWS = 40
MOST_EVENTS = 5
"""So many of each: with headings and small print they stay within 100 blocks."""


def draw(
    report: Report,
    running: Sequence[OrderStanding],
    mine: Sequence[OrderStanding],
    outside: Sequence[RecordedEvent],
    *,
    now: datetime,
    awaiting: Sequence[OrderStanding] = (),
    links: Mapping[str, str] | None = None,
    command: str = DEFAULT_COMMAND,
) -> View:
    """Home, for somebody who may use the bot.

    Args:
        report: on coverage.
        running: orders that are open, oldest first.
        mine: what the person asked for, newest first.
        outside: what was found lately that happened to copies without the bot, newest first.
        now: for lengths of time.
        awaiting: orders that wait for this person's approval, oldest first.
        links: addresses of the orders' messages, by the order's id.
        command: the slash command's name.
    """
    addresses = links or {}
    ended = [each for each in mine if not each.is_open]
    nothing = f"Nothing runs. {code(command)} or the button above starts a copy."
    return blocks.home(
        [
            blocks.actions([blocks.button("Copy a backup", NEW_COPY, style="primary")]),
            *_orders("Waits for your approval", awaiting, "", now, addresses),
            *_orders("Under way", running, nothing, now, addresses),
            *_orders("What you asked for lately", ended, "", now, addresses),
            *_coverage(report, now, command),
            *_radar(report, outside),
            blocks.divider(),
            blocks.context(f"As it was {slack_date(now)}. {code(f'{command} help')} says what you can type."),
        ]
    )


def draw_refused(reason: Reason) -> View:
    """Home, for somebody who may not use the bot: says nothing of backups."""
    return blocks.home([blocks.section(explain(reason))])


def _orders(
    title: str, orders: Sequence[OrderStanding], nothing: str, now: datetime, addresses: Mapping[str, str]
) -> list[Block]:
    if not orders and not nothing:
        return []
    drawn = [blocks.divider(), blocks.section(f"*{title}*" + (f" ({len(orders):,})" if orders else ""))]
    drawn += [blocks.section(status.line(each, now, addresses.get(each.order.id))) for each in orders[:MOST_ORDERS]]
    if len(orders) > MOST_ORDERS:
        drawn.append(blocks.context(f"And {len(orders) - MOST_ORDERS:,} more."))
    return drawn if orders else [*drawn, blocks.context(nothing)]


def _coverage(report: Report, now: datetime, command: str) -> list[Block]:
    table = report.coverage
    drawn = [blocks.divider(), blocks.section(f"*Where what could be restored*\n{coverage.heading(table)}")]
    gaps = [block for _, block in coverage.gap_lines(table.rows, now)]
    drawn += gaps[:MOST_GAPS]
    if len(gaps) > MOST_GAPS:
        drawn.append(blocks.context(f"And {count(len(gaps) - MOST_GAPS, 'gap')} more: {code(f'{command} coverage')}."))
    lines = [f"• {coverage.row_line(row, now)}" for row in table.rows[:MOST_ROWS]]
    drawn += [blocks.section(part) for part in blocks.in_sections(lines)]
    if len(table.rows) > MOST_ROWS:
        more = count(len(table.rows) - MOST_ROWS, "instance")
        drawn.append(blocks.context(f"And {more} more: {code(f'{command} coverage')}."))
    small_print = [*([coverage.LEGEND] if table.rows else []), *coverage.doubts(report)]
    return [*drawn, blocks.context(*small_print)] if small_print else drawn


def _radar(report: Report, outside: Sequence[RecordedEvent]) -> list[Block]:
    said = [*coverage.pointed_out(report.radar), *(event_line(each) for each in outside[:MOST_EVENTS])]
    if not said:
        return []
    return [blocks.divider(), blocks.section("*What stands out*"), *(blocks.section(words) for words in said)]
