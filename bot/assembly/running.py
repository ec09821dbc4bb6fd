"""The bot, from ready to stopped."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from starlette.applications import Starlette

from bot.assembly.errors import CannotStartError
from bot.assembly.parts import build_cloud, open_memory, ports_on, rules_of, slack_options
from bot.assembly.watching import readiness_of, sources_of, watch
from bot.assembly.working import Work, cancel
from bot.cloud import CloudDatabases
from bot.domain.events import Event, EventKind
from bot.domain.people import BOT
from bot.operations.call_ledger import CallLedger
from bot.operations.observing import Observer
from bot.operations.ports import Ports
from bot.operations.readiness import Readiness
from bot.operations.report_coverage import Surveyor
from bot.operations.rules_in_force import RulesInForce
from bot.rules_file import RulesFileError, RulesFileInForce
from bot.server import build_monitoring, build_web, serving
from bot.settings import Settings
from bot.slack.app import build_app
from bot.slack.trouble import SlackTroubleError
from bot.storage import StorageError
from bot.storage.call_ledger import call_ledger
from bot.storage.lease import Lease, lease_on

logger = logging.getLogger(__name__)

SECONDS_TO_BE_LEFT = 2.0
"""How long one of several bots goes on taking requests once it has said that it is about to end: a load balancer that
looks every second leads them to the others by then.
"""


@dataclass(frozen=True, slots=True)
class RunningBot:
    """The bot, which answers people.

    Attributes:
        port: it listens on.
        in_socket_mode: whether it connects to Slack, rather than Slack to it.
        ports: the world.
        end: done when the bot has to end: with `TakenOverError` where another one has taken over its work, and with
            `CannotStartError` where it cannot do that work.
        monitoring_port: where its metrics can be had; ``None`` for nowhere.
    """

    port: int
    in_socket_mode: bool
    ports: Ports
    end: asyncio.Future[None]
    monitoring_port: int | None = None


@asynccontextmanager
async def running_bot(settings: Settings) -> AsyncIterator[RunningBot]:
    """The bot, from ready to stopped.

    Raises:
        CannotStartError: a file or an address cannot be had, or Slack does not accept the tokens.
    """
    async with AsyncExitStack() as stack:
        rules = await _read_rules(settings)
        lease = await _lease(settings, stack)
        storage = await open_memory(settings, stack)
        watching = watch(settings, stack)
        watching.follow(storage.record)
        ledger = await _call_ledger(settings, stack)
        cloud = _cloud(settings, lease, ledger, watching.observer, stack)
        ports = ports_on(settings, storage, cloud, rules, stack)
        surveyor = Surveyor(ports)
        slack = build_app(
            ports,
            slack_options(settings),
            storage.posts,
            storage.standing_orders,
            surveyor=surveyor,
            observer=watching.observer,
        )
        storage.record.on_news(slack.on_event)
        work = Work(settings, cloud, rules, slack, watching)
        readiness = readiness_of(ports, storage, slack, rules)
        stack.push_async_callback(readiness.aclose)
        sources = sources_of(settings, ports, cloud, work, readiness)
        monitoring_port = await _listen_to_monitoring(
            stack, readiness, partial(watching.metrics.exposed, sources), settings
        )
        stack.push_async_callback(slack.aclose)
        await _note_start(ports)
        stack.push_async_callback(_note_stop, ports)
        if isinstance(rules, RulesFileInForce):
            await rules.note_start(ports.record, ports.clock)
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if lease is None:
            await stack.enter_async_context(work.doing(storage, ports, surveyor))
        if isinstance(rules, RulesFileInForce):  # ended before the engine, which takes all threads with it
            keeping = rules.keep_current(ports.record, ports.clock)
            stack.push_async_callback(cancel, asyncio.create_task(keeping, name="look at the file of rules"))
        if lease is not None:
            end = asyncio.create_task(work.in_turn(lease), name="works on the copies")
            stack.push_async_callback(cancel, end)
        in_socket_mode = settings.slack_app_token is not None
        web = build_web(None if in_socket_mode else slack.handler, readiness.now)
        stack.push_async_callback(slack.stop_taking)
        port = await _listen(stack, web, settings.host, settings.port, "HOST or PORT")
        if lease is not None and not in_socket_mode:  # there may be others to lead requests to
            stack.push_async_callback(asyncio.sleep, SECONDS_TO_BE_LEFT)
        stack.callback(readiness.stop)
        try:
            await slack.start()
        except SlackTroubleError as trouble:
            raise CannotStartError(f"Slack does not let the bot in: {trouble}. `doctor` says what to do.") from trouble
        yield RunningBot(port, in_socket_mode, ports, end, monitoring_port)


async def _read_rules(settings: Settings) -> RulesInForce:
    try:
        return await asyncio.to_thread(rules_of, settings)
    except RulesFileError as error:
        lines = "".join(f"\n  {mistake}" for mistake in error.mistakes)
        raise CannotStartError(f"{settings.rules_file} cannot be used:{lines}") from error


async def _lease(settings: Settings, stack: AsyncExitStack) -> Lease | None:
    """What says which bot works on the copies in a PostgreSQL database; a SQLite file is locked as it is opened."""
    if isinstance(settings.database, Path):
        return None
    try:
        return await stack.enter_async_context(lease_on(settings.database))
    except StorageError as error:
        raise CannotStartError(str(error)) from error


async def _call_ledger(settings: Settings, stack: AsyncExitStack) -> CallLedger | None:
    """What all processes keep to the cloud's rates with; there is only one on a SQLite file."""
    if isinstance(settings.database, Path):
        return None
    try:
        return await stack.enter_async_context(call_ledger(settings.database))
    except StorageError as error:
        raise CannotStartError(str(error)) from error


def _cloud(
    settings: Settings, lease: Lease | None, ledger: CallLedger | None, observer: Observer, stack: AsyncExitStack
) -> CloudDatabases:
    may_copy = lease.is_held if lease else lambda: True
    cloud = build_cloud(settings, observer=observer, may_copy=may_copy, ledger=ledger)
    stack.push_async_callback(cloud.aclose)
    return cloud


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
