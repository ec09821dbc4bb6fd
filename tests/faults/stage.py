"""The stage on which the bot has trouble: both simulators in this process, the bot in one of its own, and people."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from pydantic import SecretStr

from bot.cli.sandbox_rules import write_rules
from bot.domain.copies import CopyState
from bot.domain.events import EventFilter, EventKind, RecordedEvent
from bot.domain.orders import OrderStanding
from bot.sandbox.cloud import RequestRecord, SimulatedCloud, StoredBackup
from bot.sandbox.estate import Estate
from bot.sandbox.workspace import AppError, Form, Message, NotPossibleError, NotShownError, SimulatedWorkspace
from bot.server import SLACK_PATH
from bot.slack.manifest import build_manifest
from bot.slack.views import approval_message, copy_message, thread
from bot.slack.views.confirmation import ASK, START
from bot.storage import UnreadableFileError, read_newest
from bot.storage.connection import Place
from bot.storage.opening import reading
from bot.storage.orders import first_event_of, order_named
from tests.fakes.conditions import until
from tests.fakes.ports import held_ports
from tests.faults.network import Network
from tests.faults.patience import eventually
from tests.faults.processes import BotProcess, ServedBot

COMMAND = "/copy-backup"
CHANNEL = "#databases"
PRIVATE = "#ops-private"
PUBLIC = "#general"
"""Public, and the bot is not in it; in the others it is."""
CHANNELS = (CHANNEL, PRIVATE, PUBLIC)

IMPATIENCE: Mapping[str, str] = {
    "FIRST_LOOK_SECONDS": "0.1",
    "LONGEST_LOOK_SECONDS": "0.2",
    "FIRST_RETRY_SECONDS": "0.2",
    "SETTLE_SECONDS": "0.5",
    "PATIENCE_SECONDS": "60",
    "GRACE_SECONDS": "2",
    "MESSAGE_UPDATE_SECONDS": "0.01",
}
"""Settings of a bot that is as impatient as its cloud is fast."""

ENDS = frozenset({EventKind.COMPLETED, EventKind.REFUSED, EventKind.FAILED, EventKind.LOST, EventKind.STOPPED})
"""The last event of a copy's story is one of these."""

STARTS = frozenset({START, "Start copies", ASK})
"""What the button of a confirmation says."""

CHAIN = "What it needs"
"""The box for what is missing beneath a backup."""

TRIES = 12
"""How often a person asks for one and the same copy before they lose their patience."""

APPROVER = "carol"

AGREEMENT_NEEDED = f"""
[[allow]]
name = "everybody here"
people = ["@alice", "@bob"]

[[approval]]
name = "second person"
approvers = {{ people = ["@{APPROVER}"] }}
channel = "{PRIVATE}"
remind_after = "never"
"""
"""Rules by which somebody else has to agree to every copy. A clock set ahead reminds nobody."""

REGIONS = ("DFW", "IAD", "ORD", "HKG", "SYD")
"""Each of them is asked for few copies a minute (`bot.cloud.budget`): many are asked for in all of them."""

T = TypeVar("T")

MakeBot = Callable[[Mapping[str, str], Path], BotProcess]


@dataclass(frozen=True, slots=True)
class Wish:
    """A copy that somebody wants.

    Attributes:
        beneath: what the backup was made from and is to be copied with it, oldest first.
        approver: who has to agree; ``None`` where nobody has to.
    """

    backup: StoredBackup
    region: str = "IAD"
    person: str = "alice"
    channel: str = CHANNEL
    beneath: tuple[StoredBackup, ...] = ()
    approver: str | None = None

    @property
    def parts(self) -> tuple["Wish", ...]:
        """A wish for each of the backups, oldest first."""
        return tuple(replace(self, backup=each, beneath=()) for each in (*self.beneath, self.backup))


