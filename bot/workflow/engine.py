"""Somebody is always working on every open copy, also after a crash: with DBOS.

The record says what is true, and `carry_out_copy` goes on from it alone. So a workflow is one long step: DBOS only
knows that it has not ended, and has it run again by the next process (``durable-execution.md``).
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID, WorkflowStatus

logger = logging.getLogger(__name__)

WORKFLOW = "copy.v1"
"""The workflow's name for ever: another name is another workflow, and running ones would wait for the old."""

VERSION = "1"
"""The same for ever: DBOS strands the work of other versions."""

EXECUTOR = "copy-backup-bot"
"""One process works on one SQLite file (`bot.storage` locks it), so what waits is always its own."""

UNFINISHED = ["PENDING", "ENQUEUED", "DELAYED"]
FINISHED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
LONGEST_PAUSE = 300.0
SECONDS_IN_A_DAY = 86_400.0
AT_ONCE = 500

CarryOut = Callable[[str], Awaitable[None]]


class WithoutData(logging.Filter):
    """Takes tracebacks out of DBOS's log lines: they repeat arguments and results."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the line, with the error's class for its traceback."""
        if record.exc_info and record.exc_info[0]:
            record.msg = f"{record.getMessage()} {record.exc_info[0].__name__}"
            record.args = None
            record.exc_info = None
        return True


class DurableEngine:
    """The port `bot.operations.ports.Engine`. DBOS exists once in a process, and so does this."""

    def __init__(self, database_url: str, *, pause_after_error: float = 5.0, keep_finished_days: float = 30.0) -> None:
        """Prepare; nothing runs yet.

        Args:
            database_url: of the workflows' file, such as ``sqlite:///bot-workflows.sqlite``.
            pause_after_error: seconds before a copy is worked on again after an unexpected error; doubled each time.
            keep_finished_days: after so many days a finished workflow is forgotten; the audit log keeps its story.
        """
        self._database_url = database_url
        self._pause = pause_after_error
        self._keep = timedelta(days=keep_finished_days)
        self._carry_out: CarryOut | None = None
        self._run: Callable[[str], Coroutine[object, object, None]] | None = None
        self._working: set[asyncio.Task[object]] = set()
        self._cleaning: asyncio.Task[None] | None = None

    async def launch(self, carry_out: CarryOut, open_copies: Sequence[str]) -> None:
        """Take up what was being worked on, and begin with every open copy that nobody works on.

        Args:
            carry_out: works on a copy until it has ended; can be cut off and called again.
            open_copies: ids of all copies that are open in the record.
        """
        self._carry_out = carry_out
        _calm_the_log()
        DBOS(config=self._config())
        self._run = DBOS.workflow(name=WORKFLOW)(self._workflow())
        DBOS.launch()
        await DBOS.set_latest_application_version_async(VERSION)
        unfinished = await DBOS.list_workflows_async(status=UNFINISHED, load_input=False, load_output=False)
        _warn_of_other_versions(unfinished)
        taken_up = {_copy_id(each.workflow_id) for each in unfinished if each.app_version == VERSION}
        for copy_id in open_copies:
            if copy_id not in taken_up:
                await self._begin_again(copy_id)
        self._cleaning = asyncio.create_task(self._forget_finished(), name="forget finished workflows")

    async def start(self, copy_id: str) -> None:
        """Have somebody work on a copy. Called twice for one copy, it runs once."""
        await self._start(copy_id)

    async def aclose(self) -> None:
        """Stop working. Copies stay as they are, for the next process to take up; nobody is told that they failed."""
        working = [*self._working, *([self._cleaning] if self._cleaning else [])]
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        await asyncio.sleep(0)  # DBOS's own tasks, which waited for those, end as well
        loop = asyncio.get_running_loop()
        threads = ThreadPoolExecutor(max_workers=1)
        await loop.run_in_executor(threads, lambda: DBOS.destroy(destroy_registry=True))
        loop.set_default_executor(threads)  # DBOS had set its own, and has ended it

    def _config(self) -> DBOSConfig:
        return DBOSConfig(
            name=EXECUTOR,
            system_database_url=self._database_url,
            application_version=VERSION,
            executor_id=EXECUTOR,
            serializer=DBOSPortableJSONSerializer(),
            max_executor_threads=16,
            log_level="WARNING",
        )

    def _workflow(self) -> Callable[[str], Coroutine[object, object, None]]:
        async def copy(copy_id: str) -> None:
            await DBOS.run_step_async({"name": "carry_out"}, self._work, copy_id)

        return copy

    async def _work(self, copy_id: str) -> None:
        """The one long step. It ends when the copy has; an open copy always has somebody working on it."""
        task = asyncio.current_task()
        if task is None or self._carry_out is None:
            raise RuntimeError("the engine was not launched")
        self._working.add(task)
        pause = self._pause
        try:
            while True:
                try:
                    await self._carry_out(copy_id)
                except Exception:  # the border: whatever it was, the copy is open and is worked on again
                    incident = secrets.token_hex(4)
                    logger.exception("unexpected error %s with copy %s; again in %.0f s", incident, copy_id, pause)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)
                else:
                    return
        finally:
            self._working.discard(task)

    async def _start(self, workflow_id: str) -> None:
        if self._run is None:
            raise RuntimeError("the engine was not launched")
        with SetWorkflowID(workflow_id):
            await DBOS.start_workflow_async(self._run, _copy_id(workflow_id))

    async def _begin_again(self, copy_id: str) -> None:
        """Work on an open copy of which DBOS knows nothing, or thinks that it has ended."""
        earlier = await DBOS.list_workflows_async(workflow_id_prefix=copy_id, load_input=False, load_output=False)
        if earlier:
            logger.warning("copy %s is open, but nobody worked on it; it is taken up again", copy_id)
        await self._start(f"{copy_id}.{len(earlier)}" if earlier else copy_id)

    async def _forget_finished(self) -> None:
        while True:
            before = (datetime.now(UTC) - self._keep).isoformat()
            finished = await DBOS.list_workflows_async(
                status=FINISHED, completed_before=before, limit=AT_ONCE, load_input=False, load_output=False
            )
            if finished:
                await DBOS.delete_workflows_async([each.workflow_id for each in finished])
            if len(finished) < AT_ONCE:
                await asyncio.sleep(SECONDS_IN_A_DAY)


def _copy_id(workflow_id: str) -> str:
    return workflow_id.partition(".")[0]


def _calm_the_log() -> None:
    """DBOS's lines go where all others go, without advertising and without data."""
    dbos_logger = logging.getLogger("dbos")
    if not dbos_logger.handlers:
        dbos_logger.addHandler(logging.NullHandler())  # keeps DBOS from adding its own
    dbos_logger.propagate = True
    if not any(isinstance(each, WithoutData) for each in dbos_logger.filters):
        dbos_logger.addFilter(WithoutData())


def _warn_of_other_versions(unfinished: Sequence[WorkflowStatus]) -> None:
    other = [each for each in unfinished if each.app_version != VERSION]
    if other:
        logger.error("%d workflow(s) of another version of this bot wait and are not taken up", len(other))
