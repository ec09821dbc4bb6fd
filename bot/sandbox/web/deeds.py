"""What a person does on the page, each as one request: `POST /people/NAME/DEED` with JSON.

The answer is `{"ok": true, …}`, or `{"ok": false, "shown": …, "why": …}` with what Slack shows of it and what
was behind it. It has the status 200 in both cases, as Slack's own Web API has: a refusal is nothing broken.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.sandbox.workspace import (
    AppError,
    Entered,
    NotPossibleError,
    Person,
    Place,
    SimulatedWorkspace,
    offered_payload,
)


class _Said(BaseModel):
    channel: str
    text: str
    thread_ts: str | None = None


class _Shortcut(BaseModel):
    name: str


class _AtMessage(_Shortcut):
    channel: str
    ts: str


class _InView(BaseModel):
    view: str


class _Entering(_InView, Place, Entered):
    pressed_enter: bool = False


class _Pressing(_InView, Place):
    option: str | None = None


class _Searching(_InView, Place):
    typed: str


class _Closing(_InView):
    all: bool = False


class _InMessage(Place, Entered):
    channel: str
    ts: str


class _Dismissing(BaseModel):
    ts: str


_Body = TypeVar("_Body", bound=BaseModel)
_Answer = dict[str, object]
_Deed = Callable[[Person, Request], Awaitable[_Answer | None]]


def deed_routes(workspace: SimulatedWorkspace) -> list[BaseRoute]:
    """The routes of everything that a person can do."""
    deeds: dict[str, _Deed] = {
        "say": _Talk(workspace).say,
        "shortcut": _shortcut,
        "message-shortcut": _message_shortcut,
        "home": _home,
        "enter": _enter,
        "press": _press,
        "search": _search,
        "submit": _submit,
        "close": _close,
        "use-message": _use_message,
        "dismiss": _dismiss,
    }
    return [Route(f"/people/{{name}}/{name}", _done(workspace, deed), methods=["POST"]) for name, deed in deeds.items()]


def _done(workspace: SimulatedWorkspace, deed: _Deed) -> Callable[[Request], Awaitable[Response]]:
    async def do(request: Request) -> Response:
        try:
            person = workspace.person(request.path_params["name"])
            answer = await deed(person, request)
        except AppError as error:
            return JSONResponse({"ok": False, "shown": error.shown, "why": str(error)})
        except (NotPossibleError, LookupError) as error:
            return JSONResponse({"ok": False, "shown": str(error), "why": ""})
        except ValidationError as error:
            return JSONResponse({"ok": False, "shown": "The page sent something odd.", "why": str(error)}, 422)
        return JSONResponse({"ok": True, **(answer or {})})

    return do


async def _read(request: Request, model: type[_Body]) -> _Body:
    return model.model_validate_json(await request.body())


class _Talk:
    """Messages and commands, which both are typed into the composer."""

    def __init__(self, workspace: SimulatedWorkspace) -> None:
        self._workspace = workspace

    async def say(self, person: Person, request: Request) -> None:
        said = await _read(request, _Said)
        channel = self._workspace.channel(said.channel)
        if not said.text.startswith("/"):
            thread = next((one for one in channel.messages if one.ts == said.thread_ts), None)
            person.says(said.text, channel.id, thread)
        elif said.thread_ts is not None:
            raise NotPossibleError("Slash commands cannot be used in threads.")
        else:
            await person.types(said.text, channel.id)


async def _shortcut(person: Person, request: Request) -> None:
    await person.uses_shortcut((await _read(request, _Shortcut)).name)


async def _message_shortcut(person: Person, request: Request) -> None:
    asked = await _read(request, _AtMessage)
    await person.pointer.uses_shortcut_on(asked.channel, asked.ts, asked.name)


async def _home(person: Person, _request: Request) -> None:
    await person.opens_home()


async def _enter(person: Person, request: Request) -> None:
    asked = await _read(request, _Entering)
    await person.pointer.enters(asked.view, asked, asked, pressed_enter=asked.pressed_enter)


async def _press(person: Person, request: Request) -> None:
    asked = await _read(request, _Pressing)
    await person.pointer.presses(asked.view, asked, asked.option)


async def _search(person: Person, request: Request) -> _Answer:
    asked = await _read(request, _Searching)
    return {"offered": offered_payload(await person.pointer.searches(asked.view, asked, asked.typed))}


async def _submit(person: Person, request: Request) -> _Answer:
    form = person.pointer.form((await _read(request, _InView)).view)
    missing = form.missing
    if not missing:
        await form.submits()
    return {"missing": missing}


async def _close(person: Person, request: Request) -> None:
    asked = await _read(request, _Closing)
    await person.pointer.form(asked.view).closes(all_of_them=asked.all)


async def _use_message(person: Person, request: Request) -> None:
    asked = await _read(request, _InMessage)
    await person.pointer.uses_message(asked.channel, asked.ts, asked, asked)


async def _dismiss(person: Person, request: Request) -> None:
    person.pointer.dismisses((await _read(request, _Dismissing)).ts)
