"""The table that was recorded last, and what has got worse since: ratios of one run, which another machine shares."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter

from tests.bench.rows import TIMES, Verdict

RECORDED = Path(__file__).with_name("recorded.json")

WORSE = 1 / 3
"""By how much a ratio may be worse before it is pointed out: less is noise."""

Ratios = Mapping[str, float]

_RATIOS = TypeAdapter(dict[str, float])


def ratios(rows: Sequence[Verdict]) -> Ratios:
    """Every ratio of a table, by what it is of; more is better."""
    return dict(_ratios(rows))


def _ratios(rows: Sequence[Verdict]) -> Iterator[tuple[str, float]]:
    for row in rows:
        if row.unit == TIMES and row.measured:
            yield row.what, 1 / row.measured
        for reference in row.references:
            if reference.times_as_fast is not None:
                yield f"{row.what}, beside {reference.name}", reference.times_as_fast


def worse(rows: Sequence[Verdict], before: Ratios) -> list[str]:
    """What has got worse by more than a third, in words, the worst first. What was not measured then is left out."""
    now = ratios(rows)
    kept = {what: now[what] / before[what] for what in now if what in before}
    return [
        f"{what}: {1 - part:.0%} worse than recorded"
        for what, part in sorted(kept.items(), key=lambda each: each[1])
        if part < 1 - WORSE
    ]


def read_recorded(path: Path = RECORDED) -> Ratios:
    """What was recorded; nothing where there is no record yet."""
    return _RATIOS.validate_json(path.read_bytes()) if path.exists() else {}


def record(rows: Sequence[Verdict], path: Path = RECORDED) -> None:
    """Record this table in place of the last one of the same length: rows of the other length stay."""
    kept = {**read_recorded(path), **{what: round(ratio, 4) for what, ratio in ratios(rows).items()}}
    path.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", encoding="utf-8")
