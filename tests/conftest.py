"""A PostgreSQL server for whoever wants one, and what a whole run of the tests says in the end."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.fakes.postgres import PostgresServer, binaries, emptied, prepared, running_server

CASES = "fault cases"
"""The property under which a test of the fault matrix reports the cases it tried: ``kind:number``."""

NUMBERS = "numbers"
"""The property under which a test reports in one line what happened."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long chaos lasts, and which."""
    parser.addoption("--chaos-seconds", type=float, default=20.0, help="how long each test of chaos makes trouble")
    parser.addoption("--chaos-seed", type=int, default=None, help="the seed of the trouble; another one each time")


@pytest.fixture(scope="session")
def postgres_programs() -> Path:
    """The folder of PostgreSQL's programs."""
    programs = binaries()
    if programs is None:
        missing = "PostgreSQL is not installed (apt-get install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return programs


@pytest.fixture(scope="session")
def postgres(postgres_programs: Path) -> Iterator[PostgresServer]:
    """One server for all tests of this process."""
    with running_server(postgres_programs) as server:
        yield server


@pytest.fixture(scope="session")
def used_database(postgres: PostgresServer) -> SecretStr:
    """A database with the bot's tables, which tests use one after the other."""
    place = postgres.new_database()
    prepared(place)
    return place


@pytest.fixture
def postgres_place(postgres: PostgresServer, used_database: SecretStr) -> SecretStr:
    """A database with the bot's tables, and nothing in them."""
    emptied(postgres, used_database)
    return used_database


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cases of the fault matrix were tried, and what happened in others."""
    tried: Counter[str] = Counter()
    numbers: list[str] = []
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties:
                if name == NUMBERS:
                    numbers.append(f"{report.nodeid.rpartition('::')[2]}: {value}")
                if name == CASES:
                    kind, _, number = str(value).rpartition(":")
                    tried[kind] += int(number)
    if tried:
        kinds = ", ".join(f"{number} × {kind}" for kind, number in sorted(tried.items()))
        terminalreporter.write_sep("-", f"{tried.total()} fault cases tried: {kinds}")
    for each in numbers:
        terminalreporter.write_line(each)
