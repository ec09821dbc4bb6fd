"""The table that a person reads, and the same as JSON with every number of every turn."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from statistics import median
from typing import Any

from rich.table import Table

from tests.bench.contestants.entries import Contestant
from tests.bench.measuring import Results, forms_a_second
from tests.bench.rows import CROWD, ROWS, Verdict, forms_of_other_crowds

LIBRARIES = ("aiohttp", "slack-bolt", "slack-sdk", "starlette", "uvicorn", "uvloop")


def verdicts(results: Results) -> list[Verdict]:
    """Every row."""
    return [*(row(results) for row in ROWS), *forms_of_other_crowds(results)]


def table(rows: Sequence[Verdict]) -> Table:
    """For a terminal of 80 columns: this bot, and below it the references of the same run."""
    drawn = Table(title="Speed, measured side by side in one run")
    drawn.add_column("what, and the goal")
    drawn.add_column("measured", justify="right", no_wrap=True)
    drawn.add_column("this bot is", justify="right", no_wrap=True)
    drawn.add_column("holds", no_wrap=True)
    for row in rows:
        drawn.add_row(
            f"[bold]{row.what}[/]\n{row.goal}", f"[bold]{_number(row.measured, row.unit)}[/]", "", _holds(row.holds)
        )
        for reference in row.references:
            times = "" if reference.times_as_fast is None else f"{reference.times_as_fast:.2f} × as fast"
            name = f"  {reference.name}{' (decides)' if reference.decides else ''}"
            drawn.add_row(name, _number(reference.measured, row.unit), times, "")
        drawn.add_section()
    return drawn


def footnotes(results: Results) -> list[str]:
    """What one has to know to believe the table."""
    limit = results.median(forms_a_second, CROWD, Contestant.CEILING)
    rounds = max(map(len, results.outcomes.values()), default=0)
    notes = [
        f"Server, load and Slack's Web API are three processes on {os.cpu_count()} cores.",
        f"Medians of {rounds} rounds, in each of which each had its turn; ratios are made round by round.",
        "A form counts if views.open came with the command's trigger_id and a whole form.",
        "A person types the next command when the form of the last one is open.",
    ]
    if limit is not None:
        notes.append(f"Load and Web API alone reach {limit:,.0f} forms/s: nothing checked, nothing encoded.")
    notes += [f"Left out: {who.label}: {why}." for who, why in results.absent.items()]
    notes += [
        f"{who.label}: {number:,} commands were refused, or got no whole form within 3 s."
        for who in Contestant
        if (number := results.not_served(who))
    ]
    return notes


def other_work(load: float) -> list[str]:
    """What one has to know where other work kept the processors busy.

    Args:
        load: of the last minute before anything was measured, as `os.getloadavg` gives it.
    """
    cores = os.cpu_count() or 1
    if load < cores / 2:
        return []
    return [f"Other work was here before: a load of {load:.1f} on {cores} cores. All is slower than alone."]


def as_json(results: Results, rows: Sequence[Verdict]) -> dict[str, Any]:
    """All numbers, with the machine and the versions they belong to."""
    return {
        "machine": {"cores": os.cpu_count(), "processor": platform.machine(), "system": platform.platform()},
        "versions": {"python": platform.python_version(), **{library: version(library) for library in LIBRARIES}},
        "rows": [asdict(row) for row in rows],
        "measured": [
            {
                "contestant": who.value,
                "at_a_time": at_a_time,
                "forms_per_second": median(turn.per_second for turn in turns),
                "rounds": [turn.model_dump() for turn in turns],
            }
            for (at_a_time, who), turns in results.outcomes.items()
        ],
        "absent": {who.value: why for who, why in results.absent.items()},
    }


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "not measured"
    return f"{value:,.2f} {unit}" if value < 100 else f"{value:,.0f} {unit}"


def _holds(holds: bool | None) -> str:
    return {True: "[green]yes[/]", False: "[red]no[/]", None: "unknown"}[holds]
