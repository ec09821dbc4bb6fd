"""Time that is turned by hand: hours of watching in a second."""

import asyncio
from contextlib import suppress

from bot.domain.copies import Copy
from tests.fakes.clocks import TurnedClock
from tests.fakes.record import MemoryRecord


class RecordInSimulatedTime(MemoryRecord):
    """A record in which whoever waits for a copy to move on waits by the turned clock."""

    def __init__(self, clock: TurnedClock) -> None:
        super().__init__()
        self._clock = clock

    async def changed(self, copy: Copy, timeout: float) -> Copy:  # noqa: ASYNC109 - the port's promise
        """The copy as soon as it has moved on, or as it is after so many seconds of the clock."""
        moving = asyncio.ensure_future(super().changed(copy, 3600.0))
        sleeping = asyncio.ensure_future(self._clock.sleep(timeout))
        try:
            await asyncio.wait((moving, sleeping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (moving, sleeping):
                each.cancel()
                with suppress(asyncio.CancelledError):
                    await each
        return await self.copy(copy.id) or copy
