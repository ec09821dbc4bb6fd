"""Each request between Slack, the bot and the cloud, as both simulators recorded it: a list, and all of one."""

from typing import Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.sandbox.cloud import SimulatedCloud
from bot.sandbox.wire import Wire
from bot.sandbox.workspace import SimulatedWorkspace

MOST_SHOWN = 150
"""The newest requests: the drawer is for looking on, not for searching."""

Place = Literal["slack", "cloud"]


class WireTab:
    """The wires of both simulators as one."""

    def __init__(self, workspace: SimulatedWorkspace, cloud: SimulatedCloud) -> None:
        """Knows both."""
        self._wires: dict[Place, Wire] = {"slack": workspace.wire, "cloud": cloud.wire}

    def routes(self) -> list[BaseRoute]:
        """The route to all of one exchange."""
        return [
            Route(f"/wire/{place}/{{number:int}}", self._exchange, name=place, methods=["GET"]) for place in self._wires
        ]

    def shown(self) -> list[dict[str, object]]:
        """The newest exchanges without what was said in them, the newest first."""
        lines = [
            {**line, "place": place} for place, wire in self._wires.items() for line in wire.newest_lines(MOST_SHOWN)
        ]
        return sorted(lines, key=lambda line: str(line["started_at"]), reverse=True)[:MOST_SHOWN]

    async def _exchange(self, request: Request) -> Response:
        place: Place = "cloud" if request.url.path.startswith("/wire/cloud/") else "slack"
        number: int = request.path_params["number"]
        found = self._wires[place].shown(after=number - 1, most=1)
        if not found or found[0]["number"] != number:
            return JSONResponse({"errors": ["It is too long ago: only the latest are kept."]})
        return JSONResponse(found[0])
