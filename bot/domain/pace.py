"""How long to wait between looks and between attempts. All in seconds."""

from dataclasses import dataclass

from bot.domain.reasons import Fault, Repeat


@dataclass(frozen=True, slots=True)
class Pace:
    """The bot's patience.

    Attributes:
        first_look: between the first looks at a running copy.
        longest_look: between looks at an old one; the time grows with a copy's age in between.
        grace: how long a source may be COMPLETED again without a new backup in the destination before the copy
            counts as failed.
        settle: after a lost answer, how long a copy that had begun would take at most to be seen.
        patience: after a lost answer, how long the bot tries to find out by itself before it asks a person.
        give_up: how long a copy is watched before it counts as lost.
        first_retry: before a refused request is sent again for the first time; doubled each time.
        longest_retry: the most that grows to.
        attempts: requests sent for one copy at most, unless the service itself asked to wait.
        waits: how often the service may ask to wait.
    """

    first_look: float = 3.0
    longest_look: float = 120.0
    grace: float = 300.0
    settle: float = 60.0
    patience: float = 900.0
    give_up: float = 48 * 3600.0
    first_retry: float = 15.0
    longest_retry: float = 300.0
    attempts: int = 8
    waits: int = 30

    def until_next_look(self, age: float) -> float:
        """Seconds until a copy of this age is looked at again: a twentieth of its age, within the bounds. So what comes
        after a copy never waits for more than a twentieth of the time that it took.
        """
        return min(self.longest_look, max(self.first_look, age / 20))

    def until_next_attempt(self, fault: Fault, attempts: int) -> float | None:
        """Seconds until a refused request is sent again.

        Args:
            fault: the answer to the last one.
            attempts: requests sent so far, the last one included.

        Returns:
            ``None`` when it is not to be sent again.
        """
        growing = min(self.longest_retry, self.first_retry * 2.0 ** min(attempts - 1, 20))
        if fault.repeat is Repeat.AFTER_WAITING and attempts < self.waits:
            return fault.retry_after if fault.retry_after is not None else growing
        if fault.repeat is Repeat.A_FEW_TIMES and attempts < self.attempts:
            return max(growing, fault.retry_after or 0.0)
        return None
