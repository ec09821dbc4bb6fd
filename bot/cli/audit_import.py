"""``audit import``: from a SQLite file to PostgreSQL."""

from pathlib import Path

import click

from bot.cli.audit_progress import shown_progress
from bot.cli.failure import fail
from bot.cli.settings import settings_or_exit
from bot.settings import StorageSettings
from bot.storage import StorageError
from bot.storage.connection import name_of
from bot.storage.moving import move


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def import_events(file: Path) -> None:
    """Have the PostgreSQL database of DATABASE_URL go on from FILE, the SQLite file of a bot.

    The audit log comes with its hashes, and with it the copies, orders and messages as they stand. It is verified
    before and after, and all of it is written or nothing. Stop the bot first; FILE stays as it is. The database has to
    be empty.
    """
    settings = settings_or_exit(StorageSettings)
    place = settings.database
    if isinstance(place, Path):
        fail(f"DATABASE_URL is the file {place}: set it to the PostgreSQL database that is to go on from {file}.")
    try:
        with shown_progress("Checking") as progress:
            moved = move(file, place, settings.audit_key, progress)
    except StorageError as error:
        fail(error)
    click.echo(f"{name_of(place)} goes on from {file}: {moved.events} events, verified. Head: {moved.head or 'none'}")
    click.echo(f"Start the bot with this DATABASE_URL, and keep {file} away from any other bot.")
