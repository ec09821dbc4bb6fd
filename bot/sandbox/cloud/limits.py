"""How often an account may ask, in real time (cloud-databases-api.md, Backups: rate limits)."""

import math
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field

from bot.sandbox.cloud.faults import Fault


@dataclass(slots=True)
class Limits:
    """Requests of each kind that a region takes within `seconds`; None is as many as come.

    Refused requests are not counted, those with a fault of any other kind are.
    """

    list: int | None = 100
    show: int | None = 100
    delete: int | None = 20
    copy: int | None = 5
    seconds: float = 60.0
    _seen: dict[tuple[str, str], deque[float]] = field(
        default_factory=lambda: defaultdict(deque), repr=False, init=False
    )

    def lift(self) -> None:
        """Lets as many requests through as come."""
        self.list = self.show = self.delete = self.copy = None

    def forget(self) -> None:
        """Forgets all requests so far, as if nobody had asked for a minute."""
        self._seen.clear()

    def count(self, operation: str, region: str) -> None:
        """Counts a request.

        Args:
            operation: `list`, `show`, `delete` or `copy`; others have no limit.
            region: The region that was asked.

        Raises:
            Fault: 413 with `Retry-After`, in seconds.
        """
        most = {"list": self.list, "show": self.show, "delete": self.delete, "copy": self.copy}.get(operation)
        if most is None:
            return
        now = time.monotonic()
        seen = self._seen[operation, region]
        while seen and seen[0] <= now - self.seconds:
            seen.popleft()
        if len(seen) >= most:
            free = seen[0] + self.seconds - now if seen else self.seconds
            message = f"Only {most} {operation} request(s) can be made every {self.seconds:g} seconds."
            raise Fault(413, message, retry_after=max(1, math.ceil(free)))
        seen.append(now)
