"""Puts the parts together. The only place that knows every one of them."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

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
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.health import Probe
from bot.operations.keep_catalogue_fresh import keep_catalogue_fresh
from bot.operations.ports import Clock, Ports
from bot.operations.report_coverage import Surveyor
from bot.operations.review import open_copies
from bot.operations.rules_in_force import FixedRules, RulesInForce
from bot.rules_file import RulesFileError, RulesFileInForce
from bot.server import build_web, serving
from bot.settings import RulesSettings, Settings
from bot.slack.app import SlackOptions, SlackRoom, build_app
from bot.slack.client import SlackClient
from bot.slack.directory import member_of
from bot.slack.health import SlackHealth
from bot.slack.trouble import SlackTroubleError
from bot.storage import Storage, StorageError, open_storage
from bot.storage.connection import name_of
from bot.storage.health import probes as database_probes
from bot.storage.lease import Lease, at_work
from bot.storage.workflow_file import WorkflowDatabase, prepare_workflow_database
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
        lost: set when another bot has taken over the work; this one has to end.
    """

    port: int
    in_socket_mode: bool
    ports: Ports
    lost: asyncio.Event


def build_cloud(
    settings: Settings, *, timeout: float = READ_SECONDS, may_copy: Callable[[], bool] = lambda: True
) -> CloudDatabases:
    """The client of Cloud Databases.

    Args:
        settings: of the bot.
        timeout: seconds to wait for an answer.
        may_copy: asked right before a copy request is sent.
    """
    return CloudDatabases(
        settings.rackspace_identity_url or IDENTITY_URL,
        settings.rackspace_username,
        settings.rackspace_api_key,
        settings.regions or REGIONS_FOR_COPIES,
        SystemClock(),
        timeout=timeout,
        may_copy=may_copy,
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
        lease = await _take_over(settings, stack)
        storage = await _open_storage(settings, lease)
        stack.push_async_callback(storage.close)
        workflows = await _workflow_database(settings, lease)
        engine = DurableEngine(workflows.url, connect=workflows.connect)
        ports = _wire(settings, storage, rules, engine, lease=lease, stack=stack)
        surveyor = Surveyor(ports)
        slack = build_app(ports, slack_options(settings), storage.posts, storage.approver_posts, surveyor)
        stack.push_async_callback(slack.aclose)
        storage.record.on_commit(slack.on_event)
        await _note_start(ports)
        stack.push_async_callback(_note_stop, ports)
        if isinstance(rules, RulesFileInForce):
            await rules.note_start(ports.record, ports.clock)
        await _launch(engine, ports, workflows)
        stack.push_async_callback(engine.aclose)
        if isinstance(rules, RulesFileInForce):  # ended before the engine, which takes all threads with it
            keeping = rules.keep_current(ports.record, ports.clock)
            stack.push_async_callback(_cancel, asyncio.create_task(keeping, name="look at the file of rules"))
        stack.push_async_callback(_cancel, asyncio.create_task(_keep_fresh(ports, surveyor, settings)))
        in_socket_mode = settings.slack_app_token is not None
        port = await _listen(
            stack, build_web(None if in_socket_mode else slack.handler, partial(_not_ready, ports, slack)), settings
        )
        try:
            await slack.start()
        except SlackTroubleError as trouble:
            raise CannotStartError(f"Slack does not let the bot in: {trouble}. `doctor` says what to do.") from trouble
        lost = lease.lost if lease else asyncio.Event()
        yield RunningBot(port=port, in_socket_mode=in_socket_mode, ports=ports, lost=lost)


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
            *database_probes(settings.database, settings.audit_key),
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


def _wire(
    settings: Settings,
    storage: Storage,
    rules: RulesInForce,
    engine: DurableEngine,
    *,
    lease: Lease | None,
    stack: AsyncExitStack,
) -> Ports:
    clock = SystemClock()
    cloud = build_cloud(settings, may_copy=lease.is_held) if lease else build_cloud(settings)
    stack.push_async_callback(cloud.aclose)
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


async def _launch(engine: DurableEngine, ports: Ports, workflows: WorkflowDatabase) -> None:
    try:
        await engine.launch(partial(carry_out_copy, ports), [copy.id for copy in await open_copies(ports)])
    except DBAPIError as error:
        raise CannotStartError(f"{workflows.name} cannot be used: {error.orig}.") from error


async def _listen(stack: AsyncExitStack, web: Starlette, settings: Settings) -> int:
    try:
        return await stack.enter_async_context(serving(web, settings.host, settings.port))
    except OSError as error:
        raise CannotStartError(
            f"{settings.host}:{settings.port} cannot be listened on: {error}. Set HOST or PORT to another."
        ) from error


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


async def _not_ready(ports: Ports, slack: SlackRoom) -> dict[str, str]:
    """What cannot be reached at the moment: Slack, and regions."""
    refreshes = [await ports.catalogue.refreshed(region) for region in ports.cloud.regions]
    regions = {refresh.region: refresh.fault.reason.value for refresh in refreshes if refresh.fault}
    return {**await slack.missing(), **regions}
