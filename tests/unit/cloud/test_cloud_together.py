"""Clients in several processes of a bot, which keep to one budget by a ledger that they share."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from pydantic import SecretStr

from bot.cloud import CloudDatabases, Limits
from bot.domain.backup import Backup
from bot.domain.reasons import Fault, Reason
from bot.operations.call_ledger import CallLedger
from bot.operations.observing import BudgetState
from bot.operations.ports import Accepted, StoreTroubleError
from bot.sandbox.cloud import RunningCloud, SimulatedCloud
from bot.sandbox.cloud.limits import Limits as RealLimits
from bot.storage.call_ledger import PostgresCallLedger, call_ledger
from bot.workflow.clock import SystemClock
from tests.fakes.call_ledger import MemoryCallLedger
from tests.fakes.conditions import until

REGIONS = ("DFW", "IAD")
LIMITS = Limits(list=4, show=4, copy=2)
MINUTE, WINDOW = 1.0, 3.0
"""Seconds, of a service whose minute is shorter, and for which a call then counts."""

MakeClient = Callable[[CallLedger | None], CloudDatabases]


@pytest.fixture
async def new_client(running: RunningCloud) -> AsyncIterator[MakeClient]:
    async with AsyncExitStack() as stack:

        def make(ledger: CallLedger | None) -> CloudDatabases:
            key = SecretStr(running.api_key)
            client = CloudDatabases(
                running.identity_url, running.username, key, REGIONS, SystemClock(), LIMITS, ledger=ledger
            )
            stack.push_async_callback(client.aclose)
            return client

        yield make


@pytest.fixture
async def ledgers(postgres_place: SecretStr) -> AsyncIterator[list[PostgresCallLedger]]:
    """One ledger, as three processes see it."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(call_ledger(postgres_place, WINDOW)) for _ in range(3)]


async def reads_all(client: CloudDatabases) -> None:
    async for page in client.pages("DFW"):
        assert not isinstance(page, Fault), page


async def copies(client: CloudDatabases) -> None:
    for number in range(2):
        await client.copy("DFW", f"{number}", destination="IAD", name="n", description="", request_id="r")


async def test_together_they_never_ask_so_often_that_the_service_has_to_refuse(
    simulated: SimulatedCloud, new_client: MakeClient, ledgers: list[PostgresCallLedger]
) -> None:
    for _ in range(60):
        simulated.add_backup()
    simulated.limits = RealLimits(list=LIMITS.list, show=LIMITS.show, copy=LIMITS.copy, seconds=MINUTE)
    clients = [new_client(ledger) for ledger in ledgers]

    await asyncio.gather(*(does(client) for client in clients for does in (reads_all, copies)))

    asked = [record.operation for record in simulated.requests]
    assert (asked.count("list"), asked.count("copy")) == (9, 6)
    assert 413 not in {record.status for record in simulated.requests}


async def test_each_for_itself_they_would_be_refused(simulated: SimulatedCloud, new_client: MakeClient) -> None:
    simulated.limits = RealLimits(copy=LIMITS.copy, seconds=MINUTE)
    alone = [new_client(None) for _ in range(2)]

    await asyncio.gather(*map(copies, alone))

    assert 413 in {record.status for record in simulated.requests}


async def test_a_region_that_refused_one_is_left_alone_by_the_other(
    simulated: SimulatedCloud, new_client: MakeClient, ledgers: list[PostgresCallLedger]
) -> None:
    one, other, _ = map(new_client, ledgers)
    simulated.trouble.refuse(413, operation="show", retry_after=200)
    refused = await one.show("DFW", "a")

    def shows() -> int:
        return sum(record.operation == "show" for record in simulated.requests)

    async def knows_of_it() -> bool:
        return BudgetState("DFW", "show", 0, 0) in await other.budget_states()

    asked = shows()
    await until(knows_of_it)
    left_alone = await other.show("DFW", "a", urgent=True)

    assert isinstance(refused, Fault)
    assert isinstance(left_alone, Fault)
    assert (refused.reason, left_alone.reason) == (Reason.OVER_LIMIT, Reason.OVER_LIMIT)
    assert left_alone.retry_after == pytest.approx(200, abs=20)
    assert shows() == asked


async def test_what_one_has_spent_is_not_left_to_the_other(
    simulated: SimulatedCloud, new_client: MakeClient, ledgers: list[PostgresCallLedger]
) -> None:
    backup = simulated.add_backup()
    one, other, _ = map(new_client, ledgers)
    assert isinstance(await one.show("DFW", backup.id), Backup)
    left = {(state.region, state.call): state.left for state in await other.budget_states()}
    assert (left["DFW", "show"], left["IAD", "show"], left["DFW", "list"]) == (3, 4, 4)


async def test_a_login_comes_before_a_call_is_counted(running: RunningCloud) -> None:
    """Counted before it, the call would be made when it hardly counts any more, as long as a login may take."""
    ledger, clock = MemoryCallLedger(SystemClock()), SystemClock()
    refused = CloudDatabases(running.identity_url, "nobody", SecretStr("k"), REGIONS, clock, LIMITS, ledger=ledger)

    answer = await refused.show("DFW", "a")
    await refused.aclose()

    assert isinstance(answer, Fault)
    assert answer.reason is Reason.CREDENTIALS_REFUSED
    assert ledger.questions == 0


async def test_without_the_ledger_nothing_is_asked_and_a_copy_is_sent_when_it_is_back(
    simulated: SimulatedCloud, new_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cloud.client.URGENT_PATIENCE", 0.1)
    ledger = MemoryCallLedger(SystemClock())
    client, backup = new_client(ledger), simulated.add_backup()
    ledger.is_away = True

    with pytest.raises(StoreTroubleError):
        await client.show("DFW", backup.id, urgent=True)
    sending = asyncio.create_task(
        client.copy("DFW", backup.id, destination="IAD", name="n", description="", request_id="r")
    )
    await until(lambda: ledger.questions >= 4)
    asked = {record.operation for record in simulated.requests}
    assert asked.isdisjoint({"show", "copy"})
    ledger.is_away = False

    assert await sending == Accepted()
