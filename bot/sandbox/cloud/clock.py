"""The simulated cloud's clock: true time that can be moved on, and work that can be made shorter."""

from datetime import UTC, datetime, timedelta


class Clock:
    """True time plus what it was advanced by.

    `speed` does not touch the time: it shortens work. A copy of 240 seconds takes 4 at speed 60, and
    its timestamps stay comparable with those of every other clock.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._advanced = timedelta()

    def now(self) -> datetime:
        """The time now, UTC."""
        return datetime.now(UTC) + self._advanced

    def advance(self, seconds: float) -> None:
        """Moves the clock on: tokens grow old and copies get ahead by that much.

        Args:
            seconds: By how much; a negative number moves it back.
        """
        self._advanced += timedelta(seconds=seconds)

    def work(self, seconds: float) -> timedelta:
        """How long work takes at the present speed.

        Args:
            seconds: How long it would take at speed 1.
        """
        return timedelta(seconds=seconds / self.speed)
