"""Reading settings for a command: what is wrong with them is told, all at once, and ends the command."""

import sys

import click

from bot.settings import AnySettings, SettingsError, read_settings


def settings_or_exit(kind: type[AnySettings]) -> AnySettings:
    """Settings that are right; otherwise the command ends with code 2 and a line for each that is not.

    Args:
        kind: which settings the command needs.
    """
    try:
        return read_settings(kind)
    except SettingsError as error:
        click.secho("These settings (from the environment or .env) have to be changed first:", fg="red", err=True)
        for problem in error.problems:
            click.echo(f"  {problem.name}: {problem.sentence}", err=True)
        click.echo("The README says where each value comes from; `doctor` checks them against the world.", err=True)
        sys.exit(2)
