"""Plans for forests of backups that nobody chose, carried out: the simulated cloud is the judge and refuses nothing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.cloud import CloudDatabases, Limits
from bot.domain.backup import REGIONS_FOR_COPIES
from bot.domain.copies import CopyState
from bot.domain.plan import OrderPlan, OrderRequest
from bot.domain.policy import Member
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.keep_catalogue_fresh import refresh_catalogue
from bot.operations.plan_order import plan_order
from bot.operations.ports import Ports
from bot.operations.request_order import Confirmation, Requested, request_order
from bot.sandbox.cloud import SimulatedCloud, StoredBackup
from bot.sandbox.cloud.copying import CopyRequest
from bot.sandbox.estate import Estate
from tests.fakes.catalogue import MemoryCatalogue
from tests.fakes.clocks import JumpingClock
from tests.fakes.record import MemoryRecord
from tests.fakes.world import ANYBODY, QUICK, DirectWatch

AN_HOUR = 3600.0
"""Seconds; longer than any copy here takes."""
SIZES = (0.3, 1.0, 2.5)


@dataclass(frozen=True, slots=True)
class Seed:
    """What one backup of a forest is like.

    Attributes:
        parent: which of the backups before it it was made from; a number that leads past them means none.
        size: GB.
        status: in the source region.
        was_copied: whether somebody has copied it without the bot, where its parent was.
        is_wanted: whether a person wants it.
    """

    parent: int
    size: float
    status: str
    was_copied: bool
    is_wanted: bool


seeds = st.builds(
    Seed,
    parent=st.integers(0, 8),
    size=st.sampled_from(SIZES),
    status=st.sampled_from(["COMPLETED"] * 8 + ["FAILED"]),
    was_copied=st.booleans(),
    is_wanted=st.booleans(),
)
forests = st.lists(seeds, min_size=1, max_size=8)


def plant(cloud: SimulatedCloud, forest: Sequence[Seed]) -> list[StoredBackup]:
    """Put a forest into DFW, and what was copied of it into IAD; gives what is wanted."""
    trees: list[StoredBackup] = []
    copied: set[str | None] = {None}
    wanted: list[StoredBackup] = []
    for number, seed in enumerate(forest):
        parent_id = trees[seed.parent].id if seed.parent < number else None
        tree = cloud.add_backup(name=f"backup-{number}", parent_id=parent_id, size=seed.size)
        trees.append(tree)
        if seed.was_copied and parent_id in copied:
            cloud.copies.accept(
                "DFW", tree, CopyRequest(target_backup_region="IAD", name=f"by-hand-{number}"), "COMPLETED"
            )
            cloud.clock.advance(AN_HOUR)
            copied.add(tree.id)
        if seed.status != "COMPLETED":
            cloud.add_backup(
                id=tree.id,
                name=tree.name,
                parent_id=parent_id,
                size=seed.size,
                status=seed.status,
                created=tree.created,
            )
        if seed.is_wanted:
            wanted.append(tree)
    return wanted


@asynccontextmanager
async def ports_to(cloud: SimulatedCloud) -> AsyncIterator[Ports]:
    """All ports, with the real client before the simulated cloud."""
    async with cloud.serving() as running:
        clock = JumpingClock()
        limits = Limits(list=10_000, show=10_000, copy=10_000)
        client = CloudDatabases(
            running.identity_url, running.username, SecretStr(running.api_key), REGIONS_FOR_COPIES, clock, limits
        )
        catalogue, watch = MemoryCatalogue(clock), DirectWatch(client, clock)
        watch.before_look = lambda _: cloud.clock.advance(AN_HOUR)
        for region in ("DFW", "IAD"):
            assert await refresh_catalogue(client, catalogue, clock, region) is None
        yield Ports(
            cloud=client,
            record=MemoryRecord(),
            catalogue=catalogue,
            watch=watch,
            clock=clock,
            pace=QUICK,
            rules=ANYBODY,
        )
        await client.aclose()


async def planned(ports: Ports, wanted: Sequence[StoredBackup]) -> OrderPlan | None:
    """The plan for what is wanted, unless something of it cannot be started."""
    request = OrderRequest(
        source="DFW",
        backup_ids=tuple(each.id for each in wanted),
        destinations=("IAD",),
        name="{name}-copy",
        whole_chain=True,
    )
    plan = await plan_order(ports, request)
    return plan if isinstance(plan, OrderPlan) and not plan.problems else None


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(forest=forests, keeps_ids=st.booleans())
async def test_a_plan_that_can_be_started_is_never_refused_and_brings_all_that_is_wanted(
    forest: list[Seed], keeps_ids: bool
) -> None:
    cloud = SimulatedCloud(estate=Estate({}))
    cloud.copied_ids = "kept" if keeps_ids else "new"
    cloud.limits.lift()
    wanted = plant(cloud, forest)
    async with ports_to(cloud) as ports:
        plan = await planned(ports, wanted) if wanted else None
        if plan is None:
            return
        before = {each.content for each in cloud.backups("IAD")}
        ana = Member("U-ana", "ana")
        outcome = await request_order(ports, Confirmation("V1", plan.request, plan.digest, ana, "C-databases"))
        assert isinstance(outcome, Requested), outcome
        await asyncio.gather(*(carry_out_copy(ports, copy.id) for copy in outcome.standing.copies))
        ended = await ports.record.order(outcome.standing.order.id)

    assert ended is not None
    assert {copy.state for copy in ended.copies} == {CopyState.COMPLETED}
    assert {request.status for request in cloud.copy_requests()} <= {202, 401}  # a token may run out on the way
    arrived = [each.content for each in cloud.backups("IAD") if each.content not in before]
    assert len(arrived) == len(set(arrived)) == len(plan.copies)
    assert {each.content for each in wanted} <= set(arrived)
