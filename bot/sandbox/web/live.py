"""What a window shows, as it changes: a WebSocket that sends each part again when it is not what it was."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.sandbox.web.guide import Guide
from bot.sandbox.workspace import Person, SimulatedWorkspace

_GAP_SECONDS = 0.04
"""Between two looks: what changes together is sent together."""
_LOOK_SECONDS = 0.3
"""Between two looks at the cloud, where copies go on without telling anybody."""


class _Wanted(BaseModel):
    drawer: str | None = None


class Live:
    """Keeps windows up to date."""

    def __init__(self, workspace: SimulatedWorkspace, drawer: Mapping[str, Callable[[], object]], guide: Guide) -> None:
        """Knows what can be shown.

        Args:
            workspace: The workspace.
            drawer: What the drawer can show, by the name of the tab.
            guide: What a stranger is told.
        """
        self._workspace = workspace
        self._drawer = drawer
        self._guide = guide

    async def serve(self, websocket: WebSocket) -> None:
        """Serves one window until it goes away."""
        try:
            person = self._workspace.person(websocket.query_params.get("as", ""))
        except LookupError:
            await websocket.close(1008, "there is no such person")
            return
        await websocket.accept()
        window = _Window(websocket, person, self._drawer, self._guide)
        tasks = [
            asyncio.create_task(window.keep_true()),
            asyncio.create_task(window.listen()),
            asyncio.create_task(self._wake(window)),
        ]
        try:
            with suppress(WebSocketDisconnect):
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    await task
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _wake(self, window: "_Window") -> None:
        async for _change in self._workspace.changes.listen():
            window.look.set()


class _Window:
    def __init__(
        self, websocket: WebSocket, person: Person, drawer: Mapping[str, Callable[[], object]], guide: Guide
    ) -> None:
        self._guide = guide
        self._websocket = websocket
        self._person = person
        self._drawer = drawer
        self._tab: str | None = None
        self._sent: dict[str, bytes] = {}
        self.look = asyncio.Event()

    async def listen(self) -> None:
        """Hears which tab of the drawer is open."""
        while True:
            said = await self._websocket.receive_text()
            with suppress(ValidationError):
                self._tab = _Wanted.model_validate_json(said).drawer
                self.look.set()

    async def keep_true(self) -> None:
        """Sends what changed, without end."""
        while True:
            self.look.clear()
            for name, value in self._parts().items():
                shown = to_json(value)
                if self._sent.get(name) != shown:
                    self._sent[name] = shown
                    await self._websocket.send_text(f'{{"part":{to_json(name).decode()},"value":{shown.decode()}}}')
            await asyncio.sleep(_GAP_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS if self._tab else None):
                    await self.look.wait()

    def _parts(self) -> dict[str, object]:
        parts = {"guide": self._guide.payload(), **self._person.window.parts()}
        if self._tab is not None and self._tab in self._drawer:
            parts[f"drawer/{self._tab}"] = self._drawer[self._tab]()
        return parts
