"""What people do again and again on their way to a copy, and what can be read of it afterwards."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from itertools import cycle
from typing import Protocol, TypeVar

from bot.cli.sandbox import Sandbox
from bot.domain.events import Event, EventFilter, EventKind, RecordedEvent
from bot.operations.keep_catalogue_fresh import refresh_catalogue
from bot.operations.ports import Broken
from bot.sandbox.cloud import StoredBackup
from bot.sandbox.cloud.copying import CopyRequest
from bot.sandbox.estate import Estate
from bot.sandbox.workspace import ConversationScreen, Form, Message, Person
from bot.storage import verify
from tests.fakes.conditions import until

_Row = TypeVar("_Row")

PATIENCE = 20.0
"""Seconds for everything that is waited for: a busy machine is slow."""

BACKUP, TO, NAME, DESCRIPTION, TELL = "Backup", "To", "Name of the copy", "Description", "Tell"
"""The fields of the form."""


class Begin(Protocol):
    """Starts everything, and waits until the bot has read all lists of backups. Other keywords are its settings."""

    async def __call__(
        self,
        *,
        estate: Estate | None = None,
        rules: str | None = None,
        waits_for_lists: bool = True,
        **changes: object,
    ) -> Sandbox: ...


async def eventually(condition: Callable[[], bool]) -> None:
    await until(condition, seconds=PATIENCE, every=0.01)


def in_turn(rows: Iterable[_Row]) -> list[tuple[str, _Row]]:
    """Every row with the way Slack reaches the bot: over HTTP, over Socket Mode, over HTTP … For what does not depend
    on that way.
    """
    return list(zip(cycle(["http", "socket mode"]), rows, strict=False))


async def opens_form(person: Person, channel: str = "#databases") -> Form:
    await person.types("/copy-backup", channel)
    form = await person.sees_form("Copy a backup", timeout=PATIENCE)
    return await form.shows("From:", timeout=PATIENCE)


async def chooses(form: Form, backup: StoredBackup, to: str, *, source: str = "DFW") -> None:
    """Finds a backup and says where it goes, and waits until the form knows what that means."""
    await finds(form, backup, source=source)
    await form.choose(TO, to)
    await eventually(lambda: has_looked(form))


async def finds(form: Form, backup: StoredBackup, *, source: str = "DFW") -> None:
    await form.choose(BACKUP, f"{source}/{backup.id}", searching=backup.name or backup.id)
    await eventually(lambda: bool(form.value(NAME)))


def has_looked(form: Form) -> bool:
    return "Looking at" not in form.rendered and "Choose a backup and where" not in form.rendered


async def reviews(form: Form) -> Form:
    """Sends the form; gives the confirmation, once it shows the plan."""
    submitted = await form.submits()
    assert submitted.form is not None, "the form closed"
    assert not submitted.errors
    confirmation = submitted.form
    await eventually(lambda: "Looking at" not in confirmation.rendered)
    return confirmation


async def starts(confirmation: Form) -> Form:
    """Presses **Start copy**; gives what the form shows then."""
    submitted = await confirmation.submits()
    assert submitted.form is not None, "the form closed"
    told = submitted.form
    await eventually(lambda: told.title != "Starting …")
    return told


async def asks_for(
    sandbox: Sandbox, person: Person, backup: StoredBackup, to: str = "IAD", *, source: str = "DFW"
) -> Message:
    """The whole way from the command to the message in the channel."""
    confirmation = await confirms(person, backup, to, source=source)
    assert (await starts(confirmation)).title == "Copy started"
    return await databases(sandbox).waits_for(f"{source} → {to}, as {backup.name}-copy", timeout=PATIENCE)


async def confirms(person: Person, backup: StoredBackup, to: str = "IAD", *, source: str = "DFW") -> Form:
    """The way from the command to the confirmation."""
    form = await opens_form(person)
    await chooses(form, backup, to, source=source)
    return await reviews(form)


async def types_short(person: Person, words: str, channel: str = "#databases") -> Form:
    """Types the short form; gives what opens, once both regions were looked at."""
    await person.types(f"/copy-backup {words}", channel)
    form = await person.sees_form(timeout=PATIENCE)
    await eventually(lambda: "Looking at" not in form.rendered)
    return form


async def is_answered(person: Person, words: str, *, channel: str = "#databases") -> str:
    """Types something after the command that is answered to this person alone; gives the answer."""
    before = len(person.ephemeral_messages)
    shown = await person.types(f"/copy-backup {words}", channel)
    if shown is not None:
        return shown.rendered
    await eventually(lambda: len(person.ephemeral_messages) > before)
    return person.ephemeral_messages[-1].rendered


async def refusals(sandbox: Sandbox, number: int) -> list[Event]:
    """What the audit log says of refusals, once there are so many."""
    found: list[Event] = []

    async def all_there() -> bool:
        kinds = {EventKind.REFUSED_PERSON, EventKind.REFUSED_REQUEST}
        found[:] = [recorded.event for recorded in await audit_log(sandbox) if recorded.event.kind in kinds]
        return len(found) >= number

    await until(all_there, seconds=PATIENCE)
    assert len(found) == number
    return found


def wait_with_copies(sandbox: Sandbox) -> None:
    """From now on copies take as long as they really would, so that they can be seen running."""
    sandbox.cloud.clock.speed = 1.0


def finish_copies(sandbox: Sandbox) -> None:
    """Ends all copies that run."""
    sandbox.cloud.clock.advance(24 * 3600)
    sandbox.cloud.has_changed()


def somebody_copies(sandbox: Sandbox, backup: StoredBackup, to: str = "IAD", *, name: str | None = None) -> None:
    """Somebody copies a backup without the bot, in the control panel."""
    request = CopyRequest(target_backup_region=to, name=name or f"{backup.name}-copy")
    sandbox.cloud.copies.accept("DFW", backup, request, "COMPLETED")


async def learns(sandbox: Sandbox, *regions: str) -> None:
    """Some minutes pass: the bot reads the lists of these regions again."""
    ports = sandbox.bot.ports
    for region in regions:
        assert await refresh_catalogue(ports.cloud, ports.catalogue, ports.clock, region) is None


async def ends(message: Message, how: str) -> None:
    """Waits until the message says how a copy ended, and the thread has told the person who asked."""
    await message.shows(how, timeout=PATIENCE)
    await eventually(lambda: _tells_the_end(story(message)))


async def ends_altogether(message: Message, how: str) -> None:
    """The same of an order of several copies."""
    await message.shows(how, timeout=PATIENCE)
    await eventually(lambda: bool(message.thread) and "It has ended" in message.thread[-1].rendered)


def _tells_the_end(thread: list[str]) -> bool:
    return bool(thread) and thread[-1].startswith("@") and "Your help is needed" not in thread[-1]


def copies_in(sandbox: Sandbox, backup: StoredBackup, region: str = "IAD") -> list[str]:
    """The statuses of all copies of a backup in a region."""
    return [each.status for each in sandbox.cloud.backups(region) if each.content == backup.content]


def databases(sandbox: Sandbox) -> ConversationScreen:
    return sandbox.workspace.channel("#databases")


def story(message: Message) -> list[str]:
    """The thread, as it is read."""
    return [reply.rendered for reply in message.thread]


def copy_id_of(message: Message) -> str:
    payload = (message.metadata or {}).get("event_payload")
    assert isinstance(payload, dict)
    return str(payload["order_id"])


async def audit_log(sandbox: Sandbox) -> list[RecordedEvent]:
    """All events, oldest first."""
    return [recorded async for recorded in sandbox.bot.ports.record.all_events(EventFilter())]


async def kinds(sandbox: Sandbox, message: Message) -> Sequence[str]:
    """What the audit log says of a copy, without the statuses that happened to be seen on the way."""
    copy_id = copy_id_of(message)
    log = await audit_log(sandbox)
    return [r.event.kind.value for r in log if r.event.copy_id == copy_id and r.event.kind.value != "seen"]


async def assert_the_log_is_whole(sandbox: Sandbox) -> None:
    verified = await asyncio.to_thread(verify, sandbox.settings.database)
    assert not isinstance(verified, Broken), verified


def people_pinged(sandbox: Sandbox) -> list[str]:
    return [ping.target for ping in sandbox.workspace.pings]
