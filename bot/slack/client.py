"""Slack's Web API with its rates: the calls the bot makes, and what may be repeated.

One aiohttp session for all of them: without one, slack_sdk opens a session for each call (``slack-platform.md``,
Bolt for Python 1.30). A call that was refused for its rate is made again after ``Retry-After``. A call whose answer
was lost is made again only where doing it twice is the same as doing it once.
"""

from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
from pydantic import BaseModel, SecretStr, ValidationError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.answers import Channel, Identity, OpenView, Page, PostedMessage, User
from bot.slack.views.blocks import Message, View

Json = Mapping[str, Any]
"""A view, message or answer, as JSON has it."""

Answer = TypeVar("Answer", bound=BaseModel)

NO_ANSWER = "no_answer"
RATE_LIMITED = "ratelimited"
SERVER_ERROR = "server_error"

_PASSING = frozenset(
    {NO_ANSWER, RATE_LIMITED, SERVER_ERROR, "rate_limited", "fatal_error", "internal_error", "service_unavailable",
     "request_timeout", "team_added_to_org"}
)  # fmt: skip
_LEAVES_OPEN = frozenset({NO_ANSWER, SERVER_ERROR, "fatal_error", "internal_error", "request_timeout"})


class SlackTroubleError(Exception):
    """A call to Slack did not do what was asked, or nobody knows whether it did.

    Attributes:
        error: Slack's name of the error; ``no_answer``, ``server_error`` where there was none.
        retry_after: seconds Slack asks to wait; ``None`` where it did not say.
        messages: what Slack says about the arguments, if it does.
    """

    def __init__(
        self, method: str, error: str, *, retry_after: float | None = None, messages: tuple[str, ...] = ()
    ) -> None:
        super().__init__(f"{method}: {error}" + "".join(f"; {message}" for message in messages))
        self.method = method
        self.error = error
        self.retry_after = retry_after
        self.messages = messages

    @property
    def is_passing(self) -> bool:
        """Whether it may be gone a little later."""
        return self.error in _PASSING

    @property
    def leaves_open(self) -> bool:
        """Whether the call may have been carried out all the same."""
        return self.error in _LEAVES_OPEN


