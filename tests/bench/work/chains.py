"""A row about chains: how much time is lost between one copy and the next, in simulated time."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from bot.domain.copies import CopyState
from bot.domain.pace import Pace
from bot.domain.plan import OrderPlan
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.plan_order import plan_order
from bot.operations.ports import Ports
from bot.operations.request_order import Confirmation, Requested, request_order
from bot.workflow.poller import Poller
from tests.bench.rows import Verdict
from tests.bench.work.simulated_time import RecordInSimulatedTime
from tests.fakes.catalogue import MemoryCatalogue
from tests.fakes.clocks import TurnedClock
from tests.fakes.cloud import MemoryCloud
from tests.fakes.world import ANA, ANYBODY, FULL, member_of, request_for

GOAL = 1.05
LENGTH = 10
SECONDS_EACH = 60.0


async def chain_over_its_copies() -> Verdict:
    """Row 7: a chain's whole time over the sum of its copies' own times."""
    ratio = await _whole_time() / (LENGTH * SECONDS_EACH)
    return Verdict(
        what=f"A chain of {LENGTH}: its whole time over that of its copies ({SECONDS_EACH:g} s each)",
        goal=f"at most {GOAL:g}",
        unit="×",
        measured=ratio,
        references=(),
        holds=ratio <= GOAL,
    )


async def _whole_time() -> float:
    """Seconds from the moment a chain is asked for to the end of its last copy."""
    clock = TurnedClock()
    chain = [replace(FULL, id="link-0")]
    for number in range(1, LENGTH):
        chain.append(replace(chain[-1], id=f"link-{number}", name=f"link-{number}", parent_id=chain[-1].id))
    cloud, record, catalogue = MemoryCloud(*chain), RecordInSimulatedTime(clock), MemoryCatalogue(clock)
    async with Poller(cloud, catalogue, clock) as watch:
        ports = Ports(cloud, record, catalogue, watch, clock, Pace(), ANYBODY)
        request = request_for(chain[-1], whole_chain=True)
        plan = await plan_order(ports, request)
        assert isinstance(plan, OrderPlan), plan
        outcome = await request_order(ports, Confirmation("bench", request, plan.digest, member_of(ANA), "C0BENCH"))
        assert isinstance(outcome, Requested), outcome
        began = clock.now()
        finishing = asyncio.create_task(_finish_each(cloud, clock))
        working = [asyncio.create_task(carry_out_copy(ports, copy.id)) for copy in outcome.standing.copies]
        while not all(task.done() for task in working) and clock.now() - began < timedelta(hours=1):
            await clock.turn(1.0)
        finishing.cancel()
        await asyncio.gather(*working, finishing, return_exceptions=True)
    standing = await record.order(outcome.standing.order.id)
    assert standing is not None
    assert standing.in_state(CopyState.COMPLETED) == standing.copies
    return (max(copy.ended_at or clock.now() for copy in standing.copies) - began).total_seconds()


async def _finish_each(cloud: MemoryCloud, clock: TurnedClock) -> None:
    """End each copy so many seconds after its request."""
    ended = 0
    while True:
        if len(cloud.copy_requests) > ended:
            ended += 1
            await clock.sleep(SECONDS_EACH)
            cloud.finish_copies()
        await clock.sleep(0.1)
