"""The command line: one module for each command, loaded when it is called."""

import sys
from importlib import import_module
from io import TextIOWrapper

import click

COMMANDS = ("serve", "demo", "sandbox", "doctor", "rules", "audit", "backup", "monitoring", "manifest")
"""Each is the command of the same name in the module of the same name."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are needed: ``manifest`` does not wait for a web server."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order in which a newcomer meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"bot.cli.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="copy-backup-bot")
def main() -> None:
    """Copies Rackspace Cloud Databases backups to another region, asked for in Slack.

    New here? `demo` shows it all in ten seconds, without Slack and without Rackspace.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that knows fewer characters shows the others as `?`
            stream.reconfigure(errors="replace")
