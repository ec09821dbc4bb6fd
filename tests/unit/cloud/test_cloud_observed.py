"""What the cloud's room tells whoever watches: each request once, with its outcome in one of few words."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from bot.cloud import CloudDatabases, Limits
from bot.cloud.budget import Call
from bot.domain.reasons import Fault, Reason
from bot.operations.observing import Activity, BudgetState
from bot.operations.ports import Accepted
from bot.sandbox.cloud import RunningCloud, SimulatedCloud
from tests.fakes.clocks import JumpingClock, settled
from tests.fakes.observers import Watcher

REGIONS = ("DFW", "IAD")
LIMITS = Limits(list=10, show=4, copy=2)


@dataclass(frozen=True)
class Watched:
    client: CloudDatabases
    watcher: Watcher


@pytest.fixture
async def watched(running: RunningCloud, clock: JumpingClock) -> AsyncIterator[Watched]:
    watcher, key = Watcher(), SecretStr(running.api_key)
    client = CloudDatabases(
        running.identity_url, running.username, key, REGIONS, clock, LIMITS, timeout=1.0, observer=watcher
    )
    yield Watched(client, watcher)
    await client.aclose()


async def test_a_login_and_what_it_is_for_are_two_requests(watched: Watched, simulated: SimulatedCloud) -> None:
    backup = simulated.add_backup(name="weekly")
    await watched.client.show("DFW", backup.id)
    async for _ in watched.client.pages("DFW"):
        pass
    sent = await watched.client.copy("DFW", backup.id, destination="IAD", name="n", description="", request_id="r-1")

    assert isinstance(sent, Accepted)
    assert watched.watcher.outcomes == [("login", "ok"), ("show", "ok"), ("list", "ok"), ("copy", "ok")]
    assert {seen.activity for seen in watched.watcher.ended} == {Activity.CLOUD_CALL}
    assert [seen.region for seen in watched.watcher.ended] == ["", "DFW", "DFW", "DFW"]


async def test_a_request_that_is_sent_again_is_counted_again(watched: Watched, simulated: SimulatedCloud) -> None:
    backup = simulated.add_backup(name="weekly")
    simulated.trouble.refuse(503, operation="show", times=2)

    await watched.client.show("DFW", backup.id)

    assert watched.watcher.outcomes[1:] == [
        ("show", "service_unavailable"),
        ("show", "service_unavailable"),
        ("show", "ok"),
    ]


@pytest.mark.parametrize(
    ("status", "outcome"), [(403, "forbidden"), (422, "unprocessable"), (413, "over_limit"), (418, "unexpected_answer")]
)
async def test_what_the_service_says_is_one_of_few_words(
    watched: Watched, simulated: SimulatedCloud, status: int, outcome: str
) -> None:
    simulated.trouble.refuse(status, operation="copy", message="anything")

    refused = await watched.client.copy("DFW", "x", destination="IAD", name="n", description="", request_id="r-1")

    assert isinstance(refused, Fault)
    assert watched.watcher.outcomes[-1] == ("copy", outcome)
    assert outcome in {reason.value for reason in Reason}


async def test_a_login_that_is_refused(running: RunningCloud, clock: JumpingClock) -> None:
    watcher = Watcher()
    client = CloudDatabases(running.identity_url, "nobody", SecretStr("k"), REGIONS, clock, observer=watcher)

    await client.check_identity()
    await client.aclose()

    assert watcher.outcomes == [("login", "credentials_refused")]


async def test_what_is_left_of_each_budget(watched: Watched, simulated: SimulatedCloud) -> None:
    backup = simulated.add_backup(name="weekly")
    assert await watched.client.budget_states() == [
        BudgetState(region, call.value, LIMITS.of(call), 0) for region in REGIONS for call in Call
    ]
    await watched.client.show("DFW", backup.id)
    await watched.client.show("DFW", backup.id)

    left = {(state.region, state.call): state.left for state in await watched.client.budget_states()}
    assert (left["DFW", "show"], left["IAD", "show"], left["DFW", "list"]) == (2, 4, 10)


async def test_who_waits_for_a_turn_is_counted(watched: Watched, simulated: SimulatedCloud) -> None:
    simulated.trouble.refuse(413, operation="copy", retry_after=60)
    await watched.client.copy("DFW", "x", destination="IAD", name="n", description="", request_id="r-1")

    async def state() -> BudgetState:
        states = await watched.client.budget_states()
        return next(each for each in states if (each.region, each.call) == ("DFW", "copy"))

    assert ((await state()).left, (await state()).waiting) == (0, 0)
    waiting = asyncio.create_task(
        watched.client.copy("DFW", "x", destination="IAD", name="n", description="", request_id="r-2")
    )
    await settled()
    waiting.cancel()
    await asyncio.wait([waiting])
    assert (await state()).waiting == 0
