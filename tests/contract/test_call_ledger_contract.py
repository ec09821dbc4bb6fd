"""What every ledger of calls promises (`bot.operations.call_ledger`), also to two processes that share one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import cycle

import pytest

from bot.operations.call_ledger import CallLedger, Spending, Spent
from bot.storage.call_ledger import call_ledger
from bot.workflow.clock import SystemClock
from tests.fakes.call_ledger import MemoryCallLedger
from tests.fakes.conditions import until

WINDOW = 2.0
"""Seconds."""

SPENT = Spending(wait=0.0, is_closed=False)

Ledgers = tuple[CallLedger, CallLedger]


@pytest.fixture(params=["memory", "postgresql"])
async def ledgers(request: pytest.FixtureRequest) -> AsyncIterator[Ledgers]:
    """One ledger, as two processes see it."""
    if request.param == "memory":
        memory = MemoryCallLedger(SystemClock(), WINDOW)
        yield memory, memory
        return
    place = request.getfixturevalue("postgres_place")
    async with AsyncExitStack() as stack:
        yield (
            await stack.enter_async_context(call_ledger(place, WINDOW)),
            await stack.enter_async_context(call_ledger(place, WINDOW)),
        )


async def spends(ledger: CallLedger, *, most: int, region: str = "DFW", call: str = "copy") -> bool:
    return await ledger.spend(region, call, most=most) == SPENT


async def test_no_more_is_spent_than_may_be_however_many_want_to_at_once(ledgers: Ledgers) -> None:
    wanting = (spends(ledger, most=7) for ledger, _ in zip(cycle(ledgers), range(40), strict=False))
    assert sum(await asyncio.gather(*wanting)) == 7


async def test_a_call_can_be_spent_when_another_does_not_count_any_more(ledgers: Ledgers) -> None:
    one, other = ledgers
    assert await spends(one, most=1)
    full = await other.spend("DFW", "copy", most=1)
    assert not full.is_closed
    assert 0 < full.wait <= WINDOW
    await asyncio.sleep(full.wait + 0.01)
    assert await spends(other, most=1)
    assert not await spends(one, most=1)


async def test_who_may_spend_less_waits_until_so_many_calls_do_not_count_any_more(ledgers: Ledgers) -> None:
    one, other = ledgers
    await spends(one, most=2)
    await asyncio.sleep(WINDOW / 2)
    await spends(one, most=2)
    soon, late = await other.spend("DFW", "copy", most=2), await other.spend("DFW", "copy", most=1)
    assert soon.wait < WINDOW / 2 < late.wait <= WINDOW


async def test_what_is_left_is_kept_for_those_who_may_spend_more(ledgers: Ledgers) -> None:
    one, other = ledgers
    assert [await spends(one, most=2) for _ in range(3)] == [True, True, False]
    assert await spends(other, most=3)


async def test_regions_and_kinds_of_call_count_for_themselves(ledgers: Ledgers) -> None:
    one, other = ledgers
    assert await spends(one, most=1)
    assert await spends(other, most=1, region="IAD")
    assert await spends(other, most=1, call="show")
    assert not await spends(other, most=1)


async def test_a_region_that_one_closes_is_closed_for_the_other_until_it_opens(ledgers: Ledgers) -> None:
    one, other = ledgers
    await one.close("DFW", "copy", 0.5)
    closed = await other.spend("DFW", "copy", most=5)
    assert closed.is_closed
    assert 0 < closed.wait <= 0.5
    assert await spends(other, most=5, region="IAD")
    await asyncio.sleep(closed.wait + 0.01)
    assert await spends(other, most=5)


async def test_the_longest_closing_counts(ledgers: Ledgers) -> None:
    one, other = ledgers
    await one.close("DFW", "copy", 40)
    await other.close("DFW", "copy", 5)
    assert 39 < (await one.spend("DFW", "copy", most=5)).wait <= 40


async def test_what_counts_can_be_read_by_both(ledgers: Ledgers) -> None:
    one, other = ledgers
    assert await one.spent() == {}
    await spends(one, most=5)
    await spends(other, most=5)
    await one.close("IAD", "show", 40)
    closed = Spent(0, is_closed=True)
    assert await other.spent() == {("DFW", "copy"): Spent(2, is_closed=False), ("IAD", "show"): closed}

    async def nothing_counts() -> bool:
        return (await other.spent())["DFW", "copy"] == Spent(0, is_closed=False)

    await until(nothing_counts)
