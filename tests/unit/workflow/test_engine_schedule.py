"""Standing orders are looked at by DBOS's schedule."""

import asyncio
import logging

import pytest

from bot.workflow.engine import cron_every
from tests.fakes.conditions import until

from .conftest import StartBot, WorkflowFile

LOOKS = "SELECT workflow_uuid, status FROM workflow_status WHERE schedule_name = 'standing-orders'"


class Looker:
    """Looks, and notes it; each look takes until it may end."""

    def __init__(self) -> None:
        self.began = 0
        self.at_once = 0
        self.most_at_once = 0
        self.may_end = asyncio.Event()
        self.troubles: list[Exception] = []

    async def look(self) -> None:
        self.began += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.troubles:
                raise self.troubles.pop(0)
            await self.may_end.wait()
        finally:
            self.at_once -= 1


@pytest.fixture
def looker() -> Looker:
    return Looker()


async def no_work(copy_id: str) -> None:
    raise AssertionError(copy_id)


async def test_it_is_looked_at_again_and_again_each_time_as_a_workflow_of_its_own(
    start_bot: StartBot, looker: Looker, workflow_file: WorkflowFile
) -> None:
    looker.may_end.set()
    await start_bot(no_work, look=looker.look)
    await until(lambda: looker.began >= 2, seconds=20)
    await until(lambda: sum(status == "SUCCESS" for _, status in workflow_file.query(LOOKS)) >= 2, seconds=20)
    ids = [each for each, _ in workflow_file.query(LOOKS)]
    assert len(ids) == len(set(ids))


async def test_while_one_look_goes_on_there_is_no_other(
    start_bot: StartBot, looker: Looker, workflow_file: WorkflowFile
) -> None:
    await start_bot(no_work, look=looker.look)
    await until(lambda: sum(status == "SUCCESS" for _, status in workflow_file.query(LOOKS)) >= 2, seconds=20)
    assert (looker.began, looker.most_at_once) == (1, 1)


async def test_a_look_that_was_cut_off_is_made_by_the_next_process(
    start_bot: StartBot, looker: Looker, workflow_file: WorkflowFile
) -> None:
    bot = await start_bot(no_work, look=looker.look)
    await until(lambda: looker.began == 1, seconds=20)
    await bot.aclose()
    cut_off = {each for each, status in workflow_file.query(LOOKS) if status == "PENDING"}
    assert cut_off
    looker.may_end.set()
    await start_bot(no_work, look=looker.look)
    await until(
        lambda: cut_off <= {each for each, status in workflow_file.query(LOOKS) if status == "SUCCESS"}, seconds=20
    )


async def test_an_unexpected_error_is_logged_with_an_id_and_it_is_looked_at_again(
    start_bot: StartBot, looker: Looker, caplog: pytest.LogCaptureFixture
) -> None:
    looker.troubles = [KeyError("surprise")]
    looker.may_end.set()
    await start_bot(no_work, look=looker.look)
    await until(lambda: looker.began >= 2, seconds=20)
    lines = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert len(lines) == 1
    assert "look at the standing orders" in lines[0]


async def test_an_engine_that_is_closed_looks_no_more(start_bot: StartBot, looker: Looker) -> None:
    looker.may_end.set()
    bot = await start_bot(no_work, look=looker.look)
    await until(lambda: looker.began >= 1, seconds=20)
    await bot.aclose()
    seen = looker.began
    await asyncio.sleep(1.2)  # longer than from one look to the next
    assert looker.began == seen


@pytest.mark.parametrize(
    ("seconds", "cron"),
    [
        (0.1, "*/1 * * * * *"),
        (1.5, "*/2 * * * * *"),
        (30.0, "*/30 * * * * *"),
        (60.0, "0 */1 * * * *"),
        (300.0, "0 */5 * * * *"),
        (3540.0, "0 */59 * * * *"),
        (3600.0, "0 0 * * * *"),
        (86_400.0, "0 0 * * * *"),
    ],
)
def test_the_schedule_is_written_as_cron_writes_it(seconds: float, cron: str) -> None:
    assert cron_every(seconds) == cron
