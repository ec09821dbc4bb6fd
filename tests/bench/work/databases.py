"""The databases that rows about storage are measured on, side by side: a SQLite file, and PostgreSQL where there is
one, as Debian installs it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.storage.connection import Place
from tests.bench.rows import Reference, Verdict
from tests.fakes.postgres import QUICK, PostgresServer, binaries, running_server

AS_INSTALLED = {**QUICK, "fsync": "on", "full_page_writes": "on", "autovacuum": "on", "shared_buffers": "128MB"}
"""What is said to be written is on the disk, as in the SQLite file."""


@dataclass(frozen=True, slots=True)
class Databases:
    """Databases of one kind.

    Attributes:
        name: of the kind, for people.
        new: makes an empty one and says where it is; ``None`` where this machine has none of the kind.
    """

    name: str
    new: Callable[[], Place] | None


@contextmanager
def postgresql() -> Iterator[PostgresServer | None]:
    """A server for as long as the block runs; ``None`` where PostgreSQL is not installed."""
    programs = binaries()
    if programs is None:
        yield None
        return
    with running_server(programs, AS_INSTALLED) as server:
        yield server


def sqlite_in(folder: Path) -> Databases:
    """Files in a folder."""
    return Databases("SQLite", lambda: folder / f"bot-{len(list(folder.glob('bot-*.sqlite')))}.sqlite")


def postgresql_on(server: PostgresServer | None) -> Databases:
    """Databases of a server."""
    return Databases("PostgreSQL", server.new_database if server else None)


def by_size(
    what: str,
    *,
    goal: str,
    unit: str,
    measured: Sequence[tuple[str, float]],
    holds: bool,
    less_is_better: bool = True,
) -> Verdict:
    """A row about the largest of some sizes, beside which stand the smaller ones.

    Args:
        what: was measured, the largest size included.
        goal: in words.
        unit: of all numbers.
        measured: what the size is called, and the number, from the smallest to the largest.
        holds: whether the goal is reached.
        less_is_better: of the numbers.
    """
    *smaller, (_, largest) = measured
    return Verdict(
        what=what,
        goal=goal,
        unit=unit,
        measured=largest,
        references=tuple(
            Reference(size, number, number / largest if less_is_better else largest / number)
            for size, number in smaller
        ),
        holds=holds,
    )


def not_measured(what: str) -> Verdict:
    """The row of a kind of database that this machine has none of."""
    return Verdict(what, "PostgreSQL is not installed (apt-get install postgresql)", "", None, (), None)
