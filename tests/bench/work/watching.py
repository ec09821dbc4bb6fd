"""A row about watching: what any number of running copies costs the service, in simulated time."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind
from bot.domain.pace import Pace
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.ports import Ports
from bot.workflow.poller import Poller
from tests.bench.rows import Verdict
from tests.bench.work.simulated_time import RecordInSimulatedTime
from tests.fakes.catalogue import MemoryCatalogue
from tests.fakes.clocks import TurnedClock, settled
from tests.fakes.cloud import MemoryCloud
from tests.fakes.samples import sample_copy, sample_event, sample_order
from tests.fakes.world import ANYBODY

BUDGET = 100
"""Calls of one kind a minute in one region (``cloud-databases-api.md``, Rate limits)."""

MINUTES = 3
STEPS_A_MINUTE = 120


async def calls_a_minute(numbers: Sequence[int]) -> Verdict:
    """Row 8: the most calls in any minute and region, for each number of copies that run."""
    most = {number: await _most_calls(number) for number in numbers}
    told = ", ".join(f"{calls} for {number:,}" for number, calls in most.items())
    return Verdict(
        what=f"Calls a minute and region while copies run: {told}",
        goal=f"at most the budget of {BUDGET}, flat",
        unit="calls",
        measured=max(most.values()),
        references=(),
        holds=max(most.values()) <= BUDGET,
    )


async def _most_calls(number: int) -> int:
    clock, cloud = TurnedClock(), MemoryCloud()
    record = RecordInSimulatedTime(clock)
    catalogue = MemoryCatalogue(clock)
    copies = [_running(each, clock) for each in range(number)]
    cloud.put(*(replace(copy.backup, status="COPYING") for copy in copies))
    for copy in copies:
        opened = replace(copy, state=CopyState.REQUESTED, revision=0)
        await record.open(sample_order(opened), [(opened, sample_event(0, EventKind.COPY_REQUESTED))])
        await record.move(replace(copy, revision=1), sample_event(0))
    await catalogue.replace("DFW", clock.now(), cloud.backups("DFW"))
    async with Poller(cloud, catalogue, clock) as watch:
        ports = Ports(cloud, record, catalogue, watch, clock, Pace(), ANYBODY)
        working = [asyncio.create_task(carry_out_copy(ports, copy.id)) for copy in copies]
        calls = [await _calls_of_a_minute(cloud, clock) for _ in range(MINUTES)]
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
    return max(calls)


def _running(number: int, clock: TurnedClock) -> Copy:
    copy = sample_copy(number)
    return replace(copy, state=CopyState.RUNNING, attempts=1, requested_at=clock.now(), sent_at=clock.now())


async def _calls_of_a_minute(cloud: MemoryCloud, clock: TurnedClock) -> int:
    before = len(cloud.calls)
    for _ in range(STEPS_A_MINUTE):  # small ones: what happens at a moment takes many turns of the event loop
        await clock.turn(60.0 / STEPS_A_MINUTE)
        for _ in range(8):
            await settled()
    counted = Counter((call.kind, call.region) for call in cloud.calls[before:])
    return max(counted.values(), default=0)
