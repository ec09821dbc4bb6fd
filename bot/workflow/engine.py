"""Somebody is always working on every open copy, also after a crash: with DBOS.

The record says what is true, and `carry_out_copy` goes on from it alone. So a workflow is one long step: DBOS only
knows that it has not ended, and has it run again by the next process (``durable-execution.md``).
"""

import asyncio
import contextvars
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, ScheduleInput, SetWorkflowID, WorkflowStatus

from bot.operations.ports import Clock, StoreTroubleError
from bot.workflow.clock import SystemClock
from bot.workflow.library_log import keep_library_log_discreet

logger = logging.getLogger(__name__)

WORKFLOW = "copy.v1"
"""The workflow's name for ever: another name is another workflow, and running ones would wait for the old."""

LOOK_WORKFLOW = "look_at_standing_orders.v1"
"""The same of the one that DBOS starts by its schedule."""

SCHEDULE = "standing-orders"
"""The schedule's name. The id of each look has the time in it that it is for, and no time is looked at twice: after a
clock was set back, DBOS waits until it has caught up.
"""

VERSION = "1"
"""The same for ever: DBOS strands the work of other versions."""

EXECUTOR = "copy-backup-bot"
"""One process at a time works on one database (`bot.storage` sees to that), so what waits is always its own."""

UNFINISHED = ["PENDING", "ENQUEUED", "DELAYED"]
FINISHED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]

LONGEST_PAUSE = 300.0
"""Seconds between two tries of something that keeps failing unexpectedly, at most."""

LONGEST_GOODBYE = 5.0
"""Seconds that work may take to notice that it was cancelled. DBOS itself needs up to 2 more to end."""

MINUTE = 60
SECONDS_IN_A_DAY = 86_400.0
AT_ONCE = 500

CarryOut = Callable[[str], Awaitable[None]]
Look = Callable[[], Awaitable[None]]


