"""``audit archive``: old events go from the log into a file."""

import os
import pwd
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from bot.cli.audit_progress import shown_progress
from bot.cli.settings import settings_or_exit
from bot.domain.people import Person
from bot.settings import StorageSettings
from bot.storage import StorageError
from bot.storage.archive import Archived, Kept, archive

YOUNGEST = timedelta(days=1)
"""What happened since then stays: the bot looks back a day, to post one witness in a day."""


def _long_ago(_context: click.Context, _option: click.Parameter, value: datetime) -> datetime:
    before = value.replace(tzinfo=UTC)
    if before > datetime.now(UTC) - YOUNGEST:
        raise click.BadParameter("the events of the last 24 hours stay in the log: give an earlier time.")
    return before


@click.command("archive")
@click.option(
    "--before",
    type=click.DateTime(),
    required=True,
    callback=_long_ago,
    help="UTC: events before it go; a day ago at least.",
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def archive_events(before: datetime, file: Path) -> None:
    """Put old events into FILE, and take them out of the log.

    FILE is made, in JSON lines with the hashes. The log goes on from the hash of the last event in it, and says so in
    an event: `audit verify FILE` checks the file, `audit verify` what is left. Works while the bot runs. Events of
    orders that are open, or not told to their end, stay, and all that came after them.
    """
    settings = settings_or_exit(StorageSettings)
    try:
        with shown_progress("Archiving") as progress:
            done = archive(
                settings.database,
                file,
                before,
                who=_who(),
                at=datetime.now(UTC),
                key=settings.audit_key,
                progress=progress,
            )
    except StorageError as error:
        click.secho(str(error), fg="red", err=True)
        sys.exit(1)
    for line in _told(done, file):
        click.echo(line)


def _told(done: Archived | Kept, file: Path) -> list[str]:
    kept = (
        [f"Event {done.kept_for} and all after it stay: an order that begins there is open, or not told to its end."]
        if done.kept_for
        else []
    )
    if isinstance(done, Kept):
        return ["Nothing was archived: no event that may go is as old as that.", *kept]
    more = ["More events are as old as that: archive them into another file."] if done.more else []
    return [
        f"Events {done.first} to {done.until} are in {file}, and no longer in the log, which goes on from there.",
        f"SHA-256 of the file: {done.digest}",
        "Keep the file as long as the log: without it nobody can see what was in it.",
        *more,
        *kept,
    ]


def _who() -> Person:
    """Whoever runs this, as the machine knows them; Slack does not."""
    user = os.getuid()
    try:
        name = pwd.getpwuid(user).pw_name
    except KeyError:
        name = f"user {user}"
    return Person(id="", name=f"{name} (command line)")
