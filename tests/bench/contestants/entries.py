"""Who takes part. Each runs in a process of its own, so that none is imported before it is needed."""

import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from enum import Enum, StrEnum, auto
from importlib import import_module
from pathlib import Path
from typing import cast

Serving = Callable[[str], AbstractAsyncContextManager[int | None]]
"""Takes the Web API's URL; serves for as long as its block runs; yields the port, ``None`` in Socket Mode."""

APART = Path(__file__).parents[3] / ".venv" / "slack-machine" / "bin" / "python"


class Loop(Enum):
    """The event loop a contestant runs on: the one it has when it is used as its documentation says."""

    UVLOOP = auto()
    ASYNCIO = auto()


class Contestant(StrEnum):
    """A name on the command line, and what the table calls it."""

    THIS_BOT = "this_bot"
    THIS_BOT_IN_SOCKET_MODE = "this_bot_in_socket_mode"
    BOLT_ON_UVICORN = "bolt_on_uvicorn"
    BOLT_ON_AIOHTTP = "bolt_on_aiohttp"
    BOLT_ON_HTTP_SERVER = "bolt_on_http_server"
    BOLT_IN_SOCKET_MODE = "bolt_in_socket_mode"
    SLACK_MACHINE = "slack_machine"
    LEANEST_BOLT = "leanest_bolt"
    BARE_ASGI = "bare_asgi"
    CEILING = "ceiling"

    @property
    def label(self) -> str:
        """What the table calls it."""
        return _LABELS[self]

    @property
    def loop(self) -> Loop:
        """What it runs on."""
        return Loop.ASYNCIO if self in _ON_ASYNCIO else Loop.UVLOOP


_LABELS = {
    Contestant.THIS_BOT: "this bot",
    Contestant.THIS_BOT_IN_SOCKET_MODE: "this bot (Socket Mode)",
    Contestant.BOLT_ON_UVICORN: "bare Bolt on the same server",
    Contestant.BOLT_ON_AIOHTTP: "Bolt's own aiohttp server",
    Contestant.BOLT_ON_HTTP_SERVER: "Bolt's own http.server",
    Contestant.BOLT_IN_SOCKET_MODE: "Bolt (Socket Mode)",
    Contestant.SLACK_MACHINE: "slack-machine (Socket Mode)",
    Contestant.LEANEST_BOLT: "the leanest app with Bolt",
    Contestant.BARE_ASGI: "bare ASGI",
    Contestant.CEILING: "the benchmark itself",
}

_ON_ASYNCIO = {
    Contestant.BOLT_ON_AIOHTTP,
    Contestant.BOLT_ON_HTTP_SERVER,
    Contestant.BOLT_IN_SOCKET_MODE,
    Contestant.SLACK_MACHINE,
}

_MODULES = {
    Contestant.THIS_BOT: "this_bot",
    Contestant.THIS_BOT_IN_SOCKET_MODE: "this_bot",
    Contestant.BOLT_ON_UVICORN: "bolt",
    Contestant.BOLT_ON_AIOHTTP: "bolt",
    Contestant.BOLT_ON_HTTP_SERVER: "bolt",
    Contestant.BOLT_IN_SOCKET_MODE: "bolt",
    Contestant.SLACK_MACHINE: "slack_machine",
    Contestant.LEANEST_BOLT: "bolt",
    Contestant.BARE_ASGI: "bare_asgi",
    Contestant.CEILING: "ceiling",
}


def entry(contestant: Contestant) -> Serving:
    """Import a contestant.

    Raises:
        ModuleNotFoundError: something that it needs is not installed.
    """
    module = import_module(f"tests.bench.contestants.{_MODULES[contestant]}")
    return cast("Serving", getattr(module, contestant))


def python_of(contestant: Contestant) -> str:
    """The Python that runs a contestant: slack-machine has one to itself (``.run bench`` installs it), because what it
    depends on does not go together with what the bot does.
    """
    return str(APART) if contestant is Contestant.SLACK_MACHINE and APART.exists() else sys.executable
