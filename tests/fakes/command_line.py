"""The bot's command line as a process of its own, with nothing in its environment but what a test puts there."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60.0
"""Seconds a process may take for anything, on a machine that is busy with other things."""


@dataclass(frozen=True)
class Ended:
    """A process that has ended, and what it wrote."""

    code: int
    out: str
    errors: str


class Running:
    """A process that goes on until it is told to stop."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._out = ""

    async def says(self, words: str) -> str:
        """Waits for a line with these words, and gives all it has said so far; fails when it ends before."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while line := (await self.process.stdout.readline()).decode():
                self._out += line
                if words in line:
                    return self._out
        ended = await self._end()
        raise AssertionError(f"It ended with {ended.code} before it said {words!r}: {ended}")

    async def stops(self, number: signal.Signals = signal.SIGTERM, *, seconds: float = PATIENCE) -> Ended:
        """Sends a signal, and waits for the end."""
        self.process.send_signal(number)
        async with asyncio.timeout(seconds):
            return await self._end()

    async def _end(self) -> Ended:
        out, errors = await self.process.communicate()
        assert self.process.returncode is not None
        return Ended(self.process.returncode, self._out + out.decode(), errors.decode())


async def _start(arguments: tuple[str, ...], folder: Path, environment: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def run(*arguments: str, folder: Path, **environment: str) -> Ended:
    """Runs a command in a folder until it ends."""
    process = await _start(arguments, folder, environment)
    try:
        async with asyncio.timeout(PATIENCE):
            return await Running(process)._end()
    finally:
        await _put_away(process)


@asynccontextmanager
async def running(*arguments: str, folder: Path, **environment: str) -> AsyncIterator[Running]:
    """Runs a command in a folder for as long as the block does."""
    process = await _start(arguments, folder, environment)
    try:
        yield Running(process)
    finally:
        await _put_away(process)


async def _put_away(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
