"""Puts the parts together. The only place that knows every one of them."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy.exc import DBAPIError
from starlette.applications import Starlette

from bot.cloud import IDENTITY_URL, CloudDatabases
from bot.cloud.client import READ_SECONDS
from bot.cloud.health import CloudHealth
from bot.domain.backup import REGIONS_FOR_COPIES
from bot.domain.events import Event, EventKind
from bot.domain.pace import Pace
from bot.domain.people import BOT
from bot.domain.policy import AccessRules, Member
from bot.domain.rules import Rules
from bot.metrics import Metrics, Sources
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.health import Probe
from bot.operations.keep_catalogue_fresh import keep_catalogue_fresh
from bot.operations.keep_copies import run_what_is_due
from bot.operations.observing import Observer, Several
from bot.operations.ports import Clock, Ports
from bot.operations.readiness import CLOUD, DATABASE, RULES, SLACK, Look, Readiness, Standing, look_at_regions
from bot.operations.report_coverage import Surveyor
from bot.operations.review import open_copies
from bot.operations.rules_in_force import FixedRules, RulesInForce
from bot.operations.standing_orders import Keeping
from bot.rules_file import RulesFileError, RulesFileInForce
from bot.server import build_monitoring, build_web, serving
from bot.settings import RulesSettings, Settings
from bot.slack.app import SlackOptions, SlackRoom, build_app
from bot.slack.client import SlackClient
from bot.slack.directory import member_of
from bot.slack.health import SlackHealth
from bot.slack.trouble import SlackTroubleError
from bot.storage import Storage, StorageError, file_sizes, open_storage
from bot.storage.health import probes as file_probes
from bot.storage.workflow_file import prepare_workflow_file, workflow_path
from bot.telemetry import bot_version, in_request
from bot.workflow.clock import SystemClock
from bot.workflow.engine import DurableEngine
from bot.workflow.poller import Poller

logger = logging.getLogger(__name__)

LOOK_SECONDS = 8.0
"""How long ``doctor`` waits for one answer: nobody works meanwhile but the person who looks at it."""


class CannotStartError(Exception):
    """The bot cannot start. The text says why and what to do."""


@dataclass(frozen=True, slots=True)
class RunningBot:
    """The bot at work.

    Attributes:
        port: it listens on.
        in_socket_mode: whether it connects to Slack, rather than Slack to it.
        monitoring_port: where its metrics can be had; ``None`` for nowhere.
    """

    port: int
    in_socket_mode: bool
    ports: Ports
    monitoring_port: int | None = None


def build_cloud(
    settings: Settings, *, timeout: float = READ_SECONDS, observer: Observer | None = None
) -> CloudDatabases:
    """The client of Cloud Databases.

    Args:
        settings: of the bot.
        timeout: seconds to wait for an answer.
        observer: is told of each request; nobody if not given.
    """
    return CloudDatabases(
        settings.rackspace_identity_url or IDENTITY_URL,
        settings.rackspace_username,
        settings.rackspace_api_key,
        settings.regions or REGIONS_FOR_COPIES,
        SystemClock(),
        timeout=timeout,
        observer=observer,
    )


def slack_options(settings: Settings) -> SlackOptions:
    """What the Slack room has to know of the settings."""
    return SlackOptions(
        bot_token=settings.slack_bot_token,
        signing_secret=settings.slack_signing_secret,
        app_token=settings.slack_app_token,
        api_url=settings.slack_api_url,
        command=settings.slack_command,
        seconds_between_writes=settings.message_update_seconds,
        witness_channel=settings.witness_channel,
    )


def rules_of(settings: RulesSettings) -> RulesInForce:
    """The rules, of the file or as the settings have them. Blocks while it reads the file.

    Raises:
        RulesFileError: the file cannot be used.
    """
    if settings.rules_file is not None:
        return RulesFileInForce(settings.rules_file, settings.regions or REGIONS_FOR_COPIES)
    access = AccessRules(
        people=frozenset(settings.allowed_people),
        groups=frozenset(settings.allowed_user_groups),
        channels=frozenset(settings.allowed_channels),
    )
    return FixedRules(Rules.only(access))


def pace_of(settings: Settings) -> Pace:
    """The bot's patience."""
    return Pace(
        first_look=settings.first_look_seconds,
        longest_look=settings.longest_look_seconds,
        grace=settings.grace_seconds,
        settle=settings.settle_seconds,
        patience=settings.patience_seconds,
        give_up=settings.give_up_seconds,
        first_retry=settings.first_retry_seconds,
    )


