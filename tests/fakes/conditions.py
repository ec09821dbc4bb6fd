"""Waiting for a condition, never for luck."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(
    condition: Callable[[], bool | Awaitable[bool]], *, seconds: float = 10.0, every: float = 0.001
) -> None:
    """Return once a condition holds; fail when it does not within so many seconds.

    It is looked at ``every`` so often at first, and ever more rarely then: what takes long is not slowed down by being
    looked at, and is still seen within 20 ms.
    """
    begun = asyncio.get_running_loop().time()
    async with asyncio.timeout(seconds):
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            waited = asyncio.get_running_loop().time() - begun
            await asyncio.sleep(max(every, min(waited / 20, 0.02)))
