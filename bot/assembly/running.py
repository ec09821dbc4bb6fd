"""The bot, from ready to stopped."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from starlette.applications import Starlette

from bot.assembly.errors import CannotStartError
from bot.assembly.parts import build_cloud, pace_of, rules_of, slack_options
from bot.assembly.watching import readiness_of, sources_of, watch
from bot.cloud import CloudDatabases
from bot.domain.events import Event, EventKind
from bot.domain.people import BOT
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.keep_catalogue_fresh import keep_catalogue_fresh
from bot.operations.keep_copies import run_what_is_due
from bot.operations.observing import Observer
from bot.operations.ports import Ports
from bot.operations.readiness import Readiness
from bot.operations.report_coverage import Surveyor
from bot.operations.review import open_copies
from bot.operations.rules_in_force import RulesInForce
from bot.operations.standing_orders import Keeping
from bot.rules_file import RulesFileError, RulesFileInForce
from bot.server import build_monitoring, build_web, serving
from bot.settings import Settings
from bot.slack.app import build_app
from bot.slack.trouble import SlackTroubleError
from bot.storage import Storage, StorageError, open_storage
from bot.storage.connection import name_of
from bot.storage.lease import Lease, at_work
from bot.storage.workflow_file import WorkflowDatabase, prepare_workflow_database
from bot.telemetry import in_request
from bot.workflow.clock import SystemClock
from bot.workflow.engine import DurableEngine
from bot.workflow.poller import Poller

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunningBot:
    """The bot at work.

    Attributes:
        port: it listens on.
        in_socket_mode: whether it connects to Slack, rather than Slack to it.
        monitoring_port: where its metrics can be had; ``None`` for nowhere.
        lost: set when another bot has taken over the work; this one has to end.
    """

    port: int
    in_socket_mode: bool
    ports: Ports
    lost: asyncio.Event
    monitoring_port: int | None = None


@asynccontextmanager
async def running_bot(settings: Settings) -> AsyncIterator[RunningBot]:
    """The bot, from ready to stopped.

    Raises:
        CannotStartError: a file or an address cannot be had, or Slack does not accept the tokens.
    """
    async with AsyncExitStack() as stack:
        rules = await _read_rules(settings)
        lease = await _take_over(settings, stack)
        storage = await _open_storage(settings, lease)
        stack.push_async_callback(storage.close)
        metrics, observer = watch(settings, storage, stack)
        workflows = await _workflow_database(settings, lease)
        engine = DurableEngine(
            workflows.url, connect=workflows.connect, seconds_between_looks=settings.standing_orders_seconds
        )
        cloud = _cloud(settings, lease, observer, stack)
        ports = _wire(settings, storage, rules, stack, engine=engine, cloud=cloud)
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
        readiness = readiness_of(ports, storage, slack, rules)
        stack.push_async_callback(readiness.aclose)
        sources = sources_of(settings, ports, cloud, slack, readiness)
        monitoring_port = await _listen_to_monitoring(stack, readiness, partial(metrics.exposed, sources), settings)
        stack.push_async_callback(slack.aclose)
        await _note_start(ports)
        stack.push_async_callback(_note_stop, ports)
        if isinstance(rules, RulesFileInForce):
            await rules.note_start(ports.record, ports.clock)
        await _launch(engine, ports, workflows, slack.keeping)
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
        lost = lease.lost if lease else asyncio.Event()
        yield RunningBot(port, in_socket_mode, ports, lost, monitoring_port)


async def _read_rules(settings: Settings) -> RulesInForce:
    try:
        return await asyncio.to_thread(rules_of, settings)
    except RulesFileError as error:
        lines = "".join(f"\n  {mistake}" for mistake in error.mistakes)
        raise CannotStartError(f"{settings.rules_file} cannot be used:{lines}") from error


async def _take_over(settings: Settings, stack: AsyncExitStack) -> Lease | None:
    """Wait for the right to work on a PostgreSQL database; a SQLite file is locked as it is opened."""
    if isinstance(settings.database, Path):
        return None
    try:
        return await stack.enter_async_context(at_work(settings.database))
    except StorageError as error:
        raise CannotStartError(str(error)) from error


async def _open_storage(settings: Settings, lease: Lease | None) -> Storage:
    epoch = lease.epoch if lease else None
    try:
        return await open_storage(settings.database, SystemClock(), key=settings.audit_key, epoch=epoch)
    except StorageError as error:
        raise CannotStartError(str(error)) from error
    except OSError as error:
        raise CannotStartError(f"{name_of(settings.database)} cannot be used: {error}.") from error


def _cloud(settings: Settings, lease: Lease | None, observer: Observer, stack: AsyncExitStack) -> CloudDatabases:
    may_copy = lease.is_held if lease else lambda: True
    cloud = build_cloud(settings, observer=observer, may_copy=may_copy)
    stack.push_async_callback(cloud.aclose)
    return cloud


def _wire(
    settings: Settings,
    storage: Storage,
    rules: RulesInForce,
    stack: AsyncExitStack,
    *,
    engine: DurableEngine,
    cloud: CloudDatabases,
) -> Ports:
    clock = SystemClock()
    watch = Poller(cloud, storage.catalogue, clock)
    stack.push_async_callback(watch.aclose)
    return Ports(
        cloud=cloud,
        record=storage.record,
        catalogue=storage.catalogue,
        watch=watch,
        engine=engine,
        clock=clock,
        pace=pace_of(settings),
        rules=rules,
    )


async def _workflow_database(settings: Settings, lease: Lease | None) -> WorkflowDatabase:
    try:
        return await asyncio.to_thread(prepare_workflow_database, settings.database, lease)
    except (OSError, sqlite3.Error) as error:
        raise CannotStartError(f"{name_of(settings.database)} cannot be used for workflows: {error}.") from error


async def _launch(engine: DurableEngine, ports: Ports, workflows: WorkflowDatabase, keeping: Keeping) -> None:
    try:
        ids = [copy.id for copy in await open_copies(ports)]
        await engine.launch(partial(_carry_out, ports), ids, partial(run_what_is_due, keeping))
    except DBAPIError as error:
        raise CannotStartError(f"{workflows.name} cannot be used: {error.orig}.") from error


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
