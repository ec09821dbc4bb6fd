"""The bot in a process of its own, as in real life, so that it can really crash."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

import bot
from bot.settings import Settings

READY = re.compile(r"Ready: .*:(?P<port>\d+)$")
"""What `serve` says when it is."""
STARTS_WITHIN = 60.0
"""Seconds that the bot has to become ready; a busy machine is slow."""
STOPS_WITHIN = 15.0
"""Seconds that the bot has to stop before it is killed."""


class BotDidNotStartError(RuntimeError):
    """The bot's process ended, or was not ready in time. It has said why on standard error."""


class BotProcess:
    """``serve`` with given settings, and with nothing else of the environment's: it may hold a real account's.

    The process is in a session of its own, so that Ctrl-C reaches whoever started it first.
    """

    def __init__(self, settings: Settings, folder: Path, tell_port: Callable[[int], None]) -> None:
        """Does not start it yet.

        Args:
            settings: the bot's.
            folder: where it runs; no ``.env`` may be in it.
            tell_port: is told where it listens, each time it is ready.
        """
        self._environment = environment_of(settings)
        self._folder = folder
        self._tell_port = tell_port
        self._process: Process | None = None
        self._reading: asyncio.Task[bytes] | None = None
        self._changing = asyncio.Lock()
        self._is_ready = False
        self.address = ""
        """Where it listens, or listened last."""

    @property
    def state(self) -> Literal["running", "starting", "crashed"]:
        """Whether it runs; ``crashed`` also when it ended by itself."""
        if self._process is None or self._process.returncode is not None:
            return "crashed"
        return "running" if self._is_ready else "starting"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["BotProcess"]:
        """Keep it running until the block is left.

        Raises:
            BotDidNotStartError: it ended, or was not ready in time.
        """
        try:
            await self.start()
            yield self
        finally:
            await self._stop()

    async def start(self) -> None:
        """Start it, and wait until it is ready; nothing if it runs.

        Raises:
            BotDidNotStartError: it ended, or was not ready in time.
        """
        async with self._changing:
            if self.state != "crashed":
                return
            self._is_ready = False
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "bot", "serve"),
                env=self._environment,
                cwd=self._folder,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
            port = await self._ready(self._process)
            self.address = f"http://127.0.0.1:{port}"
            self._tell_port(port)
            self._is_ready = True

    async def crash(self) -> None:
        """Kill it (SIGKILL): it can finish nothing and say nothing. Nothing if it does not run."""
        async with self._changing:
            if self._process is not None and self._process.returncode is None:
                self._process.kill()
                await self._process.wait()

    async def _ready(self, process: Process) -> int:
        """The port it says that it listens on."""
        if process.stdout is None:
            raise BotDidNotStartError("The bot cannot be listened to.")
        try:
            async with asyncio.timeout(STARTS_WITHIN):
                while line := await process.stdout.readline():
                    if found := READY.match(line.decode()):
                        self._reading = asyncio.create_task(process.stdout.read())  # so that it never blocks
                        return int(found["port"])
        except TimeoutError:
            process.kill()
            raise BotDidNotStartError(f"The bot was not ready within {STARTS_WITHIN:g} s.") from None
        raise BotDidNotStartError(f"The bot ended with status {await process.wait()}.")

    async def _stop(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            async with asyncio.timeout(STOPS_WITHIN):
                await self._process.wait()
        except TimeoutError:
            await self.crash()


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment of a bot that is to have these settings; those that were not set are left out."""
    source = str(Path(bot.__file__).parent.parent)
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": source, "PYTHONUNBUFFERED": "1"}
    for name in settings.model_fields_set:
        value: object = getattr(settings, name)
        if value is not None:
            environment[name.upper()] = _as_text(value)
    return environment


def _as_text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
