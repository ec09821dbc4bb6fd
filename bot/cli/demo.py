"""``demo``: a person copies two backups in a simulated Slack, from the typed command to the last message."""

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import click
import uvloop
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.assembly import CannotStartError
from bot.cli.audit import table_of
from bot.cli.sandbox import (
    USUAL_SPEED,
    AppError,
    NotPossibleError,
    NotShownError,
    Sandbox,
    SimulatedCloud,
    StoredBackup,
    running_sandbox,
)
from bot.cli.stage import WIDEST, Stage
from bot.cli.story import DESTINATION, PATIENCE, SOURCE, Story
from bot.domain.events import EventFilter
from bot.operations.ports import Broken
from bot.storage import StorageError, read_newest, verify
from bot.storage.connection import Place
from bot.telemetry import configure_logging

EVENTS_SHOWN = 100
"""At most; the story has about 15."""


class DemoError(click.ClickException):
    """The demo did not come to its good end. The text says what was awaited, and what is there instead."""


@click.command()
@click.option("--socket-mode", is_flag=True, help="The bot connects to Slack, rather than Slack to it.")
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Draw the copy of the incremental into an SVG file as well: the README's picture.",
)
def demo(socket_mode: bool, picture: Path | None) -> None:
    """Watch a person copy backups, in ten seconds.

    A full and an incremental one. The bot is the real one; Slack and Cloud Databases are simulated, on this machine
    alone. No account, no token and no setting is needed or used. It ends well only if the simulated cloud itself says
    that both copies are there.
    """
    configure_logging("text", "WARNING")
    console = Console(highlight=False)
    stage = Stage(Console(highlight=False, width=min(console.width, WIDEST)))
    try:
        uvloop.run(_run(stage, picture, socket_mode=socket_mode))
    except (CannotStartError, StorageError, OSError) as error:
        raise DemoError(f"The demo cannot run here. {error}") from error


async def _run(stage: Stage, picture: Path | None, *, socket_mode: bool) -> None:
    way = "over Socket Mode" if socket_mode else "over HTTP"
    stage.prints(
        Text("Copy Backup", style="bold"),
        Text.from_markup(
            f"The real bot, {way}, with a simulated Slack and a simulated Cloud Databases on this machine.\n"
            f"Nothing leaves it, and copies run {USUAL_SPEED:g} times faster than true ones."
        ),
    )
    with tempfile.TemporaryDirectory(prefix="copy-backup-") as folder:
        async with AsyncExitStack() as stack:
            with stage.busy("Starting both simulators and the bot …"):
                sandbox = await stack.enter_async_context(running_sandbox(Path(folder), socket_mode=socket_mode))
                await _until_backups_are_known(sandbox)
            await demonstrate(stage, sandbox, picture)


async def demonstrate(stage: Stage, sandbox: Sandbox, picture: Path | None = None) -> None:
    """Play the whole story in a sandbox, show its audit log, and ask the cloud whether the copies are there.

    Args:
        stage: where it is shown.
        sandbox: the world it plays in.
        picture: a file for the picture of the last copy.

    Raises:
        DemoError: something was not shown in time, the audit log does not verify, or a copy is not COMPLETED in the
            destination.
    """
    estate = sandbox.cloud.estate
    story = Story(stage, sandbox)
    try:
        stage.heads("1  A full backup needs nothing in the destination")
        await story.copies(estate.full, searching="staging")
        stage.heads("2  An incremental whose parent is missing is refused before anything is sent")
        await story.is_refused(estate.incremental_without_parent, searching="billing nightly")
        stage.takes_picture()
        stage.heads("3  An incremental whose parent is there")
        await story.copies(estate.incremental_with_parent_in_iad, searching="orders nightly")
    except (NotShownError, NotPossibleError, AppError) as error:
        raise DemoError(f"The demo stopped, as alice did not see what she should. {error}") from error
    if picture is not None:
        stage.saves_picture(picture, "python -m bot demo")
    await _shows_audit_log(stage, sandbox.settings.database)
    _shows_cloud(stage, sandbox.cloud, (estate.full, estate.incremental_with_parent_in_iad))


async def _until_backups_are_known(sandbox: Sandbox) -> None:
    """Wait for the list of backups, which the bot loads when it starts; a person comes later than that."""
    catalogue = sandbox.bot.ports.catalogue
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                if (await catalogue.refreshed(SOURCE)).complete_at is not None:
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise DemoError(f"The bot did not load the list of backups in {SOURCE} within {PATIENCE:g} s.") from None


async def _shows_audit_log(stage: Stage, place: Place) -> None:
    stage.heads("Every step was in the audit log before it was taken")
    events = await asyncio.to_thread(read_newest, place, EventFilter(), EVENTS_SHOWN)
    stage.shows(table_of(events[::-1]), indent=0)
    found = await asyncio.to_thread(verify, place)
    if isinstance(found, Broken):
        raise DemoError(f"The audit log does not verify: event {found.sequence}: {found.finding}.")
    stage.prints(f"[green]✓[/] The hash chain is whole: {found.events} events.")


def _shows_cloud(stage: Stage, cloud: SimulatedCloud, backups: Sequence[StoredBackup]) -> None:
    """Ask the simulated cloud, not the bot, what became of the copies.

    Raises:
        DemoError: one of them is not there, not COMPLETED, or there twice.
    """
    stage.heads(f"What the simulated cloud itself has in {DESTINATION}")
    shown, wrong = Table.grid(padding=(0, 1)), []
    for backup in backups:
        copies = [copy for copy in cloud.backups(DESTINATION) if copy.content == backup.content]
        for copy in copies:
            shown.add_row(Text(copy.status, style="bold"), Text(copy.name or ""), Text(copy.id, style="dim"))
        statuses = [copy.status for copy in copies]
        if statuses != ["COMPLETED"]:
            wrong.append(f"of {backup.name} it has {' and '.join(statuses) or 'nothing'}")
    stage.shows(shown, indent=0)
    if wrong:
        raise DemoError(
            f"Not every copy is COMPLETED in {DESTINATION}, as the simulated cloud says: {'; '.join(wrong)}."
        )
    stage.prints(f"[green]✓[/] Both copies are COMPLETED in {DESTINATION}, each of them once.")
