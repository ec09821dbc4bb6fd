"""The Slack room: Bolt, wired to listeners and guard. No state outside the room that is built here.

Bolt looks for a listener's acknowledgement every 10 ms, unless it may answer when the listener ends
(``slack-platform.md``, Bolt for Python 1.30): so listeners start what is slow as an errand, and end.
"""

import asyncio
import logging
from contextlib import suppress

from slack_bolt import BoltResponse
from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.logger.messages import warning_token_skipped
from starlette.requests import Request
from starlette.responses import Response

from bot.domain.events import RecordedEvent
from bot.operations.observing import Nobody, Observer
from bot.operations.ports import Ports, StandingOrders
from bot.operations.readiness import SLACK, Standing
from bot.operations.report_coverage import Surveyor
from bot.operations.standing_orders import Keeping
from bot.slack.client import SlackClient
from bot.slack.desk import Desk
from bot.slack.directory import Directory
from bot.slack.errands import Errands, report_unexpected
from bot.slack.guard import Guard, SignatureCheck, Tally
from bot.slack.listeners import (
    app_home,
    approval,
    confirmation,
    copy_again,
    copy_command,
    copy_form,
    copy_message,
    copy_shortcut,
    keep,
    pages,
)
from bot.slack.notifier import Posts
from bot.slack.observed import ObservedApp
from bot.slack.open_homes import OpenHomes
from bot.slack.options import SlackOptions
from bot.slack.pacing import Pacer
from bot.slack.socket_mode import SocketMode
from bot.slack.trouble import SlackTroubleError

logger = logging.getLogger(__name__)

FIRST_PATIENCE = 5.0
"""Seconds that Slack is waited for at the start. Where it takes longer, the bot starts without it."""

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0

LONGEST_BODY = 4_000_000
"""Bytes of a request. Slack's longest is a view of 250 kB with what was filled in (``slack-platform.md``, Sizes), each
character of which may take up to eight.
"""

SECONDS_BETWEEN_HOMES = 5.0
"""How much longer than between two writes to a channel it takes until somebody's Home is published again."""

LISTENERS = (
    copy_command,
    copy_shortcut,
    copy_again,
    copy_form,
    confirmation,
    copy_message,
    approval,
    keep,
    pages,
    app_home,
)


