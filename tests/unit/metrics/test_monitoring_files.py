"""The dashboard and the alert rules name metrics that there are, with labels and values that they have."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files

import pytest
import yaml
from click.testing import CliRunner
from pydantic import BaseModel, ConfigDict

from bot.cli import main
from bot.domain.copies import CopyState
from bot.domain.events import EventKind, Outcome
from bot.domain.reasons import Reason
from bot.metrics.counted import LEVELS
from bot.operations.observing import OK
from tests.fakes.metrics import Scrape, WatchedBot, exported_metrics

VALUES: Mapping[str, set[str]] = {
    "state": {state.value for state in CopyState},
    "kind": {kind.value for kind in EventKind},
    "level": set(LEVELS),
    "outcome": {OK, *(outcome.value for outcome in Outcome), *(reason.value for reason in Reason)},
}
"""What labels can be, as far as a query asks for it."""

LABELS: Mapping[str, set[str]] = {
    "copy_backup_slack_requests_total": {"request", "outcome"},
    "copy_backup_slack_acknowledgement_seconds": {"request"},
    "copy_backup_slack_calls_total": {"method", "outcome"},
    "copy_backup_cloud_calls_total": {"region", "call", "outcome"},
    "copy_backup_cloud_call_seconds": {"call"},
    "copy_backup_cloud_budget_left": {"region", "call"},
    "copy_backup_cloud_calls_waiting": {"region", "call"},
    "copy_backup_catalogue_age_seconds": {"region"},
}
"""Of metrics that have no sample as long as nothing happens; those of the others are seen."""

BY_PROMETHEUS = {"instance", "job", "le"}


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Alert(Strict):
    alert: str
    expr: str
    annotations: Mapping[str, str]
    labels: Mapping[str, str]
    for_: str = "0m"

    @classmethod
    def read(cls, rule: Mapping[str, object]) -> "Alert":
        return cls.model_validate({("for_" if key == "for" else key): value for key, value in rule.items()})


def read(name: str) -> str:
    return files("bot.monitoring").joinpath(name).read_text(encoding="utf-8")


def alerts() -> Sequence[Alert]:
    (group,) = yaml.safe_load(read("alerts.yml"))["groups"]
    return [Alert.read(rule) for rule in group["rules"]]


def panels() -> Sequence[Mapping[str, object]]:
    found = json.loads(read("dashboard.json"))["panels"]
    assert isinstance(found, list)
    return found


def queries() -> Iterator[tuple[str, str]]:
    for alert in alerts():
        yield alert.alert, alert.expr
    for panel in panels():
        targets = panel.get("targets", [])
        assert isinstance(targets, list)
        for target in targets:
            yield str(panel["title"]), target["expr"]


QUERIES = list(queries())
IDS = [f"{number}-{title}" for number, (title, _) in enumerate(QUERIES)]


def metrics_in(query: str) -> set[str]:
    """Names of metrics; a histogram's as the bot exports it."""
    outside = re.sub(r"\{[^}]*\}|by \([^)]*\)|on \([^)]*\)|\[[^]]*\]", " ", query)
    names = re.findall(r"\b(?:copy_backup|process)_\w+", outside)
    return {re.sub(r"_seconds_(bucket|sum|count)$", "_seconds", name) for name in names}


def labels_in(query: str) -> set[str]:
    grouped = re.findall(r"(?:by|on) \(([^)]*)\)", query)
    selected = re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', query)
    return {label.strip() for labels in grouped for label in labels.split(",")} | set(selected)


async def labels_of(scrape: Scrape, metric: str) -> set[str]:
    seen = {part.partition("=")[0] for said in scrape.families.get(metric, {}) for part in said.split(",") if part}
    return seen | LABELS.get(metric, set()) | BY_PROMETHEUS


@pytest.mark.parametrize("query", [query for _, query in QUERIES], ids=IDS)
async def test_a_query_names_metrics_and_labels_that_there_are(query: str) -> None:
    scrape = await WatchedBot().scrape()
    named = metrics_in(query)

    assert named
    assert named <= scrape.metrics
    known = set.union(*[await labels_of(scrape, metric) for metric in named])
    assert labels_in(query) <= known


@pytest.mark.parametrize("query", [query for _, query in QUERIES], ids=IDS)
def test_a_query_asks_for_values_that_there_can_be(query: str) -> None:
    for label, pattern in re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"', query):
        assert set(pattern.split("|")) <= VALUES[label], pattern


@pytest.mark.parametrize("query", [query for _, query in QUERIES], ids=IDS)
def test_every_bracket_of_a_query_is_closed(query: str) -> None:
    closing = {")": "(", "]": "[", "}": "{"}
    stack: list[str] = []
    for character in query:
        if character in closing.values():
            stack.append(character)
        elif character in closing:
            assert stack, query
            assert stack.pop() == closing[character]
    assert stack == []


def test_a_metric_that_there_is_not_would_be_found() -> None:
    assert metrics_in('sum by (a) (rate(copy_backup_gone_total{b="c"}[5m]))') == {"copy_backup_gone_total"}
    assert labels_in('sum by (a, d) (rate(copy_backup_gone_total{b=~"c"}[5m]))') == {"a", "d", "b"}


async def test_the_dashboard_shows_every_metric() -> None:
    shown = set.union(*(metrics_in(query) for title, query in QUERIES[len(alerts()) :]))

    assert await exported_metrics() <= shown


@pytest.mark.parametrize("alert", alerts(), ids=[alert.alert for alert in alerts()])
def test_an_alert_says_what_it_is_and_what_to_do(alert: Alert) -> None:
    assert re.fullmatch(r"CopyBackup[A-Za-z]+", alert.alert)
    assert alert.labels.keys() == {"severity"}
    assert alert.labels["severity"] in {"critical", "warning"}
    assert alert.annotations.keys() == {"summary", "description"}
    assert re.fullmatch(r"\d+[mh]", alert.for_)
    placeholders = set(re.findall(r"\$labels\.(\w+)", " ".join(alert.annotations.values())))
    assert placeholders <= labels_in(alert.expr) | LABELS.get(next(iter(metrics_in(alert.expr))), {"dependency"})


def test_the_panels_have_numbers_of_their_own_and_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        assert isinstance(place, dict)
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in panels()}) == len(panels())


@pytest.mark.parametrize(("command", "name"), [("dashboard", "dashboard.json"), ("alerts", "alerts.yml")])
def test_the_command_prints_the_file_as_it_is(command: str, name: str) -> None:
    printed = CliRunner().invoke(main, ["monitoring", command])

    assert (printed.exit_code, printed.stdout) == (0, read(name))
