"""The benchmark's load, Web API and statistics work, with tiny numbers: nothing is said about speed here."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from slack_sdk.signature import SignatureVerifier

from tests.bench.contestants.copy_form import FORM
from tests.bench.contestants.entries import APART, Contestant
from tests.bench.exchange import Outcome, Spread
from tests.bench.measuring import Arena, Measure, Results, forms_a_second
from tests.bench.processes import ROOT, ProcessFailedError, child
from tests.bench.rows import (
    CROWD,
    ONE,
    ROWS,
    acknowledged_alone,
    forms_against_bare_asgi,
    forms_against_the_best,
    forms_in_socket_mode,
)
from tests.bench.slack_api import is_whole_form
from tests.bench.slack_commands import SIGNING_SECRET, http_request, next_trigger
from tests.bench.table import as_json, footnotes, other_work, table


def outcome(forms_a_second: float, milliseconds: float) -> Outcome:
    return Outcome(
        acknowledged=10, opened=10, per_second=forms_a_second, incomplete=0, lost=0, refused=0,
        to_acknowledge=Spread(median=milliseconds, p99=milliseconds), to_form=None, busy=0.1,
    )  # fmt: skip


def results(this_bot: tuple[float, float]) -> Results:
    """All as in an ordinary run, but for this bot: forms a second, milliseconds."""
    measured = {
        Contestant.THIS_BOT: this_bot,
        Contestant.THIS_BOT_IN_SOCKET_MODE: this_bot,
        Contestant.BOLT_ON_UVICORN: (1_500.0, 10.6),
        Contestant.BOLT_ON_AIOHTTP: (1_600.0, 10.6),
        Contestant.BOLT_ON_HTTP_SERVER: (90.0, 12.0),
        Contestant.BOLT_IN_SOCKET_MODE: (1_400.0, 10.6),
        Contestant.SLACK_MACHINE: (2_000.0, 0.6),
        Contestant.LEANEST_BOLT: (3_000.0, 0.3),
        Contestant.BARE_ASGI: (6_000.0, 0.1),
        Contestant.CEILING: (18_000.0, 0.05),
    }
    return Results({(people, who): [outcome(*numbers)] for who, numbers in measured.items() for people in (ONE, CROWD)})


def test_a_commands_signature_is_the_one_slack_would_make() -> None:
    head, _, body = http_request(next_trigger(), person=0).partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert SignatureVerifier(SIGNING_SECRET).is_valid_request(body, headers)


def test_a_view_that_says_something_is_coming_is_no_whole_form() -> None:
    assert is_whole_form(FORM)
    assert not is_whole_form({"type": "modal", "blocks": [{"type": "section"}]})
    assert not is_whole_form({**FORM, "submit": None})


async def test_every_command_to_bare_asgi_opens_a_form_and_is_counted_once() -> None:
    async with Arena.open([Contestant.BARE_ASGI]) as arena:
        turn = await arena.turn(Contestant.BARE_ASGI, at_a_time=4, seconds=30, most=20)
    assert (turn.acknowledged, turn.opened) == (20, 20)
    assert (turn.refused, turn.lost, turn.incomplete) == (0, 0, 0)
    assert turn.per_second > 0
    assert turn.to_acknowledge is not None
    assert turn.to_form is not None
    assert 0 < turn.to_acknowledge.median <= turn.to_form.median


async def test_apps_in_socket_mode_are_connected_at_once_and_each_gets_its_own_commands() -> None:
    pair = (Contestant.THIS_BOT_IN_SOCKET_MODE, Contestant.BOLT_IN_SOCKET_MODE)
    async with Arena.open(pair) as arena:
        turns = [
            await arena.turn(one, at_a_time=4, seconds=30, most=most) for one, most in zip(pair, (12, 8), strict=True)
        ]
    assert [(turn.acknowledged, turn.opened + turn.incomplete) for turn in turns] == [(12, 12), (8, 8)]
    assert [(turn.refused, turn.lost) for turn in turns] == [(0, 0)] * 2


@pytest.mark.skipif(not APART.exists(), reason="`.run bench` installs slack-machine apart")
async def test_slack_machine_takes_part_with_a_python_of_its_own() -> None:
    async with Arena.open([Contestant.SLACK_MACHINE]) as arena:
        turn = await arena.turn(Contestant.SLACK_MACHINE, at_a_time=4, seconds=30, most=12)
    assert (turn.acknowledged, turn.opened) == (12, 12)


async def test_contestants_take_turns_in_rounds() -> None:
    turns: list[str] = []
    pair = (Contestant.BARE_ASGI, Contestant.CEILING)
    async with Arena.open(pair) as arena:
        measured = await arena.rounds([Measure(2, 0.05, pair)], number=2, warm_up=0.05, progress=turns.append)
    assert {key: len(outcomes) for key, outcomes in measured.outcomes.items()} == {(2, pair[0]): 2, (2, pair[1]): 2}
    assert [turn.split(": ")[0] for turn in turns] == ["warm-up"] * 2 + ["round 1 of 2"] * 2 + ["round 2 of 2"] * 2


async def test_a_process_that_does_not_start_is_told_with_what_it_wrote() -> None:
    with pytest.raises(ProcessFailedError, match="is not a valid Contestant"):
        async with child("tests.bench.contestants", ["nobody", "http://127.0.0.1:1/api/"]):
            pass


@pytest.mark.parametrize(
    ("row", "enough", "too_slow"),
    [
        (acknowledged_alone, (1.0, 0.99), (1.0, 1.0)),
        (forms_against_the_best, (3_000.0, 9.0), (2_999.0, 9.0)),
        (forms_in_socket_mode, (3_000.0, 9.0), (2_999.0, 9.0)),
        (forms_against_bare_asgi, (2_250.0, 9.0), (2_249.0, 9.0)),
    ],
)
def test_a_row_holds_from_its_goal_on(
    row: Callable[[Results], object], enough: tuple[float, float], too_slow: tuple[float, float]
) -> None:
    assert getattr(row(results(enough)), "holds") is True  # noqa: B009
    assert getattr(row(results(too_slow)), "holds") is False  # noqa: B009


def test_ratios_are_made_round_by_round_so_that_a_busy_machine_is_no_winner() -> None:
    quiet_then_busy = {
        (CROWD, Contestant.THIS_BOT): [outcome(4_000, 0.5), outcome(1_000, 2.0), outcome(1_200, 2.0)],
        (CROWD, Contestant.BARE_ASGI): [outcome(8_000, 0.1), outcome(2_000, 0.4), outcome(2_400, 0.4)],
    }
    ratio = Results(quiet_then_busy).times(forms_a_second, CROWD, Contestant.THIS_BOT, Contestant.BARE_ASGI)
    assert ratio == pytest.approx(0.5)


def test_a_row_is_unknown_where_this_bot_was_not_measured() -> None:
    nothing = Results({}, absent={Contestant.THIS_BOT: "it is not installed"})
    assert [row(nothing).holds for row in ROWS] == [None] * len(ROWS)
    assert any("it is not installed" in note for note in footnotes(nothing))


def test_the_table_and_the_json_have_every_row() -> None:
    measured = results((3_000.0, 0.5))
    rows = [row(measured) for row in ROWS]
    assert table(rows).row_count == len(rows) + sum(len(row.references) for row in rows)
    written = json.loads(json.dumps(as_json(measured, rows)))
    assert [row["what"] for row in written["rows"]] == [row.what for row in rows]
    assert len(written["measured"]) == len(measured.outcomes)


def test_a_busy_machine_is_told_and_a_quiet_one_is_not() -> None:
    cores = os.cpu_count() or 1
    assert other_work(0.2 * cores) == []
    assert [f"a load of {4 * cores:.1f}" in note for note in other_work(4.0 * cores)] == [True]


def _descendants(pid: int) -> set[int]:
    """Processes that a process started, directly or not; Linux."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(one) for one in listed} | {deeper for one in listed for deeper in _descendants(int(one))}


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def _benchmark_in_a_terminal() -> subprocess.Popen[bytes]:
    """The short benchmark, which hears of Ctrl-C also where whoever runs the tests ignores it: that is inherited."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.bench", "--short"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in Linux's /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_process_is_left_when_the_benchmark_is_stopped(number: signal.Signals) -> None:
    benchmark = _benchmark_in_a_terminal()
    try:
        _wait_for(lambda: len(_descendants(benchmark.pid)) >= 3)
        started = _descendants(benchmark.pid)
        os.kill(benchmark.pid, number)
        benchmark.communicate(timeout=30)
        _wait_for(lambda: not any(_is_running(pid) for pid in started))
    finally:
        benchmark.kill()
        benchmark.communicate()
