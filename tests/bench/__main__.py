"""``python -m tests.bench``: the speed table, in half an hour; ``--short`` in less than three minutes."""

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from tests.bench.contestants.entries import Contestant
from tests.bench.measuring import Arena, Results
from tests.bench.processes import ProcessFailedError
from tests.bench.recorded import read_recorded, record, worse
from tests.bench.rows import OTHER_CROWDS, Verdict, measures
from tests.bench.table import as_json, footnotes, other_work, table, verdicts
from tests.bench.work.databases import postgresql
from tests.bench.work.rows import work_rows
from tests.fakes.postgres import PostgresServer


@dataclass(frozen=True, slots=True)
class Length:
    """How much is measured.

    Attributes:
        rounds: of which the medians count.
        seconds: of one turn of a crowd.
        warm_up: seconds for each contestant.
        crowds: that are measured besides the usual one: people at a time.
    """

    rounds: int
    seconds: float
    warm_up: float
    crowds: tuple[int, ...] = ()


LONG = Length(rounds=11, seconds=1.2, warm_up=1.5, crowds=OTHER_CROWDS)
SHORT = Length(rounds=5, seconds=0.5, warm_up=0.5)


@click.command()
@click.option("--short", is_flag=True, help="Less than three minutes: good enough to see that nothing is badly wrong.")
@click.option("--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write all numbers to this file.")
@click.option("--record", "is_recorded", is_flag=True, help="Keep the ratios: later runs are compared with them.")
def main(*, short: bool, file: Path | None, is_recorded: bool) -> None:
    """Measure this bot beside what could be used instead, in one run on this machine.

    A goal that is missed is shown, and so is what has got worse since the table recorded last. Neither is an error: a
    busy machine is a reason too, and is not recorded.
    """
    console = Console()
    load, _, _ = os.getloadavg()
    if is_recorded and other_work(load):
        raise click.ClickException(
            f"{other_work(load)[0]} Later runs would be held against noise: nothing is recorded."
        )
    try:
        results = asyncio.run(_measure(SHORT if short else LONG, console))
        with postgresql() as server:
            rows = verdicts(results) + asyncio.run(_work(console, server, short=short))
    except ProcessFailedError as error:
        raise click.ClickException(str(error)) from None
    console.print(table(rows))
    for note in footnotes(results) + other_work(load):
        console.print(f"· {note}", highlight=False)
    for finding in worse(rows, read_recorded()) or ["Nothing is worse than recorded by more than a third."]:
        console.print(f"· {finding}", highlight=False)
    if is_recorded:
        record(rows)
    if file is not None:
        file.write_text(json.dumps(as_json(results, rows), indent=2) + "\n")


async def _measure(length: Length, console: Console) -> Results:
    with console.status("starting") as status:
        async with Arena.open(Contestant) as arena:
            return await arena.rounds(
                measures(length.seconds, length.crowds),
                number=length.rounds,
                warm_up=length.warm_up,
                progress=status.update,
            )


async def _work(console: Console, server: PostgresServer | None, *, short: bool) -> list[Verdict]:
    with console.status("starting") as status:
        return [row async for row in work_rows(server, short=short, progress=status.update)]


if __name__ == "__main__":
    main()
