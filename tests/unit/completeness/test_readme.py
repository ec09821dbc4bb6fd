"""The README says all there is, and nothing that is not: settings, scopes, answers, commands, the manifest."""

import re
import shlex

import click
import pytest
import yaml
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from bot.cli import COMMANDS, main
from bot.cli.rule_words import lines_of
from bot.cloud.faults import STATUSES
from bot.domain.backup import REGIONS_FOR_COPIES
from bot.domain.reasons import REPEATS, Reason, Repeat
from bot.rules_file import read_rules
from bot.rules_file.tables import RulesTable
from bot.settings import Settings
from bot.slack.manifest import build_manifest
from bot.slack.scopes import APP_SCOPE, SCOPES
from bot.slack.views import help as usage
from bot.slack.views.reason_text import Who
from bot.slack.views.reason_words import WORDS
from tests.fakes.metrics import exported_metrics
from tests.fakes.repository import README, ROOT, commands, table, words_in_code

# --- Settings ----------------------------------------------------------------------------------------------------

SAID_IN_WORDS = {"RACKSPACE_IDENTITY_URL": "the usual one"}
"""Defaults that are no value."""


def documented_settings() -> dict[str, str]:
    """Each setting of the README with its default, as it stands there."""
    documented: dict[str, str] = {}
    for names, default, _ in table("setting", "default"):
        settings = words_in_code(names)
        defaults = re.findall(r"`([^`]+)`|(\d+)", default)
        values = [quoted or number for quoted, number in defaults] if len(settings) > 1 else [default.strip("`")]
        documented |= dict(zip(settings, values or [""] * len(settings), strict=True))
    return documented


def default_of(name: str) -> str:
    """The default of a setting, as a person would write it."""
    default = Settings.model_fields[name.lower()].default
    if name == "REGIONS":
        return ",".join(REGIONS_FOR_COPIES)
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if default in {None, PydanticUndefined, ()}:
        return SAID_IN_WORDS.get(name, "")
    return f"{default:g}" if isinstance(default, float) else str(default)


def test_every_setting_has_its_line_and_no_line_has_none() -> None:
    assert sorted(documented_settings()) == sorted(name.upper() for name in Settings.model_fields)


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
def test_the_default_of_each_setting_is_the_one_it_has(name: str) -> None:
    assert documented_settings()[name] == default_of(name)


def test_every_example_of_a_file_with_settings_has_settings_that_exist() -> None:
    examples = re.findall(r"^([A-Z][A-Z_]+)=", README, flags=re.MULTILINE)

    assert examples
    assert {name.lower() for name in examples} <= set(Settings.model_fields)


def test_the_example_of_a_file_of_rules_is_one_and_has_all_there_is() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)

    rules = read_rules(example.encode(), REGIONS_FOR_COPIES)

    assert [rule.name for rule in rules.allow] == ["dba", "orders team"]
    assert set(RulesTable.model_fields) <= {key for key, _ in re.findall(r"^\[*(\w+)(\]| =)", example, re.MULTILINE)}
    assert len(list(lines_of(rules))) == 10


# --- Metrics -----------------------------------------------------------------------------------------------------


async def test_every_metric_has_its_line_and_no_line_has_none() -> None:
    documented = [name for names, _ in table("metric", "what it says") for name in words_in_code(names)]

    assert sorted(documented) == sorted(await exported_metrics())


# --- Scopes and manifest -----------------------------------------------------------------------------------------


def test_every_scope_has_its_line_and_what_it_is_for() -> None:
    lines = {words_in_code(name)[0]: purpose for name, purpose in table("scope", "what it is for")}

    assert {name: purpose.removesuffix(" (app-level token)") for name, purpose in lines.items()} == {
        scope.name: scope.purpose for scope in (*SCOPES, APP_SCOPE)
    }


