"""The simulated cloud's clock: true time that can be moved on, and work that goes faster than time."""

from datetime import UTC, datetime, timedelta


class Clock:
    """True time plus what it was advanced by.

    `speed` does not touch the time: it is how many seconds of work are done in one. A copy of 240 seconds
    takes 4 at speed 60, and its timestamps stay comparable with those of every other clock. A copy that
    runs already gets faster or slower with it.
    """

    def __init__(self, speed: float = 1.0) -> None:
        """Starts with no work done.

        Args:
            speed: Seconds of work in a second; more than 0.
        """
        self._advanced = timedelta()
        self._speed = speed
        self._worked = 0.0
        self._since = self.now()

    @property
    def speed(self) -> float:
        """Seconds of work in a second."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._worked, self._since = self.worked(), self.now()
        self._speed = speed

    def now(self) -> datetime:
        """The time now, UTC."""
        return datetime.now(UTC) + self._advanced

    def advance(self, seconds: float) -> None:
        """Moves the clock on: tokens grow old and copies get ahead by that much.

        Args:
            seconds: By how much; a negative number moves it back.
        """
        self._advanced += timedelta(seconds=seconds)

    def worked(self) -> float:
        """Seconds of work that were done since the clock was made."""
        return self._worked + self._seconds_at_this_speed() * self._speed

    def time_of(self, worked: float) -> datetime:
        """When that many seconds of work had been done.

        Args:
            worked: What `worked` gave then. Before the last change of the speed the answer is that change.
        """
        ago = (self.worked() - worked) / self._speed
        return self.now() - timedelta(seconds=min(ago, self._seconds_at_this_speed()))

    def seconds_until(self, worked: float) -> float:
        """In how many seconds that many seconds of work will be done; 0 if they are."""
        return max(0.0, (worked - self.worked()) / self._speed)

    def _seconds_at_this_speed(self) -> float:
        return (self.now() - self._since).total_seconds()
