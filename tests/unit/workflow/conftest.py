"""A file for DBOS, and engines on it, one after the other: each stands for a process of the bot."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from bot.operations.ports import Clock
from bot.storage.workflow_file import prepare_workflow_file, workflow_path
from bot.workflow.engine import DurableEngine, Look
from tests.fakes.clock import FakeClock


class WorkflowFile:
    """The file in which DBOS keeps what is worked on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"
        prepare_workflow_file(path)

    def query(self, statement: str) -> list[tuple[object, ...]]:
        """Look into it, or change it, as nobody should."""
        with closing(sqlite3.connect(self.path, timeout=10)) as connection, connection:
            return connection.execute(statement).fetchall()


CarryOut = Callable[[str], Awaitable[None]]
StartBot = Callable[..., Awaitable[DurableEngine]]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def workflow_file(tmp_path: Path) -> WorkflowFile:
    return WorkflowFile(workflow_path(tmp_path / "bot.db"))


@pytest.fixture
async def start_bot(workflow_file: WorkflowFile) -> AsyncIterator[StartBot]:
    """Launches an engine; the one before has to be closed. The last is closed in the end."""
    engines: list[DurableEngine] = []

    async def start(
        carry_out: CarryOut, open_copies: Sequence[str] = (), clock: Clock | None = None, look: Look | None = None
    ) -> DurableEngine:
        engine = DurableEngine(
            workflow_file.url, pause_after_error=0.01, polling_seconds=0.01, seconds_between_looks=1.0, clock=clock
        )
        engines.append(engine)
        await engine.launch(carry_out, open_copies, look)
        return engine

    yield start
    for engine in engines:
        await engine.aclose()
