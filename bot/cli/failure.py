"""The end of a command that could not do what it was asked for."""

import sys
from typing import NoReturn

import click


def fail(why: object) -> NoReturn:
    """Say why in red, on standard error, and end with 1."""
    click.secho(str(why), fg="red", err=True)
    sys.exit(1)