@asynccontextmanager
async def running_bot(settings: Settings) -> AsyncIterator[RunningBot]:
    """The bot, from ready to stopped.

    Raises:
        CannotStartError: a file or an address cannot be had, or Slack does not accept the tokens.
    """
    async with AsyncExitStack() as stack:
        rules = await _read_rules(settings)
        storage = await _open_storage(settings)
        stack.push_async_callback(storage.close)
        metrics, observer = _watch(settings, storage, stack)
        ports, cloud, engine = await _wire(settings, storage, rules, observer, stack)
        surveyor = Surveyor(ports)
        slack = build_app(
            ports,
            slack_options(settings),
            storage.posts,
            storage.approver_posts,
            storage.standing_orders,
            surveyor=surveyor,
            observer=observer,
        )
        storage.record.on_commit(slack.on_event)
        readiness = _readiness(ports, storage, slack, rules)
        stack.push_async_callback(readiness.aclose)
        sources = _sources(settings, ports, cloud, slack, readiness)
        monitoring_port = await _listen_to_monitoring(stack, readiness, partial(metrics.exposed, sources), settings)
        stack.push_async_callback(slack.aclose)
        await _note_start(ports)
        stack.push_async_callback(_note_stop, ports)
        if isinstance(rules, RulesFileInForce):
            await rules.note_start(ports.record, ports.clock)
        await _launch(engine, ports, settings, slack.keeping)
        stack.push_async_callback(engine.aclose)
        if isinstance(rules, RulesFileInForce):  # ended before the engine, which takes all threads with it
            keeping = rules.keep_current(ports.record, ports.clock)
            stack.push_async_callback(_cancel, asyncio.create_task(keeping, name="look at the file of rules"))
        stack.push_async_callback(_cancel, asyncio.create_task(_keep_fresh(ports, surveyor, settings)))
        in_socket_mode = settings.slack_app_token is not None
        web = build_web(None if in_socket_mode else slack.handler, readiness.now)
        stack.push_async_callback(slack.stop_taking)
        port = await _listen(stack, web, settings.host, settings.port, "HOST or PORT")
        stack.callback(readiness.stop)
        try:
            await slack.start()
        except SlackTroubleError as trouble:
            raise CannotStartError(f"Slack does not let the bot in: {trouble}. `doctor` says what to do.") from trouble
        yield RunningBot(port, in_socket_mode, ports, monitoring_port)


