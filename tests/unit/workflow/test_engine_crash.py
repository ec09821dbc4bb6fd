"""A crash loses nothing and repeats nothing; an upgrade goes on with what runs. With real processes."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.workflow import engine
from tests.fakes.conditions import until

from .conftest import WorkflowFile

PROGRAM = Path(__file__).with_name("process.py")
PATHS = f"{Path(engine.__file__).parents[2]}{os.pathsep}{Path(__file__).parents[2]}"

Process = asyncio.subprocess.Process
StartProcess = Callable[..., Awaitable[Process]]


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "record"
    path.touch()
    return path


@pytest.fixture
async def start_process(record: Path, workflow_file: WorkflowFile) -> AsyncIterator[StartProcess]:
    """Starts a process of the bot, and returns when it is working on its copy."""
    processes: list[Process] = []

    async def start(*arguments: str) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, PROGRAM, record, workflow_file.path, *arguments, env={**os.environ, "PYTHONPATH": PATHS}
        )
        processes.append(process)
        await until(lambda: f"launched {process.pid}" in lines(record), seconds=30)
        return process

    yield start
    for process in processes:
        if process.returncode is None:
            process.kill()
        await process.wait()


def lines(record: Path) -> list[str]:
    return record.read_text().splitlines()


def say_it_may_end(record: Path) -> None:
    with record.open("a") as file:
        file.write("may end\n")


def without_launches(record: Path) -> list[str]:
    return [line for line in lines(record) if not line.startswith("launched")]


def write_newer_engine(path: Path) -> None:
    body = 'await DBOS.run_step_async({"name": "carry_out"}, self._work, copy_id)'
    source = Path(engine.__file__).read_text()
    assert source.count(body) == 1
    path.write_text(source.replace(body, f'logger.debug("a newer version works on %s", copy_id)\n            {body}'))


async def stop(process: Process, how: signal.Signals) -> int:
    process.send_signal(how)
    async with asyncio.timeout(15):
        return await process.wait()


async def test_a_copy_goes_on_once_after_kill_9_and_never_after_its_end(
    start_process: StartProcess, record: Path, workflow_file: WorkflowFile
) -> None:
    first = await start_process()
    await until(lambda: f"began {first.pid}" in lines(record))
    assert await stop(first, signal.SIGKILL) == -signal.SIGKILL

    second = await start_process()
    await until(lambda: f"began {second.pid}" in lines(record))
    say_it_may_end(record)
    await until(lambda: workflow_file.query("SELECT status FROM workflow_status") == [("SUCCESS",)])
    assert await stop(second, signal.SIGKILL) == -signal.SIGKILL

    third = await start_process()
    assert await stop(third, signal.SIGTERM) == 0
    assert without_launches(record) == [
        f"began {first.pid}",
        f"began {second.pid}",
        "may end",
        f"ended {second.pid}",
    ]


async def test_stopping_the_process_is_clean_and_leaves_the_copy_to_the_next(
    start_process: StartProcess, record: Path
) -> None:
    first = await start_process()
    await until(lambda: f"began {first.pid}" in lines(record))
    assert await stop(first, signal.SIGTERM) == 0
    second = await start_process()
    await until(lambda: f"began {second.pid}" in lines(record))
    assert without_launches(record) == [f"began {first.pid}", f"began {second.pid}"]


async def test_a_copy_goes_on_when_the_bot_is_replaced_by_one_whose_workflow_is_written_differently(
    start_process: StartProcess, record: Path, workflow_file: WorkflowFile, tmp_path: Path
) -> None:
    newer = tmp_path / "newer_engine.py"
    write_newer_engine(newer)
    first = await start_process()
    await until(lambda: f"began {first.pid}" in lines(record))
    await stop(first, signal.SIGKILL)
    second = await start_process(str(newer))
    await until(lambda: f"began {second.pid}" in lines(record))
    say_it_may_end(record)
    await until(lambda: workflow_file.query("SELECT status FROM workflow_status") == [("SUCCESS",)])
    assert without_launches(record) == [
        f"began {first.pid}",
        f"began {second.pid}",
        "may end",
        f"ended {second.pid}",
    ]
