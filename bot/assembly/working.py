"""The work that one bot at a time does, whatever the number of those that answer people: copies are carried out and
followed, the catalogue is kept fresh, standing orders are looked at, and Slack is told.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from sqlalchemy.exc import DBAPIError

from bot.assembly.errors import CannotStartError, TakenOverError
from bot.assembly.parts import open_memory, ports_on, slack_options
from bot.assembly.watching import Watching
from bot.cloud import CloudDatabases
from bot.domain.events import EventKind, RecordedEvent
from bot.operations.carry_out_copy import carry_out_copy
from bot.operations.keep_catalogue_fresh import keep_catalogue_fresh
from bot.operations.keep_copies import run_what_is_due
from bot.operations.ports import Ports
from bot.operations.report_coverage import Surveyor
from bot.operations.review import open_copies
from bot.operations.rules_in_force import RulesInForce
from bot.operations.standing_orders import Keeping
from bot.settings import Settings
from bot.slack.app import SlackRoom
from bot.slack.telling import Telling
from bot.storage import Storage
from bot.storage.connection import name_of
from bot.storage.lease import Lease
from bot.storage.workflow_file import WorkflowDatabase, prepare_workflow_database
from bot.telemetry import in_request
from bot.workflow.engine import DurableEngine

logger = logging.getLogger(__name__)


class Work:
    """The work, which is done in this process or in another one.

    Args:
        settings: of the bot.
        cloud: Cloud Databases.
        rules: those in force.
        slack: by whose connection Slack is told.
        watching: counts what is written.
    """

    def __init__(
        self, settings: Settings, cloud: CloudDatabases, rules: RulesInForce, slack: SlackRoom, watching: Watching
    ) -> None:
        self._settings = settings
        self._cloud = cloud
        self._rules = rules
        self._slack = slack
        self._watching = watching
        self._telling: Telling | None = None

    @property
    def is_done_here(self) -> bool:
        """Whether this process does it."""
        return self._telling is not None

    @property
    def untold(self) -> int:
        """How many times somebody waits for news of an order, as far as this process has to tell them."""
        return self._telling.untold if self._telling else 0

    async def in_turn(self, lease: Lease) -> None:
        """Wait for the lease, then do the work until another bot takes it over.

        Raises:
            CannotStartError: the work cannot be taken up.
            TakenOverError: another bot has taken it over.
        """
        async with lease.held(), AsyncExitStack() as stack:
            logger.info("this bot works on the copies now")
            storage = await open_memory(self._settings, stack, epoch=lease.epoch)
            self._watching.follow(storage.record)
            ports = ports_on(self._settings, storage, self._cloud, self._rules, stack)
            async with self.doing(storage, ports, Surveyor(ports), lease):
                await lease.lost.wait()
        raise TakenOverError

    @asynccontextmanager
    async def doing(
        self, storage: Storage, ports: Ports, surveyor: Surveyor, lease: Lease | None = None
    ) -> AsyncIterator[None]:
        """Do the work until the block is left; what another process has begun is gone on with.

        Args:
            storage: what is remembered.
            ports: the world, on that storage.
            surveyor: knows all backups.
            lease: by which this bot is the one at work; ``None`` on a file, which is locked for it.

        Raises:
            CannotStartError: what DBOS needs cannot be had.
        """
        async with AsyncExitStack() as stack:
            telling = Telling(
                ports,
                self._slack.client,
                options=slack_options(self._settings),
                posts=storage.posts,
                approver_posts=storage.approver_posts,
                standing_orders=storage.standing_orders,
            )
            stack.push_async_callback(telling.aclose)
            storage.record.on_news(telling.on_event)
            keeping = Keeping(ports, storage.standing_orders, surveyor, self._slack.directory)
            await self._carry_on(ports, keeping, lease, storage, stack)
            fresh = asyncio.create_task(_keep_fresh(keeping, self._settings), name="keeps the catalogue fresh")
            stack.push_async_callback(cancel, fresh)
            await telling.start()
            self._telling = telling
            try:
                yield
            finally:
                self._telling = None

    async def _carry_on(
        self, ports: Ports, keeping: Keeping, lease: Lease | None, storage: Storage, stack: AsyncExitStack
    ) -> None:
        """Have somebody work on every copy that is open, or is asked for from now on."""
        workflows = await _workflow_database(self._settings, lease)
        engine = DurableEngine(
            workflows.url, connect=workflows.connect, seconds_between_looks=self._settings.standing_orders_seconds
        )
        stack.push_async_callback(engine.aclose)
        storage.record.on_news(partial(_begin, engine))
        try:
            ids = [copy.id for copy in await open_copies(ports)]
            await engine.launch(partial(_carry_out, ports), ids, partial(run_what_is_due, keeping))
        except DBAPIError as error:
            raise CannotStartError(f"{workflows.name} cannot be used: {error.orig}.") from error


async def cancel(task: asyncio.Task[None]) -> None:
    """End a task, and wait until it has ended."""
    task.cancel()
    await asyncio.wait([task])


async def _workflow_database(settings: Settings, lease: Lease | None) -> WorkflowDatabase:
    try:
        return await asyncio.to_thread(prepare_workflow_database, settings.database, lease)
    except (OSError, sqlite3.Error) as error:
        raise CannotStartError(f"{name_of(settings.database)} cannot be used for workflows: {error}.") from error


async def _carry_out(ports: Ports, copy_id: str) -> None:
    """Work on a copy. What is done for it has its id in the log."""
    with in_request(copy_id):
        await carry_out_copy(ports, copy_id)


def _begin(engine: DurableEngine, recorded: RecordedEvent) -> None:
    """Have somebody work on a copy that was asked for, whichever process has written that down."""
    if recorded.event.kind is EventKind.COPY_REQUESTED and recorded.event.copy_id is not None:
        engine.start(recorded.event.copy_id)


async def _keep_fresh(keeping: Keeping, settings: Settings) -> None:
    """Keep the catalogue fresh; whatever goes wrong unexpectedly, it is tried again."""
    every = settings.catalogue_refresh_seconds
    while True:
        try:
            await keep_catalogue_fresh(keeping.ports, keeping.surveyor, every)
        except ExceptionGroup:
            logger.exception("the catalogue could not be refreshed; again in %.0f s", every)
            await asyncio.sleep(every)