class SlackRoom:
    """The bot's side of Slack, as far as people speak first. What it tells by itself is `bot.slack.telling`.

    Attributes:
        client: talks to Slack.
        directory: who people are.
    """

    def __init__(
        self,
        ports: Ports,
        options: SlackOptions,
        posts: Posts,
        standing_orders: StandingOrders,
        *,
        surveyor: Surveyor,
        observer: Observer,
    ) -> None:
        self._ports = ports
        self._options = options
        self._observer = observer
        self.client = SlackClient(options.bot_token, options.api_url, observer=observer)
        self._errands = Errands()
        self.directory = Directory(self.client, ports.rules, self._errands)
        self._tally = Tally(ports, self._errands)
        self._signatures = SignatureCheck(options.signing_secret) if options.signing_secret else None
        guard = Guard(ports, self.directory, self._errands)
        self._homes = OpenHomes(self._errands, Pacer(options.seconds_between_writes * SECONDS_BETWEEN_HOMES))
        keeping = Keeping(ports, standing_orders, surveyor, self.directory)
        desk = Desk(ports, self.client, guard, self._errands, posts, options.command, surveyor, self._homes, keeping)
        self._app = self._bolt(desk)
        app_token = options.app_token
        self._socket = SocketMode(self._app, self.client, app_token, options.api_url) if app_token else None
        self._taking_up: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up with Slack.

        Where Slack cannot be reached, that is tried again and again: until then nobody is let in, and copies go on.

        Raises:
            SlackTroubleError: Slack does not accept the tokens.
        """
        try:
            async with asyncio.timeout(FIRST_PATIENCE):
                await self._take_up()
        except (SlackTroubleError, TimeoutError) as trouble:
            if isinstance(trouble, SlackTroubleError) and not trouble.is_passing:
                raise
            logger.warning("Slack cannot be reached, and is tried again: %s", str(trouble) or "no answer in time")
            self._taking_up = asyncio.create_task(self._take_up_later(), name="takes up with Slack")

    async def standing(self) -> Standing:
        """What keeps people from using the bot at the moment. Slack is asked only where the last call found it in
        trouble, and not waited for.
        """
        if self.directory.home is None:
            return Standing(missing={SLACK: "cannot be reached"})
        if self._socket is not None and not await self._socket.is_open():
            return Standing(missing={SLACK: "Socket Mode is not connected"})
        if (trouble := self.client.trouble) is None:
            return Standing()
        if self._asking is None or self._asking.done():
            self._asking = self._errands.start(self._ask_again(), "see whether Slack can be used again")
        return Standing(missing={SLACK: str(trouble)})

    async def _ask_again(self) -> None:
        with suppress(SlackTroubleError):
            await self.client.who_am_i()

    async def stop_taking(self) -> None:
        """Take nothing more by Socket Mode; what comes over HTTP is stopped by whoever serves it."""
        if self._taking_up is not None:
            self._taking_up.cancel()
            await asyncio.wait([self._taking_up])
        if self._socket is not None:
            await self._socket.aclose()

    async def aclose(self) -> None:
        """Take nothing more, finish what was taken, and close the connections."""
        await self.stop_taking()
        self._tally.close()
        await self._errands.aclose()
        await self.client.aclose()

    async def _take_up(self) -> None:
        """Find out which workspace this is and who is in its groups, and connect where Socket Mode is set.

        Raises:
            SlackTroubleError: that did not work.
        """
        identity, _ = await self.client.who_am_i()
        self.directory.home = identity.team_id
        await self.directory.learn_groups()
        if self._socket is not None:
            await self._socket.open()

    async def _take_up_later(self) -> None:
        """Try it until it works: a token that is refused now may be good again, as it was."""
        pause = FIRST_PAUSE
        while True:
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            try:
                return await self._take_up()
            except SlackTroubleError as trouble:
                level = logging.WARNING if trouble.is_passing else logging.ERROR
                logger.log(level, "Slack cannot be used: %s; again in %.0f s", trouble, pause)

    def on_event(self, recorded: RecordedEvent) -> None:
        """Something was committed to the audit log: the Homes that show it are brought up to date."""
        if self._homes and recorded.event.copy_id is not None:
            self._errands.start(self._renew_homes(recorded.event.copy_id), "find out whose Home an event changes")

    async def _renew_homes(self, copy_id: str) -> None:
        for standing in await self._ports.record.orders_with(copy_id):
            self._homes.renew(standing.order.requested_by.id)
            if standing.order.approval:
                self._homes.renew_all()

    async def handler(self, request: Request) -> Response:
        """Answer one request of Slack's over HTTP. What is not signed by Slack gets a 401 and nothing else."""
        body = await _body_of(request)
        headers = request.headers
        timestamp, signature = headers.get("x-slack-request-timestamp"), headers.get("x-slack-signature")
        if body is None or self._signatures is None or not self._signatures.accepts(body, timestamp, signature):
            self._tally.note()
            return Response(status_code=401)
        answer = await self._app.async_dispatch(to_async_bolt_request(request, body))
        return to_starlette_response(answer)

    def _bolt(self, desk: Desk) -> AsyncApp:
        async def authorize() -> AuthorizeResult:
            """Bolt wants to know whose token it is; the guard decides who may come in."""
            return AuthorizeResult(enterprise_id=None, team_id=self.directory.home, bot_token=None)

        logging.getLogger(f"slack_bolt.{AsyncApp.__name__}").addFilter(_worth_knowing)
        app = ObservedApp(
            self._observer,
            name="copy-backup-bot",
            authorize=authorize,
            signing_secret=self._options.signing_secret.get_secret_value() if self._options.signing_secret else "",
            process_before_response=True,
            request_verification_enabled=False,  # `handler` has verified it, on the raw body
            ignoring_self_events_enabled=False,
            ssl_check_enabled=False,
            attaching_function_token_enabled=False,
        )
        app.error(_unexpected)
        for module in LISTENERS:
            module.register(app, desk)
        return app


def _worth_knowing(record: logging.LogRecord) -> bool:
    """Bolt finds SLACK_BOT_TOKEN in the environment by itself, and warns that it is ignored, which is not so."""
    return record.getMessage() != warning_token_skipped()


async def _body_of(request: Request) -> bytes | None:
    """The body of a request; ``None`` if it is longer than any of Slack's: it is not read to its end."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_BODY:
            return None
    return bytes(body)


async def _unexpected(error: Exception) -> BoltResponse:
    await report_unexpected(error, "answer Slack", None)
    return BoltResponse(status=500, body="")


def build_app(
    ports: Ports,
    options: SlackOptions,
    posts: Posts,
    standing_orders: StandingOrders,
    *,
    surveyor: Surveyor | None = None,
    observer: Observer | None = None,
) -> SlackRoom:
    """The Slack room, not yet started.

    Args:
        ports: the world.
        options: what it has to know of the settings.
        posts: what was posted to the channels in which people asked, remembered.
        standing_orders: those there are.
        surveyor: knows all backups; one of its own where it is not shared.
        observer: is told of each request and each call; nobody if not given.
    """
    return SlackRoom(
        ports,
        options,
        posts,
        standing_orders,
        surveyor=surveyor or Surveyor(ports),
        observer=observer or Nobody(),
    )