@dataclass(slots=True)
class Stage:
    """All of it.

    Attributes:
        full: a full backup in DFW that is nowhere else.
        incremental: made from `full`.
        audit_log: where it is; the bot may have another way to it.
    """

    cloud: SimulatedCloud
    workspace: SimulatedWorkspace
    network: Network
    bot: BotProcess
    full: StoredBackup
    incremental: StoredBackup
    audit_log: Place

    @property
    def file(self) -> Path:
        """The bot's own, where it is not on PostgreSQL."""
        return self.bot.folder / "bot.sqlite"

    def events(self, wish: Wish | None = None) -> Sequence[RecordedEvent]:
        """What the audit log has, oldest first: all of it, or the story of one wish."""
        wanted = EventFilter(backup_id=wish.backup.id, region=wish.region) if wish else EventFilter()
        try:
            return read_newest(self.audit_log, wanted, 10_000)[::-1]
        except UnreadableFileError:  # the bot has not made it yet
            return []

    def kinds(self, wish: Wish | None = None) -> list[EventKind]:
        return [recorded.event.kind for recorded in self.events(wish)]

    def is_recorded(self, wish: Wish) -> bool:
        """Whether the bot has taken the wish: from then on it must not be lost."""
        asked = {EventKind.COPY_REQUESTED, EventKind.COPY_JOINED}
        return any(
            recorded.event.kind in asked and recorded.event.who.name == wish.person for recorded in self.events(wish)
        )

    def has_ended(self, wish: Wish) -> bool:
        return any(kind in ENDS for kind in self.kinds(wish))

    def new_wish(self, number: int, person: str, length: int = 1) -> Wish:
        """A new backup, or a chain of some, that somebody wants elsewhere; regions are by the number."""
        source, destination = REGIONS[number % len(REGIONS)], REGIONS[(number + 1) % len(REGIONS)]
        chain: list[StoredBackup] = []
        for place in range(length):
            parent = chain[-1].id if chain else None
            chain.append(self.cloud.add_backup(region=source, name=f"{person}-{number}-{place}", parent_id=parent))
        return Wish(chain[-1], destination, person, beneath=tuple(chain[:-1]))

    async def asks(self, *wishes: Wish, tries: int = TRIES) -> None:
        """Have people ask at once, again where that did not work, until the bot has taken every wish."""
        for _ in range(tries):
            await self._ask_once([wish for wish in wishes if not self.is_recorded(wish)])
            if all(self.is_recorded(wish) for wish in wishes):
                return
        forms = {wish.person: self.workspace.person(wish.person).form for wish in wishes}
        seen = "\n".join(f"{person}: {form.rendered if form else 'no form'}" for person, form in forms.items())
        raise AssertionError(f"They asked {tries} times. Seen at last:\n{seen}")

    async def _ask_once(self, wishes: Sequence[Wish]) -> None:
        """Everybody has the confirmation before them when the first of them starts."""
        confirmations = [await _as_far_as_possible(self.confirms(wish)) for wish in wishes]
        asking = zip(wishes, confirmations, strict=True)
        await asyncio.gather(*(_as_far_as_possible(self._starts(wish, form)) for wish, form in asking if form))

    async def confirms(self, wish: Wish) -> Form:
        """The way from the command to the confirmation, by way of the form where it offers what is missing beneath."""
        person = self.workspace.person(wish.person)
        if person.form is not None:
            await person.form.closes(all_of_them=True)
        await person.types(f"{COMMAND} {wish.backup.id} {wish.region}", wish.channel)
        form = await person.sees_form()
        await until(lambda: _can_start(form) or (bool(wish.beneath) and CHAIN in form.rendered), every=0.01)
        if _can_start(form):
            return form
        await form.choose(CHAIN, "yes")
        confirmation = (await form.submits()).form or form
        await until(lambda: _can_start(confirmation), every=0.01)
        return confirmation

    async def _starts(self, wish: Wish, confirmation: Form) -> bool:
        await confirmation.submits()
        await until(lambda: self.is_recorded(wish) or _says_no(confirmation), every=0.01)
        return True

    async def until_agreed(self, *wishes: Wish) -> None:
        """Have those who have to agree press the button as soon as there is one, until the bot has taken it."""
        for wish in wishes:
            while wish.approver and EventKind.APPROVED not in self.kinds(wish):
                await _as_far_as_possible(self._agrees(wish.approver, wish))

    async def _agrees(self, approver: str, wish: Wish) -> bool:
        await eventually(lambda: bool(self.approvers_messages_of(wish)))
        await self.workspace.person(approver).presses("Approve", self.approvers_messages_of(wish)[0])
        await until(lambda: EventKind.APPROVED in self.kinds(wish), every=0.01)
        return True

    async def until(self, kind: EventKind, wish: Wish | None = None) -> None:
        """Wait for an event in the audit log."""
        await eventually(lambda: kind in self.kinds(wish))

    async def until_running(self, wish: Wish) -> None:
        """Wait until the bot knows that the copy has begun, and the cloud has not ended it."""
        await eventually(lambda: self.state_of(wish) == CopyState.RUNNING)

    async def until_ended(self, *wishes: Wish) -> None:
        """Wait until the audit log says of each wish how it ended."""
        await eventually(lambda: all(self.has_ended(wish) for wish in wishes))

    async def until_told(self, *wishes: Wish) -> None:
        """Wait until the channel says of each wish how it ended, in the message and in its thread."""
        await self.until_ended(*wishes)
        await self.until_current(*wishes)

    async def until_current(self, *wishes: Wish) -> None:
        """Wait until the channel says of each wish how it stands, in the message and in its thread."""
        await eventually(lambda: all(self.is_current(wish) for wish in wishes))

    def is_current(self, wish: Wish) -> bool:
        """Whether there is nothing to be told of a wish at the moment."""
        message = self.message_of(wish)
        if message is None:
            return False
        order = self.order_in(message)
        told = {payload_of(line).get("sequence") for line in message.thread}
        asked = [each.metadata for each in self.approvers_messages_of(wish)]
        return (
            message.metadata == copy_message.metadata(order)
            and told.issuperset(self.due(order))
            and asked == [approval_message.metadata(order)] * len(asked)
        )

    def order_in(self, message: Message) -> OrderStanding:
        """The order that a message is about, as the bot's own file has it."""
        with reading(self.audit_log) as connection:
            order = order_named(connection, str(payload_of(message)["order_id"]))
        assert order is not None, message.rendered
        return order

    def due(self, order: OrderStanding) -> list[int]:
        """The events that the thread of an order has to tell, by their sequence."""
        with reading(self.audit_log) as connection:
            begun = first_event_of(connection, order.order.id)
        story = [recorded for recorded in self.events() if recorded.sequence >= begun]
        return [recorded.sequence for recorded in story if thread.line(recorded, order, is_last=False)]

    def state_of(self, wish: Wish) -> str:
        """How its copy stands, in the bot's own file."""
        newest = "SELECT state FROM copies WHERE backup_id = ? AND destination = ? ORDER BY requested_at DESC LIMIT 1"
        ((state,),) = self.query(newest, wish.backup.id, wish.region)
        return str(state)

    def query(self, statement: str, *values: str) -> list[tuple[object, ...]]:
        """Look into the bot's file."""
        with reading(self.audit_log) as connection:
            return connection.execute(statement, values).fetchall()

    def message_of(self, wish: Wish) -> Message | None:
        """The message about a wish in the channel."""
        ids = {recorded.event.copy_id for recorded in self.events(wish)}
        return next((one for one in self.messages if payload_of(one).get("order_id") in ids), None)

    def lines_of(self, wish: Wish) -> list[str]:
        """What the thread of a wish says."""
        message = self.message_of(wish)
        return [line.rendered for line in message.thread] if message else []

    async def until_nothing_is_to_be_told(self) -> None:
        """Wait until the bot thinks that it has told everything about everything."""
        unfinished = "SELECT id FROM orders WHERE id NOT IN (SELECT order_id FROM posts WHERE is_finished = 1)"
        await eventually(lambda: not self.query(unfinished))

    def shown(self, wish: Wish) -> str:
        """What the channel shows of a wish."""
        message = self.message_of(wish)
        return message.rendered if message else ""

    @property
    def messages(self) -> list[Message]:
        """The bot's messages about copies, without the replies and those to approvers."""
        return self._of(copy_message.EVENT_TYPE)

    @property
    def approvers_messages(self) -> list[Message]:
        """The bot's messages to those who have to agree."""
        return self._of(approval_message.EVENT_TYPE)

    def approvers_messages_of(self, wish: Wish) -> list[Message]:
        """Those about a wish."""
        ids = {recorded.event.copy_id for recorded in self.events(wish)}
        return [one for one in self.approvers_messages if payload_of(one).get("order_id") in ids]

    def _of(self, event_type: str) -> list[Message]:
        all_of_them = [one for channel in CHANNELS for one in self.workspace.channel(channel).messages]
        return [one for one in all_of_them if (one.metadata or {}).get("event_type") == event_type]

    def copies_finish(self) -> None:
        """Let all copies that run in the cloud have come to their end."""
        self.cloud.clock.advance(3600)

    def requests_for(self, wish: Wish) -> list[RequestRecord]:
        """The copy requests that reached the cloud."""
        asked = f'"{wish.region}"'
        return [one for one in self.cloud.copy_requests(wish.backup.id) if asked in (one.body or "")]

    def copies_of(self, wish: Wish) -> list[StoredBackup]:
        """What came of it in the cloud."""
        return [one for one in self.cloud.backups(wish.region) if one.content == wish.backup.id]


