"""Coverage: which instance could be restored in which region, gaps first; and the button that fills a gap."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.coverage import Cell, Coverage, Report, Row, Standing
from bot.domain.radar import Radar
from bot.domain.survey import Held
from bot.slack.views import blocks
from bot.slack.views.backup_choice import ReadError, read_reference, write_reference
from bot.slack.views.blocks import Block, Message
from bot.slack.views.text import DEFAULT_COMMAND, code, count, cut, duration, escape, fit, plain

FILL_GAP = "fill_gap"
"""The ``action_id`` of the button beside a gap."""

PAGE = 10
"""Instances in one message: with their gaps they stay within its size."""

MOST_GAPS = 6
"""Gaps told one by one in a message."""

MOST_POINTED_OUT = 3
"""Of what the radar sees, of each kind."""

LONGEST_NAME = 40
LONGEST_ID = 36
LONGEST_TEXT = 2000
LONGEST_GAP = 400

LEGEND = (
    "Each age is that of the newest backup that could be restored in the region: its whole chain is there, COMPLETED. "
    "It counts from when the data was backed up, not from when it was copied. *×* nothing there, though something is "
    "wanted; *!* older than is wanted; *–* nothing there, and nothing is wanted."
)


@dataclass(frozen=True, slots=True)
class Gap:
    """What the button beside a gap says.

    Attributes:
        destination: where something is missing; ``None``: anywhere else.
        source: region of the backup to copy.
        backup_id: the backup to copy.
    """

    destination: str | None
    source: str
    backup_id: str


def read_gap(value: str) -> Gap:
    """The gap of a button.

    Raises:
        ReadError: the button was not drawn here.
    """
    destination, mark, reference = value.partition(">")
    if not mark:
        raise ReadError(f"{cut(value, 50)!r} names no gap")
    source, backup_id = read_reference(reference)
    return Gap(destination or None, source, backup_id)


def draw(report: Report, *, now: datetime, text: str = "", page: int = 1, command: str = DEFAULT_COMMAND) -> Message:
    """The table, and each gap with its button.

    Args:
        report: on everything.
        now: for ages.
        text: part of an instance's id or of the name of its newest backup; empty: all.
        page: 1 for the first.
        command: the slash command's name.
    """
    coverage = report.coverage
    rows = [row for row in coverage.rows if _has(row, text)]
    shown = rows[(page - 1) * PAGE : page * PAGE]
    if not shown:
        return _nothing(report, text)
    gaps = list(gap_lines(shown, now))
    drawn: list[Block] = [blocks.section(heading(coverage))]
    drawn += [block for _, block in gaps[:MOST_GAPS]]
    if len(gaps) > MOST_GAPS:
        drawn.append(blocks.context(f"And {count(len(gaps) - MOST_GAPS, 'gap')} more, in the table."))
    drawn.append(blocks.table(_table(coverage.regions, shown, now)))
    drawn.append(blocks.context(LEGEND, *doubts(report)))
    drawn += [blocks.context(*pointed_out(report.radar))] if page == 1 and pointed_out(report.radar) else []
    drawn.append(blocks.context(_more(len(rows), page, text, command)))
    said = [heading(coverage), *(words for words, _ in gaps), *(row_line(row, now) for row in shown)]
    return Message(text=fit("\n".join(said), LONGEST_TEXT), blocks=drawn)


def _nothing(report: Report, text: str) -> Message:
    said = (
        f"No instance (any more) has {code(text, 64)} in its id or in the name of its newest backup."
        if text
        else "No (more) instances with backups are known."
    )
    limits = [blocks.context(*doubts(report))] if doubts(report) else []
    return Message(text=said, blocks=[blocks.section(said), *limits])


def _has(row: Row, text: str) -> bool:
    words = f"{row.origin.id} {row.newest.title if row.newest else ''}".casefold()
    return all(word in words for word in text.casefold().split())


def heading(coverage: Coverage) -> str:
    """How it is altogether, in ``mrkdwn``."""
    alone = sum(row.is_alone and not row.gaps for row in coverage.rows)
    said = [f"*{count(coverage.gaps, 'gap')}*" if coverage.gaps else "*No gaps*"]
    said[0] += f" in the coverage of {count(len(coverage.rows), 'instance')}."
    if alone:
        said.append(f"{count(alone, 'instance')} could be restored in one region only, or in none.")
    return " ".join(said)


def gap_lines(rows: Sequence[Row], now: datetime) -> Iterator[tuple[str, Block]]:
    """Each gap in words, and with the button that fills it; last the instances that are in one region only."""
    for row in rows:
        for cell in row.gaps:
            yield _line(f"{_which(row)}: {_what_is_wrong(cell, now)}", cell.region, cell.cure, wants_region=True)
    for row in rows:
        if row.is_alone and not row.gaps:
            here = next((cell.region for cell in row.cells if cell.newest), None)
            cure = next((cell.cure for cell in row.cells if cell.cure), None)
            where = f"in {escape(here, 10)} only" if here else "nowhere"
            yield _line(f"{_which(row)} could be restored {where}.", "", cure, wants_region=False)


def _line(words: str, region: str, cure: Held | None, *, wants_region: bool) -> tuple[str, Block]:
    if cure is None:
        said = fit(f"{words} There is no newer backup to copy: make one first.", LONGEST_GAP)
        return said, blocks.section(said)
    beside = blocks.button(
        f"Copy to {region}" if wants_region else "Copy …",
        FILL_GAP,
        value=f"{region}>{write_reference(cure.region, cure.id)}",
    )
    said = fit(words, LONGEST_GAP)
    return said, blocks.section_with_button(said, beside)


def _what_is_wrong(cell: Cell, now: datetime) -> str:
    wanted = f"wanted: at most {duration(cell.wanted.total_seconds())} old" if cell.wanted else "wanted"
    region = escape(cell.region, 10)
    if cell.standing is Standing.MISSING:
        return f":x: *nothing* could be restored in *{region}* ({wanted})."
    return f":warning: the newest that could be restored in *{region}* is *{_age(cell, now)} old* ({wanted})."


def _age(cell: Cell, now: datetime) -> str:
    return duration((now - cell.made).total_seconds()) if cell.made else "an unknown time"


def _which(row: Row) -> str:
    """An instance in ``mrkdwn``. The list of backups does not tell its name, so the newest backup's helps."""
    word = "HA group " if row.origin.type == "ha" else ""
    newest = f" ({escape(plain(row.newest.title), LONGEST_NAME)})" if row.newest else ""
    return f"{word}{code(row.origin.id, LONGEST_ID)}{newest}"


