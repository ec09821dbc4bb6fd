"""The Slack room at work, over HTTP, with everything behind it in memory; and what people do there again and again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pydantic import SecretStr

from bot.domain.events import Event, EventKind, RecordedEvent
from bot.domain.policy import AccessRules
from bot.domain.rules import Rules
from bot.operations.readiness import Standing
from bot.sandbox.loopback import loopback_server
from bot.sandbox.workspace import Form, Person, SimulatedWorkspace
from bot.server import SLACK_PATH, build_web
from bot.slack.app import SlackRoom, build_app
from bot.slack.options import SlackOptions
from bot.slack.telling import Telling
from tests.fakes.conditions import until
from tests.fakes.posts import MemoryPosts
from tests.fakes.standing_orders import MemoryStandingOrders
from tests.fakes.world import CHILD, FULL, World
from tests.unit.slack.conftest import COMMAND, Served

PATIENCE = 20.0
REFUSALS = frozenset({EventKind.REFUSED_PERSON, EventKind.REFUSED_REQUEST})


@dataclass(slots=True)
class House:
    """A workspace, the bot in it, and what the bot knows; the room can be ended and begun again."""

    served: Served
    world: World
    posts: MemoryPosts
    standing_orders: MemoryStandingOrders
    rooms: list[tuple[SlackRoom, Telling]] = field(default_factory=list)

    @property
    def workspace(self) -> SimulatedWorkspace:
        return self.served.workspace

    @property
    def alice(self) -> Person:
        return self.workspace.person("alice")

    @property
    def channel_id(self) -> str:
        return self.workspace.channel("#databases").id

    @property
    def rules(self) -> AccessRules:
        """Everybody who is in #databases may, from there."""
        return AccessRules(channels=frozenset({self.channel_id}))

    @asynccontextmanager
    async def room(self, rules: AccessRules | None = None) -> AsyncIterator[SlackRoom]:
        """The room, from its beginning to its end."""
        app = self.workspace.app
        self.world.rules.rules = Rules.only(rules or self.rules)
        options = SlackOptions(
            bot_token=SecretStr(app.bot_token),
            signing_secret=SecretStr(app.signing_secret),
            app_token=None,
            api_url=self.served.api_url,
            command=COMMAND,
            seconds_between_writes=0.0,
        )
        approver_posts = MemoryPosts(self.world.record, of_approvers=True)
        room = build_app(self.world.ports, options, self.posts, self.standing_orders)
        telling = Telling(
            self.world.ports,
            room.client,
            options=options,
            posts=self.posts,
            approver_posts=approver_posts,
            standing_orders=self.standing_orders,
        )
        self.rooms.append((room, telling))
        async with loopback_server(build_web(room.handler, nothing_missing)) as port:
            self.workspace.deliver_to(f"http://127.0.0.1:{port}{SLACK_PATH}")
            await room.start()
            await telling.start()
            try:
                yield room
            finally:
                self.rooms.remove((room, telling))
                await telling.aclose()
                await room.aclose()

    def refused(self) -> list[Event]:
        """What was written down of who was refused."""
        return [each.event for each in self.world.record.history if each.event.kind in REFUSALS]

    async def knows(self, *names: str) -> None:
        """Have Slack asked who these people are."""
        for name in names:
            person = self.workspace.person(name)
            await person.types(f"{COMMAND} help")
            await person.sees_ephemeral(COMMAND, timeout=PATIENCE)


async def nothing_missing() -> Standing:
    return Standing()


async def house_of(served: Served) -> House:
    """With a full backup and an increment in DFW, which the catalogue knows."""
    world = World.new()
    await world.catalogue.replace("DFW", world.clock.now(), [FULL, CHILD])
    house = House(served, world, MemoryPosts(world.record), MemoryStandingOrders(world.record))

    def tell(recorded: RecordedEvent) -> None:
        for room, telling in house.rooms:
            room.on_event(recorded)
            telling.on_event(recorded)

    world.record.on_commit(tell)
    return house


async def opens_form(person: Person, channel: str = "#databases") -> Form:
    await person.types(COMMAND, channel)
    return await (await person.sees_form(timeout=PATIENCE)).shows("From:", timeout=PATIENCE)


async def chooses(form: Form, to: str = "IAD") -> None:
    """The full backup, and where it goes."""
    await form.choose("Backup", f"DFW/{FULL.id}", searching="weekly")
    await until(lambda: bool(form.value("Name of the copy")), seconds=PATIENCE)
    await form.choose("To", to)


async def reviews(form: Form) -> Form:
    """Sends the form; gives the confirmation, once it shows the plan."""
    submitted = await form.submits()
    assert submitted.form is not None
    assert not submitted.errors
    confirmation = submitted.form
    await until(lambda: "Looking at" not in confirmation.rendered, seconds=PATIENCE)
    return confirmation


async def confirms(person: Person) -> Form:
    """The way from the command to the confirmation."""
    form = await opens_form(person)
    await chooses(form)
    await form.shows("Full backup", timeout=PATIENCE)
    return await reviews(form)