class SlackClient:
    """The bot's own client. Every call raises `SlackTroubleError` when it did not work."""

    def __init__(self, token: SecretStr, api_url: str, *, timeout: float = 10.0, waits_for_rates: bool = True) -> None:
        """Nothing is opened before the first call.

        Args:
            token: the bot's token.
            api_url: such as ``https://slack.com/api/``.
            timeout: seconds one call may take at most.
            waits_for_rates: whether a call that was refused for its rate is made again after ``Retry-After``.
        """
        self._token = token
        self._api_url = api_url
        self._timeout = timeout
        self._waits_for_rates = waits_for_rates
        self._session: aiohttp.ClientSession | None = None
        self._once: AsyncWebClient | None = None
        self._repeating: AsyncWebClient | None = None

    async def __aenter__(self) -> Self:
        self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections. The client can be used again afterwards."""
        session, self._session = self._session, None
        self._once = self._repeating = None
        if session is not None:
            await session.close()

    def web_client(self) -> AsyncWebClient:
        """A plain client of slack_sdk on the shared session, for parts of slack_sdk that want one."""
        return self._client(repeat=True)

    def _open(self) -> None:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._timeout), connector=aiohttp.TCPConnector(limit=0)
        )
        rate = [AsyncRateLimitErrorRetryHandler(max_retry_count=1)] if self._waits_for_rates else []
        lost = [AsyncConnectionErrorRetryHandler(max_retry_count=2), AsyncServerErrorRetryHandler(max_retry_count=2)]
        self._once = self._sdk_client(rate)
        self._repeating = self._sdk_client([*rate, *lost])

    def _sdk_client(self, handlers: list[Any]) -> AsyncWebClient:
        return AsyncWebClient(
            token=self._token.get_secret_value(),
            base_url=self._api_url,
            session=self._session,
            retry_handlers=handlers,
        )

    def _client(self, *, repeat: bool) -> AsyncWebClient:
        if self._session is None:
            self._open()
        client = self._repeating if repeat else self._once
        if client is None:
            raise RuntimeError("the client was closed while it was used")
        return client

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
        given = {name: value for name, value in arguments.items() if value is not None}
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else None
        client = self._client(repeat=repeat)
        try:
            if form:
                response = await client.api_call(method, params=given, headers=headers)
            else:
                response = await client.api_call(method, json=given, headers=headers)
        except SlackApiError as error:
            raise _trouble(method, error) from None
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

    async def push_view(self, trigger_id: str, view: View) -> OpenView:
        """Put a view on top of the one a person sees."""
        return await self._view("views.push", {"trigger_id": trigger_id, "view": view})

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
        return str(data["ts"])

    async def update_message(self, channel: str, ts: str, message: Message, *, metadata: Json | None = None) -> None:
        """Change a message of the bot."""
        await self.call(
            "chat.update", {"channel": channel, "ts": ts, "metadata": metadata, **_json(message)}, repeat=True
        )

    async def post_ephemeral(self, channel: str, person_id: str, message: Message) -> None:
        """Show one person a message in a channel, until they reload."""
        await self.call("chat.postEphemeral", {"channel": channel, "user": person_id, **_json(message)}, repeat=False)

    async def open_direct_messages(self, person_id: str) -> str:
        """The id of the channel of direct messages with a person."""
        data, _ = await self.call("conversations.open", {"users": person_id}, repeat=True)
        return _read(Channel, "conversations.open", data.get("channel")).id

    async def permalink(self, channel: str, ts: str) -> str:
        """The address of a message."""
        data, _ = await self.call("chat.getPermalink", {"channel": channel, "message_ts": ts}, repeat=True, form=True)
        return str(data["permalink"])

    async def user(self, person_id: str) -> User:
        """What Slack knows about a person."""
        data, _ = await self.call("users.info", {"user": person_id}, repeat=True, form=True)
        return _read(User, "users.info", data.get("user"))

    async def members_of_group(self, group_id: str) -> frozenset[str]:
        """Ids of the people in a user group."""
        data, _ = await self.call("usergroups.users.list", {"usergroup": group_id}, repeat=True, form=True)
        return frozenset(str(member) for member in data.get("users", ()))

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

    async def respond(self, response_url: str, message: Message, *, replace_original: bool = False) -> None:
        """Answer a command or a click for this person only: 5 times within 30 minutes of it."""
        body = {**_json(message), "response_type": "ephemeral", "replace_original": replace_original}
        self._client(repeat=False)
        if self._session is None:
            raise RuntimeError("the client was closed while it was used")
        try:
            async with self._session.post(response_url, json=body) as response:
                if response.status != 200:
                    raise SlackTroubleError("response_url", (await response.text())[:200] or str(response.status))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SlackTroubleError("response_url", NO_ANSWER, messages=(type(error).__name__,)) from None


def _json(message: Message) -> Json:
    return {"text": message.text, "blocks": message.blocks}


def _read(kind: type[Answer], method: str, data: object) -> Answer:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        fields = ", ".join(".".join(str(part) for part in each["loc"]) for each in error.errors())
        raise SlackTroubleError(method, "unexpected_answer", messages=(fields,)) from None


def _trouble(method: str, error: SlackApiError) -> SlackTroubleError:
    """What slack_sdk's error says, without its text: that repeats the whole answer."""
    response = error.response
    status = getattr(response, "status_code", None) or getattr(response, "status", None)
    headers: Mapping[str, str] = getattr(response, "headers", None) or {}
    data = getattr(response, "data", None)
    if status == 429:
        return SlackTroubleError(method, RATE_LIMITED, retry_after=_seconds(headers.get("Retry-After")))
    if not isinstance(data, dict):
        return SlackTroubleError(method, SERVER_ERROR)
    name = data.get("error") or (SERVER_ERROR if isinstance(status, int) and status >= 500 else "unknown_error")
    return SlackTroubleError(method, str(name), messages=_said(data))


def _said(data: Json) -> tuple[str, ...]:
    """What Slack says about the arguments: in ``response_metadata``, or for ``blocks.validate`` in ``errors``."""
    metadata = data.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    if isinstance(messages, list):
        return tuple(str(message) for message in messages)
    errors = data.get("errors")
    found = [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    return tuple(f"{each.get('pointer', '')}: {each.get('message', '')}" for each in found)


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.strip().isdigit() else None
