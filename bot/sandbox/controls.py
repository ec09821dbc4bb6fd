"""What the control interfaces of both simulators have in common: JSON, and words for what makes no sense."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_jsonable_python
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from bot.sandbox.wire import Wire

Handler = Callable[[Request], Awaitable[Response]]


class NotThereError(Exception):
    """What a path names is not there."""


class Body(BaseModel):
    """The body of a request, which has nothing that is not known."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    def given(self) -> dict[str, object]:
        """The fields that were in the request."""
        return {name: getattr(self, name) for name in self.model_fields_set}


_Model = TypeVar("_Model", bound=BaseModel)


class _WhichExchanges(BaseModel):
    after: int = 0
    most: Annotated[int, Field(ge=1, le=1000)] = 100


def mounted(handlers: Mapping[tuple[str, str], Handler]) -> Mount:
    """The control interface, at `/control`.

    Args:
        handlers: What answers each method and path.
    """
    routes = [
        Route(path, _told_what_is_wrong(handler), methods=[method]) for (method, path), handler in handlers.items()
    ]
    return Mount("/control", routes=routes)


async def read_body(request: Request, model: type[_Model]) -> _Model:
    """The body of a request; an empty one says nothing.

    Raises:
        ValidationError: It makes no sense; the route answers 422.
    """
    return model.model_validate_json(await request.body() or b"{}")


def answer(content: object, status: int = 200) -> Response:
    """An answer in JSON."""
    return JSONResponse(to_jsonable_python(content), status)


def shows_wire(wire: Wire) -> Handler:
    """Answers with the exchanges of a wire, secrets masked: `?after=NUMBER&most=100`."""

    async def show(request: Request) -> Response:
        which = _WhichExchanges.model_validate(dict(request.query_params))
        return answer({"exchanges": wire.shown(which.after, which.most)})

    return show


def _told_what_is_wrong(handler: Handler) -> Handler:
    """Answers a request that makes no sense with 422 and the reasons."""

    async def checked(request: Request) -> Response:
        try:
            return await handler(request)
        except ValidationError as error:
            reasons = [f"{'.'.join(map(str, one['loc'])) or 'the body'}: {one['msg']}" for one in error.errors()]
            return JSONResponse({"errors": reasons}, 422)
        except NotThereError as error:
            return JSONResponse({"errors": [f"There is no {error}."]}, 404)

    return checked
