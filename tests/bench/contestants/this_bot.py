"""This bot: its Slack room, on its own server, with its own files and 60 backups in them. The cloud is not there:
a form that asked for it before it opens would fail.
"""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from pydantic import SecretStr

from bot.domain.backup import REGIONS_FOR_COPIES, Backup, BackupStatus, Datastore, Origin
from bot.domain.pace import Pace
from bot.domain.policy import AccessRules
from bot.domain.rules import Rules
from bot.operations.ports import Cloud, Ports, Watch
from bot.operations.readiness import Standing
from bot.operations.rules_in_force import FixedRules
from bot.server import build_web, serving
from bot.slack.app import SlackRoom, build_app
from bot.slack.options import SlackOptions
from bot.storage import Storage, open_storage
from bot.workflow.clock import SystemClock
from tests.bench.slack_commands import APP_TOKEN, BOT_TOKEN, CHANNEL, COMMAND, SIGNING_SECRET

BACKUPS_A_REGION = 12


@dataclass(frozen=True, slots=True)
class NoCloud:
    """Has regions, and nothing else that could be asked."""

    regions: tuple[str, ...] = REGIONS_FOR_COPIES


def backups(region: str, now: datetime) -> list[Backup]:
    """The backups of a region, one of them not finished: a full one each week and its increments."""
    return [
        Backup(
            id=f"{number:08x}-0000-4000-8000-{region.encode().hex():0>12}",
            region=region,
            name=f"nightly-{number:02}",
            status=BackupStatus.COMPLETED if number else BackupStatus.BUILDING,
            parent_id=None if number % 6 == 5 else f"{number + 1:08x}-0000-4000-8000-{region.encode().hex():0>12}",
            size_gb=1.4 if number else None,
            created=now - timedelta(days=number),
            datastore=Datastore("mysql", "5.6"),
            origin=Origin("instance", "orders-db"),
        )
        for number in range(BACKUPS_A_REGION)
    ]


@asynccontextmanager
async def this_bot(api_url: str) -> AsyncIterator[int]:
    """As it is assembled for HTTP; yields the port."""
    async with (
        _room(api_url, app_token=None) as room,
        serving(build_web(room.handler, _nothing_missing), "127.0.0.1", 0) as port,
    ):
        yield port


@asynccontextmanager
async def this_bot_in_socket_mode(api_url: str) -> AsyncIterator[None]:
    """As it is assembled for Socket Mode."""
    async with _room(api_url, app_token=SecretStr(APP_TOKEN)) as room:
        missing = (await room.standing()).missing
        if missing:
            raise RuntimeError(f"it is not connected: {missing}")
        yield


@asynccontextmanager
async def _room(api_url: str, *, app_token: SecretStr | None) -> AsyncIterator[SlackRoom]:
    """The bot's Slack room, taken up with Slack."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        storage = await open_storage(Path(folder) / "bot.db", clock)
        try:
            for region in REGIONS_FOR_COPIES:
                await storage.catalogue.replace(region, clock.now(), backups(region, datetime.now(UTC)))
            room = _built(storage, clock, api_url, app_token)
            try:
                await room.start()
                yield room
            finally:
                await room.aclose()
        finally:
            await storage.close()


def _built(storage: Storage, clock: SystemClock, api_url: str, app_token: SecretStr | None) -> SlackRoom:
    ports = Ports(
        cloud=cast("Cloud", NoCloud()),
        record=storage.record,
        catalogue=storage.catalogue,
        watch=cast("Watch", None),
        clock=clock,
        pace=Pace(),
        rules=FixedRules(Rules.only(AccessRules(channels=frozenset({CHANNEL})))),
    )
    options = SlackOptions(
        bot_token=SecretStr(BOT_TOKEN),
        signing_secret=SecretStr(SIGNING_SECRET),
        app_token=app_token,
        api_url=api_url,
        command=COMMAND,
    )
    return build_app(ports, options, storage.posts, storage.standing_orders)


async def _nothing_missing() -> Standing:
    return Standing()
