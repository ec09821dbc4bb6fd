"""What a Web API method is: its arguments, the scopes it needs, its rate, and what it does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import from_json

from bot.sandbox.workspace.refusals import Payload, SlackError
from bot.sandbox.workspace.state import WorkspaceState


class Arguments(BaseModel):
    """The arguments of a method. Slack ignores those it does not know."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


_Arguments = TypeVar("_Arguments", bound=Arguments)


@dataclass(frozen=True, slots=True)
class Method:
    """A Web API method.

    Attributes:
        name: As `chat.postMessage`.
        call: Does it. Raises `SlackError`.
        scopes: One of these the app must have; empty: none is needed.
        tier: Slack's rate tier, None for a rate of its own.
        caller: Whose token it takes.
    """

    name: str
    call: Callable[[WorkspaceState, Payload], Payload]
    scopes: tuple[str, ...] = ()
    tier: int | None = None
    caller: Literal["bot", "app", "anyone"] = "bot"


def method(
    name: str,
    arguments: type[_Arguments],
    run: Callable[[WorkspaceState, _Arguments], Payload],
    *,
    scopes: tuple[str, ...] = (),
    tier: int | None = None,
    caller: Literal["bot", "app", "anyone"] = "bot",
) -> Method:
    """Makes a method whose arguments are checked before it runs; see `Method`."""

    def call(state: WorkspaceState, given: Payload) -> Payload:
        try:
            checked = arguments.model_validate(given)
        except ValidationError as error:
            raise SlackError("invalid_arguments", tuple(_said(details) for details in error.errors())) from None
        return run(state, checked)

    return Method(name, call, scopes, tier, caller)


def _said(details: object) -> str:
    kind, location, words = "", ("",), ""
    if isinstance(details, dict):
        kind, location, words = details["type"], details["loc"], details["msg"]
    name = ".".join(map(str, location))
    return f"missing required field: {name}" if kind == "missing" else f"{words} [json-pointer:/{name}]"


def _from_json_text(value: object) -> object:
    """What a form sends as JSON text; anything that is no JSON stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        return from_json(value)
    except ValueError:
        return value


def _split_by_commas(value: object) -> object:
    return [one.strip() for one in value.split(",") if one.strip()] if isinstance(value, str) else value


JsonText = Annotated[object, BeforeValidator(_from_json_text)]
"""An argument with structure: JSON text in a form, the structure itself in a JSON body."""

Names = Annotated[list[str], BeforeValidator(_split_by_commas)]
"""An argument that is a list: separated by commas in a form."""
