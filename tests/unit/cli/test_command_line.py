"""The command line as a newcomer meets it."""

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import COMMANDS, main
from tests.fakes.command_line import run

SLOW_TO_LOAD = ("dbos", "slack_bolt", "sqlalchemy", "uvicorn")
"""What the help and `manifest` have no use for."""


def listed(help_text: str) -> list[tuple[str, str]]:
    """The commands in a help text, each with its sentence."""
    _, _, commands = help_text.partition("Commands:\n")
    return re.findall(r"^  (\w+) +(\S.*)$", commands, flags=re.MULTILINE)


async def test_without_a_command_it_says_what_there_is(tmp_path: Path) -> None:
    ended = await run(folder=tmp_path)

    assert (ended.code, ended.out) == (2, "")
    assert "New here? `demo` shows it all in ten seconds" in ended.errors
    assert [name for name, _ in listed(ended.errors)] == list(COMMANDS)


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_lists_every_command_in_a_line(option: str) -> None:
    shown = CliRunner().invoke(main, [option], terminal_width=80)

    assert shown.exit_code == 0
    assert [name for name, _ in listed(shown.stdout)] == list(COMMANDS)
    assert [sentence for _, sentence in listed(shown.stdout) if not sentence.endswith(".")] == []
    assert [sentence for _, sentence in listed(shown.stdout) if sentence.endswith("...")] == []


@pytest.mark.parametrize("command", [*((name,) for name in COMMANDS), *(("audit", n) for n in ("list", "export"))])
def test_every_command_has_help_and_needs_no_settings_for_it(command: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*command, "-h"], env={"SLACK_BOT_TOKEN": "wrong", "PORT": "wrong"})

    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout.startswith(f"Usage: main {' '.join(command)} ")


@pytest.mark.parametrize("wrong", [["demoo"], ["audit", "lists"], ["serve", "--fast"], ["demo", "now"], ["--seed"]])
def test_what_there_is_not_is_a_mistake_in_one_sentence(wrong: list[str]) -> None:
    told = CliRunner().invoke(main, wrong)

    assert (told.exit_code, told.stdout) == (2, "")
    assert wrong[-1] in told.stderr.splitlines()[-1]


def test_it_says_its_version() -> None:
    shown = CliRunner().invoke(main, ["--version"])

    assert shown.stdout.split()[-1] == importlib.metadata.version("copy-backup-bot")


def test_the_console_script_is_the_same_command_line() -> None:
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="copy-backup-bot")

    assert script.load() is main


def test_a_small_command_does_not_wait_for_a_large_one() -> None:
    program = (
        "import sys; from bot.cli import main; main(['manifest', '--socket-mode'], standalone_mode=False); "
        f"print(sorted(set({SLOW_TO_LOAD}) & set(sys.modules)), file=sys.stderr)"
    )

    ended = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert ended.stderr == "[]\n"
