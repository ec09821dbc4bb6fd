"""Slack's rates, for what the bot does by itself (``slack-platform.md``, Rates).

What it does for somebody who waits is not held back here: those calls are few, and Slack says when they are too many.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

CALLS_A_MINUTE = 50
"""Of one method of tier 3 in a workspace: ``chat.update``, ``conversations.history``, ``conversations.replies``."""

MINUTE = 61.0
"""Seconds: Slack counts when a call arrives, which may be later than it was sent."""


class Pacer:
    """Gives turns to call Slack, in the order in which they are wanted."""

    def __init__(
        self, seconds_between_writes: float, *, calls_a_minute: int = CALLS_A_MINUTE, minute: float = MINUTE
    ) -> None:
        """Nothing was called yet.

        Args:
            seconds_between_writes: to one channel, from the end of one to the beginning of the next.
            calls_a_minute: of one method.
            minute: its length in seconds.
        """
        self._seconds = seconds_between_writes
        self._minute = minute
        self._channels: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._next_write: dict[str, float] = {}
        self._calls: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=calls_a_minute))

    @asynccontextmanager
    async def writing(self, channel: str) -> AsyncIterator[None]:
        """The turn to write to a channel. Whoever has waited for it draws what is true then."""
        async with self._channels[channel]:
            await _until(self._next_write.get(channel, 0.0))
            try:
                yield
            finally:
                self._next_write[channel] = asyncio.get_running_loop().time() + self._seconds

    async def turn(self, method: str) -> None:
        """Return when one call of a method of tier 3 may be made."""
        calls, now = self._calls[method], asyncio.get_running_loop().time()
        at = max(now, calls[0] + self._minute) if len(calls) == calls.maxlen else now
        calls.append(at)
        await _until(at)


async def _until(moment: float) -> None:
    wait = moment - asyncio.get_running_loop().time()
    if wait > 0:
        await asyncio.sleep(wait)
