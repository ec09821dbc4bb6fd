"""The ledger of calls in PostgreSQL, beyond its contract (`tests/contract`): what holds in trouble."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from bot.cloud.budget import Budget, Call, Limits
from bot.operations.call_ledger import Spending
from bot.storage import StorageError
from bot.storage.call_ledger import SECONDS_TO_ANSWER, WINDOW_SECONDS, PostgresCallLedger, call_ledger
from bot.storage.postgres import LOCKS, WRITING, connect, prepare
from bot.storage.postgres_schema import MIGRATIONS
from bot.workflow.clock import SystemClock
from tests.fakes.conditions import until
from tests.fakes.postgres import PASSWORD, PostgresServer, running_server

SPENT = Spending(wait=0.0, is_closed=False)

CUT = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
    "WHERE application_name = 'copy-backup-bot' AND pid <> pg_backend_pid()"
)

BLOCKED = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%spend_cloud_call%'"


@pytest.fixture
async def ledger(postgres_place: SecretStr) -> AsyncIterator[PostgresCallLedger]:
    async with call_ledger(postgres_place) as opened:
        yield opened


async def spends(ledger: PostgresCallLedger, most: int = 5) -> Spending:
    return await ledger.spend("DFW", "copy", most=most)


async def test_processes_that_want_more_than_they_may_never_make_too_many_calls(postgres_place: SecretStr) -> None:
    limit, window, went = 5, 1.5, list[float]()

    async def calls(budget: Budget, *, urgent: bool) -> None:
        assert await budget.turn("DFW", Call.COPY, urgent=urgent, patience=60) == 0
        went.append(time.monotonic())

    async with AsyncExitStack() as stack:
        ledgers = [await stack.enter_async_context(call_ledger(postgres_place, window)) for _ in range(3)]
        budgets = [Budget(Limits(copy=limit), SystemClock(), ledger) for ledger in ledgers]
        began = time.monotonic()
        wanting = (calls(budget, urgent=bool(number % 2)) for budget in budgets for number in range(5))
        await asyncio.gather(*wanting)
        for budget in budgets:
            await budget.aclose()

    assert len(went) == 15
    for place, at in enumerate(went):
        assert sum(each - at < window / 2 for each in went[place:]) <= limit  # half of it: this machine may be busy
    assert went[-1] - began < 8 * window, "and nobody waits for nothing"


async def test_a_call_counts_for_longer_than_a_minute_by_what_its_answer_may_take(ledger: PostgresCallLedger) -> None:
    """Counted at the beginning of that, and made at its end, it is still in the minute of the service."""
    assert WINDOW_SECONDS > 60.0 + SECONDS_TO_ANSWER
    await spends(ledger, most=1)
    assert WINDOW_SECONDS - 5 < (await spends(ledger, most=1)).wait <= WINDOW_SECONDS


async def test_who_writes_the_record_holds_up_no_call(ledger: PostgresCallLedger, postgres_place: SecretStr) -> None:
    with connect(postgres_place, "record") as writing, writing.raw.transaction():
        writing.execute("SELECT pg_advisory_xact_lock(?, ?)", (LOCKS, WRITING["record"]))
        writing.execute("UPDATE schema_versions SET version = version")
        assert await spends(ledger) == SPENT


async def test_who_asks_while_another_process_spends_the_last_call_is_answered_by_what_that_one_did(
    ledger: PostgresCallLedger, postgres: PostgresServer, postgres_place: SecretStr
) -> None:
    await spends(ledger, most=2)
    with psycopg.connect(postgres_place.get_secret_value(), options="-c search_path=copy_backup_bot") as other:
        other.execute("SELECT * FROM cloud_calls FOR UPDATE")
        asking = asyncio.create_task(spends(ledger, most=2))
        await until(lambda: bool(postgres.run(BLOCKED, postgres_place)), every=0.02)
        other.execute("UPDATE cloud_calls SET spent = spent || clock_timestamp()")
        both = other.execute("SELECT spent FROM cloud_calls").fetchall()

    assert (await asking).wait > 0
    assert postgres.run("SELECT spent FROM cloud_calls", postgres_place) == both


async def test_an_answer_that_comes_too_late_is_none(ledger: PostgresCallLedger, postgres_place: SecretStr) -> None:
    await spends(ledger)
    with connect(postgres_place, "record") as other, other.raw.transaction():
        other.execute("SELECT * FROM cloud_calls FOR UPDATE")
        with pytest.raises(StorageError, match=f"no answer within {SECONDS_TO_ANSWER:g} s"):
            await spends(ledger)
    assert await spends(ledger) == SPENT


async def test_after_a_connection_was_cut_the_next_question_is_answered(
    ledger: PostgresCallLedger, postgres: PostgresServer, postgres_place: SecretStr, caplog: pytest.LogCaptureFixture
) -> None:
    assert [await spends(ledger, most=2) for _ in range(2)] == [SPENT, SPENT]
    postgres.run(CUT, postgres_place)
    with (
        caplog.at_level(logging.WARNING),
        pytest.raises(StorageError, match="Calls to the cloud could not be counted in postgresql://"),
    ):
        await spends(ledger, most=2)
    assert (await spends(ledger, most=2)).wait > 0
    assert "None is made until they can" in caplog.text
    assert PASSWORD not in caplog.text


async def test_a_connection_that_is_cut_while_a_question_is_under_way_lets_nobody_spend_more(
    postgres_place: SecretStr, postgres: PostgresServer
) -> None:
    """Whoever asked asks again; what is counted without being used is no harm, the other way round would be."""
    async with call_ledger(postgres_place) as ledger:
        budget = Budget(Limits(copy=2), SystemClock(), ledger)
        assert await budget.turn("DFW", Call.COPY, urgent=True, patience=60) == 0
        with psycopg.connect(postgres_place.get_secret_value()) as other:
            other.execute("SELECT * FROM copy_backup_bot.cloud_calls FOR UPDATE")
            second = asyncio.create_task(budget.turn("DFW", Call.COPY, urgent=True, patience=60))
            await until(lambda: bool(postgres.run(BLOCKED, postgres_place)), every=0.02)
            await asyncio.to_thread(postgres.run, CUT, postgres_place)
        assert await second == 0
        assert (await spends(ledger, most=2)).wait > 0
        await budget.aclose()


async def test_nobody_waits_for_long_where_the_clock_of_the_server_was_set_back(
    ledger: PostgresCallLedger, postgres: PostgresServer, postgres_place: SecretStr
) -> None:
    await spends(ledger)
    postgres.run("UPDATE cloud_calls SET spent = ARRAY[now() + interval '1 day']", postgres_place)
    assert (await spends(ledger, most=1)).wait <= WINDOW_SECONDS
    assert (await spends(ledger, most=1)).wait < WINDOW_SECONDS, "it goes by"
    postgres.run("UPDATE cloud_calls SET closed_until = now() + interval '1 day'", postgres_place)
    assert (await spends(ledger)).wait <= 3600


async def test_a_server_that_crashes_forgets_no_call_and_those_who_wait_go_on_when_it_is_back(
    postgres_programs: Path,
) -> None:
    with running_server(postgres_programs) as server:
        async with call_ledger(server.new_database()) as ledger:
            budget = Budget(Limits(show=2, copy=2), SystemClock(), ledger)
            for _ in range(2):
                assert await budget.turn("DFW", Call.COPY, urgent=True, patience=60) == 0
            await asyncio.to_thread(server.crash)
            with pytest.raises(StorageError, match="could not be counted"):
                await budget.turn("DFW", Call.SHOW, urgent=True, patience=0.1)
            waiting = asyncio.create_task(budget.turn("DFW", Call.SHOW, urgent=True, patience=60))
            await asyncio.to_thread(server.start)
            assert await waiting == 0
            assert (await spends(ledger, most=2)).wait > 0
            await budget.aclose()


async def test_a_database_of_the_version_before_gets_the_table(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = postgres.new_database()
    with monkeypatch.context() as before:
        before.setattr("bot.storage.postgres.MIGRATIONS", {"record": MIGRATIONS["record"][:1]})
        prepare(place, "record")
        assert postgres.run("SELECT to_regclass('cloud_calls')", place) == [(None,)]
    async with call_ledger(place) as ledger:
        assert await spends(ledger) == SPENT


async def test_a_database_that_cannot_be_had_is_told_at_the_start(postgres: PostgresServer) -> None:
    with pytest.raises(StorageError, match="cannot be used"):
        async with call_ledger(postgres.place("no_such_database")):
            pass
