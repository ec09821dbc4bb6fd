"""The faults of the API: one root element names the fault (cloud-databases-api.md, Faults)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus

from starlette.responses import HTMLResponse, JSONResponse, Response

ROOT_ELEMENTS = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    413: "overLimit",
    415: "badMediaType",
    422: "unprocessableEntity",
    500: "instanceFault",
    501: "notImplemented",
    503: "serviceUnavailable",
}

DETAILS = 'Traceback (most recent call last):\n  File "/opt/trove/backup/service.py", line 117, in action'
"""What every fault carries as `details`: the client must never show it to anybody."""


@dataclass(eq=False)
class Fault(Exception):  # noqa: N818  # the API's own word
    """An answer that says no.

    `retry_after` is in seconds; `html` and `empty` are the forms in which a proxy in front of the
    service answers.
    """

    status: int
    message: str = ""
    retry_after: int | None = None
    retry_after_as_date: bool = False
    html: bool = False
    empty: bool = False
    allow: str | None = None

    def response(self) -> Response:
        """The fault as an HTTP answer."""
        phrase = HTTPStatus(self.status).phrase
        message = self.message or phrase
        headers = {} if self.allow is None else {"Allow": self.allow}
        if self.retry_after is not None:
            headers["Retry-After"] = self._retry_after(self.retry_after)
        if self.empty:
            return Response(status_code=self.status, headers=headers)
        if self.html:
            headers["Via"] = "1.1 Repose (Repose/2.12)"
            page = f"<html><head><title>{self.status} {phrase}</title></head><body>{message}</body></html>"
            return HTMLResponse(page, self.status, headers)
        root = ROOT_ELEMENTS.get(self.status, "instanceFault")
        fault = {"code": self.status, "message": message, "details": DETAILS}
        return JSONResponse({root: fault}, self.status, headers)

    def _retry_after(self, seconds: int) -> str:
        if not self.retry_after_as_date:
            return str(seconds)
        return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
