"""What watches the bot while it runs: metrics, traces, and whether people can use it."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from bot.assembly.errors import CannotStartError
from bot.cloud import CloudDatabases
from bot.domain.backup import REGIONS_FOR_COPIES
from bot.metrics import Metrics, Sources
from bot.operations.observing import Observer, Several
from bot.operations.ports import Ports
from bot.operations.readiness import CLOUD, DATABASE, RULES, SLACK, Look, Readiness, Standing, look_at_regions
from bot.operations.rules_in_force import RulesInForce
from bot.rules_file import RulesFileInForce
from bot.settings import Settings
from bot.slack.app import SlackRoom
from bot.storage import Storage, StoredRecord, sizes_of
from bot.telemetry import bot_version

if TYPE_CHECKING:  # it may not be installed
    from bot.tracing import Traces


@dataclass(frozen=True, slots=True)
class Watching:
    """What happens is counted, and traced where there is a receiver.

    Attributes:
        metrics: what was counted.
        observer: is told of each request and each call.
        traces: where there is a receiver.
    """

    metrics: Metrics
    observer: Observer
    traces: "Traces | None" = None

    def follow(self, record: StoredRecord) -> None:
        """Be told of what is committed: what this process has written is counted; a trace may have begun elsewhere."""
        record.on_commit(self.metrics.on_event)
        if self.traces:
            record.on_news(self.traces.on_event)


def watch(settings: Settings, stack: AsyncExitStack) -> Watching:
    """Have what happens counted, and traced where there is a receiver.

    Raises:
        CannotStartError: what sends traces is not installed.
    """
    metrics = Metrics(settings.regions or REGIONS_FOR_COPIES)
    stack.enter_context(metrics.counting_log_lines())
    if settings.otel_exporter_otlp_endpoint is None:
        return Watching(metrics, metrics.observer)
    try:
        from bot.tracing import Traces
    except ImportError as error:
        raise CannotStartError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and what sends traces is not installed: pip install "
            "'copy-backup-bot[otel]'."
        ) from error
    traces = Traces(settings.otel_exporter_otlp_endpoint, bot_version())
    stack.push_async_callback(traces.aclose)
    return Watching(metrics, Several(metrics.observer, traces), traces)


def readiness_of(ports: Ports, storage: Storage, slack: SlackRoom, rules: RulesInForce) -> Readiness:
    """What says whether people can use the bot: database, Slack and cloud; a broken file of rules is a warning."""

    async def look_at_database() -> Standing:
        await storage.check()
        return Standing()

    looks: dict[str, Look] = {
        DATABASE: look_at_database,
        SLACK: slack.standing,
        CLOUD: partial(look_at_regions, ports),
    }
    if isinstance(rules, RulesFileInForce):
        looks[RULES] = rules.standing
    return Readiness(looks)


class WorkState(Protocol):
    """How the work on copies stands in this process."""

    @property
    def is_done_here(self) -> bool:
        """Whether this process does it."""
        ...

    @property
    def untold(self) -> int:
        """How many times somebody waits for news of an order, as far as this process has to tell them."""
        ...


def sources_of(
    settings: Settings, ports: Ports, cloud: CloudDatabases, work: WorkState, readiness: Readiness
) -> Sources:
    """Where the metrics are read that nobody counts."""
    return Sources(
        ports=ports,
        readiness=readiness,
        budgets=cloud.budget_states,
        sizes=partial(sizes_of, settings.database),
        untold=lambda: work.untold,
        at_work=lambda: work.is_done_here,
        version=bot_version(),
    )
