"""``sandbox``: the real bot with a simulated Slack workspace and simulated Cloud Databases, on this machine alone."""

import asyncio
import errno
import json
import os
import signal
import sys
import tempfile
import webbrowser
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import click
import uvloop
from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from bot.assembly import CannotStartError, RunningBot, running_bot
from bot.cli.bot_process import BotDidNotStartError, BotProcess
from bot.cli.sandbox_greeting import Places, greeting
from bot.cli.sandbox_rules import HINT, RULES, WHO_IS_WHO, write_rules
from bot.sandbox.cloud import RunningCloud, SimulatedCloud, StoredBackup
from bot.sandbox.estate import Estate
from bot.sandbox.web import Guide, SandboxPage
from bot.sandbox.workspace import (
    AppError,
    ConversationScreen,
    Form,
    Message,
    NotPossibleError,
    NotShownError,
    OfferedOption,
    Person,
    SimulatedWorkspace,
)
from bot.server import SLACK_PATH
from bot.settings import Settings
from bot.slack.manifest import build_manifest
from bot.telemetry import configure_logging

__all__ = [
    "USUAL_SPEED",
    "AppError",
    "ConversationScreen",
    "Form",
    "Message",
    "NotPossibleError",
    "NotShownError",
    "OfferedOption",
    "Person",
    "Sandbox",
    "SimulatedCloud",
    "StoredBackup",
    "running_sandbox",
    "sandbox",
]

PROXIES = {"http_proxy", "https_proxy", "all_proxy"}

PEOPLE = ("alice", "bob", "ana")
"""Those of the workspace who may use the bot."""

USUAL_SPEED = 60.0
"""A copy that takes four minutes takes four seconds."""


class SandboxSettings(Settings):
    """The settings of a bot that must not see the environment's: it may hold a real account's."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given in the program."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside the bot, running.

    Attributes:
        slack_api_url: of the simulated workspace.
        settings: the bot's, with which it finds its way in this world.
    """

    cloud: SimulatedCloud
    running_cloud: RunningCloud
    workspace: SimulatedWorkspace
    slack_api_url: str
    settings: Settings

    def deliver_to_bot(self, port: int) -> None:
        """Let Slack's requests go to a bot that listens on this port."""
        address = f"http://127.0.0.1:{port}"
        self.workspace.install(build_manifest(command="/copy-backup", public_url=address))
        self.workspace.deliver_to(f"{address}{SLACK_PATH}")


@dataclass(frozen=True, slots=True)
class Sandbox(World):
    """All of it, running, the bot included."""

    bot: RunningBot


