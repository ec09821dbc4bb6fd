"""Which trouble is switched on, in words; and the switch of the bot itself.

Slack's and the cloud's own switches are turned through their control interfaces.
"""

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.sandbox.cloud import SimulatedCloud
from bot.sandbox.cloud.trouble import Cut, Refusal, Slowness, Switch
from bot.sandbox.workspace import SimulatedWorkspace
from bot.sandbox.workspace.trouble import Fault

BotState = Literal["running", "starting", "crashed"]


class BotSwitch(Protocol):
    """Whoever runs the bot."""

    @property
    def state(self) -> BotState:
        """Whether it runs."""

    async def crash(self) -> None:
        """Ends it at once, wherever it is, as when the power fails; nothing if it does not run."""

    async def start(self) -> None:
        """Starts it on the same files, and waits until it is ready; nothing if it runs.

        Raises:
            RuntimeError: It does not start.
        """


class Switches:
    """Reads the switches, and turns the bot's."""

    def __init__(self, workspace: SimulatedWorkspace, cloud: SimulatedCloud, bot: BotSwitch) -> None:
        """Knows all that can go wrong."""
        self._workspace = workspace
        self._cloud = cloud
        self._bot = bot

    def routes(self) -> list[BaseRoute]:
        """The routes of the bot's switch."""
        return [
            Route("/bot/crash", _done(self._bot.crash), methods=["POST"]),
            Route("/bot/start", _done(self._bot.start), methods=["POST"]),
        ]

    def shown(self) -> dict[str, object]:
        """Which trouble is on, each in words with how often it comes yet (None: until it is lifted); how the bot is."""
        cloud = self._cloud.trouble
        on = [_line("Cloud Databases", _harm(one), _of_requests(one), _left(one)) for one in cloud.switches]
        on += [_line("Cloud Databases", f"ends the copy {end}", "the next copy", 1) for end in cloud.ends]
        on += [
            _line("Slack", _slack_harm(one), "any call" if one.method == "*" else one.method, one.times)
            for one in self._workspace.trouble.faults
        ]
        return {"on": on, "token_error": self._workspace.app.token_error, "bot": self._bot.state}


def _done(turn: Callable[[], Awaitable[None]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        try:
            await turn()
        except RuntimeError as error:
            return JSONResponse({"errors": [str(error)]})
        return JSONResponse({"ok": True})

    return answer


def _line(where: str, harm: str, concerns: str, left: int | None) -> dict[str, object]:
    return {"where": where, "harm": harm, "concerns": concerns, "left": left}


def _harm(switch: Switch) -> str:
    match switch:
        case Refusal(fault=fault):
            return f"answers {fault.status}"
        case Slowness(seconds=seconds):
            return f"waits {seconds:g} s"
        case Cut(after_work=True):
            return "loses the answer"
        case Cut():
            return "cuts the connection"
        case _:
            return "holds the request"


def _of_requests(switch: Switch) -> str:
    return " ".join(filter(None, (switch.operation or "any request", switch.region, switch.backup_id)))


def _left(switch: Switch) -> int | None:
    if switch.times is None:
        return None if switch.for_seconds is not None else 1
    return max(0, switch.times - switch.count)


def _slack_harm(fault: Fault) -> str:
    return {
        "refuse": f"refuses with {fault.error}",
        "rate_limit": f"answers 429 for {fault.seconds:g} s",
        "slow": f"waits {fault.seconds:g} s",
        "lose_answer": "loses the answer",
        "cut_connection": "cuts the connection",
        "server_error": f"answers {fault.status}",
    }[fault.kind]
