"""The HTTP face of the simulated cloud: Identity, and Cloud Databases in six regions.

Every request takes the same way: it is recorded, trouble strikes, then come the token, the account, the
rate limit, the method and the role, in the order in which the proxy and the service before a real
deployment look at them, and the work last.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from bot.sandbox.cloud.copying import read_copy_request
from bot.sandbox.cloud.faults import Fault
from bot.sandbox.cloud.identity import Login
from bot.sandbox.cloud.record import OperationName, RequestRecord
from bot.sandbox.cloud.state import CloudState
from bot.sandbox.cloud.store import PAGE, Page, RegionStore
from bot.sandbox.cloud.trouble import ConnectionCut

_MAY = {
    "dbaas:observer": {"read"},
    "observer": {"read"},
    "dbaas:creator": {"read", "create"},
    "dbaas:admin": {"read", "create", "delete"},
    "admin": {"read", "create", "delete"},
}


@dataclass(frozen=True, slots=True)
class Operation:
    """What a method on a resource does, and what an account must be allowed to do for it."""

    name: OperationName
    work: Callable[[Request], Awaitable[Response]]
    right: Literal["read", "create", "delete"] = "read"


class Resource:
    """One resource: an ASGI application that sends each request through all checks."""

    def __init__(self, cloud: CloudState, operations: Mapping[str, Operation], *, public: bool = False) -> None:
        self._cloud = cloud
        self._operations = operations
        self._public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, or cuts its connection."""
        request = Request(scope, receive)
        operation = self._operations.get(request.method)
        record = self._record(request, operation)
        try:
            response = await self._answer(request, operation, record)
            await self._cloud.trouble.strike(request, record, after_work=True)
        except Fault as fault:
            response = fault.response()
        except (ConnectionCut, ClientDisconnect):
            return
        record.status = response.status_code
        await response(scope, receive, send)

    def _record(self, request: Request, operation: Operation | None) -> RequestRecord:
        region = request.path_params.get("region")
        record = RequestRecord(
            time=self._cloud.clock.now(),
            region=None if region is None else region.upper(),
            method=request.method,
            path=request.url.path,
            operation="other" if operation is None else operation.name,
            backup_id=request.path_params.get("backup_id"),
        )
        self._cloud.requests.append(record)
        return record

    async def _answer(self, request: Request, operation: Operation | None, record: RequestRecord) -> Response:
        if record.operation == "copy":
            record.body = (await request.body()).decode(errors="replace")
        await self._cloud.trouble.strike(request, record, after_work=False)
        if not self._public:
            self._let_in(request, record)
        if operation is None:
            allow = ", ".join(self._operations)
            raise Fault(405, f"The method {request.method} is not allowed for this resource.", allow=allow)
        if not self._public and operation.right not in _MAY[self._cloud.role]:
            raise Fault(403, f"The role {self._cloud.role} may not do this.")
        return await operation.work(request)

    def _let_in(self, request: Request, record: RequestRecord) -> None:
        """Checks the token, the account and the rate."""
        self._cloud.identity.check(request.headers.get("X-Auth-Token"))
        if request.path_params.get("account") != self._cloud.identity.account:
            raise Fault(403, "You are not authorized to access this account.", html=True)
        self._cloud.limits.count(record.operation, record.region or "")


