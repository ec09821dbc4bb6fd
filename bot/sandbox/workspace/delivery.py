"""What the workspace sends to the app: by signed HTTP requests, or through Socket Mode.

The requests are aiohttp's: who stops waiting for one closes its connection and no other. httpx would drop, without
closing them, those that it happens to put away just then (httpcore 1.0.9, ``AsyncConnectionPool._close_connections``),
as it does after an app has died.
"""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Literal
from urllib.parse import urlencode, urlsplit

import aiohttp
from pydantic_core import from_json, to_json

from bot.sandbox.workspace.refusals import AppError, DispatchFailed, NotShownError, OperationTimeout, Payload
from bot.sandbox.workspace.socket_mode import SocketMode
from bot.sandbox.workspace.state import RecordedDelivery, WorkspaceState

Kind = Literal["slash_commands", "interactive", "events_api"]
EVENT_RETRIES = (0.0, 60.0, 300.0)
"""Seconds before each repetition of an event that was not acknowledged, as Slack's Events API documents them."""

LONGEST_ANSWER = 60.0
"""Seconds that one request may take, whoever waits for it."""

SECONDS_KEPT = 4.0
"""How long a connection is kept for the next request: less than uvicorn's 5 s, so that none meets one that closes."""


@dataclass(frozen=True, slots=True)
class AppAnswer:
    """What the app answered: an HTTP status, and the body (JSON where it is JSON, else text)."""

    status: int
    content: Payload | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """An HTTP request as Slack makes it."""

    body: bytes
    headers: Mapping[str, str]


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`X-Slack-Signature` (slack-platform.md, Requests to the app)."""
    signed = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256)
    return f"v0={signed.hexdigest()}"


@asynccontextmanager
async def connections() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections to the app, which are closed when the block is left."""
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=LONGEST_ANSWER),
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=SECONDS_KEPT),
    ) as session:
        yield session


