"""``doctor``: checks an installation against the world, and says what to do about what is wrong."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import count

import click
from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from bot.assembly import looking, rules_of
from bot.cli.findings import name_of, told, where_it_comes_from
from bot.cli.rule_words import gist_of, lines_of
from bot.operations.health import Check, Finding, Subject, Verdict, examine
from bot.rules_file import RulesFileError
from bot.settings import SettingProblem, Settings, SettingsError, read_settings
from bot.telemetry import configure_logging

SIGNS = {
    Verdict.FINE: ("ok", "green"),
    Verdict.PROBLEM: ("problem", "bold red"),
    Verdict.UNKNOWN: ("-", "yellow"),
}
"""The first word of a line, and its colour."""

SIGN_WIDTH = 9


@click.command()
def doctor() -> None:
    """Check settings, tokens, scopes, channels, login and regions.

    One line for each, with the cure for what is wrong. Changes nothing, and works while the bot runs. Exits with 0
    when all is well, 1 when something has to be done, 2 when the settings cannot be used.
    """
    console = Console(highlight=False)
    try:
        settings = read_settings(Settings)
    except SettingsError as error:
        _show_wrong_settings(console, error.problems)
        sys.exit(2)
    # What goes wrong is told line by line; its log is for whoever looks for a mistake in the bot.
    configure_logging(settings.log_format, "DEBUG" if settings.log_level == "DEBUG" else "CRITICAL")
    checks = asyncio.run(_look(settings, console))
    problems = sum(check.verdict is Verdict.PROBLEM for check in checks)
    unknown = sum(check.verdict is Verdict.UNKNOWN for check in checks)
    _print(console, _summary(len(checks), problems, unknown))
    sys.exit(1 if problems else 0)


async def _look(settings: Settings, console: Console) -> tuple[Check, ...]:
    usable = Check(Subject.SETTINGS, Finding.SETTINGS_USABLE)
    first = (usable, *await asyncio.to_thread(rules_checked, settings), *traces_checked(settings))
    for check in first:
        show(console, check)
    watched = console if console.is_terminal else Console(stderr=True)
    async with looking(settings) as probes:
        with Status("Checking …", console=watched) as status:
            return *first, *await examine(probes, _telling(console, status, len(probes)))


def rules_checked(settings: Settings) -> Sequence[Check]:
    """What the file of rules amounts to, or each mistake in it; nothing without a file. Blocks."""
    path = str(settings.rules_file)
    if settings.rules_file is None:
        return ()
    try:
        rules = rules_of(settings).now()
    except RulesFileError as error:
        told = ({"path": path, "mistake": str(mistake)} for mistake in error.mistakes)
        return [Check(Subject.RULES, Finding.RULES_MISTAKE, facts=facts) for facts in told]
    usable = Check(Subject.RULES, Finding.RULES_USABLE, facts={"path": path, "gist": gist_of(rules)})
    each = (Check(Subject.RULE, Finding.RULE_SAYS, line.rule, {"sentence": line.sentence}) for line in lines_of(rules))
    return [usable, *each]


def traces_checked(settings: Settings) -> Sequence[Check]:
    """Whether traces can be sent; nothing where they are not wanted."""
    if settings.otel_exporter_otlp_endpoint is None:
        return ()
    is_installed = find_spec("opentelemetry") is not None and find_spec("opentelemetry.sdk") is not None
    finding = Finding.TRACES_CAN_BE_SENT if is_installed else Finding.TRACES_NOT_INSTALLED
    return [Check(Subject.TRACES, finding)]


def _telling(console: Console, status: Status, probes: int) -> Callable[[Sequence[Check]], None]:
    """Shows what each probe found, and how many have been heard."""
    heard = count(1)

    def tell(checks: Sequence[Check]) -> None:
        status.update(f"Checking … {next(heard)} of {probes}")
        for check in checks:
            show(console, check)

    return tell


def show(console: Console, check: Check) -> None:
    """One line: what was checked, what was found, what to do."""
    sign, style = SIGNS[check.verdict]
    words = told(check)
    _line(console, sign, style, f"{name_of(check)}: {words.text}", words.cure)


def _show_wrong_settings(console: Console, problems: Sequence[SettingProblem]) -> None:
    sign, style = SIGNS[Verdict.PROBLEM]
    for problem in problems:
        _line(console, sign, style, f"{problem.name}: {problem.sentence}", where_it_comes_from(problem.name))
    _print(
        console,
        f"{_count(len(problems), 'setting')} (from the environment or .env) cannot be used. Nothing else was checked: "
        "correct that first.",
    )


def _line(console: Console, sign: str, style: str, finding: str, cure: str) -> None:
    """On a terminal it is folded below itself; anywhere else it stays one line, for grep."""
    if not console.is_terminal:
        _print(console, f"{sign:<{SIGN_WIDTH}}{finding}{f'. {cure}' if cure else ''}")
        return
    line = Table.grid()
    line.add_column(width=SIGN_WIDTH)
    line.add_column(overflow="fold")
    line.add_row(Text(sign, style), Text(finding))
    if cure:
        line.add_row("", Text(cure, "italic"))
    console.print(line)


def _summary(checks: int, problems: int, unknown: int) -> str:
    not_checked = f" {unknown} could not be checked." if unknown else ""
    if problems:
        return f"{problems} of {_count(checks, 'check')} found something to do.{not_checked}"
    return f"All is well: {_count(checks, 'check')}.{not_checked}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _print(console: Console, text: str) -> None:
    console.print(Text(text), soft_wrap=True)