@asynccontextmanager
async def simulated_world(
    folder: Path,
    *,
    seed: int = 7,
    speed: float = USUAL_SPEED,
    socket_mode: bool = False,
    port: int = 0,
    estate: Estate | None = None,
    rules: str | None = None,
    changes: Mapping[str, object] | None = None,
) -> AsyncIterator[World]:
    """Both simulators on loopback, until the block is left, and the settings of a bot in them.

    Args:
        folder: for the bot's files.
        seed: the same seed gives the same data.
        speed: how much faster than true copies run.
        socket_mode: whether the bot connects to Slack, rather than Slack to it.
        port: of the bot; 0 for any free one.
        estate: the backups there are; those of the storyboard if not given.
        rules: a file of rules with names in place of ids (see `bot.cli.sandbox_rules`); otherwise some people may do
            everything.
        changes: settings of the bot that are to be others than a sandbox's usual ones, by name.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(_without_proxies())
        cloud = SimulatedCloud(seed=seed, speed=speed, estate=estate)
        running_cloud = await stack.enter_async_context(cloud.serving())
        workspace = SimulatedWorkspace(seed=seed)
        served = await stack.enter_async_context(workspace.serving())
        address = None if socket_mode else "http://127.0.0.1:1"
        app = workspace.install(build_manifest(command="/copy-backup", public_url=address))
        for channel in ("#databases", "#ops-private"):
            workspace.channel(channel).invites_the_app()
        usual = SandboxSettings(
            slack_bot_token=SecretStr(app.bot_token),
            slack_signing_secret=SecretStr(app.signing_secret),
            slack_app_token=SecretStr(app.app_token) if socket_mode else None,
            slack_api_url=served.api_url,
            rackspace_username=running_cloud.username,
            rackspace_api_key=SecretStr(running_cloud.api_key),
            rackspace_identity_url=running_cloud.identity_url,
            database_url=SecretStr(f"sqlite:///{folder / 'bot.sqlite'}"),
            allowed_people=tuple(workspace.person(name).id for name in PEOPLE),
            port=port,
            log_level="WARNING",
            # a bot as impatient as its cloud is fast: the usual patience, divided
            standing_orders_seconds=300.0 / speed,
            first_look_seconds=3.0 / speed,
            longest_look_seconds=120.0 / speed,
            first_retry_seconds=15.0 / speed,
            settle_seconds=max(1.0, 60.0 / speed),
            grace_seconds=max(2.0, 300.0 / speed),
            patience_seconds=max(5.0, 900.0 / speed),
            message_update_seconds=min(1.0, 6.0 / speed),
        )
        by_rules: dict[str, object] = {}
        if rules is not None:
            path = write_rules(folder / "rules.toml", rules, partial(id_of, workspace))
            by_rules = {"allowed_people": (), "rules_file": path}
        settings = SandboxSettings.model_validate(usual.model_dump() | by_rules | dict(changes or {}))
        yield World(cloud, running_cloud, workspace, served.api_url, settings)


@asynccontextmanager
async def running_sandbox(
    folder: Path,
    *,
    seed: int = 7,
    speed: float = USUAL_SPEED,
    socket_mode: bool = False,
    port: int = 0,
    estate: Estate | None = None,
    rules: str | None = None,
    changes: Mapping[str, object] | None = None,
) -> AsyncIterator[Sandbox]:
    """The simulated world with the bot in it, in this process. The arguments are those of `simulated_world`."""
    async with (
        simulated_world(
            folder,
            seed=seed,
            speed=speed,
            socket_mode=socket_mode,
            port=port,
            estate=estate,
            rules=rules,
            changes=changes,
        ) as world,
        running_bot(world.settings) as bot,
    ):
        if not socket_mode:
            world.deliver_to_bot(bot.port)
        yield Sandbox(world.cloud, world.running_cloud, world.workspace, world.slack_api_url, world.settings, bot)


@dataclass(frozen=True, slots=True)
class SandboxWithPage(World):
    """The simulated world with a page, and the bot in a process of its own.

    Attributes:
        page: the address of the page.
        bot: can be crashed and started again.
    """

    page: str
    bot: BotProcess


@asynccontextmanager
async def sandbox_with_page(
    folder: Path,
    *,
    seed: int = 7,
    speed: float = USUAL_SPEED,
    socket_mode: bool = False,
    page_port: int = 0,
) -> AsyncIterator[SandboxWithPage]:
    """The simulated world, the bot as a process of its own, and the page, until the block is left.

    Args:
        folder: for the bot's files.
        seed: the same seed gives the same data.
        speed: how much faster than true copies run.
        socket_mode: whether the bot connects to Slack, rather than Slack to it.
        page_port: of the page; 0 for any free one.

    Raises:
        BotDidNotStartError: the bot ended, or was not ready in time.
    """
    async with simulated_world(folder, seed=seed, speed=speed, socket_mode=socket_mode, rules=RULES) as world:

        def deliver(port: int) -> None:
            if not socket_mode:
                world.deliver_to_bot(port)

        async with (
            BotProcess(world.settings, folder, deliver).running() as bot,
            SandboxPage(world.workspace, world.cloud, bot, Guide(HINT, WHO_IS_WHO)).serving(page_port) as page,
        ):
            yield SandboxWithPage(
                world.cloud, world.running_cloud, world.workspace, world.slack_api_url, world.settings, page, bot
            )


def id_of(workspace: SimulatedWorkspace, name: str) -> str:
    """The id of ``@somebody``, of a user group ``@some-of-us``, or of ``#a-channel``."""
    if name.startswith("#"):
        return workspace.channel(name).id
    known = name[1:] in workspace.people
    return workspace.person(name[1:]).id if known else workspace.group_id(name[1:])


