"""Turns to call Slack: in order, and no faster than Slack takes it."""

import asyncio
import time

import pytest

from bot.slack.pacing import Pacer
from tests.fakes.conditions import until


async def test_a_channel_is_written_to_by_one_after_the_other() -> None:
    pacer, order, at_once = Pacer(0.0), list[int](), 0

    async def write(number: int) -> None:
        nonlocal at_once
        async with pacer.writing("C1"):
            at_once += 1
            assert at_once == 1
            await asyncio.sleep(0)
            order.append(number)
            at_once -= 1

    await asyncio.gather(*(write(number) for number in range(20)))

    assert order == list(range(20))


async def test_the_time_between_counts_from_the_end_of_a_write() -> None:
    pacer, ended = Pacer(0.1), 0.0
    async with pacer.writing("C1"):
        await asyncio.sleep(0.05)
        ended = time.monotonic()

    async with pacer.writing("C1"):
        assert time.monotonic() - ended >= 0.099


async def test_channels_do_not_wait_for_each_other() -> None:
    pacer, may_end = Pacer(60.0), asyncio.Event()

    async def write_slowly() -> None:
        async with pacer.writing("C1"):
            await may_end.wait()

    slow = asyncio.create_task(write_slowly())
    await asyncio.sleep(0)
    async with asyncio.timeout(10), pacer.writing("C2"):
        may_end.set()
    await slow


async def test_a_write_that_fails_lets_the_next_one_in() -> None:
    pacer = Pacer(0.0)
    with pytest.raises(LookupError):
        async with pacer.writing("C1"):
            raise LookupError

    async with asyncio.timeout(10), pacer.writing("C1"):
        pass


async def test_whoever_does_not_want_to_wait_any_longer_keeps_nobody_waiting() -> None:
    pacer = Pacer(0.05)
    async with pacer.writing("C1"):
        waiting = asyncio.create_task(pacer.writing("C1").__aenter__())
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()

    async with asyncio.timeout(10), pacer.writing("C1"):
        pass
    await until(waiting.done)


async def test_a_method_is_called_so_often_a_minute_and_each_method_for_itself() -> None:
    pacer, minute = Pacer(0.0, calls_a_minute=5, minute=0.2), 0.2
    at: list[float] = []

    async def call() -> None:
        await pacer.turn("chat.update")
        at.append(time.monotonic())

    begun = time.monotonic()
    await asyncio.gather(*(call() for _ in range(15)))
    await pacer.turn("conversations.history")

    assert len(at) == 15
    for place in range(10):
        assert at[place + 5] - at[place] >= minute * 0.9
    assert time.monotonic() - begun >= 2 * minute * 0.9
