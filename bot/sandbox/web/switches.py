"""The drawer's switches for Slack and for the bot itself, and which trouble is on. The cloud has its own control."""

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol, TypeVar

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.sandbox.cloud import SimulatedCloud
from bot.sandbox.workspace import SimulatedWorkspace

_Body = TypeVar("_Body", bound=BaseModel)

BotState = Literal["running", "starting", "crashed"]


class BotSwitch(Protocol):
    """Whoever runs the bot."""

    @property
    def state(self) -> BotState:
        """Whether it runs."""

    async def crash(self) -> None:
        """Ends it at once, wherever it is, as when the power fails; nothing if it does not run."""

    async def start(self) -> None:
        """Starts it on the same files, and waits until it is ready; nothing if it runs."""


class _SlackTrouble(BaseModel):
    kind: Literal["rate_limit", "slow", "lose_answer", "cut_connection", "server_error", "refuse"]
    method: str = Field("*", pattern=r"^(\*|[a-zA-Z]+(\.[a-zA-Z]+)+)$")
    times: int | None = Field(1, ge=1, le=100)
    seconds: int = Field(3, ge=0, le=600)
    error: str = Field("internal_error", pattern=r"^[a-z_]{1,60}$")


class _Token(BaseModel):
    revoked: bool


class Switches:
    """Reads and turns the switches."""

    def __init__(self, workspace: SimulatedWorkspace, cloud: SimulatedCloud, bot: BotSwitch) -> None:
        """Knows all that can go wrong."""
        self._workspace = workspace
        self._cloud = cloud
        self._bot = bot

    def routes(self) -> list[BaseRoute]:
        """The routes of the switches."""
        return [
            Route("/slack/trouble", _answered(self._slack_trouble), methods=["POST"]),
            Route("/slack/token", _answered(self._slack_token), methods=["POST"]),
            Route("/trouble", _answered(self._lift), methods=["DELETE"]),
            Route("/bot/crash", _answered(self._crash), methods=["POST"]),
            Route("/bot/start", _answered(self._start), methods=["POST"]),
        ]

    def shown(self) -> dict[str, object]:
        """Which trouble is on, in words, and how the bot is."""
        cloud, slack = self._cloud.trouble, self._workspace.trouble
        on = [
            {
                "where": "Cloud Databases",
                "harm": one.harm,
                "concerns": " ".join(filter(None, (one.operation or "any request", one.region))),
                "left": one.left,
            }
            for one in cloud.switches
        ]
        on += [
            {"where": "Cloud Databases", "harm": f"ends the copy {end}", "concerns": "copy", "left": 1}
            for end in cloud.ends
        ]
        on += [
            {
                "where": "Slack",
                "harm": one.harm,
                "concerns": "any call" if one.method == "*" else one.method,
                "left": one.times,
            }
            for one in slack.faults
        ]
        return {"on": on, "token_revoked": self._workspace.app.token_error is not None, "bot": self._bot.state}

    async def _slack_trouble(self, request: Request) -> None:
        asked = await _read(request, _SlackTrouble)
        trouble = self._workspace.trouble
        match asked.kind:
            case "rate_limit":
                trouble.rate_limit(asked.method, asked.seconds, asked.times)
            case "slow":
                trouble.slow(asked.method, asked.seconds, asked.times)
            case "lose_answer":
                trouble.lose_answer(asked.method, asked.times)
            case "cut_connection":
                trouble.cut_connection(asked.method, asked.times)
            case "server_error":
                trouble.server_error(asked.method, times=asked.times)
            case "refuse":
                trouble.refuse(asked.method, asked.error, asked.times)
        self._tell()

    async def _slack_token(self, request: Request) -> None:
        revoked = (await _read(request, _Token)).revoked
        self._workspace.app.token_error = "token_revoked" if revoked else None
        self._tell()

    async def _lift(self, _request: Request) -> None:
        self._cloud.trouble.lift()
        self._workspace.trouble.clear()
        self._workspace.app.token_error = None
        self._tell()

    async def _crash(self, _request: Request) -> None:
        await self._bot.crash()
        self._tell()

    async def _start(self, _request: Request) -> None:
        await self._bot.start()
        self._tell()

    def _tell(self) -> None:
        self._workspace.changes.publish("trouble_changed")


def _answered(turn: Callable[[Request], Awaitable[None]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            await turn(request)
        except ValidationError as error:
            return JSONResponse({"errors": [str(one["msg"]) for one in error.errors()]}, 422)
        return JSONResponse({"ok": True})

    return answer


async def _read(request: Request, model: type[_Body]) -> _Body:
    return model.model_validate_json(await request.body())
