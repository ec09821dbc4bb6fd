"""What goes over the wire between the bot and the simulators: each request with its answer and its times.

It is for those who look from outside: the sandbox's page, and whoever looks for a fault. What is kept is
as it came, bounded in number and in bytes; what is shown has its secrets masked (`masking`).
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Literal, TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.sandbox.masking import masked_body, masked_headers, masked_text

Party = Literal["bot", "slack", "cloud"]
Headers: TypeAlias = Sequence[tuple[bytes, bytes]]

MOST_EXCHANGES = 5_000
"""How many are kept."""
MOST_BYTES = 32_000_000
"""How many bytes of bodies are kept, in all."""
LONGEST_BODY = 300_000
"""Bytes of a body that is kept; more than the largest view (slack-platform.md, Sizes)."""


@dataclass(slots=True)
class _Half:
    """A request or an answer; only `shown` is for anybody's eyes."""

    headers: Headers = ()
    body: bytes = b""
    length: int = 0

    def add(self, part: bytes) -> None:
        self.length += len(part)
        self.body = self.body + part if self.length <= LONGEST_BODY else b""

    def shown(self, known: Sequence[str]) -> dict[str, object]:
        headers = masked_headers(self.headers, known)
        if self.length > LONGEST_BODY:
            return {"headers": headers, "body": f"({self.length} bytes, not kept)"}
        return {"headers": headers, "body": masked_body(self.body, headers.get("content-type", ""), known)}


@dataclass(slots=True, kw_only=True, eq=False)
class Exchange:
    """A request and its answer.

    Attributes:
        number: Its place among all of one wire, from 1.
        sender: Who asked.
        receiver: Who was asked.
        method: The HTTP method, or `SOCKET` for an envelope of Socket Mode.
        path: What was asked for, as it came; an envelope's type.
        started: When, in seconds since 1970.
        seconds: How long it took; None while it is at work.
        status: The HTTP status; None while it is at work, and for good when it got no answer.
        request: What was asked, as it came.
        answer: What was answered, as it came.
        began: `started` on a clock that nobody sets.
    """

    number: int
    sender: Party
    receiver: Party
    method: str
    path: str = field(repr=False)
    started: float
    seconds: float | None = None
    status: int | None = None
    request: _Half = field(default_factory=_Half, repr=False)
    answer: _Half = field(default_factory=_Half, repr=False)
    began: float = field(default_factory=time.perf_counter, repr=False)

    def answered(self, status: int, headers: Headers = (), body: bytes = b"") -> None:
        """Records the answer.

        Args:
            status: Its status.
            headers: Its headers.
            body: Its body, as far as it is known yet.
        """
        self.status = status
        self.answer.headers = headers
        self.answer.add(body)

    def shown(self, known: Sequence[str] = ()) -> dict[str, object]:
        """All of it as JSON can hold it, with every secret masked.

        Args:
            known: Secrets by their value.
        """
        return self.line(known) | {
            "request": self.request.shown(known),
            "answer": None if self.status is None else self.answer.shown(known),
        }

    def line(self, known: Sequence[str] = ()) -> dict[str, object]:
        """Who asked whom for what, when, and how it ended; without what was said.

        Args:
            known: Secrets by their value.
        """
        return {
            "number": self.number,
            "sender": self.sender,
            "receiver": self.receiver,
            "method": self.method,
            "path": masked_text(self.path, known),
            "started_at": datetime.fromtimestamp(self.started, UTC).isoformat(timespec="milliseconds"),
            "milliseconds": None if self.seconds is None else round(self.seconds * 1000, 1),
            "status": self.status,
        }


class Wire:
    """The latest exchanges of one simulator, oldest first."""

    def __init__(self, secrets: Callable[[], Iterable[str]]) -> None:
        """Starts with none.

        Args:
            secrets: Gives all secrets that are known by their value, now.
        """
        self._secrets = secrets
        self._kept: deque[Exchange] = deque()
        self._bytes = 0
        self._last = 0

    def __len__(self) -> int:
        return len(self._kept)

    @contextmanager
    def exchange(
        self, sender: Party, receiver: Party, method: str, path: str, *, headers: Headers = (), body: bytes = b""
    ) -> Iterator[Exchange]:
        """Records a request for as long as the block takes, whatever becomes of it.

        Args:
            sender: Who asks.
            receiver: Who is asked.
            method: The HTTP method, or `SOCKET`.
            path: What is asked for.
            headers: Its headers.
            body: Its body, as far as it is known yet.

        Yields:
            The exchange, which is to be told of its answer.
        """
        self._last += 1
        exchange = Exchange(
            number=self._last, sender=sender, receiver=receiver, method=method, path=path, started=time.time()
        )
        exchange.request.headers = headers
        exchange.request.add(body)
        self._kept.append(exchange)
        if len(self._kept) > MOST_EXCHANGES:
            self._forget_oldest()
        try:
            yield exchange
        finally:
            self._end(exchange)

    def _end(self, exchange: Exchange) -> None:
        exchange.seconds = time.perf_counter() - exchange.began
        if self._kept and exchange.number >= self._kept[0].number:
            self._bytes += _size(exchange)
        while self._bytes > MOST_BYTES:
            self._forget_oldest()

    def shown(self, after: int = 0, most: int = MOST_EXCHANGES) -> list[dict[str, object]]:
        """The exchanges as JSON can hold them, with every secret masked.

        Args:
            after: Only those after this number.
            most: How many at most, the oldest of them first.
        """
        known = self._known()
        found = (exchange for exchange in self._kept if exchange.number > after)
        return [exchange.shown(known) for exchange, _ in zip(found, range(most), strict=False)]

    def newest_lines(self, most: int) -> list[dict[str, object]]:
        """The newest exchanges without what was said in them, the newest first, with every secret masked.

        Args:
            most: How many at most.
        """
        known = self._known()
        return [exchange.line(known) for exchange in islice(reversed(self._kept), most)]

    def _known(self) -> list[str]:
        return sorted(filter(None, self._secrets()), key=len, reverse=True)

    def _forget_oldest(self) -> None:
        oldest = self._kept.popleft()
        if oldest.seconds is not None:
            self._bytes -= _size(oldest)


def recorded(app: ASGIApp, wire: Wire, receiver: Party) -> ASGIApp:
    """An ASGI application whose requests from the bot are recorded; what is under `/control` is not.

    Args:
        app: The application.
        wire: Where its requests are recorded.
        receiver: Who the application is.
    """

    async def recording(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/control/"):
            await app(scope, receive, send)
            return
        query = scope["query_string"]
        path = scope["path"] + (f"?{query.decode('latin-1')}" if query else "")
        with wire.exchange("bot", receiver, scope["method"], path, headers=scope["headers"]) as exchange:

            async def received() -> Message:
                message = await receive()
                exchange.request.add(message.get("body", b""))
                return message

            async def sent(message: Message) -> None:
                if message["type"] == "http.response.start":
                    exchange.answered(message["status"], message.get("headers", ()))
                else:
                    exchange.answer.add(message.get("body", b""))
                await send(message)

            await app(scope, received, sent)

    return recording


def _size(exchange: Exchange) -> int:
    return len(exchange.request.body) + len(exchange.answer.body)
