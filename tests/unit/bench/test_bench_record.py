"""What has got worse since the table that was recorded last is pointed out; noise is not."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.bench.__main__ import main
from tests.bench.recorded import ratios, read_recorded, record, worse
from tests.bench.rows import Reference, Verdict


def row(what: str, *, beside: float | None = None, times: float | None = None) -> Verdict:
    references = (Reference("bare ASGI", 100.0, beside),) if beside else ()
    return Verdict(what, "fast", "times" if times else "/s", times or 50.0, references, None)


def test_what_is_slower_beside_the_same_reference_by_more_than_a_third_is_pointed_out(tmp_path: Path) -> None:
    path = tmp_path / "recorded.json"
    record([row("forms", beside=0.9), row("searches", beside=0.9)], path)

    said = worse([row("forms", beside=0.45), row("searches", beside=0.65)], read_recorded(path))

    assert said == ["forms, beside bare ASGI: 50% worse than recorded"]


def test_what_grows_more_than_it_did_is_pointed_out_and_what_grows_less_is_not(tmp_path: Path) -> None:
    path = tmp_path / "recorded.json"
    record([row("append", times=1.0), row("search", times=3.0)], path)

    said = worse([row("append", times=2.0), row("search", times=1.0)], read_recorded(path))

    assert said == ["append: 50% worse than recorded"]


def test_the_worst_comes_first_and_what_was_never_recorded_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "recorded.json"
    record([row("a", times=1.0), row("b", times=1.0)], path)

    said = worse([row("a", times=2.0), row("b", times=4.0), row("new", times=9.0)], read_recorded(path))

    assert [each.partition(":")[0] for each in said] == ["b", "a"]


def test_the_short_and_the_long_table_are_kept_beside_each_other(tmp_path: Path) -> None:
    path = tmp_path / "recorded.json"
    record([row("append at 20,000", times=1.0)], path)
    record([row("append at 1,000,000", times=2.0)], path)

    assert read_recorded(path) == {"append at 20,000": 1.0, "append at 1,000,000": 0.5}


def test_seconds_are_not_compared() -> None:
    assert ratios([Verdict("a page", "quick", "ms", 5.0, (), None)]) == {}


def test_on_a_busy_machine_nothing_is_recorded_nor_measured_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (1_000.0, 1_000.0, 1_000.0))

    outcome = CliRunner().invoke(main, ["--short", "--record"])

    assert outcome.exit_code == 1
    assert "Other work was here before" in outcome.output
    assert "nothing is recorded" in outcome.output
