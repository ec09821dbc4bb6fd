"""The real clock."""

import asyncio
from datetime import UTC, datetime


class SystemClock:
    """The port `Clock`: the time of this machine."""

    def now(self) -> datetime:
        """The time in UTC, with its zone."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds; at once for none or fewer."""
        await asyncio.sleep(seconds)