class DurableEngine:
    """Makes sure that somebody is working on every open copy. DBOS exists once in a process, and so does this."""

    def __init__(
        self,
        database_url: str,
        *,
        connect: Callable[[], object] | None = None,
        pause_after_error: float = 5.0,
        keep_finished_days: float = 30.0,
        polling_seconds: float = 0.1,
        seconds_between_looks: float = 300.0,
        clock: Clock | None = None,
    ) -> None:
        """Prepare; nothing runs yet.

        Args:
            database_url: of the workflows' file, such as ``sqlite:///bot-workflows.sqlite``, or of a PostgreSQL
                database, without a password.
            connect: makes a connection to the PostgreSQL database.
            pause_after_error: seconds before a copy is worked on again after an unexpected error; doubled each time.
            keep_finished_days: after so many days a finished workflow is forgotten; the audit log keeps its story.
            polling_seconds: between two looks of DBOS for messages. The bot sends none; closing waits out one.
            seconds_between_looks: at the standing orders; whole minutes, or whole seconds below one.
            clock: time, and waiting; the real one if not given.
        """
        self._database_url = database_url
        self._connecting = {"creator": connect} if connect else {}
        self._first_pause = pause_after_error
        self._keep = timedelta(days=keep_finished_days)
        self._polling_seconds = polling_seconds
        self._schedule = cron_every(seconds_between_looks)
        self._clock = clock or SystemClock()
        self._carry_out: CarryOut | None = None
        self._look: Look | None = None
        self._looking = asyncio.Lock()
        self._run: Callable[[str], Coroutine[object, object, None]] | None = None
        self._working: set[asyncio.Task[object]] = set()
        self._launched = asyncio.Event()
        self._closing = False

    async def launch(self, carry_out: CarryOut, open_copies: Sequence[str], look: Look | None = None) -> None:
        """Take up what was being worked on, and begin with every open copy that nobody works on.

        Args:
            carry_out: works on a copy until it has ended; can be cut off and called again.
            open_copies: ids of all copies that are open in the record.
            look: looks at the standing orders, once; can be cut off and called again.
        """
        self._carry_out, self._look = carry_out, look
        keep_library_log_discreet()
        DBOS(config=self._config())
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self.aclose)
            self._run = DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)(self._workflow())
            look_workflow = DBOS.workflow(name=LOOK_WORKFLOW, max_recovery_attempts=None)(self._look_workflow())
            DBOS.launch()
            await DBOS.set_latest_application_version_async(VERSION)
            await DBOS.apply_schedules_async(
                [ScheduleInput(schedule_name=SCHEDULE, workflow_fn=look_workflow, schedule=self._schedule)]
            )
            _tell_of_other_versions(await _list(status=UNFINISHED))
            for copy_id in await _without_work(open_copies):
                self.start(copy_id)
            undo.pop_all()
            self._launched.set()
        self._spawn(self._until_it_works("forgetting finished workflows", self._forget_finished_daily))

    def start(self, copy_id: str) -> None:
        """Have somebody work on a copy, as soon as that is possible. Called twice for one copy, it runs once.

        That the copy is open is in the record already: should the process end before DBOS has
        heard of it, the next `launch` begins with it.
        """
        self._spawn(self._until_it_works(f"starting copy {copy_id}", lambda: self._start(copy_id)))

    async def aclose(self) -> None:
        """Stop working. Copies stay as they are, for the next process to take up; nobody is told that they failed.

        May be called twice, and without `launch`.
        """
        self._closing = True
        for task in self._working:
            task.cancel()
        if self._working:
            await asyncio.wait(self._working, timeout=LONGEST_GOODBYE)
        if self._run is None:
            return
        self._run = None
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(max_workers=1) as thread:  # not one of DBOS's, which end now
            await loop.run_in_executor(thread, lambda: DBOS.destroy(destroy_registry=True))
        loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix="asyncio"))  # DBOS had set its own

    def _config(self) -> DBOSConfig:
        return DBOSConfig(
            name=EXECUTOR,
            system_database_url=self._database_url,
            application_version=VERSION,
            executor_id=EXECUTOR,
            serializer=DBOSPortableJSONSerializer(),
            max_executor_threads=16,
            notification_listener_polling_interval_sec=self._polling_seconds,
            db_engine_kwargs={"hide_parameters": True, **self._connecting},  # the texts of its errors are logged
            log_level="WARNING",
        )

    def _workflow(self) -> Callable[[str], Coroutine[object, object, None]]:
        async def copy(copy_id: str) -> None:
            await DBOS.run_step_async({"name": "carry_out"}, self._work, copy_id)

        return copy

    async def _work(self, copy_id: str) -> None:
        """The one long step. It ends when the copy has; an open copy always has somebody working on it."""
        task, carry_out = asyncio.current_task(), self._carry_out
        if self._closing or task is None or carry_out is None:
            raise asyncio.CancelledError
        self._keep_until_done(task)
        await self._until_it_works(f"work on copy {copy_id}", lambda: carry_out(copy_id))

    def _look_workflow(self) -> Callable[[datetime, object], Coroutine[object, object, None]]:
        async def look(_scheduled_at: datetime, _context: object) -> None:
            await DBOS.run_step_async({"name": "look_at_standing_orders"}, self._look_once)

        return look

    async def _look_once(self) -> None:
        """Look at the standing orders, unless that goes on already: DBOS makes up for the times it has missed while the
        machine slept, one after the other.
        """
        task, look = asyncio.current_task(), self._look
        if self._closing or task is None:
            raise asyncio.CancelledError
        if look is None or self._looking.locked():
            return
        self._keep_until_done(task)
        async with self._looking:
            await self._until_it_works("look at the standing orders", look)

    async def _start(self, copy_id: str) -> None:
        await self._launched.wait()
        if self._run is None:
            raise RuntimeError("the engine was closed")
        with SetWorkflowID(copy_id):
            await DBOS.start_workflow_async(self._run, copy_id)

    async def _until_it_works(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Try something until it has ended well, however often it fails unexpectedly."""
        pause = self._first_pause
        while True:
            began = self._clock.now()
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - the border: only the end of the work may end it
                if (self._clock.now() - began).total_seconds() > LONGEST_PAUSE:
                    pause = self._first_pause
                _tell(error, what, pause)
            else:
                return
            await self._clock.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _forget_finished_daily(self) -> None:
        while True:
            before = (self._clock.now() - self._keep).isoformat()
            while finished := await _list(status=FINISHED, completed_before=before, limit=AT_ONCE):
                await DBOS.delete_workflows_async([each.workflow_id for each in finished])
            await self._clock.sleep(SECONDS_IN_A_DAY)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        """Have something done beside. It knows nothing of where it was asked for, such as a request or a workflow."""
        if self._closing:
            work.close()
            return
        self._keep_until_done(asyncio.get_running_loop().create_task(work, context=contextvars.Context()))

    def _keep_until_done(self, task: asyncio.Task[object]) -> None:
        self._working.add(task)
        task.add_done_callback(self._working.discard)


def cron_every(seconds: float) -> str:
    """The schedule, as cron writes it with seconds at its beginning.

    Args:
        seconds: from one time to the next; whole minutes up to an hour, or whole seconds below a minute.
    """
    if seconds < MINUTE:
        return f"*/{max(round(seconds), 1)} * * * * *"
    minutes = round(seconds / MINUTE)
    return f"0 */{minutes} * * * *" if minutes < MINUTE else "0 0 * * * *"


def _tell(error: Exception, what: str, pause: float) -> None:
    """Log why something did not work: a sentence where the files are the trouble, else all there is to know."""
    if isinstance(error, StoreTroubleError):
        logger.error("%s: %s Tried again in %g s", what, error, pause)
        return
    incident = secrets.token_hex(4)
    logger.error("unexpected error %s: %s; tried again in %g s", incident, what, pause, exc_info=error)


async def _list(
    *,
    status: list[str] | None = None,
    workflow_ids: list[str] | None = None,
    completed_before: str | None = None,
    limit: int | None = None,
) -> list[WorkflowStatus]:
    return await DBOS.list_workflows_async(
        status=status,
        workflow_ids=workflow_ids,
        completed_before=completed_before,
        limit=limit,
        load_input=False,
        load_output=False,
    )


async def _without_work(open_copies: Sequence[str]) -> list[str]:
    """Those that DBOS does not take up: it knows nothing of them, or thinks that they have ended, which it forgets."""
    without: list[str] = []
    for first in range(0, len(open_copies), AT_ONCE):
        some = list(open_copies[first : first + AT_ONCE])
        status = {each.workflow_id: each.status for each in await _list(workflow_ids=some)}
        ended = [copy_id for copy_id in some if status.get(copy_id) in FINISHED]
        if ended:
            logger.warning("open, but nobody worked on them; taken up again: %s", ", ".join(ended))
            await DBOS.delete_workflows_async(ended)
        without += [copy_id for copy_id in some if copy_id in ended or copy_id not in status]
    return without


def _tell_of_other_versions(unfinished: Sequence[WorkflowStatus]) -> None:
    """Say loudly which work waits and will not be taken up."""
    other = [
        each.workflow_id
        for each in unfinished
        if each.name not in {WORKFLOW, LOOK_WORKFLOW}
        or each.app_version != VERSION
        or each.executor_id not in {None, EXECUTOR}
    ]
    if other:
        logger.error(
            "%d copies were begun by another version of this bot and wait for it: %s. This one does not work on "
            "them. Run that version, or a newer one, until they have ended.",
            len(other),
            ", ".join(other),
        )
