"""``monitoring``: what to give to Grafana and Prometheus."""

from importlib.resources import files

import click


@click.group()
def monitoring() -> None:
    """Print a dashboard for Grafana, and alert rules for Prometheus.

    Both are made of the metrics that the bot gives at MONITORING_HOST and MONITORING_PORT.
    """


@monitoring.command()
def dashboard() -> None:
    """Print a dashboard in JSON, to import in Grafana."""
    _print("dashboard.json")


@monitoring.command()
def alerts() -> None:
    """Print alert rules in YAML, for Prometheus."""
    _print("alerts.yml")


def _print(name: str) -> None:
    click.echo(files("bot.monitoring").joinpath(name).read_text(encoding="utf-8"), nl=False)
