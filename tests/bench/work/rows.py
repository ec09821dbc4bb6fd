"""The rows of the work behind the form, in the order of the table."""

import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from tests.bench.rows import Verdict
from tests.bench.work.audit_log import audit_log_rows
from tests.bench.work.catalogue import plan_of_a_long_chain, typed_search
from tests.bench.work.chains import chain_over_its_copies
from tests.bench.work.databases import postgresql_on, sqlite_in
from tests.bench.work.demo import demo_to_its_end
from tests.bench.work.many_copies import acknowledged_with_many_copies, start_and_run_many_copies
from tests.bench.work.watching import calls_a_minute
from tests.bench.work.week import a_week_of_use
from tests.fakes.postgres import PostgresServer


async def work_rows(
    server: PostgresServer | None, *, short: bool, progress: Callable[[str], object]
) -> AsyncIterator[Verdict]:
    """Measure one row after the other.

    Args:
        server: for what is measured on PostgreSQL, too; ``None`` where there is none.
        short: with smaller numbers, good enough to see that nothing is badly wrong.
        progress: is told what is measured now.
    """
    with tempfile.TemporaryDirectory() as folder:
        for databases in (sqlite_in(Path(folder)), postgresql_on(server)):
            progress(f"typed search ({databases.name})")
            async for row in typed_search(databases, (1_000, 10_000) if short else (1_000, 10_000, 100_000)):
                yield row
    progress("the audit log")
    async for row in audit_log_rows(server, (1_000, 20_000) if short else (1_000, 10_000, 100_000, 1_000_000)):
        yield row
    progress("a plan for a chain of 64")
    yield await plan_of_a_long_chain()
    progress("a chain and its copies")
    yield await chain_over_its_copies()
    progress("calls a minute")
    yield await calls_a_minute((1, 10, 100) if short else (1, 10, 100, 1000))
    progress("many copies")
    numbers = (200,) if short else (10, 100, 1000)
    for row in await start_and_run_many_copies(numbers, seconds=5.0 if short else 20.0):
        yield row
    progress("the demo")
    yield await demo_to_its_end()
    progress("commands while many copies run")
    yield await acknowledged_with_many_copies(numbers[-1], seconds=2.0 if short else 10.0)
    if not short:
        progress("a week of use")
        for row in await a_week_of_use(commands_a_day=10_000, most_seconds=60.0):
            yield row
