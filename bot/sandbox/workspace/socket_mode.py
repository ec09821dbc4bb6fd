"""Socket Mode: addresses that work once, envelopes and their acknowledgements.

Source: slack-platform.md, Requests to the app.
"""

import asyncio
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.sandbox.workspace.method import Arguments, method
from bot.sandbox.workspace.refusals import DispatchFailed, Payload, SlackError
from bot.sandbox.workspace.state import WorkspaceState
from bot.sandbox.workspace.trouble import Trouble

MOST_CONNECTIONS = 10
"""Connections of one app at a time (slack-platform.md, Requests to the app)."""
_JSON = ((b"content-type", b"application/json"),)


class _Nothing(Arguments):
    pass


class _Acknowledgement(BaseModel):
    envelope_id: str
    payload: dict[str, object] | None = None


_Acknowledged: TypeAlias = "asyncio.Future[Payload | None]"


@dataclass(eq=False, slots=True)
class _Connection:
    outgoing: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)
    waiting: dict[str, _Acknowledged] = field(default_factory=dict)
    leaving: bool = False


class SocketMode:
    """The app's open connections."""

    def __init__(self, state: WorkspaceState, trouble: Trouble) -> None:
        """Starts with none.

        Args:
            state: The workspace.
            trouble: What goes wrong on demand; it can disconnect all sockets from now on.
        """
        self._state = state
        self._trouble = trouble
        self._tickets: set[str] = set()
        self._connections: list[_Connection] = []
        self.base = ""
        trouble.disconnecting = self.disconnect
        self.method = method("apps.connections.open", _Nothing, self._open, tier=1, caller="app")

    @property
    def open_connections(self) -> int:
        """How many connections can take an envelope."""
        return sum(not one.leaving for one in self._connections)

    def _open(self, state: WorkspaceState, _arguments: _Nothing) -> Payload:
        ticket = f"{state.numbers.getrandbits(128):032x}"
        self._tickets.add(ticket)
        return {"ok": True, "url": f"{self.base}/link/?ticket={ticket}&app_id={state.app.app_id}"}

    async def connect(self, websocket: WebSocket) -> None:
        """Serves one connection until it closes."""
        ticket = websocket.query_params.get("ticket", "")
        is_valid = ticket in self._tickets
        self._tickets.discard(ticket)  # it works once, whatever comes of it
        if not is_valid or self._trouble.refuses_socket():
            await websocket.close()
            return
        await websocket.accept()
        refusal = self._refusal()
        if refusal:
            await websocket.send_text(_text(_goodbye(refusal)))
            await websocket.close()
            return
        connection = _Connection()
        self._connections.append(connection)
        connection.outgoing.put_nowait(_text(self._hello()))
        writing = asyncio.create_task(_write(websocket, connection), name="socket-mode-writer")
        self._state.changes.publish("socket_changed", connections=self.open_connections)
        try:
            await self._read(websocket, connection)
        finally:
            writing.cancel()
            self._forget(connection)

    def _refusal(self) -> str | None:
        if not self._state.app.manifest.settings.socket_mode_enabled:
            return "link_disabled"
        return "too_many_websockets" if len(self._connections) >= MOST_CONNECTIONS else None

    def _hello(self) -> Payload:
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "debug_info": {"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._state.app.app_id},
        }

    async def _read(self, websocket: WebSocket, connection: _Connection) -> None:
        try:
            async for text in websocket.iter_text():
                try:
                    acknowledgement = _Acknowledgement.model_validate_json(text)
                except ValidationError:
                    continue  # Slack says nothing to what it does not understand
                waiting = connection.waiting.pop(acknowledgement.envelope_id, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(acknowledgement.payload)
        except WebSocketDisconnect:
            return

    def _forget(self, connection: _Connection) -> None:
        self._connections.remove(connection)
        for waiting in connection.waiting.values():
            if not waiting.done():
                waiting.set_exception(DispatchFailed("dispatch_failed", "the socket closed before the acknowledgement"))
        self._state.changes.publish("socket_changed", connections=self.open_connections)

    async def send(self, kind: str, payload: Payload, *, retry: tuple[int, str] | None = None) -> Payload | None:
        """Sends an envelope to one of the connections and waits for its acknowledgement.

        Args:
            kind: `slash_commands`, `interactive` or `events_api`.
            payload: What happened.
            retry: For an event that is sent again: which attempt, and why.

        Returns:
            The payload of the acknowledgement.

        Raises:
            DispatchFailed: No connection is open, or it closed.
        """
        ready = [one for one in self._connections if not one.leaving]
        if not ready:
            raise DispatchFailed("dispatch_failed", "no Socket Mode connection is open")
        connection = self._state.numbers.choice(ready)
        envelope: Payload = {
            "envelope_id": str(uuid.UUID(int=self._state.numbers.getrandbits(128), version=4)),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            attempt, reason = retry or (0, "")
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        return await self._acknowledged(connection, str(envelope["envelope_id"]), kind, _text(envelope))

    async def _acknowledged(
        self, connection: _Connection, envelope_id: str, kind: str, envelope: str
    ) -> Payload | None:
        acknowledged: _Acknowledged = asyncio.get_running_loop().create_future()
        connection.waiting[envelope_id] = acknowledged
        connection.outgoing.put_nowait(envelope)
        wire = self._state.wire
        with wire.exchange("slack", "bot", "SOCKET", kind, headers=_JSON, body=envelope.encode()) as exchange:
            try:
                payload = await acknowledged
            finally:
                connection.waiting.pop(envelope_id, None)
            exchange.answered(200, _JSON, b"" if payload is None else to_json(payload))
            return payload

    def disconnect(self, reason: str, closes_after: float) -> None:
        """Tells every connection to go. Those that are not only warned get nothing more, and are closed.

        Args:
            reason: `warning`, `refresh_requested` or `link_disabled`.
            closes_after: Seconds that the app has to open another one first.

        Raises:
            SlackError: `invalid_arguments`: there is no such reason.
        """
        if reason not in ("warning", "refresh_requested", "link_disabled"):
            raise SlackError("invalid_arguments")
        for connection in self._connections:
            connection.outgoing.put_nowait(_text(_goodbye(reason)))
            if reason != "warning":
                connection.leaving = True
                asyncio.get_running_loop().call_later(closes_after, connection.outgoing.put_nowait, None)
        self._state.changes.publish("socket_changed", connections=self.open_connections)


def _text(payload: Payload) -> str:
    return to_json(payload).decode()


def _goodbye(reason: str) -> Payload:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-sandbox"}}


async def _write(websocket: WebSocket, connection: _Connection) -> None:
    with suppress(WebSocketDisconnect):  # the app left: reading has seen it too
        while (text := await connection.outgoing.get()) is not None:
            await websocket.send_text(text)
        await websocket.close()
