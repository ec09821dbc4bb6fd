"""Measures contestants in rounds: each has its turn in every round, so that what else the machine does hits all."""

import statistics
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from tests.bench.contestants.entries import Contestant, python_of
from tests.bench.exchange import Order, Outcome
from tests.bench.load import TRIGGER_SECONDS
from tests.bench.processes import Child, child

SECONDS_TO_ANSWER = 15.0
"""How long the load process may take beyond what it was given, commands under way included."""

MOST_A_SECOND = 50_000
"""Commands a second that are never reached: the other bound of an order."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One way to put load on a contestant.

    Attributes:
        at_a_time: people who type commands.
        seconds: of one turn.
        contestants: who is measured.
    """

    at_a_time: int
    seconds: float
    contestants: tuple[Contestant, ...]


Number = Callable[[Outcome], float | None]
"""What is compared."""


def forms_a_second(turn: Outcome) -> float:
    """How many forms were opened a second."""
    return turn.per_second


def milliseconds_to_acknowledge(turn: Outcome) -> float | None:
    """The median of a turn; ``None`` where nothing was acknowledged."""
    return None if turn.to_acknowledge is None else turn.to_acknowledge.median


@dataclass(frozen=True, slots=True)
class Results:
    """All turns of all rounds.

    Attributes:
        outcomes: by people at a time and contestant.
        absent: contestants that could not take part, and why.
    """

    outcomes: Mapping[tuple[int, Contestant], Sequence[Outcome]]
    absent: Mapping[Contestant, str] = field(default_factory=dict)

    def median(self, number: Number, at_a_time: int, contestant: Contestant) -> float | None:
        """The median of all rounds; ``None`` where it was not measured."""
        numbers = [found for turn in self._turns(at_a_time, contestant) if (found := number(turn)) is not None]
        return statistics.median(numbers) if numbers else None

    def times(self, number: Number, at_a_time: int, one: Contestant, other: Contestant) -> float | None:
        """How many times as much one has as the other: the median of all rounds, each compared with itself, because
        what else the machine does changes from round to round; ``None`` where it was not measured.
        """
        rounds = zip(self._turns(at_a_time, one), self._turns(at_a_time, other), strict=False)
        pairs = [(number(ones), number(others)) for ones, others in rounds]
        ratios = [ones / others for ones, others in pairs if ones is not None and others]
        return statistics.median(ratios) if ratios else None

    def _turns(self, at_a_time: int, contestant: Contestant) -> Sequence[Outcome]:
        return self.outcomes.get((at_a_time, contestant), ())

    def not_served(self, contestant: Contestant) -> int:
        """Commands that were refused, lost, or answered with no whole form."""
        of_it = [turns for (_, whose), turns in self.outcomes.items() if whose is contestant]
        return sum(turn.lost + turn.refused + turn.incomplete for turns in of_it for turn in turns)


class Arena:
    """The load, the Web API and the contestants, all running."""

    def __init__(self, load: Child, contestants: Mapping[Contestant, Child]) -> None:
        self._load = load
        self._running = {name: one for name, one in contestants.items() if one.ready.unavailable is None}
        self.absent = {
            name: one.ready.unavailable for name, one in contestants.items() if one.ready.unavailable is not None
        }

    @classmethod
    @asynccontextmanager
    async def open(cls, contestants: Iterable[Contestant]) -> AsyncIterator["Arena"]:
        """Start everything, and end all of it with the block.

        Raises:
            ProcessFailedError: a process did not start.
        """
        async with AsyncExitStack() as processes:
            load = await processes.enter_async_context(child("tests.bench.load"))
            api = await processes.enter_async_context(child("tests.bench.slack_api", [str(load.ready.port)]))
            await load.tell(api.ready)
            url = f"http://127.0.0.1:{api.ready.port}"
            started = {
                name: await processes.enter_async_context(
                    child("tests.bench.contestants", [name, f"{url}/{name}/api/"], python=python_of(name))
                )
                for name in contestants
            }
            yield cls(load, started)

    async def turn(self, contestant: Contestant, at_a_time: int, seconds: float, most: int | None = None) -> Outcome:
        """Put load on one contestant.

        Args:
            contestant: whose turn it is.
            at_a_time: people who type commands.
            seconds: for so long.
            most: commands altogether.
        """
        port = self._running[contestant].ready.port
        commands = int(seconds * MOST_A_SECOND) if most is None else most
        await self._load.tell(Order(port=port, app=contestant, at_a_time=at_a_time, seconds=seconds, most=commands))
        return Outcome.model_validate_json(await self._load.hear(seconds + TRIGGER_SECONDS + SECONDS_TO_ANSWER))

    async def rounds(
        self, measures: Sequence[Measure], *, number: int, warm_up: float, progress: Callable[[str], None]
    ) -> Results:
        """Measure, after everybody has warmed up.

        Args:
            measures: what is measured.
            number: of rounds.
            warm_up: seconds for each contestant.
            progress: is told whose turn it is.
        """
        for contestant in self._running:
            progress(f"warm-up: {contestant.label}")
            await self.turn(contestant, max(measure.at_a_time for measure in measures), warm_up)
        outcomes: dict[tuple[int, Contestant], list[Outcome]] = {}
        for round_ in range(1, number + 1):
            for measure in measures:
                for contestant in (one for one in measure.contestants if one in self._running):
                    progress(f"round {round_} of {number}: {contestant.label}, {measure.at_a_time} at a time")
                    outcome = await self.turn(contestant, measure.at_a_time, measure.seconds)
                    outcomes.setdefault((measure.at_a_time, contestant), []).append(outcome)
        return Results(outcomes, self.absent)
