"""What goes wrong with a call to Slack, and what that means."""

from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

NO_ANSWER = "no_answer"
RATE_LIMITED = "ratelimited"
SERVER_ERROR = "server_error"
UNEXPECTED_ANSWER = "unexpected_answer"

_LEAVES_OPEN = frozenset(
    {NO_ANSWER, SERVER_ERROR, UNEXPECTED_ANSWER, "fatal_error", "internal_error", "request_timeout"}
)
UNKNOWN_TOKEN = frozenset({"invalid_auth", "not_authed", "invalid_token"})
REVOKED_TOKEN = frozenset({"token_revoked", "token_expired", "account_inactive"})

_PASSING = _LEAVES_OPEN | {RATE_LIMITED, "rate_limited", "service_unavailable", "team_added_to_org"}


class SlackTroubleError(Exception):
    """A call to Slack did not do what was asked, or nobody knows whether it did.

    Attributes:
        error: Slack's name of the error; ``no_answer``, ``server_error`` (something else than Slack's Web API
            answered, or it broke) or ``unexpected_answer`` where there was none.
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

    @property
    def concerns_every_call(self) -> bool:
        """Whether Slack cannot be used for anything: it does not answer, or does not accept the token."""
        return self.error in {NO_ANSWER, SERVER_ERROR} | UNKNOWN_TOKEN | REVOKED_TOKEN


def trouble_of(method: str, error: SlackApiError) -> SlackTroubleError:
    """What slack_sdk's error says, without its text: that repeats the whole answer."""
    response = error.response
    status = getattr(response, "status_code", None) or getattr(response, "status", None)
    headers: Mapping[str, str] = getattr(response, "headers", None) or {}
    data = getattr(response, "data", None)
    if status == 429:
        return SlackTroubleError(method, RATE_LIMITED, retry_after=seconds(headers.get("Retry-After")))
    if not isinstance(data, dict) or not isinstance(data.get("error"), str):
        return SlackTroubleError(method, SERVER_ERROR)
    return SlackTroubleError(method, data["error"], messages=_said(data))


def _said(data: Mapping[str, Any]) -> tuple[str, ...]:
    """What Slack says about the arguments: in ``response_metadata``, or for ``blocks.validate`` in ``errors``."""
    metadata = data.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    if isinstance(messages, list):
        return tuple(str(message) for message in messages)
    errors = data.get("errors")
    found = [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    return tuple(f"{each.get('pointer', '')}: {each.get('message', '')}" for each in found)


def seconds(header: str | None) -> float | None:
    """The seconds in a ``Retry-After`` header; ``None`` where there are none."""
    return float(header) if header and header.strip().isdigit() else None
