"""How Slack and its client say no: to the app, and to the person."""

from dataclasses import dataclass, field
from typing import TypeAlias

Payload: TypeAlias = dict[str, object]
"""JSON that goes out of the simulator: an answer, or a request to the app."""


@dataclass(eq=False)
class SlackError(Exception):
    """A Web API call is refused: `{"ok": false, "error": …}`.

    Attributes:
        error: Slack's name of the error.
        messages: What `response_metadata.messages` and `errors` say, without the leading `[ERROR]`.
        details: Further properties of the answer, as `needed` and `provided`.
    """

    error: str
    messages: tuple[str, ...] = ()
    details: Payload = field(default_factory=dict)

    def answer(self) -> Payload:
        """The body of Slack's answer."""
        body: Payload = {"ok": False, "error": self.error, **self.details}
        if self.messages:
            body["errors"] = list(self.messages)
            body["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in self.messages]}
        return body


class ManifestError(ValueError):
    """Slack would not install an app with this manifest."""


class NotPossibleError(AssertionError):
    """A person cannot do this: Slack's client does not offer it, or does not let it pass.

    It is an AssertionError because it ends a test as a failed expectation does.
    """


class NotShownError(AssertionError):
    """What a person waited for did not come in time; the message says what they see instead."""


class AppError(Exception):
    """The app's answer was missing or wrong, and the person is told so.

    Attributes:
        shown: The words that Slack shows.
    """

    def __init__(self, shown: str, why: str) -> None:
        """Keeps both sides.

        Args:
            shown: The words that Slack shows.
            why: What the app did, for the developer.
        """
        super().__init__(f"{shown} ({why})")
        self.shown = shown


class OperationTimeout(AppError):  # noqa: N818  # the name Slack shows: operation_timeout
    """The app did not acknowledge within three seconds; what it answers later is dropped."""


class DispatchFailed(AppError):  # noqa: N818  # the name Slack shows: dispatch_failed
    """The app could not be reached, or answered with something that Slack does not understand."""
