"""Whether the bot can be used at the moment, and what it lacks. Nothing outside is asked more than once a second,
however many ask.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from bot.operations.ports import Ports, StoreTroubleError

DATABASE, SLACK, CLOUD, RULES = "database", "Slack", "cloud", "rules"
"""What can be missing, beside single regions."""

PATIENCE = 3.0
"""Seconds one look may take: who asks, such as a load balancer, does not wait longer either."""

KEPT = 1.0
"""Seconds an answer is good for."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the bot lacks, each by name with the reason.

    Attributes:
        missing: without which it cannot be used.
        warnings: without which it can.
    """

    missing: Mapping[str, str] = field(default_factory=dict)
    warnings: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        """Whether the bot can be used."""
        return not self.missing


Look = Callable[[], Awaitable[Standing]]
"""Looks at one thing."""


class Readiness:
    """Looks at everything that the bot needs."""

    def __init__(self, looks: Mapping[str, Look], *, patience: float = PATIENCE, kept: float = KEPT) -> None:
        """Prepare; nothing is looked at yet.

        Args:
            looks: by the name that is missing where a look takes longer than anybody waits.
            patience: seconds one look may take.
            kept: seconds an answer is good for.
        """
        self._looks = looks
        self._patience = patience
        self._kept = kept
        self._looking: asyncio.Task[Standing] | None = None
        self._looked_at = 0.0
        self._stopping = False

    def stop(self) -> None:
        """From now on the bot is not ready: it is about to end."""
        self._stopping = True

    async def now(self) -> Standing:
        """What the bot lacks now, or lacked a second ago."""
        if self._stopping:
            return Standing(missing={"bot": "is stopping"})
        now = asyncio.get_running_loop().time()
        if self._looking is None or (self._looking.done() and now - self._looked_at >= self._kept):
            self._looked_at = now
            self._looking = asyncio.create_task(self._look_at_all(), name="look whether the bot is ready")
        return await asyncio.shield(self._looking)

    async def aclose(self) -> None:
        """End a look that is under way."""
        self.stop()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    async def _look_at_all(self) -> Standing:
        found = await asyncio.gather(*(self._look(name, look) for name, look in self._looks.items()))
        missing: dict[str, str] = {}
        warnings: dict[str, str] = {}
        for standing in found:
            missing |= standing.missing
            warnings |= standing.warnings
        return Standing(missing, warnings)

    async def _look(self, name: str, look: Look) -> Standing:
        try:
            async with asyncio.timeout(self._patience):
                return await look()
        except TimeoutError:
            return Standing(missing={name: f"no answer within {self._patience:g} s"})
        except StoreTroubleError as trouble:
            return Standing(missing={name: str(trouble)})


async def look_at_regions(ports: Ports) -> Standing:
    """The regions, as the last refresh of each list found them: the cloud is not asked. Without some of them the bot
    can be used; without any of them it cannot.
    """
    refreshes = [await ports.catalogue.refreshed(region) for region in ports.cloud.regions]
    away = {each.region: each.fault.reason.value for each in refreshes if each.fault}
    return Standing(missing=away) if len(away) == len(refreshes) else Standing(warnings=away)
