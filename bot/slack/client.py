"""Slack's Web API: the calls the bot makes, and which of them may be repeated.

One aiohttp session for all of them: without one, slack_sdk opens a session for each call (``slack-platform.md``,
Bolt for Python 1.30). A call that was refused for its rate is made again after ``Retry-After``, once. A call whose
answer was lost is made again only where doing it twice is the same as doing it once.
"""

import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import to_json
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.operations.observing import OK, Activity, Nobody, Observer, Seen
from bot.slack.answers import (
    Channel,
    GroupMembers,
    Identity,
    OpenView,
    Page,
    Permalink,
    Posted,
    PostedMessage,
    Refusal,
    User,
)
from bot.slack.repeating import RateLimitRetryHandler, ServerErrorRetryHandler
from bot.slack.trouble import (
    NO_ANSWER,
    RATE_LIMITED,
    SERVER_ERROR,
    UNEXPECTED_ANSWER,
    SlackTroubleError,
    trouble_of,
)
from bot.slack.views.blocks import Message, View

Json = Mapping[str, Any]
"""A view, message or answer, as JSON has it."""

Answer = TypeVar("Answer", bound=BaseModel)

RESPONSE_URL = "response_url"
"""What an answer to a command or a click is called, which is no method of the Web API."""

REFUSED = "refused"
"""The outcome of a call that Slack refused for what was asked; what names it is one of very many words."""

_OUTCOMES = frozenset({NO_ANSWER, RATE_LIMITED, SERVER_ERROR, UNEXPECTED_ANSWER})

LONGEST_NAME = 80
"""Characters of a name that Slack gives an error; what is longer is no name."""

_calls = logging.getLogger(f"{__name__}.calls")
_calls.setLevel(logging.INFO)
"""slack_sdk's log of each call. Unless the logger itself has a level, it writes all that is sent and answered into
lines that nobody reads, which takes longer than the rest of the call (Python Slack SDK 3.48,
``async_internal_utils.py``).
"""


@dataclass(frozen=True, slots=True)
class _Connections:
    """One pool of connections, and the two ways to call through it.

    Attributes:
        once: makes a call again only when it was refused for its rate.
        repeating: also when its answer was lost.
    """

    session: aiohttp.ClientSession
    once: AsyncWebClient
    repeating: AsyncWebClient


