"""The bot as a process of its own, between both simulators, with so many copies running as are wanted."""

import asyncio
import os
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
from tests.bench.measuring import SECONDS_TO_ANSWER
from tests.bench.processes import ROOT, Child, child
from tests.bench.slack_commands import BOT_TOKEN, CHANNEL, COMMAND, SIGNING_SECRET
from tests.fakes.samples import sample_copy, sample_order

SECONDS_TO_START = 60.0
SETTLING = 5.0
"""Seconds after which a bot that has just started does what it does all day."""


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


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    """A cloud with a thousand backups that are being copied, and a workspace; in them there is no bot yet."""
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
async def bot(world: World) -> AsyncIterator[Bot]:
    """A bot at work, from ready to killed."""
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


async def fill(world: World, copies: int) -> None:
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


@asynccontextmanager
async def commanded(world: World) -> AsyncIterator[tuple[World, Child]]:
    """The same world with the benchmark's Slack in it, and the load process, which sends commands."""
    async with child("tests.bench.load") as load, child("tests.bench.slack_api", [str(load.ready.port)]) as api:
        await load.tell(api.ready)
        slack = {
            "SLACK_API_URL": f"http://127.0.0.1:{api.ready.port}/",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_COMMAND": COMMAND,
            "ALLOWED_PEOPLE": "",
            "ALLOWED_CHANNELS": CHANNEL,
        }
        yield replace(world, environment=world.environment | slack), load


async def outcome_of(order: Order, load: Child) -> Outcome:
    """Have the load process send commands."""
    await load.tell(order)
    return Outcome.model_validate_json(await load.hear(order.seconds + SECONDS_TO_ANSWER))
