"""A steady rate for the poller's calls."""

from datetime import datetime, timedelta

from bot.operations.ports import Clock

BETWEEN_CALLS = timedelta(seconds=1)
"""In the long run. With `AT_ONCE` that makes 80 calls in any minute at most, of the 100 of each kind that the
service allows (``cloud-databases-api.md``, Rate limits): the rest is for people who wait."""

AT_ONCE = 20
"""Calls that need not wait, after a while without any."""


class Gate:
    """Lets callers through one by one. Who comes after a quiet time need not wait."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._spent_until: datetime | None = None

    async def turn(self) -> None:
        """Return when the next call may be made. Whoever is cancelled meanwhile spends nothing."""
        while (wait := self._until_open()) > 0:
            await self._clock.sleep(wait)
        now = self._clock.now()
        self._spent_until = max(self._spent_until or now, now) + BETWEEN_CALLS

    def _until_open(self) -> float:
        """Seconds until the next turn. After the clock was set back nobody waits longer than before."""
        now = self._clock.now()
        full = AT_ONCE * BETWEEN_CALLS
        self._spent_until = min(self._spent_until or now, now + full)
        return (self._spent_until - now - full + BETWEEN_CALLS).total_seconds()
