"""Being the bot at work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from bot.storage.lease import LEASE_SECONDS, Lease, lease_on


@asynccontextmanager
async def at_work(place: SecretStr, seconds: float = LEASE_SECONDS) -> AsyncIterator[Lease]:
    """Hold the lease of a database, after waiting for it."""
    async with lease_on(place, seconds) as lease, lease.held():
        yield lease