@asynccontextmanager
async def looking(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[list[Probe]]:
    """What looks at an installation for ``doctor``. Nothing is changed, and a bot may be running.

    Args:
        settings: of the bot.
        clock: the machine's, to be compared with Slack's.
    """
    options = slack_options(settings)
    client = SlackClient(options.bot_token, options.api_url, timeout=LOOK_SECONDS, waits_for_rates=False)
    cloud = build_cloud(settings, timeout=LOOK_SECONDS)
    try:
        rules = (await asyncio.to_thread(rules_of, settings)).now()
    except RulesFileError:  # which is told by the one who looks, line by line
        rules = Rules(allow=())
    async with client, aclosing(cloud):
        yield [
            *file_probes(settings.database_path, settings.audit_key),
            *SlackHealth(client, options, rules, clock or SystemClock()).probes(),
            *CloudHealth(cloud).probes(),
        ]


async def member_by_slack(settings: RulesSettings, rules: Rules, person_id: str) -> Member:
    """Somebody, with those of their groups that the rules name, as Slack says now.

    Raises:
        SlackTroubleError: Slack does not say it, or there is nobody with this id.
        ValueError: no token is set.
    """
    if settings.slack_bot_token is None:
        raise ValueError("there is no token to ask Slack with")
    client = SlackClient(settings.slack_bot_token, settings.slack_api_url, timeout=LOOK_SECONDS)
    async with client:
        identity, _ = await client.who_am_i()
        member = member_of(await client.user(person_id), identity.team_id)
        members = {group: await client.members_of_group(group) for group in sorted(rules.named.groups)}
    return replace(member, groups=frozenset(group for group, people in members.items() if person_id in people))


async def _read_rules(settings: Settings) -> RulesInForce:
    try:
        return await asyncio.to_thread(rules_of, settings)
    except RulesFileError as error:
        lines = "".join(f"\n  {mistake}" for mistake in error.mistakes)
        raise CannotStartError(f"{settings.rules_file} cannot be used:{lines}") from error


async def _open_storage(settings: Settings) -> Storage:
    try:
        await asyncio.to_thread(prepare_workflow_file, workflow_path(settings.database_path))
        return await open_storage(settings.database_path, SystemClock(), key=settings.audit_key)
    except StorageError as error:
        raise CannotStartError(str(error)) from error
    except (OSError, sqlite3.Error) as error:
        raise CannotStartError(f"{settings.database_path} cannot be used: {error}.") from error


def _watch(settings: Settings, storage: Storage, stack: AsyncExitStack) -> tuple[Metrics, Observer]:
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


async def _wire(
    settings: Settings, storage: Storage, rules: RulesInForce, observer: Observer, stack: AsyncExitStack
) -> tuple[Ports, CloudDatabases, DurableEngine]:
    clock = SystemClock()
    cloud = build_cloud(settings, observer=observer)
    stack.push_async_callback(cloud.aclose)
    watch = Poller(cloud, storage.catalogue, clock)
    stack.push_async_callback(watch.aclose)
    engine = DurableEngine(
        f"sqlite:///{workflow_path(settings.database_path)}",
        seconds_between_looks=settings.standing_orders_seconds,
    )
    ports = Ports(
        cloud=cloud,
        record=storage.record,
        catalogue=storage.catalogue,
        watch=watch,
        engine=engine,
        clock=clock,
        pace=pace_of(settings),
        rules=rules,
    )
    return ports, cloud, engine


def _readiness(ports: Ports, storage: Storage, slack: SlackRoom, rules: RulesInForce) -> Readiness:
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


def _sources(
    settings: Settings, ports: Ports, cloud: CloudDatabases, slack: SlackRoom, readiness: Readiness
) -> Sources:
    return Sources(
        ports=ports,
        readiness=readiness,
        budgets=cloud.budget_states,
        file_sizes=partial(file_sizes, settings.database_path),
        untold=lambda: slack.untold,
        version=bot_version(),
    )


async def _launch(engine: DurableEngine, ports: Ports, settings: Settings, keeping: Keeping) -> None:
    try:
        ids = [copy.id for copy in await open_copies(ports)]
        await engine.launch(partial(_carry_out, ports), ids, partial(run_what_is_due, keeping))
    except DBAPIError as error:
        raise CannotStartError(f"{workflow_path(settings.database_path)} cannot be used: {error.orig}.") from error


async def _carry_out(ports: Ports, copy_id: str) -> None:
    """Work on a copy. What is done for it has its id in the log."""
    with in_request(copy_id):
        await carry_out_copy(ports, copy_id)


async def _listen_to_monitoring(
    stack: AsyncExitStack, readiness: Readiness, exposed: Callable[[], Awaitable[bytes]], settings: Settings
) -> int | None:
    if settings.monitoring_port is None:
        return None
    web, names = build_monitoring(readiness.now, exposed), "MONITORING_HOST or MONITORING_PORT"
    return await _listen(stack, web, settings.monitoring_host, settings.monitoring_port, names)


async def _listen(stack: AsyncExitStack, web: Starlette, host: str, port: int, names: str) -> int:
    try:
        return await stack.enter_async_context(serving(web, host, port))
    except OSError as error:
        raise CannotStartError(f"{host}:{port} cannot be listened on: {error}. Set {names} to another.") from error


async def _note_start(ports: Ports) -> None:
    try:
        await ports.record.append(Event(kind=EventKind.BOT_STARTED, at=ports.clock.now(), who=BOT))
    except StorageError as error:
        raise CannotStartError(str(error)) from error


async def _note_stop(ports: Ports) -> None:
    try:
        await ports.record.append(Event(kind=EventKind.BOT_STOPPED, at=ports.clock.now(), who=BOT))
    except StorageError as error:
        logger.warning("the audit log will not say that the bot was stopped: %s", error)


async def _keep_fresh(ports: Ports, surveyor: Surveyor, settings: Settings) -> None:
    """Keep the catalogue fresh; whatever goes wrong unexpectedly, it is tried again."""
    every = settings.catalogue_refresh_seconds
    while True:
        try:
            await keep_catalogue_fresh(ports, surveyor, every)
        except ExceptionGroup:
            logger.exception("the catalogue could not be refreshed; again in %.0f s", every)
            await asyncio.sleep(every)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