def _can_start(form: Form) -> bool:
    """Whether the confirmation is there, with all that it has to say."""
    return form.is_open and form.submit_text in STARTS


def _says_no(form: Form) -> bool:
    """Whether the person is told that something went wrong, or has to confirm again what has changed."""
    return form.is_open and (form.title == "Something broke" or _can_start(form))


async def _as_far_as_possible(done: Awaitable[T]) -> T | None:
    """What a person does; ``None`` where the bot does not let them."""
    try:
        return await done
    except (AppError, NotPossibleError, NotShownError, TimeoutError):
        await asyncio.sleep(0.05)  # a person's second thought, not a condition
        return None


def payload_of(message: Message) -> Mapping[str, object]:
    """The metadata of a message: what it is about."""
    payload = (message.metadata or {}).get("event_payload")
    return payload if isinstance(payload, dict) else {}


def _id_of(workspace: SimulatedWorkspace, name: str) -> str:
    if name.startswith("#"):
        return workspace.channel(name).id
    return workspace.person(name[1:]).id


@asynccontextmanager
async def set_stage(
    folder: Path,
    make_bot: MakeBot = ServedBot,
    *,
    socket_mode: bool = False,
    speed: float = 300.0,
    rules: str | None = None,
    **settings: str,
) -> AsyncIterator[Stage]:
    """Both simulators, and a bot that is not started yet.

    Args:
        folder: for the bot's files.
        make_bot: makes the process, of its settings and its folder.
        socket_mode: whether the bot connects to Slack, rather than Slack to it.
        speed: how much faster than true copies run; at 300 one takes a quarter of a second.
        rules: a file of rules, with names in place of ids; otherwise some people may do everything.
        **settings: of the bot, instead of the usual ones.
    """
    cloud, workspace = SimulatedCloud(estate=Estate({}), speed=speed), SimulatedWorkspace()
    cloud.limits.lift()
    full = cloud.add_backup(name="weekly-2026-11-20")
    incremental = cloud.add_backup(name="nightly-2026-11-22", parent_id=full.id, size=0.5)
    async with AsyncExitStack() as exits:
        port, *others = exits.enter_context(held_ports(3))
        network = Network(cloud, workspace, (others[0], others[1]))
        running_cloud, served = await exits.enter_async_context(network.connected())
        address = f"http://127.0.0.1:{port}"
        workspace.group("dba").extend(workspace.person(name).id for name in ("alice", "bob"))
        app = workspace.install(build_manifest(command=COMMAND, public_url=None if socket_mode else address))
        for channel in (CHANNEL, PRIVATE):
            workspace.channel(channel).invites_the_app()
        if not socket_mode:
            workspace.deliver_to(f"{address}{SLACK_PATH}")
        environment = {
            "SLACK_BOT_TOKEN": app.bot_token,
            "SLACK_API_URL": served.api_url,
            **({"SLACK_APP_TOKEN": app.app_token} if socket_mode else {"SLACK_SIGNING_SECRET": app.signing_secret}),
            "RACKSPACE_USERNAME": running_cloud.username,
            "RACKSPACE_API_KEY": running_cloud.api_key,
            "RACKSPACE_IDENTITY_URL": running_cloud.identity_url,
            "DATABASE_URL": f"sqlite:///{folder / 'bot.sqlite'}",
            "ALLOWED_USER_GROUPS": workspace.group_id("dba"),
            "PORT": str(port),
            "PYTHONDONTWRITEBYTECODE": "1",  # on a full disk Python would leave half of it behind
            **IMPATIENCE,
            **settings,
        }
        if rules is not None:
            path = write_rules(folder / "rules.toml", rules, partial(_id_of, workspace))
            environment |= {"RULES_FILE": str(path), "ALLOWED_USER_GROUPS": ""}
        bot = make_bot(environment, folder)
        url = environment["DATABASE_URL"]
        audit_log = bot.folder / "bot.sqlite" if url.startswith("sqlite") else SecretStr(url)
        try:
            yield Stage(cloud, workspace, network, bot, full, incremental, audit_log)
        finally:
            await bot.kill()
