"""The process that plays Slack's Web API, as cheaply as possible: no limits, no checks but the one that counts.

``views.open`` is looked at: was it a whole form, and for which command. Whoever asks for `OPENED_PATH` hears of each
at once. Run as ``python -m tests.bench.slack_api PORT`` with the port of Socket Mode.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import parse_qs

import httptools
import uvloop

from tests.bench.exchange import Ready, heard, say
from tests.bench.slack_commands import BOT_USER, CHANNEL, PEOPLE, TEAM

OPENED_PATH = b"/opened"
"""Answers with a line for each view that is opened, for ever: `WHOLE` or `INCOMPLETE`, then its ``trigger_id``."""

WHOLE = b"+"
INCOMPLETE = b"-"

LISTENING_BACKLOG = 1024

_HEADERS = (
    "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\n"
    "x-oauth-scopes: commands,chat:write,chat:write.public,channels:read,groups:read,channels:history,"
    "groups:history,users:read,usergroups:read,im:write\r\ncontent-length: %d\r\n\r\n"
)


def _response(**answer: object) -> bytes:
    body = json.dumps({"ok": True, **answer})
    return (_HEADERS % len(body) + body).encode()


def _user(person: str) -> dict[str, object]:
    names = {f"{kind}{more}": person for kind in ("real_name", "display_name") for more in ("", "_normalized")}
    texts = {"avatar_hash": "0", "status_text": "", "status_emoji": "", "email": f"{person}@bench.example"}
    return {
        "id": person,
        "name": person.lower(),
        "team_id": TEAM,
        "deleted": False,
        "is_bot": person == BOT_USER,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "tz": "UTC",
        "tz_label": "UTC",
        "tz_offset": 0,
        "updated": 0,
        "is_app_user": False,
        "profile": {"team": TEAM, **names, **texts},
    }


_CHANNEL = {
    "id": CHANNEL,
    "name": "databases",
    "created": 0,
    "is_channel": True,
    "is_private": False,
    "is_archived": False,
    "is_org_shared": False,
    "is_member": True,
}
_VIEW = {"id": "V0BENCH01", "hash": "1700000000.abcdefgh", "root_view_id": "V0BENCH01", "type": "modal"}
_NOTHING = _response()


def _answers() -> dict[str, bytes]:
    return {
        "auth.test": _response(
            url="https://bench.slack.example/",
            team="bench",
            team_id=TEAM,
            user="copybot",
            user_id=BOT_USER,
            bot_id="B0BENCH01",
        ),
        "bots.info": _response(bot={"id": "B0BENCH01", "user_id": BOT_USER, "name": "copybot"}),
        "users.list": _response(members=[_user(person) for person in (*PEOPLE, BOT_USER)]),
        "usergroups.users.list": _response(users=PEOPLE),
        "conversations.list": _response(channels=[_CHANNEL]),
        "conversations.info": _response(channel=_CHANNEL),
        "chat.postMessage": _response(ts="1700000000.000100", channel=CHANNEL),
        "chat.update": _response(ts="1700000000.000100", channel=CHANNEL),
        "views.open": _response(view=_VIEW),
        "views.update": _response(view=_VIEW),
    }


def is_whole_form(view: Mapping[str, Any]) -> bool:
    """Whether a view is a form to fill in and submit, rather than one that says that something is coming."""
    return bool(view.get("submit")) and any(block.get("type") == "input" for block in view.get("blocks", ()))


class WebApi:
    """What all connections share.

    Args:
        socket_mode_port: where apps are sent that want to use Socket Mode.
    """

    def __init__(self, socket_mode_port: int) -> None:
        self._socket_mode = f"ws://127.0.0.1:{socket_mode_port}"
        self._answers = _answers()
        self._listeners: list[asyncio.Transport] = []

    def connection(self) -> "Connection":
        """For asyncio's ``create_server``."""
        return Connection(self)

    def listen(self, transport: asyncio.Transport) -> None:
        """Tell this connection of every view."""
        self._listeners.append(transport)

    def answer(self, path: str, body: bytes) -> bytes:
        """The HTTP response to a call.

        Args:
            path: with the app's name at its beginning, the method's at its end, and a query perhaps.
            body: JSON or a form.
        """
        name, _, query = path.rpartition("/")[2].partition("?")
        if name == "views.open":
            self._opened(json.loads(body))
        elif name == "apps.connections.open":
            return _response(url=f"{self._socket_mode}/{path.split('/')[1]}")
        elif name == "users.info":
            given = parse_qs(query or body.decode())
            return _response(user=_user(given["user"][0]))
        return self._answers.get(name, _NOTHING)

    def _opened(self, call: Mapping[str, Any]) -> None:
        finding = WHOLE if is_whole_form(call["view"]) else INCOMPLETE
        for listener in self._listeners:
            listener.write(finding + call["trigger_id"].encode() + b"\n")


class Connection(asyncio.Protocol):
    """One HTTP connection of an app."""

    def __init__(self, api: WebApi) -> None:
        self._api = api
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._path = b""
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connected."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of asyncio's

    def data_received(self, data: bytes) -> None:
        """asyncio has a part of a request."""
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        """httptools has (a part of) the path."""
        self._path += url

    def on_body(self, body: bytes) -> None:
        """httptools has (a part of) the body."""
        self._body += body

    def on_message_complete(self) -> None:
        """httptools has a whole request."""
        path, body = self._path, self._body
        self._path = self._body = b""
        if self._transport is None:
            return
        if path == OPENED_PATH:
            self._api.listen(self._transport)
            return
        self._transport.write(self._api.answer(path.decode(), body))
        if not self._parser.should_keep_alive():
            self._transport.close()


async def main(socket_mode_port: int) -> None:
    """Answer until the process that started this one ends."""
    api = WebApi(socket_mode_port)
    server = await asyncio.get_running_loop().create_server(api.connection, "127.0.0.1", 0, backlog=LISTENING_BACKLOG)
    async with server:
        say(Ready(port=server.sockets[0].getsockname()[1]))
        await (await heard()).read()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