class SlackClient:
    """The bot's own client. Every call raises `SlackTroubleError` when it did not work.

    Attributes:
        trouble: why Slack could not be used for anything at the last call; ``None`` when it answered as usual.
    """

    def __init__(
        self,
        token: SecretStr,
        api_url: str,
        *,
        timeout: float = 10.0,
        waits_for_rates: bool = True,
        observer: Observer | None = None,
    ) -> None:
        """Nothing is opened before the first call.

        Args:
            token: the bot's token.
            api_url: such as ``https://slack.com/api/``.
            timeout: seconds one try of a call may take.
            waits_for_rates: whether a call that was refused for its rate is made again after ``Retry-After``.
            observer: is told of each call; nobody if not given.
        """
        self.trouble: SlackTroubleError | None = None
        self._observer = observer or Nobody()
        self._token = token
        self._api_url = api_url
        self._timeout = timeout
        self._waits_for_rates = waits_for_rates
        self._connections: _Connections | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections. The client can be used again afterwards."""
        connections, self._connections = self._connections, None
        if connections is not None:
            await connections.session.close()

    def _connected(self) -> _Connections:
        if self._connections is None:
            session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._timeout),
                connector=aiohttp.TCPConnector(limit=0),
                json_serialize_bytes=to_json,
            )
            rate = [RateLimitRetryHandler(self._observer)] if self._waits_for_rates else []
            lost = [AsyncConnectionErrorRetryHandler(max_retry_count=2), ServerErrorRetryHandler(max_retry_count=2)]
            self._connections = _Connections(
                session, self._sdk_client(session, rate), self._sdk_client(session, [*rate, *lost])
            )
        return self._connections

    def _sdk_client(self, session: aiohttp.ClientSession, handlers: list[Any]) -> AsyncWebClient:
        return AsyncWebClient(
            token=self._token.get_secret_value(),
            base_url=self._api_url,
            session=session,
            retry_handlers=handlers,
            logger=_calls,
        )

    async def call(
        self, method: str, arguments: Json, *, repeat: bool, form: bool = False, token: SecretStr | None = None
    ) -> tuple[dict[str, Any], Mapping[str, str]]:
        """Call a method of the Web API.

        Args:
            method: such as ``chat.postMessage``.
            arguments: of the method; those that are ``None`` are left out.
            repeat: whether to call again when the answer was lost.
            form: whether the method takes its arguments as a form only.
            token: another token than the bot's.

        Returns:
            The answer and its headers.

        Raises:
            SlackTroubleError: it did not work.
        """
        with self._watching(method, is_bot=token is None):
            return await self._call(method, arguments, repeat=repeat, form=form, token=token)

    @contextmanager
    def _watching(self, method: str, *, is_bot: bool) -> Iterator[None]:
        """Tell of a call, and remember whether Slack can be used at all.

        Args:
            method: that is called.
            is_bot: whether it is called with the bot's token.
        """
        with self._observer.watching(Seen(Activity.SLACK_CALL, method)) as seen:
            try:
                yield
            except SlackTroubleError as trouble:
                seen.outcome = trouble.error if trouble.error in _OUTCOMES else REFUSED
                if trouble.error == RATE_LIMITED:
                    self._observer.rate_limited()
                if is_bot:
                    self.trouble = trouble if trouble.concerns_every_call else None
                raise
            seen.outcome = OK
            if is_bot:
                self.trouble = None

    async def _call(
        self, method: str, arguments: Json, *, repeat: bool, form: bool, token: SecretStr | None
    ) -> tuple[dict[str, Any], Mapping[str, str]]:
        given = {name: value for name, value in arguments.items() if value is not None}
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else None
        connected = self._connected()
        client = connected.repeating if repeat else connected.once
        try:
            if form:
                response = await client.api_call(method, params=given, headers=headers)
            else:
                response = await client.api_call(method, json=given, headers=headers)
        except SlackApiError as error:
            raise trouble_of(method, error) from None
        except (aiohttp.ClientError, TimeoutError, OSError, SlackClientError, ValueError, AttributeError) as error:
            # ValueError and AttributeError: slack_sdk's own, when a proxy answers with something that is no JSON
            raise SlackTroubleError(method, NO_ANSWER, messages=(type(error).__name__,)) from None
        if not isinstance(response.data, dict):
            raise SlackTroubleError(method, SERVER_ERROR)
        return response.data, response.headers

    async def who_am_i(self) -> tuple[Identity, frozenset[str]]:
        """Whose token it is, and the scopes it has."""
        data, headers = await self.call("auth.test", {}, repeat=True)
        granted = headers.get("x-oauth-scopes", "") or ""
        return _read(Identity, "auth.test", data), frozenset(s.strip() for s in granted.split(",") if s.strip())

    async def open_view(self, trigger_id: str, view: View) -> OpenView:
        """Open a view for the person who made a request less than 3 seconds ago."""
        return await self._view("views.open", {"trigger_id": trigger_id, "view": view})

    async def update_view(self, view_id: str, view: View, *, seen_hash: str | None = None) -> OpenView | None:
        """Change a view that is open.

        Args:
            view_id: the view: the id Slack gave it (``V…``), or the ``external_id`` the bot gave it.
            view: what it shows from now on.
            seen_hash: of the view that the change is made for.

        Returns:
            ``None`` when the person's view has moved on, or was closed.
        """
        named_by = "view_id" if view_id.startswith("V") else "external_id"
        try:
            return await self._view("views.update", {named_by: view_id, "view": view, "hash": seen_hash}, repeat=True)
        except SlackTroubleError as trouble:
            if trouble.error in {"hash_conflict", "not_found", "view_not_found"}:
                return None
            raise

    async def publish_home(self, person_id: str, view: View) -> None:
        """Show somebody their App Home from now on."""
        await self._view("views.publish", {"user_id": person_id, "view": view}, repeat=True)

    async def _view(self, method: str, arguments: Json, *, repeat: bool = False) -> OpenView:
        data, _ = await self.call(method, arguments, repeat=repeat)
        return _read(OpenView, method, data.get("view"))

    async def post_message(
        self, channel: str, message: Message, *, metadata: Json | None = None, thread_ts: str | None = None
    ) -> str:
        """Post a message. Never repeated when the answer was lost: look for it by its metadata first.

        Returns:
            The message's ``ts``.
        """
        arguments = {
            "channel": channel,
            "thread_ts": thread_ts,
            "metadata": metadata,
            "unfurl_links": False,
            "unfurl_media": False,
            **_json(message),
        }
        data, _ = await self.call("chat.postMessage", arguments, repeat=False)
        return _read(Posted, "chat.postMessage", data).ts

    async def update_message(self, channel: str, ts: str, message: Message, *, metadata: Json | None = None) -> None:
        """Change a message of the bot."""
        await self.call(
            "chat.update", {"channel": channel, "ts": ts, "metadata": metadata, **_json(message)}, repeat=True
        )

    async def open_direct_messages(self, person_id: str) -> str:
        """The id of the channel of direct messages with a person."""
        data, _ = await self.call("conversations.open", {"users": person_id}, repeat=True)
        return _read(Channel, "conversations.open", data.get("channel")).id

    async def permalink(self, channel: str, ts: str) -> str:
        """The address of a message."""
        data, _ = await self.call("chat.getPermalink", {"channel": channel, "message_ts": ts}, repeat=True, form=True)
        return _read(Permalink, "chat.getPermalink", data).permalink

    async def user(self, person_id: str) -> User:
        """What Slack knows about a person."""
        data, _ = await self.call("users.info", {"user": person_id}, repeat=True, form=True)
        return _read(User, "users.info", data.get("user"))

    async def members_of_group(self, group_id: str) -> frozenset[str]:
        """Ids of the people in a user group."""
        data, _ = await self.call("usergroups.users.list", {"usergroup": group_id}, repeat=True, form=True)
        return frozenset(_read(GroupMembers, "usergroups.users.list", data).users)

    async def channel(self, channel_id: str) -> Channel:
        """What Slack tells the bot about a channel."""
        data, _ = await self.call("conversations.info", {"channel": channel_id}, repeat=True, form=True)
        return _read(Channel, "conversations.info", data.get("channel"))

    async def messages(
        self, channel: str, *, oldest: float, thread_ts: str | None = None
    ) -> AsyncIterator[PostedMessage]:
        """Messages of a channel or a thread with their metadata, whoever wrote them.

        Args:
            channel: the channel.
            oldest: seconds since 1970: nothing older is given.
            thread_ts: gives the messages of this thread.
        """
        method = "conversations.replies" if thread_ts else "conversations.history"
        cursor: str | None = None
        while True:
            arguments = {
                "channel": channel,
                "ts": thread_ts,
                "oldest": f"{oldest:.6f}",
                "include_all_metadata": True,
                "limit": 200,
                "cursor": cursor,
            }
            data, _ = await self.call(method, arguments, repeat=True, form=True)
            page = _read(Page, method, data)
            for message in page.messages:
                yield message
            cursor = page.response_metadata.next_cursor
            if not cursor:
                return

    async def respond(self, response_url: str, message: Message, *, replaces: bool = False) -> None:
        """Answer a command or a click for this person only: 5 times within 30 minutes of it.

        Args:
            response_url: that came with it.
            message: the answer.
            replaces: whether it takes the place of the message that was clicked.
        """
        with self._watching(RESPONSE_URL, is_bot=False):
            await self._respond(response_url, message, replaces=replaces)

    async def _respond(self, response_url: str, message: Message, *, replaces: bool) -> None:
        connected = self._connected()
        body = {**_json(message), "response_type": "ephemeral", "replace_original": replaces}
        try:
            async with connected.session.post(response_url, json=body, proxy=connected.once.proxy) as response:
                refused = _refusal(response.status, await response.text())
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            # ValueError: an answer that is no text, an address that is none
            raise SlackTroubleError(RESPONSE_URL, NO_ANSWER, messages=(type(error).__name__,)) from None
        if refused is not None:
            raise SlackTroubleError(RESPONSE_URL, refused)


def _refusal(status: int, said: str) -> str | None:
    """Slack's name of the error, which a response_url says in JSON or as it is; ``None`` where it took the message."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RATE_LIMITED
    try:
        return Refusal.model_validate_json(said).error
    except ValidationError:
        if status == HTTPStatus.OK:
            return None
    return said if said.isidentifier() and len(said) <= LONGEST_NAME else SERVER_ERROR


def _json(message: Message) -> Json:
    return {"text": message.text, "blocks": message.blocks}


def _read(kind: type[Answer], method: str, data: object) -> Answer:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        fields = ", ".join(".".join(str(part) for part in each["loc"]) for each in error.errors())
        raise SlackTroubleError(method, UNEXPECTED_ANSWER, messages=(fields,)) from None
