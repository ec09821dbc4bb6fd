"""``audit``: read, export, verify, archive and import the audit log. Works while the bot runs, ``import`` excepted;
only ``archive`` and ``import`` change anything.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TextIO

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.audit_archive import archive_events
from bot.cli.audit_import import import_events
from bot.cli.audit_verify import verify_events
from bot.cli.failure import fail
from bot.cli.settings import settings_or_exit
from bot.domain.events import Event, EventFilter, EventKind, Outcome, RecordedEvent
from bot.settings import StorageSettings
from bot.storage import StorageError, as_csv, as_json_lines, read_all, read_newest

FILTERS = (
    click.option("--text", help="Part of any word in the event."),
    click.option("--person", help="Id or name of who did it."),
    click.option("--copy", "copy_id", help="Id of the copy."),
    click.option("--backup", "backup_id", help="Id of the source backup."),
    click.option("--region", help="Source or destination."),
    click.option("--kind", "kinds", multiple=True, type=click.Choice([kind.value for kind in EventKind])),
    click.option(
        "--outcome",
        "outcomes",
        multiple=True,
        type=click.Choice([outcome.value for outcome in Outcome]),
        help="Only events of copies that ended so.",
    ),
    click.option("--since", type=click.DateTime(), help="UTC, this moment included."),
    click.option("--until", type=click.DateTime(), help="UTC, this moment not included."),
)


def filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """The same filters for every command that shows events."""
    for option in reversed(FILTERS):
        command = option(command)
    return command


@click.group()
def audit() -> None:
    """Read, export, verify, archive and import the audit log."""


@audit.command("list")
@filter_options
@click.option("--limit", default=50, show_default=True, help="Events to show at most.")
def list_events(limit: int, **given: object) -> None:
    """Show events, newest first."""
    settings = settings_or_exit(StorageSettings)
    try:
        events = read_newest(settings.database, _filter(given), limit)
    except StorageError as error:
        fail(error)
    console = Console()
    console.print(table_of(events))
    if len(events) == limit:
        console.print(f"Only the newest {limit} that fit are shown; --limit shows more.", style="dim")


@audit.command("export")
@filter_options
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="jsonl", show_default=True)
@click.option("--output", type=click.File("w", encoding="utf-8"), default="-", help="A file; standard output if not.")
def export_events(form: str, output: TextIO, **given: object) -> None:
    """Write events, oldest first, as they are.

    With their exact text and hashes. An export of the whole log can be verified by whoever gets it: the README has
    the ten lines that do.
    """
    settings = settings_or_exit(StorageSettings)
    lines = as_csv if form == "csv" else as_json_lines
    try:
        output.writelines(lines(read_all(settings.database, _filter(given))))
    except StorageError as error:
        fail(error)


audit.add_command(verify_events)
audit.add_command(archive_events)
audit.add_command(import_events)


def table_of(events: Sequence[RecordedEvent]) -> Table:
    """Events as a table for a terminal of 80 columns or more."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("#", justify="right")
    table.add_column("when (UTC)", no_wrap=True)
    table.add_column("who", overflow="fold")
    table.add_column("what", overflow="fold")
    for recorded in events:
        event = recorded.event
        when = f"{event.at:%Y-%m-%d %H:%M:%S}"
        table.add_row(str(recorded.sequence), when, Text(event.who.name), _what_happened(event))
    return table


def _what_happened(event: Event) -> Text:
    """What was done to which backup, and below it in small print whatever else is known."""
    way = f"{event.source} → {event.destination}" if event.source else ""
    facts = ", ".join(f"{name} {value}" for name, value in event.facts.items() if value not in {None, ""})
    reason = event.reason.value.replace("_", " ") if event.reason else ""
    words = Text("  ").join(
        (Text(event.kind.value.replace("_", " "), style="bold"), Text(event.backup_name or ""), Text(way))
    )
    words.rstrip()
    if details := "; ".join(filter(None, (reason, facts))):
        words.append(f"\n{details}", style="dim")
    return words


def _filter(given: dict[str, object]) -> EventFilter:
    def text(name: str) -> str | None:
        value = given[name]
        return value if isinstance(value, str) else None

    def moment(name: str) -> datetime | None:
        value = given[name]
        return value.replace(tzinfo=UTC) if isinstance(value, datetime) else None

    kinds, outcomes, person, region = given["kinds"], given["outcomes"], text("person"), text("region")
    return EventFilter(
        text=text("text"),
        person=person.removeprefix("@") if person else None,
        copy_id=text("copy_id"),
        backup_id=text("backup_id"),
        region=region.upper() if region else None,
        kinds=tuple(EventKind(kind) for kind in kinds) if isinstance(kinds, tuple) else (),
        outcomes=tuple(Outcome(outcome) for outcome in outcomes) if isinstance(outcomes, tuple) else (),
        since=moment("since"),
        until=moment("until"),
    )
