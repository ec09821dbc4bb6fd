"""The command `manifest`: what it prints is what Slack takes, for this installation."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml
from click.testing import CliRunner, Result

from bot.cli import main
from bot.sandbox.workspace import SimulatedWorkspace
from tests.fakes.repository import ROOT

Manifest: TypeAlias = Callable[..., Result]
Json: TypeAlias = dict[str, Any]

URL = "https://bot.example.com"
UNSET = {"SLACK_APP_TOKEN": None, "SLACK_COMMAND": None, "PUBLIC_URL": None}


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Manifest:
    monkeypatch.chdir(tmp_path)

    def invoke(*options: str, **environment: str) -> Result:
        return CliRunner().invoke(main, ["manifest", *options], env={**UNSET, **environment})

    return invoke


def printed(result: Result) -> Json:
    """What is printed, once Slack has taken it."""
    assert (result.exit_code, result.stderr) == (0, "")
    content = yaml.safe_load(result.stdout)
    assert isinstance(content, dict)
    SimulatedWorkspace(seed=7).install(content)
    return content


def addresses(content: Json) -> set[str]:
    (command,) = content["features"]["slash_commands"]
    interactivity = content["settings"]["interactivity"]
    given = (command.get("url"), interactivity.get("request_url"), interactivity.get("message_menu_options_url"))
    return {address for address in given if address}


def test_the_one_in_the_repository_is_what_it_prints(manifest: Manifest) -> None:
    result = manifest("--url", "https://copy-backup.example.com")
    written = ROOT.joinpath("manifest.yml").read_text(encoding="utf-8").splitlines(keepends=True)

    assert result.stdout == "".join(line for line in written if not line.startswith("#"))
    assert printed(result)


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        (("--url", URL), {}),
        (("--url", f"{URL}/"), {}),
        ((), {"PUBLIC_URL": URL}),
        (("--url", URL), {"PUBLIC_URL": "https://other.example.com"}),
        (("--url", URL), {"SLACK_APP_TOKEN": "xapp-1"}),
    ],
    ids=["option", "with a slash", "setting", "option before setting", "option before Socket Mode"],
)
def test_for_http_every_address_is_the_bots(
    manifest: Manifest, options: tuple[str, ...], environment: dict[str, str]
) -> None:
    content = printed(manifest(*options, **environment))

    assert addresses(content) == {f"{URL}/slack/events"}
    assert content["settings"]["socket_mode_enabled"] is False


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        (("--socket-mode",), {}),
        ((), {"SLACK_APP_TOKEN": "xapp-1"}),
        (("--socket-mode",), {"PUBLIC_URL": URL}),
        ((), {"SLACK_APP_TOKEN": "xapp-1", "PUBLIC_URL": URL}),
    ],
    ids=["option", "token", "option before address", "token before address"],
)
def test_for_socket_mode_there_is_no_address(
    manifest: Manifest, options: tuple[str, ...], environment: dict[str, str]
) -> None:
    content = printed(manifest(*options, **environment))

    assert addresses(content) == set()
    assert content["settings"]["socket_mode_enabled"] is True


def test_the_command_may_have_another_name(manifest: Manifest) -> None:
    content = printed(manifest("--socket-mode", SLACK_COMMAND="/dr-copy"))

    assert [one["command"] for one in content["features"]["slash_commands"]] == ["/dr-copy"]


def test_without_an_address_it_says_what_to_do(manifest: Manifest) -> None:
    result = manifest()

    assert (result.exit_code, result.stdout) == (2, "")
    assert "give --url or set PUBLIC_URL, or use --socket-mode, which needs none." in result.stderr


@pytest.mark.parametrize(
    ("options", "environment", "words"),
    [
        (("--url", "bot.example.com"), {}, "--url"),
        (("--url", "ftp://bot.example.com"), {}, "--url"),
        (("--url", URL, "--socket-mode"), {}, "--socket-mode"),
        ((), {"PUBLIC_URL": "bot.example.com"}, "PUBLIC_URL: "),
        (("--socket-mode",), {"SLACK_COMMAND": "copy backup"}, "SLACK_COMMAND: "),
        ((), {"SLACK_APP_TOKEN": "a-secret"}, "SLACK_APP_TOKEN: "),
    ],
    ids=["no scheme", "wrong scheme", "both", "setting", "command", "token"],
)
def test_what_is_wrong_is_told_by_its_name(
    manifest: Manifest, options: tuple[str, ...], environment: dict[str, str], words: str
) -> None:
    result = manifest(*options, **environment)

    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert "a-secret" not in result.stderr
