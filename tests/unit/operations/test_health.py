"""Looking at everything at once: whatever happens to one, the others are heard."""

import asyncio
import logging
from collections.abc import Sequence

import pytest

from bot.operations.health import FINE, UNKNOWN, Check, Finding, Once, Probe, Subject, Verdict, examine

WELL = Check(Subject.LOGIN, Finding.LOGIN_WORKS)


def probe(*checks: Check, after: asyncio.Event | None = None, sets: asyncio.Event | None = None) -> Probe:
    async def look() -> Sequence[Check]:
        if sets is not None:
            sets.set()
        if after is not None:
            await after.wait()
        return checks

    return Probe(Subject.REGION, look, "DFW")


async def test_what_is_found_is_told_in_order_and_given() -> None:
    told: list[Sequence[Check]] = []
    other = Check(Subject.REGION, Finding.REGION_DOWN, "SYD")

    checks = await examine([probe(WELL, other), probe(), probe(WELL)], told.append)

    assert checks == (WELL, other, WELL)
    assert [list(each) for each in told] == [[WELL, other], [], [WELL]]


async def test_all_look_at_once() -> None:
    second_looks = asyncio.Event()

    checks = await examine([probe(WELL, after=second_looks), probe(WELL, sets=second_looks)], lambda _: None)

    assert checks == (WELL, WELL)


async def test_who_is_too_slow_is_told_so() -> None:
    checks = await examine([probe(WELL, after=asyncio.Event()), probe(WELL)], lambda _: None, patience=0.05)

    assert checks == (Check(Subject.REGION, Finding.TOO_SLOW, "DFW", {"seconds": "0.05"}), WELL)


async def test_who_breaks_is_told_so_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def breaks() -> Sequence[Check]:
        raise LookupError("with a secret")

    with caplog.at_level(logging.ERROR):
        checks = await examine([Probe(Subject.ROLE, breaks), probe(WELL)], lambda _: None)

    assert checks == (Check(Subject.ROLE, Finding.UNEXPECTED, facts={"error": "LookupError"}), WELL)
    assert [record.getMessage() for record in caplog.records] == ["unexpected error while looking at role "]


async def test_who_is_interrupted_leaves_nobody_looking() -> None:
    begun = asyncio.Event()
    examining = asyncio.create_task(examine([probe(after=asyncio.Event(), sets=begun)], lambda _: None))
    await begun.wait()

    examining.cancel()
    with pytest.raises(asyncio.CancelledError):
        await examining

    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("look at")] == []


async def test_one_asks_for_all_also_when_the_first_gives_up() -> None:
    asked, answer = 0, asyncio.Event()

    async def ask() -> int:
        nonlocal asked
        asked += 1
        await answer.wait()
        return asked

    once = Once(ask)
    first, second, third = (asyncio.create_task(once()) for _ in range(3))
    await asyncio.sleep(0)
    first.cancel()
    answer.set()

    assert await second == await third == await once()
    assert asked == 2


def test_every_finding_comes_to_one_thing() -> None:
    assert not FINE & UNKNOWN
    assert Check(Subject.ROLE, Finding.ROLE_NOT_KNOWN).verdict is Verdict.UNKNOWN
    assert Check(Subject.ROLE, Finding.ROLE_MAY_NOT_COPY).verdict is Verdict.PROBLEM
    assert WELL.verdict is Verdict.FINE
