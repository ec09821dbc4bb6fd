"""``audit verify``: whether the log, an archive or an export is what it was, by itself and by its witnesses."""

import asyncio
import sys
from pathlib import Path
from typing import NoReturn, TextIO

import click

from bot.cli.audit_progress import shown_progress
from bot.cli.failure import fail
from bot.cli.settings import settings_or_exit
from bot.domain.events import EventFilter, EventKind
from bot.domain.witness import Testimony, Witness
from bot.operations.ports import Broken, Verified
from bot.settings import StorageSettings, WitnessSettings
from bot.slack.client import SlackClient
from bot.slack.trouble import SlackTroubleError
from bot.slack.views.witness import read_lines
from bot.slack.witness import posted_witnesses
from bot.storage import StorageError, read_newest, verify
from bot.storage.connection import Place
from bot.storage.exported import verify_file
from bot.storage.witnesses import hear, hear_of_file


@click.command("verify")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option(
    "--witnesses",
    "texts",
    type=click.File(encoding="utf-8"),
    multiple=True,
    help="A file with messages of witnesses as they were posted; - for standard input.",
)
@click.option("--from-slack", is_flag=True, help="Read the witnesses in WITNESS_CHANNEL, with SLACK_BOT_TOKEN.")
def verify_events(file: Path | None, texts: tuple[TextIO, ...], from_slack: bool) -> None:
    """Check that no event was changed, removed or moved.

    Names the first that was, and exits with 1. FILE is an archive, or an export of the whole log in JSON lines;
    without it the log itself is checked. Witnesses show if the end of the log was cut off, or all of it replaced.
    """
    settings = settings_or_exit(StorageSettings)
    witnesses = [*_read(texts), *(_from_slack() if from_slack else ())]
    place = settings.database
    try:
        with shown_progress("Checking") as progress:
            if file:
                checked = verify_file(file, settings.audit_key, progress)
                found, digest = checked.found, checked.digest
            else:
                found, digest = verify(place, settings.audit_key, progress), None
        if isinstance(found, Broken):
            _tell_broken(found)
        testimony = _heard(place, file, witnesses)
        _tell(found, file, testimony)
        if digest:
            click.echo(_of_archive(place, digest))
    except StorageError as error:
        fail(error)
    if testimony and testimony.contradicting:
        sys.exit(1)


def _read(texts: tuple[TextIO, ...]) -> list[Witness]:
    witnesses = []
    for text in texts:
        found = read_lines(text.read())
        if not found:
            raise click.BadParameter(
                f"{text.name} has no witness in it: lines that begin with 'audit-log witness:' were expected.",
                param_hint="'--witnesses'",
            )
        witnesses += found
    return witnesses


def _from_slack() -> list[Witness]:
    settings = settings_or_exit(WitnessSettings)

    async def read() -> list[Witness]:
        async with SlackClient(settings.slack_bot_token, settings.slack_api_url) as client:
            return [witness async for witness, _ in posted_witnesses(client, settings.witness_channel)]

    try:
        witnesses = asyncio.run(read())
    except SlackTroubleError as trouble:
        fail(f"The witnesses in {settings.witness_channel} cannot be read: {trouble}. `doctor` says what to do.")
    if not witnesses:
        fail(
            f"There is no witness of this bot in {settings.witness_channel}: somebody deleted them, or none was posted."
        )
    return witnesses


def _heard(place: Place, file: Path | None, witnesses: list[Witness]) -> Testimony | None:
    if not witnesses:
        return None
    return hear_of_file(file, witnesses) if file else hear(place, witnesses)


def _tell_broken(broken: Broken) -> NoReturn:
    click.secho(f"Event {broken.sequence} is not what it was: {broken.finding}.", fg="red")
    click.echo("All before it is. Compare it with an export or a backup, and find out who can write to the file.")
    sys.exit(1)


def _tell(found: Verified, file: Path | None, testimony: Testimony | None) -> None:
    keyed = "with the key" if found.is_keyed else "without a key: whoever can write to the file could forge it"
    what = f"{file}" if file else "The audit log"
    after = f" after event {found.archived}, the last of an archive" if found.archived else ""
    whole = f"{what} is whole: {found.events} events{after}, {keyed}. Head: {found.head or 'none'}"
    if testimony and testimony.contradicting:
        click.secho(
            f"This is not the log that was witnessed. By itself it seems whole: {found.events} events.", fg="red"
        )
        for line in _contradictions(testimony):
            click.echo(line)
    else:
        click.echo(whole)
    if testimony:
        click.echo(_agreeing(testimony))


def _contradictions(testimony: Testimony) -> list[str]:
    """Which witnesses, when, what it means and what to do."""
    lines = [
        f"  Event {witness.sequence} is another than was posted {_when(witness)}: its hash was {witness.hash}."
        for witness in testimony.different
    ]
    lines += [
        f"  Event {witness.sequence} is missing, which was posted {_when(witness)}: the log ends with event "
        f"{testimony.last}."
        for witness in testimony.missing
    ]
    return [*lines, _meaning(testimony), WHAT_TO_DO]


WHAT_TO_DO = (
    "Stop the bot, keep this file as it is, and look for a backup or an export that all witnesses fit; then find out "
    "who can write to the file."
)


def _meaning(testimony: Testimony) -> str:
    first_wrong = testimony.contradicting[0].sequence
    fitting = max((witness.sequence for witness in testimony.fitting if witness.sequence < first_wrong), default=0)
    if not fitting:
        return "No witness from before fits: all of it was replaced, by the log of another bot or one that was made up."
    if testimony.different:
        return f"What came after event {fitting} was written anew; all up to it is what it was."
    return (
        f"The end of the log was cut off, or the file is an old copy that was put back: what happened after event "
        f"{testimony.last} is gone. All up to event {fitting} is what it was."
    )


def _agreeing(testimony: Testimony) -> str:
    elsewhere = len(testimony.elsewhere)
    others = f" {elsewhere} saw events that are not here: archived, or later ones." if elsewhere else ""
    if not testimony.fitting:
        return f"Witnesses: none fits.{others}"
    newest = testimony.fitting[-1]
    return f"Witnesses: {len(testimony.fitting)} fit, the last for event {newest.sequence}, {_when(newest)}.{others}"


def _when(witness: Witness) -> str:
    return f"{witness.at:%Y-%m-%d %H:%M} UTC" if witness.at else "at an unknown time"


def _of_archive(place: Place, digest: str) -> str:
    """What the log says of a file with this digest."""
    if isinstance(place, Path) and not place.exists():
        return f"SHA-256 of the file: {digest}"
    archives = read_newest(place, EventFilter(text=digest, kinds=(EventKind.ARCHIVED,)), limit=1)
    if archives:
        return f"It is the archive that event {archives[0].sequence} of the log names."
    return f"The log names no archive with its SHA-256, {digest}: it is an export, or not what was archived."
