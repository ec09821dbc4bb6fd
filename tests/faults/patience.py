"""Waiting for what real processes do, on a machine that may be busy with other things."""

from collections.abc import Awaitable, Callable

from tests.fakes.conditions import until

PATIENCE = 40.0
"""Seconds that anything may take."""


async def eventually(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Return once a condition holds; fail when it does not in time."""
    await until(condition, seconds=PATIENCE, every=0.02)