def row_line(row: Row, now: datetime) -> str:
    """An instance in all regions, in one line of ``mrkdwn``."""
    cells = " · ".join(f"{escape(cell.region, 10)} {_cell(cell, now)}" for cell in row.cells)
    return f"{_which(row)}: {cells}"


def _cell(cell: Cell, now: datetime) -> str:
    match cell.standing:
        case Standing.MISSING:
            return "× nothing"
        case Standing.NOT_WANTED:
            return "–"
        case Standing.TOO_OLD:
            return f"! {_age(cell, now)}"
        case _:
            return _age(cell, now)


def _table(regions: Sequence[str], rows: Sequence[Row], now: datetime) -> list[list[str]]:
    return [["Instance", *(plain(region) or "?" for region in regions)], *(_cells(row, now) for row in rows)]


def _cells(row: Row, now: datetime) -> list[str]:
    newest = cut(plain(row.newest.title), LONGEST_NAME) if row.newest else ""
    name = " · ".join(filter(None, [newest, cut(plain(row.origin.id), 13)])) or "?"
    return [name, *(_cell(cell, now) for cell in row.cells)]


def doubts(report: Report) -> list[str]:
    """What limits what is said, in ``mrkdwn``; nothing where nothing does."""
    said = []
    if report.not_read:
        regions = escape(", ".join(report.not_read), 100)
        said.append(f":hourglass: Not read to the end yet: {regions}. What is missing there may not have been seen.")
    if report.stale:
        said.append(f":warning: Could not be read lately: {escape(', '.join(report.stale), 100)}. It may have changed.")
    if report.coverage.unknown:
        said.append(f"{count(report.coverage.unknown, 'backup')} of which the instance is not known are left out.")
    return said


def pointed_out(radar: Radar) -> list[str]:
    """What the radar sees, in ``mrkdwn``; nothing where there is nothing."""
    said = []
    if radar.orphans:
        some = ", ".join(
            f"{_backup(each.backup)} (parent {code(each.missing_id, LONGEST_ID)})"
            for each in radar.orphans[:MOST_POINTED_OUT]
        )
        number, rest = count(len(radar.orphans), "incremental"), _rest(radar.orphans)
        said.append(f"*{number} without a parent* in the same region, and of no use there: {some}{rest}.")
    if radar.pillars:
        some = ", ".join(f"{_backup(each.backup)} ({each.dependents:,})" for each in radar.pillars[:MOST_POINTED_OUT])
        said.append(f"*Others depend on* {some}: so many would become useless if it was deleted there.")
    return said


def _rest(several: Sequence[object]) -> str:
    return f" and {len(several) - MOST_POINTED_OUT:,} more" if len(several) > MOST_POINTED_OUT else ""


def _backup(backup: Held) -> str:
    return f"{code(backup.title, LONGEST_NAME)} in {escape(backup.region, 10)}"


def _more(total: int, page: int, text: str, command: str) -> str:
    last = page * PAGE
    words = f"{text} " if text else ""
    if last < total:
        more = f"{count(total - last, 'instance')} more: {code(f'{command} coverage {words}page:{page + 1}', 150)}."
    else:
        more = "That is all there is."
    return f"{more} {code(f'{command} coverage WORDS')} narrows it to some instances. Only you see this."
