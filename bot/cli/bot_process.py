"""The bot in a process of its own, as in real life, so that it can really crash."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import httpx
from pydantic import SecretStr

import bot
from bot.settings import Settings

STARTS_WITHIN = 60.0
"""Seconds that the bot has to become alive; a busy machine is slow."""
STOPS_WITHIN = 15.0
"""Seconds that the bot has to stop before it is killed."""


class BotDidNotStartError(RuntimeError):
    """The bot's process ended, or did not become alive. It has said why on standard error."""


class BotProcess:
    """``serve`` with given settings, and with nothing else of the environment's: it may hold a real account's.

    The process goes on in its own group, so that Ctrl-C reaches whoever started it first.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        """Does not start it yet.

        Args:
            settings: the bot's; the port has to be a certain one.
            folder: where it runs; no ``.env`` may be in it.
        """
        self._environment = environment_of(settings)
        self._alive = f"http://{settings.host}:{settings.port}/livez"
        self._folder = folder
        self._process: Process | None = None
        self._changing = asyncio.Lock()
        self._state: Literal["running", "starting", "crashed"] = "crashed"

    @property
    def state(self) -> Literal["running", "starting", "crashed"]:
        """Whether it runs; ``crashed`` also when it ended by itself."""
        if self._process is None or self._process.returncode is not None:
            return "crashed"
        return self._state

    @asynccontextmanager
    async def running(self) -> AsyncIterator["BotProcess"]:
        """Keep it running until the block is left.

        Raises:
            BotDidNotStartError: it ended, or did not become alive in time; it has said why on standard error.
        """
        try:
            await self.start()
            yield self
        finally:
            await self._stop()

    async def start(self) -> None:
        """Start it, and wait until it is alive; nothing if it runs.

        Raises:
            BotDidNotStartError: it ended, or did not become alive in time.
        """
        async with self._changing:
            if self.state != "crashed":
                return
            self._state = "starting"
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "bot", "serve"),
                env=self._environment,
                cwd=self._folder,
                stdout=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
            await self._until_alive(self._process)
            self._state = "running"

    async def crash(self) -> None:
        """Kill it (SIGKILL): it can finish nothing and say nothing. Nothing if it does not run."""
        async with self._changing:
            if self._process is not None and self._process.returncode is None:
                self._process.kill()
                await self._process.wait()

    async def _until_alive(self, process: Process) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            try:
                async with asyncio.timeout(STARTS_WITHIN):
                    while not await _answers(client, self._alive):
                        if process.returncode is not None:
                            raise BotDidNotStartError(f"The bot ended with status {process.returncode}.")
                        await asyncio.sleep(0.05)
            except TimeoutError:
                raise BotDidNotStartError(f"The bot was not alive within {STARTS_WITHIN:g} s.") from None

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


def free_port() -> int:
    """A port of this machine that nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _as_text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


async def _answers(client: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await client.get(address)).status_code == 200
    except httpx.TransportError:
        return False
