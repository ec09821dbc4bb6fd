"""``serve``: the bot, until it is told to stop."""

import asyncio
import logging
import os
import signal
import sys
import threading
from contextlib import suppress

import click
import uvloop

from bot.assembly import CannotStartError, TakenOverError, running_bot
from bot.cli.settings import settings_or_exit
from bot.settings import Settings
from bot.telemetry import configure_logging

logger = logging.getLogger(__name__)

LONGEST_STOP = 9.0
"""Seconds from the signal until the process has ended, whatever still hangs. Docker waits 10."""


@click.command()
def serve() -> None:
    """Run the bot.

    Slack reaches it over HTTP, or it connects to Slack where SLACK_APP_TOKEN is set (Socket Mode). SIGTERM and
    Ctrl-C stop it, within 10 seconds: it takes nothing more and answers what it has taken. Copies that run go on in
    the cloud, and are followed on the next start.
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


async def _serve(settings: Settings) -> None:
    """Run until a signal comes, which is obeyed at any time: also while the bot still waits for others to start. A
    second one changes nothing: the bot is about to end.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running, stopping = asyncio.create_task(_run(settings)), asyncio.create_task(stop.wait())
    await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
    if stopping.done():
        _end_in_time()
    for task in (running, stopping):
        task.cancel()
    with suppress(asyncio.CancelledError):
        await running


def _end_in_time() -> None:
    """See that the process ends soon, also where a thread or a library does not."""
    deadline = threading.Timer(LONGEST_STOP, _give_up)
    deadline.daemon = True
    deadline.start()


def _give_up() -> None:
    """End as after a crash, from which the next start goes on as well."""
    logger.error("not everything has ended %g s after the signal: left as it is for the next start", LONGEST_STOP)
    os._exit(1)


async def _run(settings: Settings) -> None:
    async with running_bot(settings) as bot:
        how = "connected to Slack by Socket Mode" if bot.in_socket_mode else "waiting for Slack's requests"
        click.echo(f"Ready: {how}, on http://{settings.host}:{bot.port}")
        try:
            await asyncio.shield(bot.end)
        finally:
            click.echo("Stopping ...")
