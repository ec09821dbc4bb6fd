"""Somebody who watches, and remembers what was seen."""

from collections.abc import Iterator
from contextlib import contextmanager

from bot.operations.observing import Seen


class Watcher:
    """The port `bot.operations.observing.Observer`.

    Attributes:
        begun: everything, as it began.
        ended: what has ended, in that order.
        rate_limits: how often Slack asked to wait.
    """

    def __init__(self) -> None:
        self.begun: list[Seen] = []
        self.ended: list[Seen] = []
        self.rate_limits = 0

    @contextmanager
    def watching(self, seen: Seen) -> Iterator[Seen]:
        self.begun.append(seen)
        try:
            yield seen
        finally:
            self.ended.append(seen)

    def rate_limited(self) -> None:
        self.rate_limits += 1

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        """What has ended, each with its outcome."""
        return [(seen.what, seen.outcome) for seen in self.ended]
