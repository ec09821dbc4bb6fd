"""Trouble at exact places of the bot's way: before or after its n-th write, or its n-th call, of one kind.

A `ForkedBot` is the real bot, ``serve`` with its settings from the environment, in a process of its own. In that
process every way out of it is wrapped first: what is written to its files, what is sent to the cloud, to Slack, and
what the engine commits. Each crossing of such a boundary has a name and a number, and is noted in a file; at some
of them trouble is made.

The processes are forked from one that has everything imported: so a life takes a quarter of the time of a new one.
"""

import asyncio
import json
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import ParamSpec, TypeVar

import aiohttp
import httpx
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import Connection, Engine, event

from bot.cli import main
from bot.storage import StorageError
from bot.storage.database import Database
from bot.workflow.clock import SystemClock
from tests.faults.processes import BotProcess

FORKS = multiprocessing.get_context("forkserver")

SLOWLY = 0.4
"""Seconds that something slow takes longer."""

NAMED = frozenset({"tokens", "backups", "action"})
"""Last parts of the cloud's paths that are no id."""

P = ParamSpec("P")
T = TypeVar("T")


class Kind(StrEnum):
    """What happens at a place."""

    KILL_BEFORE = "kill -9 before"
    KILL_AFTER = "kill -9 after"
    ERROR = "an error, and it was not done"
    LOST_ANSWER = "an error, and it was done"
    SLOW = "slow"
    CLOCK_AHEAD = "the clock is set an hour ahead"
    CLOCK_BACK = "the clock is set an hour back"


JUMPS: Mapping[Kind, timedelta] = MappingProxyType(
    {Kind.CLOCK_AHEAD: timedelta(hours=1), Kind.CLOCK_BACK: timedelta(hours=-1)}
)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One crossing.

    Attributes:
        boundary: such as ``slack chat.postMessage``.
        number: 1 for the first crossing of that boundary in a process.
    """

    boundary: str
    number: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens, and where."""

    kind: Kind
    place: Place

    def __str__(self) -> str:
        return f"{self.kind}: {self.place.boundary} {self.place.number}"


class Boundaries:
    """Notes each crossing, and makes the trouble. Lives in the process of the bot.

    Args:
        notes: where crossings are written, a line for each.
        troubles: of this life.
    """

    def __init__(self, notes: Path, troubles: Sequence[Trouble]) -> None:
        self._notes = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._kinds = {trouble.place: trouble.kind for trouble in troubles}
        self._crossed: Counter[str] = Counter()
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The time, by a clock that can be set."""
        return datetime.now(UTC) + self._ahead

    def wrap(self, owner: type, method: str, named: Callable[P, str | None], failure: Callable[[], Exception]) -> None:
        """Make every call of a method a crossing.

        Args:
            owner: the class.
            method: its name.
            named: gives the boundary's name for the arguments; ``None`` where the call is no way out.
            failure: makes the error that the caller gets.
        """
        original: Callable[P, Awaitable[object]] = getattr(owner, method)

        async def crossing(*args: P.args, **kwargs: P.kwargs) -> object:
            boundary = named(*args, **kwargs)
            if boundary is None:
                return await original(*args, **kwargs)
            kind = self._cross(boundary)
            if kind is Kind.KILL_BEFORE:
                die()
            if kind is Kind.ERROR:
                raise failure()
            await asyncio.sleep(SLOWLY if kind is Kind.SLOW else 0)
            answer = await original(*args, **kwargs)
            if kind is Kind.KILL_AFTER:
                die()
            if kind is Kind.LOST_ANSWER:
                raise failure()
            return answer

        setattr(owner, method, crossing)

    def at_commit(self, connection: Connection) -> None:
        """What the engine commits: it can be killed before, or be slow. Reading is no crossing."""
        if not connection.info.pop("writes", False):
            return
        kind = self._cross("workflow commit")
        if kind is Kind.KILL_BEFORE:
            die()
        if kind is Kind.SLOW:
            time.sleep(SLOWLY)

    def _cross(self, boundary: str) -> Kind | None:
        self._crossed[boundary] += 1
        place = Place(boundary, self._crossed[boundary])
        kind = self._kinds.get(place)
        os.write(self._notes, f"{json.dumps([place.boundary, place.number, kind])}\n".encode())
        self._ahead += JUMPS.get(kind, timedelta()) if kind else timedelta()
        return kind


def die() -> None:
    """End this process as ``kill -9`` does."""
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()


def wrap_everything(boundaries: Boundaries) -> None:
    """Wrap every way out of the bot."""

    def written(database: Database, *_: object) -> str:
        return f"write {Path(database.name).stem}"

    def sent(_: httpx.AsyncHTTPTransport, request: httpx.Request) -> str:
        what = request.url.path.rpartition("/")[2]
        return f"cloud {request.method} {what if what in NAMED else 'backup'}"

    def called(_: AsyncWebClient, api_method: str, **__: object) -> str:
        return f"slack {api_method}"

    boundaries.wrap(Database, "write", written, lambda: StorageError("no space left on this device"))
    boundaries.wrap(
        httpx.AsyncHTTPTransport, "handle_async_request", sent, lambda: httpx.ReadError("the connection is gone")
    )
    boundaries.wrap(AsyncWebClient, "api_call", called, aiohttp.ServerDisconnectedError)
    setattr(SystemClock, "now", staticmethod(boundaries.now))  # noqa: B010 - mypy knows it as a method
    event.listen(Engine, "before_cursor_execute", _note_writing)
    event.listen(Engine, "commit", boundaries.at_commit)


def _note_writing(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
    if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
        connection.info["writes"] = True


def live(environment: Mapping[str, str], folder: str, troubles: Sequence[Trouble]) -> None:
    """The life of one process."""
    sys.dont_write_bytecode = True
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    log = os.open("bot.log", os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    wrap_everything(Boundaries(Path("crossings"), troubles))
    main(["serve"])


class ForkedBot(BotProcess):
    """The bot, with trouble at some places of its first lives.

    Args:
        lives: the troubles of each life; those after them have none.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path, lives: Sequence[Sequence[Trouble]] = ()) -> None:
        super().__init__(environment, folder)
        self._troubles = lives
        self._process: multiprocessing.process.BaseProcess | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        assert self._process.pid is not None
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        return self._process.exitcode if self._process else None

    @property
    def crossings(self) -> list[Place]:
        """Every place that was passed, in all lives."""
        return [Place(boundary, number) for boundary, number, _ in self._notes()]

    @property
    def struck(self) -> list[Kind]:
        """The troubles whose places were reached."""
        return [Kind(kind) for _, _, kind in self._notes() if kind]

    async def launch(self) -> None:
        troubles = tuple(self._troubles[self.lives - 1]) if self.lives <= len(self._troubles) else ()
        self._process = FORKS.Process(target=live, args=(self.environment, str(self.folder), troubles), daemon=True)
        await asyncio.to_thread(self._process.start)

    def _notes(self) -> list[tuple[str, int, str | None]]:
        notes = self.folder / "crossings"
        return [tuple(json.loads(line)) for line in notes.read_text().splitlines()] if notes.exists() else []


FORKS.set_forkserver_preload([__name__, "bot.cli.serve"])
