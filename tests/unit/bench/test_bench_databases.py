"""What is measured on a SQLite file is measured on PostgreSQL, too; or the table says why not. With tiny numbers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bench.recorded import ratios
from tests.bench.rows import Verdict
from tests.bench.work.audit_log import audit_log_rows
from tests.bench.work.catalogue import typed_search
from tests.bench.work.databases import by_size, postgresql_on, sqlite_in
from tests.fakes.postgres import PostgresServer

SIZES = (10, 30)


async def all_of(rows: AsyncIterator[Verdict]) -> list[Verdict]:
    return [row async for row in rows]


async def test_a_search_is_measured_on_both_with_the_smaller_catalogues_beside_the_largest(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    on_file = await all_of(typed_search(sqlite_in(tmp_path), SIZES))
    on_server = await all_of(typed_search(postgresql_on(postgres), SIZES))

    assert [row.what.replace("SQLite", "PostgreSQL") for row in on_file] == [row.what for row in on_server]
    for row in (*on_file, *on_server):
        assert row.measured
        assert [reference.name for reference in row.references] == ["10 backups"]
        assert row.holds is not None


async def test_the_audit_log_is_measured_on_both(postgres: PostgresServer) -> None:
    rows = await all_of(audit_log_rows(postgres, SIZES))

    assert [row.what for row in rows if "SQLite" in row.what] == [
        row.what.replace("PostgreSQL", "SQLite") for row in rows if "PostgreSQL" in row.what
    ]
    assert all(row.measured for row in rows)


async def test_where_no_server_is_installed_the_rows_say_so() -> None:
    (search,) = await all_of(typed_search(postgresql_on(None), SIZES))
    log = (await all_of(audit_log_rows(None, SIZES)))[-1]

    for row in (search, log):
        assert "PostgreSQL is not installed" in row.goal
        assert (row.measured, row.holds) == (None, None)


@pytest.mark.parametrize(("less_is_better", "ratio"), [(True, 0.25), (False, 4.0)])
def test_what_growing_costs_is_a_ratio_that_another_machine_shares(*, less_is_better: bool, ratio: float) -> None:
    row = by_size(
        "a search over 100",
        goal="quick",
        unit="ms",
        measured=[("10", 2.0), ("100", 8.0)],
        holds=True,
        less_is_better=less_is_better,
    )
    assert ratios([row]) == {"a search over 100, beside 10": ratio}
