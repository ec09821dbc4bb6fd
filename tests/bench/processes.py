"""The processes of the benchmark, which end with it, whatever happens."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from pydantic import BaseModel

from tests.bench.exchange import Ready

ROOT = Path(__file__).parents[2]
SECONDS_TO_START = 30.0
SECONDS_TO_END = 5.0
LONGEST_LINE = 1 << 20


class ProcessFailedError(Exception):
    """A process ended, or said nothing, where it should have answered; with the end of what it wrote to its log."""


class Child:
    """A process that speaks `tests.bench.exchange`."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: IO[bytes]) -> None:
        self.name = name
        self.ready = Ready()
        self._process = process
        self._log = log

    async def tell(self, message: BaseModel) -> None:
        """Send a message that has no answer."""
        if self._process.stdin is None:
            raise RuntimeError("standard input is a pipe")
        self._process.stdin.write(message.model_dump_json().encode() + b"\n")
        await self._process.stdin.drain()

    async def hear(self, seconds: float) -> bytes:
        """The next message.

        Raises:
            ProcessFailedError: there was none within ``seconds``.
        """
        if self._process.stdout is None:
            raise RuntimeError("standard output is a pipe")
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), seconds)
        except TimeoutError:
            raise self._failed(f"said nothing for {seconds:.0f} s") from None
        if not line:
            raise self._failed("ended")
        return line

    async def end(self) -> None:
        """Let it end by itself when its standard input ends, and kill it if it does not."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), SECONDS_TO_END)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _failed(self, how: str) -> ProcessFailedError:
        self._log.seek(0)
        return ProcessFailedError(f"{self.name} {how}\n{self._log.read().decode(errors='replace')[-4000:]}")


@asynccontextmanager
async def child(module: str, arguments: Sequence[str] = (), python: str = sys.executable) -> AsyncIterator[Child]:
    """Run a module in a process of its own for as long as the block runs.

    Args:
        module: such as ``tests.bench.load``.
        arguments: on its command line.
        python: that runs it.

    Raises:
        ProcessFailedError: it did not start.
    """
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            python, "-m", module, *arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
            cwd=ROOT, limit=LONGEST_LINE,
            start_new_session=True,  # Ctrl-C is for the benchmark, which ends the others in order
        )  # fmt: skip
        started = Child(" ".join((module, *arguments)), process, log)
        try:
            started.ready = Ready.model_validate_json(await started.hear(SECONDS_TO_START))
            yield started
        finally:
            await asyncio.shield(started.end())
