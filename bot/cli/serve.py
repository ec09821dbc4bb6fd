"""``serve``: the bot, until it is told to stop."""

import asyncio
import signal
import sys
from contextlib import suppress

import click
import uvloop

from bot.assembly import CannotStartError, running_bot
from bot.cli.settings import settings_or_exit
from bot.settings import Settings
from bot.telemetry import configure_logging


@click.command()
def serve() -> None:
    """Run the bot.

    Slack reaches it over HTTP, or it connects to Slack where SLACK_APP_TOKEN is set (Socket Mode). SIGTERM and
    Ctrl-C stop it: copies that run go on in the cloud, and are followed on the next start.
    """
    settings = settings_or_exit(Settings)
    configure_logging(settings.log_format, settings.log_level)
    try:
        uvloop.run(_serve(settings))
    except CannotStartError as error:
        click.secho(f"The bot cannot start. {error}", fg="red", err=True)
        sys.exit(1)
    except TakenOverError:
        click.secho("The bot ends: another one has taken over the work on its database.", fg="red", err=True)
        sys.exit(1)


class TakenOverError(Exception):
    """Another bot works on the database now."""


async def _serve(settings: Settings) -> None:
    """Run until a signal comes, which is obeyed at any time: also while the bot still waits for others to start."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running, stopping = asyncio.create_task(_run(settings)), asyncio.create_task(stop.wait())
    await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
    for task in (running, stopping):
        task.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def _run(settings: Settings) -> None:
    async with running_bot(settings) as bot:
        how = "connected to Slack by Socket Mode" if bot.in_socket_mode else "waiting for Slack's requests"
        click.echo(f"Ready: {how}, on http://{settings.host}:{bot.port}")
        try:
            await bot.lost.wait()
            raise TakenOverError
        finally:
            click.echo("Stopping ...")
