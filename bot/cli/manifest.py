"""``manifest``: the app's manifest for this installation."""

import click
import yaml
from pydantic import TypeAdapter, ValidationError

from bot.cli.settings import settings_or_exit
from bot.settings import ManifestSettings, WebAddress
from bot.slack.manifest import build_manifest


def _web_address(_context: click.Context, _option: click.Parameter, given: str | None) -> str | None:
    try:
        return TypeAdapter(WebAddress | None).validate_python(given)
    except ValidationError as error:
        raise click.BadParameter(error.errors()[0]["msg"].removeprefix("Value error, ")) from None


@click.command()
@click.option(
    "--url",
    callback=_web_address,
    help="The bot's public address, such as https://bot.example.com (else PUBLIC_URL).",
)
@click.option("--socket-mode", is_flag=True, help="For Socket Mode, also before SLACK_APP_TOKEN is there.")
def manifest(url: str | None, socket_mode: bool) -> None:
    """Print manifest.yml for this installation.

    With Socket Mode where SLACK_APP_TOKEN is set, else for HTTP at PUBLIC_URL. Paste it at
    https://api.slack.com/apps under "Create New App", "From a manifest".
    """
    if url and socket_mode:
        raise click.UsageError("--url is for HTTP: with --socket-mode Slack needs no address.")
    settings = settings_or_exit(ManifestSettings)
    address = url or settings.public_url
    socket_mode = socket_mode or (settings.slack_app_token is not None and url is None)
    if not socket_mode and address is None:
        raise click.UsageError(
            "Slack has to know where the bot is: give --url or set PUBLIC_URL, or use --socket-mode, which needs none."
        )
    built = build_manifest(command=settings.slack_command, public_url=None if socket_mode else address)
    click.echo(yaml.safe_dump(built, sort_keys=False, allow_unicode=True), nl=False)
