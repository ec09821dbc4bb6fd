"""Waiting for a condition, never for luck."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(
    condition: Callable[[], bool | Awaitable[bool]], *, seconds: float = 10.0, every: float = 0.001
) -> None:
    """Return once a condition holds, which is looked at ``every`` so often; fail when it does not within so many
    seconds.
    """
    async with asyncio.timeout(seconds):
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            await asyncio.sleep(every)