@contextmanager
def _without_proxies() -> Iterator[None]:
    """Everything is on this machine, and is not asked for through a proxy: Slack's and the cloud's clients would take
    one from the environment.
    """
    names = [name for name in os.environ if name.lower() in PROXIES]
    set_aside = {name: os.environ.pop(name) for name in names}
    try:
        yield
    finally:
        os.environ.update(set_aside)


@click.command()
@click.option("--only", type=click.Choice(["cloud"]), help="Start the simulated cloud alone; prints one line of JSON.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="any free one",
    help="Of the page, or of the cloud with --only cloud.",
)
@click.option("--seed", default=7, show_default=True, help="The same seed gives the same data.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=USUAL_SPEED,
    show_default=True,
    help="How much faster than true copies run.",
)
@click.option("--socket-mode", is_flag=True, help="The bot connects to Slack, rather than Slack to it.")
@click.option("--browser/--no-browser", default=None, help="Open the page; usually where there is a screen for it.")
def sandbox(*, only: str | None, port: int, seed: int, speed: float, socket_mode: bool, browser: bool | None) -> None:
    """Try the bot on a page like Slack, with a simulated cloud.

    Prints where everything is and what can be done with it. Nothing leaves this machine. Ctrl-C ends it.
    """
    configure_logging("text", "WARNING")
    opens = _has_a_screen() if browser is None else browser
    try:
        if only:
            uvloop.run(_cloud_alone(port, seed, speed))
        else:
            uvloop.run(_all(port, seed, speed, socket_mode=socket_mode, opens_browser=opens))
    except (CannotStartError, BotDidNotStartError, OSError) as error:
        raise click.ClickException(_why_not(error, port)) from error


def _why_not(error: Exception, port: int) -> str:
    cause = error if isinstance(error, OSError) else error.__cause__
    if isinstance(cause, OSError) and cause.errno in {errno.EADDRINUSE, errno.EACCES}:
        return f"Port {port} cannot be had: {os.strerror(cause.errno)}. Give another --port, or 0 for any free one."
    return f"The sandbox cannot start. {error}"


async def _cloud_alone(port: int, seed: int, speed: float) -> None:
    stop = _told_to_stop()
    async with SimulatedCloud(seed=seed, speed=speed).serving(port) as running:
        described = asdict(running)
        del described["port"]
        click.echo(json.dumps(described))
        await stop.wait()


async def _all(port: int, seed: int, speed: float, *, socket_mode: bool, opens_browser: bool) -> None:
    stop = _told_to_stop()
    with tempfile.TemporaryDirectory(prefix="copy-backup-") as folder:
        async with sandbox_with_page(
            Path(folder), seed=seed, speed=speed, socket_mode=socket_mode, page_port=port
        ) as all_:
            click.echo(greeting(_places(all_)))
            if opens_browser:
                webbrowser.open(all_.page)
            await stop.wait()


def _has_a_screen() -> bool:
    """Whether somebody sits at a terminal of a machine with a display."""
    has_display = sys.platform in ("darwin", "win32") or bool(os.getenv("DISPLAY") or os.getenv("WAYLAND_DISPLAY"))
    return sys.stdout.isatty() and has_display


def _places(world: SandboxWithPage) -> Places:
    cloud = world.running_cloud
    return Places(
        page=world.page,
        bot=world.bot.address,
        slack_api_url=world.slack_api_url,
        identity_url=cloud.identity_url,
        username=cloud.username,
        api_key=cloud.api_key,
        regions=cloud.regions,
        cloud_port=cloud.port,
        database_url=world.settings.database_url.get_secret_value(),
    )


def _told_to_stop() -> asyncio.Event:
    """Is set by SIGTERM and Ctrl-C from now on; asked for first of all, so that neither leaves anything behind."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
