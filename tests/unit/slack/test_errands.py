"""Work after the answer to Slack: waited for at the end, and never failing in silence."""

import asyncio
import inspect
import logging
import re

import pytest

from bot.slack.errands import Errands
from bot.slack.trouble import SlackTroubleError


async def breaks() -> None:
    raise LookupError("what nobody expected")


async def test_what_was_begun_is_waited_for() -> None:
    errands, may_end, ended = Errands(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await may_end.wait()
        ended.set()

    errands.start(work(), "work")
    asyncio.get_running_loop().call_soon(may_end.set)
    await errands.aclose()

    assert ended.is_set()


async def test_what_does_not_end_is_given_up() -> None:
    errands = Errands()
    task = errands.start(asyncio.sleep(600), "sleep")

    await errands.aclose(patience=0.01)

    assert task.cancelled()


async def test_whoever_waits_is_told_the_id_that_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    errands = Errands()
    told: list[str] = []

    async def tell(incident: str) -> None:
        told.append(incident)

    await errands.start(breaks(), "make a plan", tell)

    (incident,) = told
    assert re.fullmatch("[0-9a-f]{8}", incident)
    (record,) = caplog.records
    assert record.getMessage() == f"unexpected error {incident} while: make a plan"
    assert record.exc_info
    assert isinstance(record.exc_info[1], LookupError)


@pytest.mark.parametrize("trouble", [SlackTroubleError("views.update", "not_found"), RuntimeError("closed")])
async def test_somebody_who_cannot_be_told_does_not_make_it_worse(
    caplog: pytest.LogCaptureFixture, trouble: Exception
) -> None:
    async def tell(_incident: str) -> None:
        raise trouble

    with caplog.at_level(logging.WARNING):
        await Errands().start(breaks(), "make a plan", tell)

    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert caplog.records[1].getMessage().startswith("nobody could be told of error ")


async def test_a_cancelled_errand_is_nothing_unexpected(caplog: pytest.LogCaptureFixture) -> None:
    task = Errands().start(asyncio.sleep(600), "sleep")
    await asyncio.sleep(0)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert caplog.records == []


async def test_an_errand_that_is_given_up_before_it_has_begun_leaves_nothing_behind() -> None:
    """Not even Python's warning that something was never awaited, which fails a test."""
    errands = Errands()
    work = breaks()

    errands.start(work, "break").cancel()
    await errands.aclose()

    assert inspect.getcoroutinestate(work) == inspect.CORO_CLOSED
