"""The rows of the work behind the form, in the order of the table."""

from collections.abc import AsyncIterator, Callable

from tests.bench.rows import Verdict
from tests.bench.work.audit_log import audit_log_rows
from tests.bench.work.catalogue import plan_of_a_long_chain, typed_search
from tests.bench.work.chains import chain_over_its_copies
from tests.bench.work.many_copies import acknowledged_with_many_copies, start_and_run_many_copies
from tests.bench.work.watching import calls_a_minute


async def work_rows(*, short: bool, progress: Callable[[str], object]) -> AsyncIterator[Verdict]:
    """Measure one row after the other.

    Args:
        short: with smaller numbers, good enough to see that nothing is badly wrong.
        progress: is told what is measured now.
    """
    progress("typed search")
    for row in await typed_search(backups=20_000 if short else 100_000):
        yield row
    progress("the audit log")
    async for row in audit_log_rows((1_000, 20_000) if short else (1_000, 10_000, 100_000, 1_000_000)):
        yield row
    progress("a plan for a chain of 64")
    yield await plan_of_a_long_chain()
    progress("a chain and its copies")
    yield await chain_over_its_copies()
    progress("calls a minute")
    yield await calls_a_minute((1, 10, 100) if short else (1, 10, 100, 1000))
    progress("many copies")
    copies = 200 if short else 1000
    for row in await start_and_run_many_copies(copies, seconds=5.0 if short else 20.0):
        yield row
    progress("commands while many copies run")
    yield await acknowledged_with_many_copies(copies, seconds=2.0 if short else 10.0)
