"""What a person can do in Slack, the bot listens to; and it listens to nothing that cannot be done."""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import CodeType, FrameType, SimpleNamespace
from typing import Any, TypeVar, cast

import pytest
from slack_bolt.async_app import AsyncApp

from bot.slack import listeners, views
from bot.slack.app import LISTENERS
from bot.slack.desk import Desk
from bot.slack.manifest import build_manifest
from bot.slack.samples import samples
from bot.slack.views.blocks import Message
from tests.fakes.drawings import NOW

COMMAND = "/copy-backup"
Function = TypeVar("Function", bound=Callable[..., object])
Json = Any
"""What a view draws: JSON, looked into by tests."""


class ListeningApp:
    """Bolt's app, as far as listeners register with it: it notes what they listen to."""

    def __init__(self) -> None:
        kinds = ("command", "shortcut", "view", "action", "options", "event")
        self.heard: dict[str, list[str]] = {kind: [] for kind in kinds}

    def __getattr__(self, kind: str) -> Callable[[str | Mapping[str, str]], Callable[[Function], Function]]:
        def listen(to: str | Mapping[str, str]) -> Callable[[Function], Function]:
            self.heard[kind].append(to if isinstance(to, str) else to["action_id"])
            return lambda function: function

        return listen


@pytest.fixture(scope="module")
def heard() -> dict[str, list[str]]:
    """What is listened to, by kind."""
    app = ListeningApp()
    for module in LISTENERS:
        module.register(cast("AsyncApp", app), cast("Desk", SimpleNamespace(command=COMMAND)))
    return app.heard


@pytest.fixture(scope="module")
def drawn() -> list[Json]:
    """Every block of every view and message."""
    return [
        block
        for sample in samples(NOW, command=COMMAND)
        for block in cast(
            "list[Json]", sample.drawn.blocks if isinstance(sample.drawn, Message) else sample.drawn["blocks"]
        )
    ]


def elements_of(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every element a person can use, with its block."""
    for block in blocks:
        for element in (*block.get("elements", ()), block.get("accessory"), block.get("element")):
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


def test_every_module_of_listeners_is_registered() -> None:
    modules = [import_module(f"{listeners.__name__}.{each.name}") for each in iter_modules(listeners.__path__)]

    assert {module for module in modules if hasattr(module, "register")} == set(LISTENERS)


def test_commands_and_shortcuts_are_those_of_the_manifest(heard: dict[str, list[str]]) -> None:
    features = build_manifest(command=COMMAND, public_url=None)["features"]

    assert heard["command"] == [each["command"] for each in features["slash_commands"]]
    assert heard["shortcut"] == [each["callback_id"] for each in features["shortcuts"]]


def test_events_are_those_of_the_manifest(heard: dict[str, list[str]]) -> None:
    assert (
        heard["event"]
        == build_manifest(command=COMMAND, public_url=None)["settings"]["event_subscriptions"]["bot_events"]
    )


def test_every_view_that_can_be_submitted_is_listened_to(heard: dict[str, list[str]]) -> None:
    shown = [sample.drawn for sample in samples(NOW, command=COMMAND) if not isinstance(sample.drawn, Message)]

    assert sorted(heard["view"]) == sorted({str(view["callback_id"]) for view in shown if view.get("submit")})


def test_everything_that_can_be_clicked_is_listened_to(heard: dict[str, list[str]], drawn: list[Json]) -> None:
    clickable = {
        element["action_id"]
        for block, element in elements_of(drawn)
        if block["type"] != "input" or block.get("dispatch_action")
    }

    assert len(heard["action"]) == len(set(heard["action"]))
    assert set(heard["action"]) == clickable


def test_everything_that_asks_for_options_is_answered(heard: dict[str, list[str]], drawn: list[Json]) -> None:
    asking = {element["action_id"] for _, element in elements_of(drawn) if element["type"] == "external_select"}

    assert set(heard["options"]) == asking


def test_every_view_and_message_is_among_the_samples() -> None:
    """`doctor` has Slack check the samples: what is not among them would not be checked."""
    drawing = {
        function.__code__: f"{module.__name__}.{name}"
        for module in (import_module(f"{views.__name__}.{each.name}") for each in iter_modules(views.__path__))
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and _draws(name, function)
    }

    called = _called_by(lambda: samples(NOW, command=COMMAND))

    assert len(drawing) > 20
    assert {name for code, name in drawing.items() if code not in called} == set()


def _draws(name: str, function: Callable[..., object]) -> bool:
    """Whether it draws something whole."""
    returned = inspect.get_annotations(function, eval_str=True).get("return")
    return not name.startswith("_") and (name.startswith("draw") or returned in {Message, Message | None})


def _called_by(work: Callable[[], object]) -> set[CodeType]:
    """The code of all that is called meanwhile."""
    called = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            called.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return called
