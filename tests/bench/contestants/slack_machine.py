"""slack-machine, which knows Socket Mode only. Left out where it is not installed."""

# mypy: disable-error-code="import-not-found, import-untyped, misc, untyped-decorator, attr-defined, assignment"
# It is not installed where the types are checked, and its classes are then unknown.

import asyncio
import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import machine.core
from machine import Machine
from machine.plugins.base import MachineBasePlugin
from machine.plugins.command import Command
from machine.plugins.decorators import command
from machine.utils.collections import CaseInsensitiveDict
from slack_sdk.web.async_client import AsyncWebClient

from tests.bench.contestants.copy_form import FORM
from tests.bench.slack_commands import APP_TOKEN, BOT_TOKEN, COMMAND


class CopyPlugin(MachineBasePlugin):
    """Opens the form; slack-machine acknowledges first by itself."""

    @command(COMMAND)
    async def copy_backup(self, command: Command) -> None:
        """copy-backup: open the form."""
        await command.open_modal(FORM)


@asynccontextmanager
async def slack_machine(api_url: str) -> AsyncIterator[None]:
    """Connects by Socket Mode."""
    machine.core.AsyncWebClient = functools.partial(AsyncWebClient, base_url=api_url)  # it has no setting for this
    settings = {
        "PLUGINS": [f"{__name__}.{CopyPlugin.__name__}"],
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "STORAGE_BACKEND": "machine.storage.backends.memory.MemoryStorage",
        "HTTP_PROXY": None,
        "TZ": "UTC",
        "LOGLEVEL": "ERROR",
    }
    bot = Machine(CaseInsensitiveDict(settings))
    running = asyncio.create_task(bot.run())
    try:
        await _connected(bot, running)
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await bot.close()


async def _connected(bot: Machine, running: asyncio.Task[None]) -> None:
    """Return when the bot is connected. It tells nobody: so it is looked for."""
    async with asyncio.timeout(20):
        while not running.done():
            client = getattr(bot, "_socket_mode_client", None)
            if client is not None and await client.is_connected():
                return
            await asyncio.sleep(0.02)
    await running
