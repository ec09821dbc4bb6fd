"""The command `doctor`: what it prints, how wide the terminal may be, and its exit codes."""

import asyncio
import io
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from bot.assembly import looking
from bot.cli.doctor import show, traces_checked
from bot.cli.findings import told
from bot.cli.sandbox import running_sandbox
from bot.domain.events import EventFilter
from bot.operations.health import Check, Finding, Subject, Verdict, examine
from tests.fakes.installation import Installation, Report

ESCAPE_CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
_ALL = EventFilter()
LONG = Check(Subject.CHANNEL, Finding.CHANNEL_NOT_SEEN, "C024BE91L")


@dataclass(frozen=True)
class Run:
    code: int
    lines: list[str]
    errors: str


async def doctor(folder: Path, **given: str) -> Run:
    """Run the command in a folder, with nothing else in the environment."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "doctor"),
        cwd=folder,
        env={"PATH": os.environ["PATH"], **given},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert process.returncode is not None
    return Run(process.returncode, out.decode().splitlines(), errors.decode())


async def test_all_is_well(installation: Installation) -> None:
    run = await doctor(installation.folder, **installation.given)

    assert run.code == 0, run
    assert run.lines[0] == "ok       settings: all can be used"
    assert [line[:9] for line in run.lines[:-1]] == ["ok       "] * 15, "one line each"
    assert run.lines[-1] == "All is well: 15 checks."


async def test_traces_that_can_be_sent(installation: Installation) -> None:
    given = installation.given | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}

    run = await doctor(installation.folder, **given)

    assert run.code == 0, run
    assert run.lines[1] == "ok       traces: can be sent; whether they are taken is not checked"


def test_traces_that_cannot_be_sent(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.doctor.find_spec", lambda _name: None)
    (check,) = traces_checked(installation.settings(otel_exporter_otlp_endpoint="http://127.0.0.1:4318"))

    assert check.verdict is Verdict.PROBLEM
    assert "pip install 'copy-backup-bot[otel]'" in told(check).cure
    assert traces_checked(installation.settings()) == ()


async def test_something_has_to_be_done(installation: Installation) -> None:
    installation.cloud.role = "dbaas:observer"
    private = installation.workspace.channel("#ops-private").id

    run = await doctor(
        installation.folder, **installation.given, ALLOWED_CHANNELS=f"D024BE91L, {private}", LOG_LEVEL="DEBUG"
    )

    assert run.code == 1, run
    assert [line for line in run.lines if line.startswith("problem  ")] == [
        (
            f"problem  channel {private}: it is private and the bot is not in it, or it does not exist. If it is "
            "private, type /invite in it and choose this bot. Else correct ALLOWED_CHANNELS, "
            "WITNESS_CHANNEL or the file of rules."
        ),
        (
            "problem  Rackspace role: dbaas:observer may look, but not copy: every copy would be refused with 403. "
            "Have an administrator of the account give this user the role dbaas:creator or dbaas:admin."
        ),
    ]
    assert run.lines[-1] == "2 of 17 checks found something to do. 1 could not be checked."
    for secret in installation.secrets:
        assert secret not in "\n".join(run.lines) + run.errors


async def test_settings_that_cannot_be_used_are_all_told_with_where_they_come_from(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SLACK_BOT_TOKEN=b0t-s3cret\nALLOWED_PEOPLE=U024BE7LH\nPORT=p0rt\n")

    run = await doctor(tmp_path, SLACK_APP_TOKEN="xapp-1", RACKSPACE_USERNAME="ana")

    assert run.code == 2, run
    assert run.lines == [
        (
            "problem  SLACK_BOT_TOKEN: this token has to begin with xoxb-. api.slack.com/apps, your app, OAuth & "
            "Permissions: Bot User OAuth Token."
        ),
        "problem  RACKSPACE_API_KEY: is not set. Rackspace control panel, My Profile & Settings: that user's API key.",
        "problem  PORT: has to be a whole number. See “All settings” in the README for what it may be.",
        "3 settings (from the environment or .env) cannot be used. Nothing else was checked: correct that first.",
    ]
    assert "s3cret" not in run.errors
    assert "p0rt" not in run.errors


async def test_it_works_while_the_bot_runs_and_the_bot_does_not_notice(tmp_path: Path) -> None:
    async with running_sandbox(tmp_path) as sandbox:
        before = await sandbox.bot.ports.record.events(_ALL, limit=100)
        async with looking(sandbox.settings) as probes:
            report = Report(await examine(probes, lambda _: None))
        after = await sandbox.bot.ports.record.events(_ALL, limit=100)

    assert report.problems == []
    assert report.of(Subject.DATABASE).finding is Finding.DATABASE_IN_USE
    assert before == after


@pytest.mark.parametrize("width", [24, 40, 80, 200])
def test_a_terminal_of_any_width(width: int) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=width, highlight=False)

    show(console, LONG)

    lines = ESCAPE_CODES.sub("", _written(console)).splitlines()
    assert max(len(line) for line in lines) <= width
    assert lines[0].startswith("problem  channel")
    assert all(line.startswith(" " * 9) for line in lines[1:]), "folded below itself"
    words = told(LONG)
    assert "".join("".join(lines).removeprefix("problem").split()) == "".join(
        f"channel C024BE91L: {words.text}{words.cure}".split()
    )


def test_where_nobody_watches_a_line_stays_one_line() -> None:
    console = Console(file=io.StringIO(), width=40, highlight=False)

    show(console, LONG)

    assert _written(console).count("\n") == 1


def test_what_comes_from_outside_cannot_reach_the_terminal() -> None:
    facts = {"workspace": "\x1b[2J\x1b]0;owned\x07", "user": "[red]{first}[/red]\n"}
    console = Console(file=io.StringIO(), width=200, highlight=False)

    show(console, Check(Subject.BOT_TOKEN, Finding.BOT_TOKEN_WORKS, facts=facts))

    assert _written(console) == (
        "ok       Slack bot token: works in the workspace  [2J ]0;owned , as [red]{first}[/red] \n"
    )


@pytest.mark.parametrize(("finding", "sign"), [(Finding.NOT_LOOKED_AT, "-"), (Finding.LOGIN_WORKS, "ok")])
def test_the_first_word_says_what_it_comes_to(finding: Finding, sign: str) -> None:
    console = Console(file=io.StringIO(), width=200, highlight=False)
    check = Check(Subject.LOGIN, finding, facts={"first": "login", "regions": "DFW"})

    show(console, check)

    assert _written(console).split()[0] == sign
    assert check.verdict is not Verdict.PROBLEM


def _written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
