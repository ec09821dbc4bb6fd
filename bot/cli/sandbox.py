"""``sandbox``: the real bot with a simulated Slack workspace and simulated Cloud Databases, on this machine alone."""

import asyncio
import json
import signal
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import uvloop
from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from bot.assembly import RunningBot, running_bot
from bot.sandbox.cloud import RunningCloud, SimulatedCloud
from bot.sandbox.estate import Estate
from bot.sandbox.workspace import ConversationScreen, Form, Message, Person, SimulatedWorkspace
from bot.server import SLACK_PATH
from bot.settings import Settings
from bot.slack.manifest import build_manifest
from bot.telemetry import configure_logging

__all__ = ["ConversationScreen", "Form", "Message", "Person", "Sandbox", "running_sandbox", "sandbox"]

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
class Sandbox:
    """All of it, running.

    Attributes:
        settings: the bot's.
        slack_api_url: of the simulated workspace.
    """

    cloud: SimulatedCloud
    running_cloud: RunningCloud
    workspace: SimulatedWorkspace
    slack_api_url: str
    bot: RunningBot
    settings: Settings


@asynccontextmanager
async def running_sandbox(
    folder: Path,
    *,
    seed: int = 7,
    speed: float = USUAL_SPEED,
    socket_mode: bool = False,
    port: int = 0,
    estate: Estate | None = None,
    changes: Mapping[str, object] | None = None,
) -> AsyncIterator[Sandbox]:
    """Both simulators and the bot, on loopback, until the block is left.

    Args:
        folder: for the bot's files.
        seed: the same seed gives the same data.
        speed: how much faster than true copies run.
        socket_mode: whether the bot connects to Slack, rather than Slack to it.
        port: of the bot; 0 for any free one.
        estate: the backups there are; those of the storyboard if not given.
        changes: settings of the bot that are to be others than a sandbox's usual ones, by name.
    """
    async with AsyncExitStack() as stack:
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
            database_url=f"sqlite:///{folder / 'bot.sqlite'}",
            allowed_people=tuple(workspace.person(name).id for name in ("alice", "bob", "ana")),
            port=port,
            # a bot as impatient as its cloud is fast: the usual patience, divided
            first_look_seconds=10.0 / speed,
            longest_look_seconds=120.0 / speed,
            first_retry_seconds=15.0 / speed,
            settle_seconds=max(1.0, 60.0 / speed),
            grace_seconds=max(2.0, 300.0 / speed),
            patience_seconds=max(5.0, 900.0 / speed),
            message_update_seconds=min(1.0, 6.0 / speed),
        )
        settings = SandboxSettings.model_validate(usual.model_dump() | dict(changes or {}))
        bot = await stack.enter_async_context(running_bot(settings))
        if not socket_mode:
            address = f"http://127.0.0.1:{bot.port}"
            workspace.install(build_manifest(command="/copy-backup", public_url=address))
            workspace.deliver_to(f"{address}{SLACK_PATH}")
        yield Sandbox(cloud, running_cloud, workspace, served.api_url, bot, settings)


@click.command()
@click.option("--only", type=click.Choice(["cloud"]), help="Start the simulated cloud alone; prints one line of JSON.")
@click.option("--port", default=0, show_default="any free one", help="Of the bot, or of the cloud with --only cloud.")
@click.option("--seed", default=7, show_default=True, help="The same seed gives the same data.")
@click.option("--speed", default=USUAL_SPEED, show_default=True, help="How much faster than true copies run.")
@click.option("--socket-mode", is_flag=True, help="The bot connects to Slack, rather than Slack to it.")
def sandbox(only: str | None, port: int, seed: int, speed: float, socket_mode: bool) -> None:
    """Keep the bot running in a simulated world, and print where everything is.

    Nothing leaves this machine. Ctrl-C ends it.
    """
    if speed <= 0:
        raise click.BadParameter("has to be more than 0", param_hint="--speed")
    configure_logging("text", "WARNING")
    uvloop.run(_cloud_alone(port, seed, speed) if only else _all(port, seed, speed, socket_mode=socket_mode))


async def _cloud_alone(port: int, seed: int, speed: float) -> None:
    async with SimulatedCloud(seed=seed, speed=speed).serving(port) as running:
        described = asdict(running)
        del described["port"]
        click.echo(json.dumps(described))
        await _until_told_to_stop()


async def _all(port: int, seed: int, speed: float, *, socket_mode: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="copy-backup-") as folder:
        async with running_sandbox(Path(folder), seed=seed, speed=speed, socket_mode=socket_mode, port=port) as all_:
            click.echo("This is a sandbox: nothing in it is real, and nothing leaves this machine.")
            click.echo(f"  the bot            http://127.0.0.1:{all_.bot.port}")
            click.echo(f"  simulated Slack    {all_.slack_api_url}")
            click.echo(f"  simulated Identity {all_.running_cloud.identity_url}")
            for region, url in all_.running_cloud.regions.items():
                click.echo(f"  databases in {region}   {url}")
            click.echo(f"  audit log          {all_.settings.database_url}")
            click.echo("Ctrl-C ends it.")
            await _until_told_to_stop()


async def _until_told_to_stop() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
