"""``backup``: a copy of the bot's own file, while the bot runs."""

from pathlib import Path

import click

from bot.cli.audit_progress import shown_progress
from bot.cli.failure import fail
from bot.cli.settings import settings_or_exit
from bot.settings import StorageSettings
from bot.storage import StorageError
from bot.storage.backup import back_up


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Copy the bot's own file into FILE, while it runs.

    FILE is made: the audit log, the copies as they stand and what was told, all of one moment. It is checked as
    `audit verify` does. To go on from it, stop the bot, put its files aside and FILE in the place of DATABASE_URL.
    """
    settings = settings_or_exit(StorageSettings)
    if not isinstance(settings.database, Path):
        fail("DATABASE_URL is a PostgreSQL database: back it up with pg_dump. The README says how.")
    try:
        with shown_progress("Checking") as progress:
            made = back_up(settings.database, file, settings.audit_key, progress)
    except StorageError as error:
        fail(error)
    click.echo(f"{file} has all events up to {made.last}, and is whole ({made.size / 1e6:.1f} MB).")
    click.echo(f"The last hash: {made.head}")
