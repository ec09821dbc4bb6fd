"""Rows about many copies that run at once: the bot as a process of its own, started, killed and started again."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bot.domain.backup import Backup
from bot.domain.copies import Copy, CopyState
from bot.domain.events import Event, EventKind
from bot.domain.people import BOT
from bot.sandbox.cloud import RunningCloud, SimulatedCloud
from bot.sandbox.estate import Estate
from bot.sandbox.workspace import SimulatedWorkspace
from bot.slack.manifest import build_manifest
from bot.storage import open_storage
from bot.workflow.clock import SystemClock
from tests.bench.exchange import Order, Outcome
from tests.bench.measuring import MOST_A_SECOND, SECONDS_TO_ANSWER
from tests.bench.processes import ROOT, child
from tests.bench.rows import Verdict
from tests.bench.slack_commands import BOT_TOKEN, CHANNEL, COMMAND, SIGNING_SECRET
from tests.fakes.samples import sample_copy, sample_order

GOAL_EMPTY_START = 1.5
GOAL_START = 5.0
GOAL_PROCESSOR = 0.1
GOAL_MEGABYTES = 200.0
GOAL_ACKNOWLEDGED_MS = 250.0
SECONDS_TO_START = 60.0
SETTLING = 5.0
CROWD = 50


@dataclass(frozen=True, slots=True)
class World:
    """Both simulators, and what a bot needs to know of them."""

    folder: Path
    workspace: SimulatedWorkspace
    environment: dict[str, str]


@dataclass(frozen=True, slots=True)
class Bot:
    """The bot's process.

    Attributes:
        ready_after: seconds from its start.
    """

    process: asyncio.subprocess.Process
    port: int
    ready_after: float

    def seconds_used(self) -> float:
        """Of the processor."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        """Resident in memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(each for each in status.splitlines() if each.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024


async def start_and_run_many_copies(copies: int, *, seconds: float) -> list[Verdict]:
    """Rows 9 and 10: start to ready, and what many running copies cost."""
    async with _world() as world:
        async with _bot(world) as empty:
            rows = [_start("nothing to take up", empty.ready_after, GOAL_EMPTY_START)]
        await _fill(world, copies)
        async with _bot(world) as first:
            await asyncio.sleep(SETTLING)
            first.process.send_signal(signal.SIGKILL)
            await first.process.wait()
        async with _bot(world) as bot:
            rows.append(_start(f"{copies:,} copies to take up again after kill -9", bot.ready_after, GOAL_START))
            await asyncio.sleep(SETTLING)
            before = bot.seconds_used()
            await asyncio.sleep(seconds)
            used = (bot.seconds_used() - before) / seconds
            rows.append(_row(f"{copies:,} copies running: processor", "of a core", used, GOAL_PROCESSOR))
            rows.append(_row(f"{copies:,} copies running: memory", "MB", bot.megabytes(), GOAL_MEGABYTES))
    return rows


async def acknowledged_with_many_copies(copies: int, *, seconds: float) -> Verdict:
    """Row 4: how long commands wait for their acknowledgement, many at a time, while many copies run; p99."""
    async with (
        _world() as world,
        child("tests.bench.load") as load,
        child("tests.bench.slack_api", [str(load.ready.port)]) as api,
    ):
        await load.tell(api.ready)
        slack = {
            "SLACK_API_URL": f"http://127.0.0.1:{api.ready.port}/",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_COMMAND": COMMAND,
            "ALLOWED_PEOPLE": "",
            "ALLOWED_CHANNELS": CHANNEL,
        }
        busy = replace(world, environment=world.environment | slack)
        await _fill(busy, copies)
        async with _bot(busy) as bot:
            await asyncio.sleep(SETTLING)
            await load.tell(Order(port=bot.port, at_a_time=CROWD, seconds=seconds, most=round(MOST_A_SECOND * seconds)))
            outcome = Outcome.model_validate_json(await load.hear(seconds + SECONDS_TO_ANSWER))
    assert outcome.to_acknowledge is not None, outcome
    what = f"{CROWD} commands at a time, {copies:,} copies running: acknowledged, p99"
    return _row(what, "ms", outcome.to_acknowledge.p99, GOAL_ACKNOWLEDGED_MS)


def _start(what: str, seconds: float, goal: float) -> Verdict:
    return _row(f"Start to ready, {what}", "s", seconds, goal)


def _row(what: str, unit: str, measured: float, goal: float) -> Verdict:
    return Verdict(
        what=what, goal=f"less than {goal:g} {unit}", unit=unit, measured=measured, references=(), holds=measured < goal
    )


@asynccontextmanager
async def _world() -> AsyncIterator[World]:
    cloud, workspace = SimulatedCloud(estate=Estate({})), SimulatedWorkspace()
    with tempfile.TemporaryDirectory() as folder:
        async with cloud.serving() as running, workspace.serving() as served:
            app = workspace.install(build_manifest(command="/copy-backup", public_url="http://127.0.0.1:1"))
            workspace.channel("#databases").invites_the_app()
            environment = _environment(running, Path(folder)) | {
                "SLACK_BOT_TOKEN": app.bot_token,
                "SLACK_SIGNING_SECRET": app.signing_secret,
                "SLACK_API_URL": served.api_url,
                "ALLOWED_PEOPLE": workspace.person("alice").id,
            }
            for number in range(1000):
                backup = _backup(number)
                cloud.add_backup(id=backup.id, name=backup.name, status="COPYING")
            yield World(Path(folder), workspace, environment)


def _environment(cloud: RunningCloud, folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", ""),
        "RACKSPACE_USERNAME": cloud.username,
        "RACKSPACE_API_KEY": cloud.api_key,
        "RACKSPACE_IDENTITY_URL": cloud.identity_url,
        "DATABASE_URL": f"sqlite:///{folder / 'bot.sqlite'}",
        "PORT": "0",
        "LOG_LEVEL": "ERROR",
    }


@asynccontextmanager
async def _bot(world: World) -> AsyncIterator[Bot]:
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "serve",
        stdout=asyncio.subprocess.PIPE, cwd=world.folder, env=world.environment | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        if process.stdout is None:
            raise RuntimeError("standard output is a pipe")
        line = (await asyncio.wait_for(process.stdout.readline(), SECONDS_TO_START)).decode()
        assert line.startswith("Ready"), line
        yield Bot(process, int(line.rpartition(":")[2]), time.perf_counter() - began)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _fill(world: World, copies: int) -> None:
    """Write down so many running copies, as a bot would have."""
    storage = await open_storage(world.folder / "bot.sqlite", SystemClock())
    now = SystemClock().now()
    channel = world.workspace.channel("#databases").id
    try:
        for number in range(copies):
            copy = replace(sample_copy(number), backup=_backup(number), requested_at=now, channel=channel)
            await storage.record.open(sample_order(copy), [(copy, _event(EventKind.COPY_REQUESTED, copy))])
            sending = copy.moved(CopyState.SENDING, attempts=1, sent_at=now)
            await storage.record.move(sending, _event(EventKind.SENDING, copy))
            await storage.record.move(sending.moved(CopyState.RUNNING), _event(EventKind.ACCEPTED, copy))
    finally:
        await storage.close()


def _backup(number: int) -> Backup:
    backup_id = f"{number:08x}-0000-4000-8000-000000000000"
    return Backup(id=backup_id, region="DFW", name=f"nightly-{number}", status="COMPLETED")


def _event(kind: EventKind, copy: Copy) -> Event:
    return Event(kind=kind, at=copy.requested_at, who=BOT, copy_id=copy.id, backup_id=copy.backup.id)