def test_the_manifest_in_the_repository_is_the_one_the_bot_prints() -> None:
    written = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))

    assert written == build_manifest(command="/copy-backup", public_url="https://copy-backup.example.com")


# --- The fault table ---------------------------------------------------------------------------------------------

CONTRACT = (400, 401, 403, 404, 405, 413, 415, 422, 500, 501, 503)
"""The answers of the operation that are not 202, as its owner documents them, and 415."""

CURED_BY = {
    Who.YOU: "you",
    Who.ADMINISTRATOR: "the account's administrator",
    Who.OPERATOR: "whoever runs the bot",
    Who.SUPPORT: "Rackspace support",
    Who.TIME: "nobody but time",
}
DOES = {
    Repeat.NEVER: "ends",
    Repeat.AFTER_WAITING: "waits as long as the service asks, sends again",
    Repeat.A_FEW_TIMES: "sends again a few times, ever later",
    Repeat.AFTER_LOOKING: "looks whether it began; sends again only if not",
}


def documented_answers() -> dict[Reason, tuple[str, str]]:
    """What the bot does, and who can cure it, by the reason that the answer leads to."""
    answers = {}
    for answer, _, does, cured_by in table("answer", "what it means for a copy"):
        status = answer.partition(" ")[0]
        answers[STATUSES[int(status)] if status.isdigit() else Reason.NO_ANSWER] = (does, cured_by)
    return answers


def test_every_answer_of_the_contract_has_a_reason_of_its_own() -> None:
    assert len({STATUSES[status] for status in CONTRACT}) == len(CONTRACT)


def test_every_answer_of_the_contract_has_its_line() -> None:
    assert list(documented_answers()) == [*(STATUSES[status] for status in CONTRACT), Reason.NO_ANSWER]


@pytest.mark.parametrize("reason", [*(STATUSES[status] for status in CONTRACT), Reason.NO_ANSWER])
def test_the_line_of_an_answer_says_what_the_bot_does_and_who_can_cure_it(reason: Reason) -> None:
    does, cured_by = documented_answers()[reason]

    assert cured_by == CURED_BY[WORDS[reason].who]
    if reason is Reason.UNAUTHORIZED:
        assert does == "asks once more with a new token, then ends"
    else:
        assert does.startswith(DOES[REPEATS.get(reason, Repeat.NEVER)])


# --- Commands ----------------------------------------------------------------------------------------------------


def test_every_command_is_in_the_readme() -> None:
    written = "\n".join(commands())

    for command in COMMANDS:
        assert re.search(rf"sh \.run (bot )?{command}\b|docker run .* {command}$", written, flags=re.MULTILINE), command


@pytest.mark.parametrize("command", [line for line in commands() if line.startswith("sh .run ")])
def test_every_command_of_the_readme_exists_with_its_options(command: str) -> None:
    what, *arguments = shlex.split(command.partition(">")[0])[2:]
    if what in {"tests", "checks", "bench", "screenshots"}:
        assert re.search(rf"^    {what}\)", (ROOT / ".run").read_text(encoding="utf-8"), flags=re.MULTILINE)
        return
    words = arguments if what == "bot" else [what, *arguments]
    found: click.Command = main
    context = click.Context(main)
    while isinstance(found, click.Group):
        name = words.pop(0)
        inner = found.get_command(context, name)
        assert inner is not None, f"there is no command {name}"
        found = inner
    known = {option for parameter in found.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= known


def test_what_can_be_typed_in_slack_is_the_same_in_the_readme_and_in_the_help() -> None:
    in_readme = [words_in_code(typed)[0].split()[1:2] for typed, _ in table("you type", "you get")]
    shown = [words.split()[1:2] for words in words_in_code(usage.draw().text) if words.startswith("/copy-backup")]

    def verbs(typed: list[list[str]]) -> list[str]:
        return [word for words in typed for word in words if word.islower() and word.isalpha()]

    assert verbs(in_readme) == verbs(shown)
