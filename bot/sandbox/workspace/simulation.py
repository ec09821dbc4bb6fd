"""The simulated workspace, put together."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.routing import Mount

from bot.sandbox.loopback import loopback_server
from bot.sandbox.wire import Wire
from bot.sandbox.workspace.changes import ChangeStream
from bot.sandbox.workspace.chat_methods import CHAT_METHODS
from bot.sandbox.workspace.control import control_interface
from bot.sandbox.workspace.conversation_methods import CONVERSATION_METHODS
from bot.sandbox.workspace.conversation_screen import ConversationScreen
from bot.sandbox.workspace.delivery import EVENT_RETRIES, AppAnswer, Delivery, SignedRequest, connections
from bot.sandbox.workspace.directory import User
from bot.sandbox.workspace.forging import Forger
from bot.sandbox.workspace.installation import InstalledApp, install, read_manifest
from bot.sandbox.workspace.interactions import Interactions
from bot.sandbox.workspace.person import Person
from bot.sandbox.workspace.pings import Ping
from bot.sandbox.workspace.refusals import NotPossibleError
from bot.sandbox.workspace.server import workspace_app
from bot.sandbox.workspace.socket_mode import SocketMode
from bot.sandbox.workspace.state import RecordedDelivery, RecordedRequest, WorkspaceState
from bot.sandbox.workspace.trouble import Rates, Trouble
from bot.sandbox.workspace.view_methods import VIEW_METHODS
from bot.sandbox.workspace.web_api import WebApi


@dataclass(frozen=True, slots=True)
class ServedWorkspace:
    """Where a workspace is served.

    Attributes:
        port: The TCP port.
        api_url: What an app takes as the address of the Web API.
    """

    port: int
    api_url: str


class SimulatedWorkspace:
    """A Slack workspace on this machine, with people, channels and one app.

    The people: alice and bob (members), ana (in @dba), carol (in @approvers), greg (a guest,
    `is_restricted`), otto (a single-channel guest, `is_ultra_restricted`). The channels: #databases,
    #general, #ops-private (private: alice, ana, carol) and #archive (archived). The app is in none of
    them until it joins or is invited.
    """

    def __init__(
        self,
        seed: int = 7,
        *,
        enforce_rates: bool = False,
        patience: float = 3.0,
        event_retries: tuple[float, ...] = EVENT_RETRIES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Makes the workspace.

        Args:
            seed: The same seed gives the same ids and tokens.
            enforce_rates: Whether Slack's rates are kept (slack-platform.md, Rates); off, so that tests
                are fast.
            patience: Seconds that the app has to acknowledge something.
            event_retries: Seconds before each repetition of an event that was not acknowledged.
            clock: The time in seconds since 1970.
        """
        self._state = WorkspaceState(seed, clock)
        self.trouble = Trouble(clock)
        self._sockets = SocketMode(self._state, self.trouble)
        self._delivery = Delivery(self._state, self._sockets, patience=patience, event_retries=event_retries)
        self._interactions = Interactions(self._state, self._delivery, self.trouble)
        self._forger = Forger(self._state, self._interactions, self._delivery)
        methods = (*CHAT_METHODS, *CONVERSATION_METHODS, *VIEW_METHODS, self._sockets.method)
        rates = Rates(clock) if enforce_rates else None
        web_api = WebApi(self._state, methods, self.trouble, rates=rates)
        self._app = workspace_app(self._state, web_api, self._sockets, self._interactions, self.trouble)
        self.forge = self._forger.forge

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[ServedWorkspace]:
        """Serves the workspace on loopback until the block is left.

        Args:
            port: The TCP port, 0 for any free one.

        Raises:
            OSError: The port cannot be had.
        """
        async with connections() as session, loopback_server(self._app, port=port) as bound:
            self._delivery.session = session
            self._state.response_urls.base = f"http://127.0.0.1:{bound}"
            self._sockets.base = f"ws://127.0.0.1:{bound}"
            try:
                yield ServedWorkspace(bound, f"http://127.0.0.1:{bound}/api/")
            finally:
                await self._delivery.stop()
                self._delivery.session = None

    def control_interface(self) -> Mount:
        """The control interface as a route, for another server that is to have it too."""
        return control_interface(self._state, self._sockets, self.trouble)

    def install(self, manifest: Mapping[str, object]) -> InstalledApp:
        """Installs the app, or installs it again with another manifest (its ids and tokens stay).

        Args:
            manifest: The parsed `manifest.yml`.

        Raises:
            ManifestError: Slack would not take it.
        """
        state, read = self._state, read_manifest(dict(manifest))
        if state.installed is not None:
            state.installed.manifest = read
        else:
            state.installed, bot = install(read, state.team.id, state.numbers)
            state.directory.add_user(bot)
        state.changes.publish("app_installed", app=state.installed.app_id)
        return state.installed

    def deliver_to(self, url: str) -> None:
        """Sends commands, interactions and events to this address; without one they go through Socket Mode."""
        self._delivery.url = url

    @property
    def team_id(self) -> str:
        """The id of the workspace."""
        return self._state.team.id

    @property
    def app(self) -> InstalledApp:
        """The installed app.

        Raises:
            LookupError: None is installed.
        """
        return self._state.app

    def person(self, name: str) -> Person:
        """The person of this name.

        Raises:
            LookupError: There is none.
        """
        return Person(self._state, self._interactions, self._delivery, self._state.directory.user_named(name))

    @property
    def people(self) -> list[str]:
        """The names of everybody who works here, guests included."""
        return [one.name for one in self._state.directory.users.values() if not one.is_bot]

    def add_person(self, name: str, real_name: str | None = None) -> Person:
        """Adds a full member, who is in #general."""
        self._state.directory.add_person(name, real_name)
        return self.person(name)

    def user(self, name: str) -> User:
        """The account of a person or of the app, whose properties tests may change (`deleted`, `is_restricted`)."""
        return self._state.directory.user_named(name)

    def channel(self, name: str) -> ConversationScreen:
        """The channel of this name, with or without `#`, or of this id.

        Raises:
            LookupError: There is none.
        """
        return ConversationScreen(self._state, self._state.directory.channel_named(name))

    def group(self, handle: str) -> list[str]:
        """The ids of the members of a user group: a list that tests may change."""
        return self._state.directory.group_named(handle).members

    def group_id(self, handle: str) -> str:
        """The id of a user group."""
        return self._state.directory.group_named(handle).id

    @property
    def changes(self) -> ChangeStream:
        """Every change, as it happens."""
        return self._state.changes

    @property
    def requests(self) -> list[RecordedRequest]:
        """The Web API calls of the app (the last 10,000), oldest first."""
        return list(self._state.requests)

    @property
    def deliveries(self) -> list[RecordedDelivery]:
        """What was sent to the app (the last 10,000), oldest first."""
        return list(self._state.deliveries)

    @property
    def wire(self) -> Wire:
        """The latest requests in both directions, with their answers, for who looks from outside."""
        return self._state.wire

    @property
    def mentions(self) -> list[Ping]:
        """Everybody whom the app named anywhere, also where nobody is notified of it."""
        return list(self._state.mentions)

    @property
    def pings(self) -> list[Ping]:
        """Everybody who was notified because a new message names them."""
        return [one for one in self._state.mentions if one.notified]

    @property
    def open_sockets(self) -> int:
        """How many Socket Mode connections can take an envelope."""
        return self._sockets.open_connections

    async def until_a_socket_is_open(self, patience: float = 5.0) -> None:
        """Waits until the app is connected through Socket Mode.

        Raises:
            NotShownError: It did not connect in time.
        """
        await self._state.changes.until(
            lambda: self._sockets.open_connections or None,
            patience=patience,
            waited_for="the app's Socket Mode connection",
            instead=lambda: "none is open",
        )

    def signed_command(self, person: str, text: str, channel: str = "#databases") -> SignedRequest:
        """The signed request of a typed command, with a fresh trigger_id, for a load generator to send itself."""
        directory = self._state.directory
        name, _, rest = text.partition(" ")
        payload = self._interactions.payloads.command(
            directory.user_named(person), directory.channel_named(channel), name, rest
        )
        return self._delivery.signed("slash_commands", payload)

    async def sends_event(self, event: Mapping[str, object]) -> None:
        """Sends an event to the app, again when it is not acknowledged, as Slack does."""
        await self._delivery.send_event(self._interactions.payloads.event(dict(event)))

    async def verifies_the_address(self) -> None:
        """Asks the app to prove that its address for events is its own, as Slack does when one enters it.

        Raises:
            DispatchFailed: It did not.
            NotPossibleError: The app's manifest has no such address: Slack asks for no other.
        """
        if not self.app.manifest.settings.event_subscriptions.request_url:
            raise NotPossibleError("This app's manifest has no address for events, so Slack asks nothing.")
        await self._delivery.verify_address(f"{self._state.numbers.getrandbits(256):064x}")

    async def post_to_app(self, request: SignedRequest) -> AppAnswer:
        """Sends a request to the app as it is.

        Raises:
            DispatchFailed: The app cannot be reached.
        """
        return await self._delivery.post(request)
