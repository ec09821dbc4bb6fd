"""What a bot says of itself, as Prometheus reads it."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import Metrics, Sources
from bot.operations.observing import BudgetState
from bot.operations.ports import StoreTroubleError
from bot.operations.readiness import Readiness, Standing
from tests.fakes.world import World


@dataclass(frozen=True)
class Scrape:
    """One answer of ``/metrics``.

    Attributes:
        families: of each metric, by the name that queries use, its samples.
        metrics: their names; of a histogram, which has three kinds of samples, the name that they share.
        empty: names of metrics that have no sample yet.
    """

    families: Mapping[str, Mapping[str, float]]
    metrics: Set[str]
    empty: Set[str]

    @classmethod
    def of(cls, text: str) -> "Scrape":
        families: dict[str, dict[str, float]] = {}
        metrics: set[str] = set()
        empty: set[str] = set()
        for family in text_string_to_metric_families(text):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            metrics.add(name)
            if not family.samples:
                empty.add(name)
            for sample in family.samples:
                labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
                families.setdefault(sample.name, {})[labels] = sample.value
        return cls(families, metrics, empty)

    @property
    def names(self) -> Set[str]:
        """Everything that is exported, by the names that queries use."""
        return self.families.keys() | self.empty

    def value(self, name: str, **labels: str) -> float:
        """The sum of all samples that have these labels."""
        wanted = {f"{label}={value}" for label, value in labels.items()}
        return sum(value for said, value in self.families[name].items() if wanted <= set(said.split(",")))

    def moved_since(self, before: "Scrape") -> set[str]:
        """The names of what is not what it was."""
        return {name for name, samples in self.families.items() if samples != before.families.get(name)}


@dataclass
class WatchedBot:
    """The metrics of a bot of which everything is in memory, and has yet to happen."""

    world: World = field(default_factory=World.new)
    standing: Standing = field(default_factory=Standing)
    budgets: list[BudgetState] | StoreTroubleError = field(default_factory=list)
    untold: int = 0

    def __post_init__(self) -> None:
        self.metrics = Metrics(self.world.cloud.regions)
        self.sources = Sources(
            ports=self.world.ports,
            readiness=Readiness({"everything": self._look}, kept=0.0),
            budgets=self._left_of_budgets,
            sizes=lambda: {"record": 4096},
            untold=lambda: self.untold,
            at_work=lambda: True,
            version="1.2.3",
        )

    async def scrape(self) -> Scrape:
        return Scrape.of((await self.metrics.exposed(self.sources)).decode())

    async def _left_of_budgets(self) -> list[BudgetState]:
        if isinstance(self.budgets, StoreTroubleError):
            raise self.budgets
        return self.budgets

    async def _look(self) -> Standing:
        return self.standing


async def exported_metrics() -> Set[str]:
    """Every metric of the bot's own, as the README has it: of a histogram, the name without what is at its end."""
    return {name for name in (await WatchedBot().scrape()).metrics if name.startswith("copy_backup_")}


async def scraped(port: int | None) -> Scrape:
    """What the bot says that is watched at this port."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{port}/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return Scrape.of(answer.text)