class DatabasesApi:
    """What Identity and Cloud Databases can do."""

    def __init__(self, cloud: CloudState) -> None:
        self._cloud = cloud

    def routes(self) -> list[BaseRoute]:
        """All resources; whatever else is asked for is not there."""
        account = "/{region}/v1.0/{account}"
        listing = {"GET": Operation("list", self._list)}
        by_instance = {"GET": Operation("list", self._list_of_instance)}
        by_ha = {"GET": Operation("list", self._list_of_ha)}
        backup = {"GET": Operation("show", self._show), "DELETE": Operation("delete", self._delete, "delete")}
        action = {"POST": Operation("copy", self._act, "create")}
        methods = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
        nothing = dict.fromkeys(methods, Operation("other", self._nothing))
        login = {"POST": Operation("token", self._login)}
        return [
            Route("/v2.0/tokens", Resource(self._cloud, login, public=True)),
            Route(f"{account}/backups", Resource(self._cloud, listing)),
            Route(f"{account}/instances/{{instance_id}}/backups", Resource(self._cloud, by_instance)),
            Route(f"{account}/ha/{{ha_id}}/backups", Resource(self._cloud, by_ha)),
            Route(f"{account}/backups/{{backup_id}}", Resource(self._cloud, backup)),
            Route(f"{account}/backups/{{backup_id}}/action", Resource(self._cloud, action)),
            Route(f"{account}/{{rest:path}}", Resource(self._cloud, nothing)),
            Route("/{rest:path}", Resource(self._cloud, nothing, public=True)),
        ]

    async def _login(self, request: Request) -> Response:
        try:
            login = Login.model_validate(await _json(request))
        except ValidationError:
            raise Fault(400, "Expecting RAX-KSKEY:apiKeyCredentials with username and apiKey.") from None
        return JSONResponse(self._cloud.identity.login(login, self._cloud.region_urls))

    async def _list(self, request: Request) -> Response:
        return self._listed(request, None)

    async def _list_of_instance(self, request: Request) -> Response:
        return self._listed(request, ("instance", request.path_params["instance_id"]))

    async def _list_of_ha(self, request: Request) -> Response:
        return self._listed(request, ("ha", request.path_params["ha_id"]))

    def _listed(self, request: Request, owner: tuple[str, str] | None) -> Response:
        _, store = self._region(request)
        if owner is not None and not store.knows(owner):
            raise Fault(404, f"The {owner[0]} {owner[1]} was not found.")
        marker, datastore = request.query_params.get("marker"), request.query_params.get("datastore")
        limit = _limit(request.query_params.get("limit"))
        try:
            page = store.page(
                owner=owner,
                marker=None if marker is None else self._read_marker(marker),
                limit=limit,
                order=self._cloud.order,
                datastore=datastore,
            )
        except LookupError:
            raise Fault(500, "The server could not comply with the request.") from None
        naive = self._cloud.naive_times
        body: dict[str, object] = {"backups": [one.document(naive_times=naive) for one in page.backups]}
        links = self._links(request, page, limit)
        if links or self._cloud.links == "always":
            body["links"] = links
        return JSONResponse(body)

    def _links(self, request: Request, page: Page, limit: int) -> list[dict[str, str]]:
        if not page.backups or not (page.more or self._cloud.endless_pages):
            return []
        following = page.backups[-1].id if page.more else None
        marker = self._write_marker(following) if following else request.query_params.get("marker")
        query = {"marker": marker, "limit": str(limit), "datastore": request.query_params.get("datastore")}
        origin = self._cloud.next_origin or f"{request.url.scheme}://{request.url.netloc}"
        asked = urlencode({name: value for name, value in query.items() if value is not None})
        return [{"rel": "next", "href": f"{origin}{request.url.path}?{asked}"}]

    def _write_marker(self, backup_id: str) -> str:
        if not self._cloud.opaque_markers:
            return backup_id
        return urlsafe_b64encode(f"after {backup_id}".encode()).decode()

    def _read_marker(self, marker: str) -> str:
        """The id in a marker; LookupError if there is none."""
        if not self._cloud.opaque_markers:
            return marker
        try:
            word, backup_id = urlsafe_b64decode(marker).decode().split()
        except ValueError:
            raise LookupError(marker) from None
        if word != "after":
            raise LookupError(marker)
        return backup_id

    async def _show(self, request: Request) -> Response:
        _, store = self._region(request)
        backup = store.get(request.path_params["backup_id"])
        if backup is None:
            raise Fault(404, f"Backup {request.path_params['backup_id']} not found.")
        return JSONResponse({"backup": backup.document(naive_times=self._cloud.naive_times)})

    async def _delete(self, request: Request) -> Response:
        _, store = self._region(request)
        backup_id = request.path_params["backup_id"]
        backup = store.get(backup_id)
        if backup is None:
            raise Fault(404, f"Backup {backup_id} not found.")
        if backup.status in ("NEW", "BUILDING", "COPYING"):
            raise Fault(422, f"Backup {backup_id} is {backup.status} and cannot be deleted at the moment.")
        store.remove(backup_id)
        self._cloud.has_changed()
        return _accepted()

    async def _act(self, request: Request) -> Response:
        wanted = read_copy_request(await _json(request))
        region, _ = self._region(request)
        source = self._cloud.copies.check(region, request.path_params["backup_id"], wanted)
        self._cloud.copies.accept(region, source, wanted, self._cloud.trouble.next_end())
        self._cloud.has_changed()
        return _accepted()

    async def _nothing(self, _request: Request) -> Response:
        raise Fault(404, "The resource could not be found.")

    def _region(self, request: Request) -> tuple[str, RegionStore]:
        """The region that was asked, brought up to now."""
        self._cloud.go_on()
        region = request.path_params["region"].upper()
        store = self._cloud.stores.get(region)
        if store is None or request.path_params["region"] != region.lower():
            raise Fault(404, "The resource could not be found.")
        return region, store


async def _json(request: Request) -> object:
    """The body as JSON.

    Raises:
        Fault: 415, it does not say that it is JSON; 400, it is not.
    """
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Fault(415, f"Unsupported content type: {media_type or 'none given'}.")
    try:
        body: object = json.loads(await request.body())
    except ValueError:
        raise Fault(400, "The request body could not be parsed as JSON.") from None
    return body


def _limit(wanted: str | None) -> int:
    """How many backups a page has: a larger limit is silently lowered."""
    if wanted is None:
        return PAGE
    try:
        limit = int(wanted)
    except ValueError:
        raise Fault(400, "limit must be an integer.") from None
    if limit < 0:
        raise Fault(400, "limit must not be negative.")
    return min(limit, PAGE) or PAGE


def _accepted() -> Response:
    """202 without a body, as the contract prints it."""
    return Response(status_code=202, media_type="application/json", headers={"Content-Length": "0"})
