"""When slack_sdk makes a call again (Python Slack SDK 3.48, ``http_retry``)."""

from http import HTTPStatus

from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler, AsyncServerErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState

from bot.operations.observing import Observer


class ServerErrorRetryHandler(AsyncServerErrorRetryHandler):
    """Slack SDK's, for every answer of a server that broke or could not be reached; its own knows 500 and 503."""

    async def _can_retry_async(
        self,
        *,
        state: RetryState,  # noqa: ARG002 - slack_sdk passes all by name
        request: HttpRequest,  # noqa: ARG002 - as above
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002 - as above
    ) -> bool:
        return response is not None and response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR


class RateLimitRetryHandler(AsyncRateLimitErrorRetryHandler):
    """Slack SDK's, which tells of what it waits for."""

    def __init__(self, observer: Observer) -> None:
        super().__init__(max_retry_count=1)
        self._observer = observer

    async def prepare_for_next_attempt_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        """Wait as long as Slack asks."""
        self._observer.rate_limited()
        await super().prepare_for_next_attempt_async(state=state, request=request, response=response, error=error)
