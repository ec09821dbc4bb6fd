"""Lets only the page itself in: no other page that is open in the same browser can drive or read the sandbox."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

_NAMES = ("127.0.0.1", "localhost")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        "connect-src 'self' ws://127.0.0.1:* ws://localhost:*; "
        "img-src 'self' data: http://127.0.0.1:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class Guard:
    """Refuses requests for another host (a name that was made to lead here) and from another page."""

    def __init__(self, app: ASGIApp) -> None:
        """Stands before an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets one request through, or refuses it."""
        headers = Headers(scope=scope)
        if _is_own(headers):
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await WebSocketClose(1008, "only the sandbox's own page may connect")(scope, receive, send)
        else:
            refusal = PlainTextResponse("Only the sandbox's own page may ask this.", 403)
            await refusal(scope, receive, send)


def _is_own(headers: Headers) -> bool:
    hosts = headers.getlist("host")
    host = hosts[0] if len(hosts) == 1 else ""
    name, _, port = host.partition(":")
    if name not in _NAMES or (port and not port.isdigit()):
        return False
    origin = headers.get("origin")
    site = headers.get("sec-fetch-site", "none")
    return origin in (None, f"http://{host}") and site in ("none", "same-origin")


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(_HEADERS)
        await send(message)

    return sending
