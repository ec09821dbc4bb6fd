"""Somebody is always working on every open copy."""

import asyncio
import contextvars
import logging
import stat
from datetime import UTC, datetime, timedelta

import pytest

from bot.operations.ports import StoreTroubleError
from bot.workflow import engine as engine_module
from tests.fakes.clock import FakeClock
from tests.fakes.conditions import until

from .conftest import StartBot, WorkflowFile


class Worker:
    """Works on copies until they are told to end, and notes what happens."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.told: list[str] = []
        self.ended: list[str] = []
        self.may_end = asyncio.Event()
        self.troubles: list[Exception] = []

    async def carry_out(self, copy_id: str) -> None:
        self.began.append(copy_id)
        if self.troubles:
            raise self.troubles.pop(0)
        try:
            await self.may_end.wait()
        except Exception as error:
            self.told.append(f"{copy_id} failed: {error}")
            raise
        self.ended.append(copy_id)


@pytest.fixture
def worker() -> Worker:
    return Worker()


def finished(workflow_file: WorkflowFile) -> bool:
    return bool(workflow_file.query("SELECT 1 FROM workflow_status WHERE status = 'SUCCESS'"))


async def test_a_copy_that_is_started_is_carried_out(
    start_bot: StartBot, worker: Worker, workflow_file: WorkflowFile
) -> None:
    bot = await start_bot(worker.carry_out)
    bot.start("copy-1")
    await until(lambda: worker.began == ["copy-1"])
    worker.may_end.set()
    await until(lambda: finished(workflow_file))
    assert worker.ended == ["copy-1"]


async def test_a_copy_that_is_started_twice_runs_once(
    start_bot: StartBot, worker: Worker, workflow_file: WorkflowFile
) -> None:
    bot = await start_bot(worker.carry_out)
    for _ in range(5):
        bot.start("copy-1")
    await until(lambda: bool(worker.began))
    bot.start("copy-1")
    worker.may_end.set()
    await until(lambda: finished(workflow_file))
    bot.start("copy-1")
    bot.start("copy-2")
    await until(lambda: "copy-2" in worker.ended)
    assert worker.began == ["copy-1", "copy-2"]


async def test_stopping_the_bot_tells_nobody_anything_and_the_next_one_goes_on(
    start_bot: StartBot, worker: Worker
) -> None:
    bot = await start_bot(worker.carry_out)
    bot.start("copy-1")
    await until(lambda: bool(worker.began))
    await bot.aclose()
    assert worker.told == []
    await start_bot(worker.carry_out, ["copy-1"])
    await until(lambda: worker.began == ["copy-1", "copy-1"])
    worker.may_end.set()
    await until(lambda: worker.ended == ["copy-1"])


async def test_an_open_copy_that_was_never_started_is_started_at_launch(start_bot: StartBot, worker: Worker) -> None:
    await start_bot(worker.carry_out, ["copy-1", "copy-2"])
    await until(lambda: sorted(worker.began) == ["copy-1", "copy-2"])


async def test_an_open_copy_is_taken_up_though_dbos_thinks_that_it_has_ended(
    start_bot: StartBot, worker: Worker, workflow_file: WorkflowFile
) -> None:
    worker.may_end.set()
    bot = await start_bot(worker.carry_out, ["copy-1"])
    await until(lambda: finished(workflow_file))
    await bot.aclose()
    await start_bot(worker.carry_out, ["copy-1"])
    await until(lambda: worker.ended == ["copy-1", "copy-1"])


async def test_a_copy_that_ended_is_not_taken_up(
    start_bot: StartBot, worker: Worker, workflow_file: WorkflowFile
) -> None:
    worker.may_end.set()
    bot = await start_bot(worker.carry_out, ["copy-1"])
    await until(lambda: finished(workflow_file))
    await bot.aclose()
    await start_bot(worker.carry_out, ["copy-2"])
    await until(lambda: "copy-2" in worker.ended)
    assert worker.began == ["copy-1", "copy-2"]


async def test_a_copy_is_taken_up_however_often_the_bot_was_restarted(
    start_bot: StartBot, worker: Worker, workflow_file: WorkflowFile
) -> None:
    bot = await start_bot(worker.carry_out, ["copy-1"])
    await until(lambda: bool(worker.began))
    await bot.aclose()
    workflow_file.query("UPDATE workflow_status SET recovery_attempts = 5000")
    await start_bot(worker.carry_out, ["copy-1"])
    await until(lambda: worker.began == ["copy-1", "copy-1"])


async def test_an_unexpected_error_is_logged_with_an_id_and_the_work_goes_on(
    start_bot: StartBot, worker: Worker, caplog: pytest.LogCaptureFixture, workflow_file: WorkflowFile
) -> None:
    worker.troubles = [KeyError("surprise"), OSError("disk full")]
    worker.may_end.set()
    bot = await start_bot(worker.carry_out)
    bot.start("copy-1")
    await until(lambda: finished(workflow_file))
    assert worker.began == ["copy-1"] * 3
    lines = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert len(lines) == 2
    assert all("work on copy copy-1" in line for line in lines)
    incidents = {line.split()[2] for line in lines}
    assert len(incidents) == 2


async def test_a_file_that_cannot_be_written_is_logged_as_a_sentence_and_the_work_goes_on(
    start_bot: StartBot, worker: Worker, caplog: pytest.LogCaptureFixture, workflow_file: WorkflowFile
) -> None:
    worker.troubles = [StoreTroubleError("bot.sqlite could not be written: the disk is full.")]
    worker.may_end.set()
    bot = await start_bot(worker.carry_out)
    bot.start("copy-1")
    await until(lambda: finished(workflow_file))
    (line,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert "work on copy copy-1: bot.sqlite could not be written: the disk is full. Tried" in line.getMessage()
    assert line.exc_info is None


async def test_the_pause_after_errors_grows_to_five_minutes(
    start_bot: StartBot, worker: Worker, clock: FakeClock
) -> None:
    worker.troubles = [RuntimeError("again") for _ in range(100)]
    bot = await start_bot(worker.carry_out, clock=clock)
    bot.start("copy-1")
    await until(lambda: clock.sleepers == 2)  # this one, and the daily work
    tries = []
    for _ in range(30):
        began = len(worker.began)
        await clock.advance(300)
        tries.append(len(worker.began) - began)
    assert tries[0] > 10
    assert tries[-5:] == [1, 1, 1, 1, 1]


async def test_a_copy_is_started_though_the_workflow_file_cannot_be_written_for_a_while(
    start_bot: StartBot, worker: Worker, workflow_file: WorkflowFile, caplog: pytest.LogCaptureFixture
) -> None:
    bot = await start_bot(worker.carry_out)
    workflow_file.query("ALTER TABLE workflow_status RENAME TO gone")
    bot.start("copy-1")
    await until(lambda: "starting copy copy-1" in caplog.text)
    assert worker.began == []
    workflow_file.query("ALTER TABLE gone RENAME TO workflow_status")
    await until(lambda: worker.began == ["copy-1"])


async def test_work_knows_nothing_of_the_request_or_the_work_it_was_started_from(
    start_bot: StartBot, workflow_file: WorkflowFile
) -> None:
    request = contextvars.ContextVar("request", default="none")
    seen: list[tuple[str, str]] = []

    async def carry_out(copy_id: str) -> None:
        seen.append((copy_id, request.get()))
        if copy_id == "copy-1":
            request.set("of the first copy")
            bot.start("copy-2")

    bot = await start_bot(carry_out)
    request.set("of a person")
    bot.start("copy-1")
    await until(lambda: len(seen) == 2)
    assert seen == [("copy-1", "none"), ("copy-2", "none")]
    assert workflow_file.query("SELECT count(*) FROM workflow_status WHERE parent_workflow_id IS NOT NULL") == [(0,)]


async def test_work_that_does_not_want_to_stop_does_not_keep_the_bot_from_stopping(
    start_bot: StartBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "LONGEST_GOODBYE", 0.1)
    began, let_go = asyncio.Event(), asyncio.Event()

    async def carry_out(copy_id: str) -> None:
        began.set()
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue

    bot = await start_bot(carry_out, ["copy-1"])
    await began.wait()
    async with asyncio.timeout(8):
        await bot.aclose()
    let_go.set()


async def test_nothing_begins_after_the_bot_was_stopped(start_bot: StartBot, worker: Worker) -> None:
    bot = await start_bot(worker.carry_out)
    await bot.aclose()
    await bot.aclose()
    bot.start("copy-1")
    await start_bot(worker.carry_out, ["copy-2"])
    await until(lambda: bool(worker.began))
    assert worker.began == ["copy-2"]


async def test_other_threads_can_be_used_after_the_bot_was_stopped(start_bot: StartBot, worker: Worker) -> None:
    bot = await start_bot(worker.carry_out)
    await bot.aclose()
    assert await asyncio.to_thread(lambda: "works") == "works"


async def test_work_of_another_version_is_told_of_loudly_and_left_alone(
    start_bot: StartBot, worker: Worker, workflow_file: WorkflowFile, caplog: pytest.LogCaptureFixture
) -> None:
    bot = await start_bot(worker.carry_out, ["copy-1"])
    await until(lambda: bool(worker.began))
    await bot.aclose()
    workflow_file.query("UPDATE workflow_status SET application_version = '2'")
    await start_bot(worker.carry_out, ["copy-1", "copy-2"])
    await until(lambda: "copy-2" in worker.began)
    assert worker.began == ["copy-1", "copy-2"]
    errors = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert any("another version" in line and "copy-1" in line for line in errors)


async def test_finished_work_is_forgotten_after_a_month_and_the_rest_is_kept(
    start_bot: StartBot, worker: Worker, workflow_file: WorkflowFile
) -> None:
    def known() -> list[tuple[object, ...]]:
        return workflow_file.query("SELECT workflow_uuid FROM workflow_status ORDER BY workflow_uuid")

    clock = FakeClock(datetime.now(UTC))
    worker.may_end.set()
    bot = await start_bot(worker.carry_out, ["copy-1"], clock)
    await until(lambda: finished(workflow_file))
    worker.may_end.clear()
    bot.start("copy-2")
    await until(lambda: len(known()) == 2)
    await until(lambda: clock.sleepers == 1)
    await clock.advance(timedelta(days=29).total_seconds())
    assert known() == [("copy-1",), ("copy-2",)]
    for _ in range(3):
        await until(lambda: clock.sleepers == 1)
        await clock.advance(timedelta(days=1).total_seconds())
    await until(lambda: known() == [("copy-2",)])


async def test_only_the_owner_may_read_the_file_and_it_holds_ids_in_json(
    start_bot: StartBot, worker: Worker, workflow_file: WorkflowFile
) -> None:
    await start_bot(worker.carry_out, ["copy-1"])
    await until(lambda: bool(worker.began))
    files = [each for each in workflow_file.path.parent.iterdir() if each.name.startswith(workflow_file.path.name)]
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
    assert workflow_file.query("PRAGMA journal_mode") == [("wal",)]
    assert workflow_file.query("SELECT DISTINCT serialization FROM workflow_status") == [("portable_json",)]


async def test_the_log_has_neither_advertising_nor_a_line_for_each_copy_when_the_bot_stops(
    start_bot: StartBot, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bot = await start_bot(worker.carry_out, ["copy-1", "copy-2"])
    await until(lambda: len(worker.began) == 2)
    await bot.aclose()
    assert [each.getMessage() for each in caplog.records if each.name == "dbos"] == []


async def test_an_error_inside_dbos_is_logged_without_its_traceback(
    start_bot: StartBot, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    await start_bot(worker.carry_out)
    logging.getLogger("dbos").error("It went wrong:", exc_info=ValueError("a value"))
    (record,) = [each for each in caplog.records if each.name == "dbos"]
    assert record.getMessage() == "It went wrong: ValueError"
    assert record.exc_info is None
