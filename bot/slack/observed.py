"""Bolt's app, watched: every request of Slack's goes through here, over HTTP and over Socket Mode."""

from collections.abc import Mapping

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

from bot.operations.observing import OK, Activity, Observer, Seen
from bot.telemetry import in_request

COMMAND = "command"
OTHER = "other"

INTERACTIONS = frozenset(
    {
        "block_actions",
        "block_suggestion",
        "event_callback",
        "message_action",
        "shortcut",
        "view_closed",
        "view_submission",
    }
)
"""What the bot is asked, beside commands, by the payload's ``type`` (``slack-platform.md``, Requests to the app)."""

NOT_TAKEN = "not_taken"
"""The outcome of a request that no listener took, or whose listener broke."""


class ObservedApp(AsyncApp):
    """Tells an observer of each request, from when it is read to when its answer is there."""

    def __init__(self, observer: Observer, **options: object) -> None:
        """Make the app.

        Args:
            observer: is told.
            **options: Bolt's.
        """
        super().__init__(**options)  # type: ignore[arg-type]  # Bolt's own keywords
        self._observer = observer

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Answer a request. It has an id from here on, which whatever is begun for it has as well."""
        with in_request(), self._observer.watching(Seen(Activity.SLACK_REQUEST, kind_of(req.body))) as seen:
            answer = await super().async_dispatch(req)
            seen.outcome = OK if answer.status == 200 else NOT_TAKEN
        return answer


def kind_of(body: Mapping[str, object]) -> str:
    """What Slack asks, in one of few words."""
    if "command" in body:
        return COMMAND
    kind = body.get("type")
    return kind if isinstance(kind, str) and kind in INTERACTIONS else OTHER
