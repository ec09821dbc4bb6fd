"""What watches the bot while it runs: metrics, traces, and whether people can use it."""

from contextlib import AsyncExitStack
from functools import partial

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
from bot.storage import Storage, sizes_of
from bot.telemetry import bot_version


def watch(settings: Settings, storage: Storage, stack: AsyncExitStack) -> tuple[Metrics, Observer]:
    """Have what happens counted, and traced where there is a receiver."""
    metrics = Metrics(settings.regions or REGIONS_FOR_COPIES)
    stack.enter_context(metrics.counting_log_lines())
    storage.record.on_commit(metrics.on_event)
    if settings.otel_exporter_otlp_endpoint is None:
        return metrics, metrics.observer
    try:
        from bot.tracing import Traces
    except ImportError as error:
        raise CannotStartError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and what sends traces is not installed: pip install "
            "'copy-backup-bot[otel]'."
        ) from error
    traces = Traces(settings.otel_exporter_otlp_endpoint, bot_version())
    stack.push_async_callback(traces.aclose)
    storage.record.on_commit(traces.on_event)
    return metrics, Several(metrics.observer, traces)


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


def sources_of(
    settings: Settings, ports: Ports, cloud: CloudDatabases, slack: SlackRoom, readiness: Readiness
) -> Sources:
    """Where the metrics are read that nobody counts."""
    return Sources(
        ports=ports,
        readiness=readiness,
        budgets=cloud.budget_states,
        sizes=partial(sizes_of, settings.database),
        untold=lambda: slack.untold,
        version=bot_version(),
    )
