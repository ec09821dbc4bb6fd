"""``rules``: what the rules amount to, and what they say of one copy. Changes nothing, and works while the bot runs."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import NoReturn

import click

from bot.assembly import member_by_slack, rules_of
from bot.cli.rule_words import explanation, gist_of, lines_of
from bot.cli.settings import settings_or_exit
from bot.domain.backup import REGIONS_FOR_COPIES, Backup, Origin
from bot.domain.judgement import Wish
from bot.domain.policy import Member
from bot.domain.rules import Rules
from bot.rules_file import RulesFileError
from bot.settings import RulesSettings
from bot.slack.trouble import SlackTroubleError
from bot.storage import StorageError, read_backups


class Moment(click.ParamType[datetime]):
    """A moment as ISO 8601 has it; UTC where it names no zone."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment of a text."""
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"“{value}” is no moment such as 2026-12-24T18:00Z.", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.group()
def rules() -> None:
    """Check the rules, and ask what they say of a copy."""


@rules.command("check")
def check_rules() -> None:
    """Say what the rules amount to, or everything that is wrong with their file.

    Exits with 0 when they can be used, 1 when not, 2 when the settings cannot be used.
    """
    found = _rules_or_exit(settings_or_exit(RulesSettings))
    _say(f"The rules can be used: {gist_of(found)}.")
    for line in lines_of(found):
        _say(f"  {line}")


@rules.command("explain")
@click.argument("person")
@click.argument("backup")
@click.argument("region")
@click.option("--from", "source", metavar="REGION", help="Where the backup is; then BACKUP may also be an instance.")
@click.option("--channel", default="", metavar="ID", help="The channel the person asks from.")
@click.option("--group", "groups", multiple=True, metavar="ID", help="A group of the person; Slack is not asked.")
@click.option("--at", type=Moment(), help="When, such as 2026-12-24T18:00Z; now if not said.")
def explain_rules(  # noqa: PLR0917 - click gives each by its name
    person: str, backup: str, region: str, source: str | None, channel: str, groups: Sequence[str], at: datetime | None
) -> None:
    """Say which rule decides about a copy, and why.

    PERSON is an id of Slack, BACKUP an id or a name that the bot has seen, or the id of an instance, REGION where the
    copy would go. What is copied beneath an incremental backup, and what was asked for already, is not counted.
    """
    settings = settings_or_exit(RulesSettings)
    found = _rules_or_exit(settings)
    regions = settings.regions or REGIONS_FOR_COPIES
    destination = _region(region, regions)
    backups = _backups(settings, backup, _region(source, regions) if source else None, destination)
    member = _member(settings, found, person, groups)
    for each in backups:
        _say(f"{member.name} asks for {each.title}{_size(each)}, {each.region} to {destination}:")
        wish = Wish(member, channel, ((each, destination),), at or datetime.now(UTC))
        for sentence in explanation(found, wish):
            _say(f"  {sentence}")


def _rules_or_exit(settings: RulesSettings) -> Rules:
    try:
        return rules_of(settings).now()
    except RulesFileError as error:
        click.secho(f"{settings.rules_file} cannot be used:", fg="red", err=True)
        for mistake in error.mistakes:
            _say(f"  {mistake}", err=True)
        sys.exit(1)


def _region(given: str, known: Sequence[str]) -> str:
    region = given.upper()
    if region not in known:
        nearest = get_close_matches(region, known, n=1)
        advice = f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(known)}."
        _fail(f"“{given}” is no region that this bot copies between; {advice}")
    return region


def _backups(settings: RulesSettings, wanted: str, source: str | None, destination: str) -> Sequence[Backup]:
    """The newest that fits in each region but the destination."""
    try:
        found = read_backups(settings.database, wanted)
    except StorageError as error:
        if source is None:
            _fail(f"{error} With --from, BACKUP may be an instance, and no such file is needed.")
        found = []
    elsewhere = [backup for backup in found if backup.region != destination and source in {None, backup.region}]
    if source is not None and not elsewhere and source != destination:
        return [Backup(id=wanted, region=source, name="", status="", origin=Origin("instance", wanted))]
    if not elsewhere:
        there = f"it is in {destination} only" if found else "the bot has seen no such backup or instance"
        _fail(f"“{wanted}” cannot be copied to {destination}: {there}.")
    return list({backup.region: backup for backup in sorted(elsewhere, key=_age)}.values())


def _age(backup: Backup) -> tuple[str, datetime]:
    return backup.region, backup.created or datetime.min.replace(tzinfo=UTC)


def _member(settings: RulesSettings, found: Rules, person: str, groups: Sequence[str]) -> Member:
    if groups or settings.slack_bot_token is None:
        click.echo(f"{person} is taken for a member of the workspace, and not looked up in Slack.", err=True)
        return Member(person, person, groups=frozenset(groups))
    try:
        return asyncio.run(member_by_slack(settings, found, person))
    except SlackTroubleError as trouble:
        _fail(f"Slack did not say who {person} is: {trouble}. With --group, Slack is not asked.")


def _size(backup: Backup) -> str:
    return f" ({backup.size_gb:g} GB)" if backup.size_gb is not None else ""


def _say(text: str, *, err: bool = False) -> None:
    """Text of others without what could move a terminal's cursor or colour it."""
    click.echo("".join(character if character.isprintable() else " " for character in text), err=err)


def _fail(sentence: str) -> NoReturn:
    _say(sentence, err=True)
    sys.exit(1)
