"""Work that goes on after Slack has been answered, and the one handler of the unexpected."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine

from bot.slack.trouble import SlackTroubleError
from bot.telemetry import current_request

logger = logging.getLogger(__name__)

Tell = Callable[[str], Awaitable[None]]
"""Tells a person the id under which something unexpected is in the log."""


class Errands:
    """Tasks that somebody waits for when the bot stops, and that never fail in silence."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[object, object, object], what: str, tell: Tell | None = None) -> asyncio.Task[None]:
        """Begin something without waiting for it.

        Args:
            work: the coroutine.
            what: it does, for the log.
            tell: tells the person who waits for it where to look if it goes wrong.
        """
        task = asyncio.get_running_loop().create_task(self._guarded(work, what, tell), name=what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # has never begun where the task was cancelled before it did
        return task

    async def aclose(self, patience: float = 5.0) -> None:
        """Wait for all that was begun, ``patience`` seconds at most, and cancel the rest."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _guarded(self, work: Coroutine[object, object, object], what: str, tell: Tell | None) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - the border: nothing unexpected goes further
            await report_unexpected(error, what, tell)


async def report_unexpected(error: Exception, what: str, tell: Tell | None) -> str:
    """Log what nobody expected, and tell the person who waits the id it has in the log: that of the request.

    Returns:
        That id.
    """
    incident = current_request() or secrets.token_hex(4)
    logger.error("unexpected error %s while: %s", incident, what, exc_info=error)
    if tell is not None:
        try:
            await tell(incident)
        except (SlackTroubleError, RuntimeError):  # Slack does not take it, or the client is closed already
            logger.warning("nobody could be told of error %s", incident, exc_info=True)
    return incident