class Delivery:
    """The way to the app."""

    def __init__(
        self, state: WorkspaceState, sockets: SocketMode, *, patience: float, event_retries: tuple[float, ...]
    ) -> None:
        """Knows no address yet.

        Args:
            state: The workspace.
            sockets: The connections of Socket Mode.
            patience: Seconds that the app has to acknowledge.
            event_retries: Seconds before each repetition of an event; nothing else is repeated.
        """
        self._state = state
        self._sockets = sockets
        self._patience = patience
        self._event_retries = event_retries
        self._telling: set[asyncio.Task[None]] = set()
        self.url: str | None = None
        self.session: aiohttp.ClientSession | None = None
        self.last_signed: SignedRequest | None = None

    @property
    def by_socket(self) -> bool:
        """Whether Socket Mode carries everything."""
        return self._state.app.manifest.settings.socket_mode_enabled or self.url is None

    async def send(self, kind: Kind, payload: Payload, *, retry: tuple[int, str] | None = None) -> AppAnswer:
        """Sends something to the app and waits for its acknowledgement.

        Args:
            kind: What it is.
            payload: Its content.
            retry: For an event that is sent again: which attempt, and why.

        Raises:
            OperationTimeout: It was not acknowledged in time.
            DispatchFailed: The app cannot be reached, or did not answer with 2xx.
        """
        status = 0
        try:
            async with asyncio.timeout(self._patience):
                if self.by_socket:
                    answer = AppAnswer(200, await self._sockets.send(kind, payload, retry=retry))
                else:
                    answer = await self.post(self.signed(kind, payload, retry=retry))
            status = answer.status
        except TimeoutError:
            raise OperationTimeout("operation_timeout", f"no acknowledgement within {self._patience:g} s") from None
        finally:
            self._state.deliveries.append(RecordedDelivery(kind, payload, status, self._state.clock()))
            self._state.changes.publish("delivery", delivery=kind, status=status)
        if not 200 <= status < 300:
            raise DispatchFailed("dispatch_failed", f"the app answered {status}: {answer.text[:200]}")
        return answer

    def tell(self, event: Payload) -> None:
        """Sends an event without waiting for what comes of it."""
        telling = asyncio.create_task(self.send_event(event), name="event-to-the-app")
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def stop(self) -> None:
        """Ends the events that are still being sent."""
        for telling in self._telling:
            telling.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)

    async def send_event(self, event: Payload) -> None:
        """Sends an event, again when it was not acknowledged, then gives up as Slack does."""
        reason = ""
        for attempt, delay in enumerate((0.0, *self._event_retries)):
            if attempt and self.by_socket and not self._sockets.open_connections:
                with suppress(NotShownError):
                    await self._until_a_socket_opens(delay)
            elif attempt:
                await asyncio.sleep(delay)
            try:
                await self.send("events_api", event, retry=(attempt, reason) if attempt else None)
            except OperationTimeout:
                reason = "timeout" if self.by_socket else "http_timeout"
            except AppError:
                reason = "http_error"
            else:
                return

    async def _until_a_socket_opens(self, patience: float) -> None:
        await self._state.changes.until(
            lambda: self._sockets.open_connections or None,
            patience=patience or self._patience,
            waited_for="a Socket Mode connection",
            instead=lambda: "none is open",
        )

    def signed(self, kind: Kind, payload: Payload, *, retry: tuple[int, str] | None = None) -> SignedRequest:
        """The signed HTTP request for something."""
        if kind == "events_api":
            request = self.sign(to_json(payload), "application/json")
        else:
            fields = payload if kind == "slash_commands" else {"payload": to_json(payload).decode()}
            request = self.sign(urlencode(fields).encode(), "application/x-www-form-urlencoded")
        if retry is None:
            return request
        again = {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
        return SignedRequest(request.body, {**request.headers, **again})

    def sign(
        self, body: bytes, content_type: str, *, seconds_old: float = 0.0, secret: str | None = None
    ) -> SignedRequest:
        """Signs a body.

        Args:
            body: The raw body.
            content_type: Its type.
            seconds_old: How long ago it pretends to have been signed.
            secret: What it is signed with, when not with the app's own signing secret.
        """
        timestamp = str(int(self._state.clock() - seconds_old))
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(secret or self._state.app.signing_secret, timestamp, body),
        }
        return SignedRequest(body, headers)

    async def verify_address(self, challenge: str) -> None:
        """Asks the app to give a challenge back, as Slack does before it takes an address for events.

        Raises:
            DispatchFailed: It did not, or cannot be reached.
        """
        asked: Payload = {
            "token": self._state.app.verification_token,
            "challenge": challenge,
            "type": "url_verification",
        }
        answer = await self.post(self.sign(to_json(asked), "application/json"))
        given = answer.text.strip() if answer.content is None else answer.content.get("challenge")
        if answer.status != 200 or given != challenge:
            why = f"the app answered the challenge with {answer.status}: {answer.text[:200]}"
            raise DispatchFailed("Your URL didn't respond with the value of the challenge parameter.", why)

    async def post(self, request: SignedRequest) -> AppAnswer:
        """Posts a request to the app, as it is.

        Raises:
            DispatchFailed: The app cannot be reached.
        """
        if self.session is None or self.url is None:
            raise DispatchFailed("dispatch_failed", "no address to deliver to: call deliver_to() first")
        self.last_signed = request
        try:
            return await self._recorded_post(self.session, self.url, request)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise DispatchFailed(
                "dispatch_failed", f"the app cannot be reached: {str(error) or 'no answer'}"
            ) from error

    async def _recorded_post(self, session: aiohttp.ClientSession, url: str, request: SignedRequest) -> AppAnswer:
        wire = self._state.wire
        headers = [(name.encode(), value.encode()) for name, value in request.headers.items()]
        path = urlsplit(url).path or "/"
        with wire.exchange("slack", "bot", "POST", path, headers=headers, body=request.body) as exchange:
            async with session.post(
                url, data=BytesIO(request.body), headers=request.headers, allow_redirects=False
            ) as response:
                body = await response.read()
            exchange.answered(response.status, response.raw_headers, body)
        return AppAnswer(response.status, _json_object(response.content_type, body), body.decode(errors="replace"))


def _json_object(content_type: str, body: bytes) -> Payload | None:
    if "json" not in content_type or not body:
        return None
    try:
        document: object = from_json(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
