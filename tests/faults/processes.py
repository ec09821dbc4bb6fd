"""The bot as a process of its own: started, killed, and started again on the same files and the same port."""

import asyncio
import os
import signal
import sys
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import TypeVar

import httpx

from tests.fakes.conditions import until
from tests.faults.patience import PATIENCE, eventually

REPOSITORY = Path(__file__).parents[2]

SERVE = ("-m", "bot", "serve")

READY = "Ready:"
"""What ``serve`` says when it can be used."""

T = TypeVar("T")


class BotEndedError(Exception):
    """The process ended while something was to be done with it; the text is what it had said."""


class BotProcess(ABC):
    """One bot after the other, each a process on the same files.

    Attributes:
        log: what all of them wrote, on both streams.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self.environment = dict(environment)
        self.folder = folder
        self.log = folder / "bot.log"
        self.lives = 0
        self._log_began = 0

    @property
    @abstractmethod
    def pid(self) -> int:
        """Of the process that was started last."""

    @property
    @abstractmethod
    def exit_code(self) -> int | None:
        """Of the process that was started last; ``None`` while it runs, negative for a signal."""

    @abstractmethod
    async def launch(self) -> None:
        """Start a process, without waiting for it."""

    @property
    def is_running(self) -> bool:
        return self.lives > 0 and self.exit_code is None

    @property
    def said(self) -> str:
        """What the process that was started last wrote."""
        return self.log.read_bytes()[self._log_began :].decode()

    async def begin(self) -> None:
        """Start a process; it is not ready yet."""
        assert not self.is_running, "the bot before it still runs"
        self.log.touch()
        self._log_began = self.log.stat().st_size
        self.lives += 1
        await self.launch()

    async def start(self) -> None:
        """Start a process and wait until it is ready.

        Raises:
            BotEndedError: it ended instead.
        """
        await self.begin()
        await self.until_ready()

    async def until_ready(self) -> None:
        """Wait until the process that was begun is ready.

        Raises:
            BotEndedError: it ended instead.
        """
        await eventually(lambda: READY in self.said or not self.is_running)
        if READY not in self.said:
            raise BotEndedError(self.said)

    async def can_be_used(self) -> bool:
        """Whether it says so itself, where a load balancer asks."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://127.0.0.1:{self.environment['PORT']}/readyz")
        return answer.status_code == httpx.codes.OK

    async def ends(self, seconds: float = PATIENCE) -> int:
        """Wait until the process has ended.

        Returns:
            Its exit code.
        """
        await until(lambda: not self.is_running, seconds=seconds, every=0.01)
        assert self.exit_code is not None
        return self.exit_code

    async def kill(self) -> None:
        """End it as ``kill -9`` and the loss of power do."""
        if self.is_running:
            os.kill(self.pid, signal.SIGKILL)
            await self.ends()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    async def stop(self) -> int:
        """Ask it to end (SIGTERM).

        Returns:
            Its exit code.
        """
        self.signal(signal.SIGTERM)
        return await self.ends()

    async def restart(self) -> None:
        """Kill it and start it again."""
        await self.kill()
        await self.start()

    async def while_it_runs(self, work: Coroutine[object, object, T]) -> T:
        """Do something for as long as the process runs.

        Raises:
            BotEndedError: it ended before that was done.
        """
        doing = asyncio.ensure_future(work)
        ending = asyncio.ensure_future(self.ends(seconds=float("inf")))
        try:
            await asyncio.wait((doing, ending), return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                return doing.result()
            raise BotEndedError(self.said)
        finally:
            for each in (doing, ending):
                each.cancel()
            await asyncio.gather(doing, ending, return_exceptions=True)


class ServedBot(BotProcess):
    """``python -m bot serve``.

    Attributes:
        code: the folder with the package ``bot`` that the next process runs.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        super().__init__(environment, folder)
        self.code = REPOSITORY
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        return self._process.returncode if self._process else None

    async def launch(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *SERVE,
                cwd=self.folder,
                env=self._whole_environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def attempt(self, *python: str, **settings: str) -> tuple[int, str]:
        """Run another process, of which it is expected that it does not start but ends.

        Args:
            *python: the command that runs Python; the usual one if not given.
            **settings: others than the usual ones.

        Returns:
            Its exit code, and what it said.
        """
        process = await asyncio.create_subprocess_exec(
            *(python or [sys.executable]),
            *SERVE,
            cwd=self.folder,
            env={**self._whole_environment(), **settings},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
        except TimeoutError:
            process.kill()
            raise
        assert process.returncode is not None
        return process.returncode, said.decode()

    def _whole_environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(self.code), **self.environment}
