"""The control interface over HTTP, for other processes: JSON under `/control`, without any login.

| request | what it does |
|---|---|
| `GET /control/state` | clock, limits, behaviour, how many backups each region has, the trouble that is on |
| `PATCH /control/behaviour` | changes switches of `Behaviour`, such as `{"copied_ids": "new"}` |
| `PATCH /control/limits` | changes rate limits, such as `{"copy": null}`: as many as come |
| `PATCH /control/clock` | `{"advance": 3600}` seconds, `{"speed": 100}` |
| `GET /control/backups/REGION` | all backups of a region, as the API shows them |
| `POST /control/backups/REGION` | adds a backup: the arguments of `CloudState.add_backup` |
| `DELETE /control/backups/REGION/ID` | removes one with its children, whatever their status |
| `GET /control/copies` | the copies that run, each with its progress from 0 to 1 |
| `GET /control/wire` | the latest requests with answers, times and no secrets; `?after=NUMBER&most=100` |
| `GET /control/requests` | every request so far; `?operation=copy&region=DFW&backup_id=...` |
| `POST /control/trouble/refuse` | a fault: `{"status": 503, "times": 2, "operation": "copy"}` |
| `POST /control/trouble/slow` | `{"seconds": 2, "for_seconds": 30}` |
| `POST /control/trouble/lose_answer` | the work is done: `{"operation": "copy"}` |
| `POST /control/trouble/cut_connection` | the work is not done: `{"region": "IAD"}` |
| `POST /control/trouble/fail_copies` | `{"times": 1, "ends": "COPY_ERROR"}` |
| `POST /control/trouble/never_finish` | `{"times": 1}` |
| `POST /control/trouble/revoke_tokens` | no body |
| `POST /control/trouble/hold` | stops the next request: `{"operation": "copy"}`; answers `{"hold": N}` |
| `GET /control/trouble/hold/N` | `{"arrived": true}` when a request is there; `?wait=10` waits for it that long |
| `DELETE /control/trouble/hold/N` | lets the request go on |
| `DELETE /control/trouble` | switches all of it off |

Which requests a trouble is for, and how often, is said with the fields of `trouble.Fits`. A request that
makes no sense is answered with 422 and the reasons. Changes are answered with the state after them, and
how often a trouble has struck is in its `count` there.
"""

import asyncio
from contextlib import suppress
from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from bot.sandbox.backup import MYSQL_56
from bot.sandbox.cloud.behaviour import Behaviour
from bot.sandbox.cloud.copying import CopyEnd
from bot.sandbox.cloud.identity import RegionName
from bot.sandbox.cloud.record import OperationName
from bot.sandbox.cloud.state import DEFAULT_INSTANCE, CloudState
from bot.sandbox.cloud.trouble import Cut, Hold, Refusal, Slowness, Switch
from bot.sandbox.controls import Body, NotThereError, answer, mounted, read_body, shows_wire


class _Fits(Body):
    times: int | None = Field(None, ge=1)
    for_seconds: float | None = Field(None, gt=0)
    operation: OperationName | None = None
    region: RegionName | None = None
    backup_id: str | None = None
    after_work: bool = False


class _Refuse(_Fits):
    status: Annotated[int, Field(ge=400, le=599), AfterValidator(lambda status: HTTPStatus(status).value)]
    retry_after: int | None = Field(None, ge=0, le=10**6)
    retry_after_as_date: bool = False
    html: bool = False
    empty: bool = False
    message: str = ""


class _Hold(_Fits):
    operation: OperationName


class _Slow(_Fits):
    seconds: float = Field(ge=0)


class _NeverFinish(Body):
    times: int = Field(1, ge=1, le=10_000)


class _FailCopies(_NeverFinish):
    ends: CopyEnd = "FAILED"


class _Clock(Body):
    advance: float = Field(0.0, ge=-1e9, le=1e9)
    speed: float | None = Field(None, ge=1e-6, le=1e6)


class _Limits(Body):
    list: int | None = Field(None, ge=0)
    show: int | None = Field(None, ge=0)
    delete: int | None = Field(None, ge=0)
    copy_: int | None = Field(None, ge=0, alias="copy")
    seconds: float = Field(60.0, gt=0)


class _Backup(Body):
    id: str | None = None
    name: str | None = "a-backup"
    parent_id: str | None = None
    size: float | None = 1.0
    status: str = "COMPLETED"
    instance_id: str | None = DEFAULT_INSTANCE
    source: dict[str, str] | None = None
    datastore: dict[str, str] | None = Field(default_factory=lambda: dict(MYSQL_56))
    created: AwareDatetime | None = None
    description: str | None = None
    type: str | None = None
    is_automated: bool | int = 0
    content: str = ""
    parent_content: str | None = None
    unknown_fields: dict[str, object] | None = None


_BEHAVIOUR = TypeAdapter(Behaviour)
_CHANGES = TypeAdapter(dict[str, object])
_PATIENCE = TypeAdapter(Annotated[float, Field(ge=0, le=600)])


def control_interface(cloud: CloudState) -> Mount:
    """All that is under `/control`; see the module."""
    control = _Control(cloud)
    return mounted(
        {
            ("GET", "/state"): control.state,
            ("PATCH", "/behaviour"): control.change_behaviour,
            ("PATCH", "/limits"): control.change_limits,
            ("PATCH", "/clock"): control.move_clock,
            ("GET", "/backups/{region}"): control.backups,
            ("POST", "/backups/{region}"): control.add_backup,
            ("DELETE", "/backups/{region}/{backup_id}"): control.remove_backup,
            ("GET", "/copies"): control.copies,
            ("GET", "/requests"): control.requests,
            ("GET", "/wire"): shows_wire(cloud.wire),
            ("POST", "/trouble/refuse"): control.refuse,
            ("POST", "/trouble/slow"): control.slow,
            ("POST", "/trouble/lose_answer"): control.lose_answer,
            ("POST", "/trouble/cut_connection"): control.cut_connection,
            ("POST", "/trouble/fail_copies"): control.fail_copies,
            ("POST", "/trouble/never_finish"): control.never_finish,
            ("POST", "/trouble/revoke_tokens"): control.revoke_tokens,
            ("POST", "/trouble/hold"): control.hold,
            ("GET", "/trouble/hold/{number:int}"): control.held,
            ("DELETE", "/trouble/hold/{number:int}"): control.release,
            ("DELETE", "/trouble"): control.lift_trouble,
        }
    )


class _Control:
    """One method for each request."""

    def __init__(self, cloud: CloudState) -> None:
        self._cloud = cloud
        self._holds: list[Hold] = []

    async def state(self, _request: Request) -> Response:
        cloud = self._cloud
        cloud.go_on()
        limits = {name: getattr(cloud.limits, name) for name in ("list", "show", "delete", "copy", "seconds")}
        return answer(
            {
                "clock": {"now": cloud.clock.now(), "speed": cloud.clock.speed},
                "limits": limits,
                "behaviour": _BEHAVIOUR.dump_python(cloud),
                "backups": {region: len(store) for region, store in cloud.stores.items()},
                "trouble": [_described(switch) for switch in cloud.trouble.switches],
            }
        )

    async def change_behaviour(self, request: Request) -> Response:
        wanted = TypeAdapter(dict[str, object]).validate_json(await request.body())
        changed = _BEHAVIOUR.validate_python({**_BEHAVIOUR.dump_python(self._cloud), **wanted})
        for name in wanted:
            setattr(self._cloud, name, getattr(changed, name))
        return await self.state(request)

    async def change_limits(self, request: Request) -> Response:
        for name, limit in (await read_body(request, _Limits)).given().items():
            setattr(self._cloud.limits, name.rstrip("_"), limit)
        return await self.state(request)

    async def move_clock(self, request: Request) -> Response:
        wanted = await read_body(request, _Clock)
        self._cloud.clock.speed = wanted.speed or self._cloud.clock.speed
        self._cloud.clock.advance(wanted.advance)
        self._cloud.has_changed()
        return await self.state(request)

    async def backups(self, request: Request) -> Response:
        backups = self._cloud.backups(self._region(request))
        return answer({"backups": [backup.document() for backup in backups]})

    async def add_backup(self, request: Request) -> Response:
        wanted = await read_body(request, _Backup)
        backup = self._cloud.add_backup(region=self._region(request), **wanted.model_dump())
        return answer({"backup": backup.document()}, 201)

    async def remove_backup(self, request: Request) -> Response:
        self._cloud.remove_backup(self._region(request), request.path_params["backup_id"])
        return await self.state(request)

    async def copies(self, _request: Request) -> Response:
        running = [
            {
                "backup_id": copy.source.id,
                "source_region": copy.source_region,
                "region": copy.region,
                "copy_id": copy.backup.id,
                "progress": round(progress, 3),
            }
            for copy, progress in self._cloud.copies.running()
        ]
        return answer({"copies": running})

    async def requests(self, request: Request) -> Response:
        asked = request.query_params
        fields = ("operation", "region", "backup_id")
        found = [
            record
            for record in map(asdict, self._cloud.requests)
            if all(asked.get(name) in (None, record[name]) for name in fields)
        ]
        return answer({"requests": found})

    async def refuse(self, request: Request) -> Response:
        self._cloud.trouble.refuse(**(await read_body(request, _Refuse)).model_dump())
        return await self.state(request)

    async def slow(self, request: Request) -> Response:
        self._cloud.trouble.slow(**(await read_body(request, _Slow)).model_dump())
        return await self.state(request)

    async def lose_answer(self, request: Request) -> Response:
        self._cloud.trouble.lose_answer(**(await read_body(request, _Fits)).model_dump())
        return await self.state(request)

    async def cut_connection(self, request: Request) -> Response:
        self._cloud.trouble.cut_connection(**(await read_body(request, _Fits)).model_dump())
        return await self.state(request)

    async def fail_copies(self, request: Request) -> Response:
        wanted = await read_body(request, _FailCopies)
        self._cloud.trouble.fail_copies(wanted.times, ends=wanted.ends)
        return await self.state(request)

    async def never_finish(self, request: Request) -> Response:
        self._cloud.trouble.never_finish((await read_body(request, _NeverFinish)).times)
        return await self.state(request)

    async def revoke_tokens(self, request: Request) -> Response:
        self._cloud.trouble.revoke_tokens()
        return await self.state(request)

    async def hold(self, request: Request) -> Response:
        wanted = await read_body(request, _Hold)
        self._holds.append(self._cloud.trouble.hold(**wanted.model_dump()))
        return answer({"hold": len(self._holds)}, 201)

    async def held(self, request: Request) -> Response:
        hold = self._hold(request)
        seconds = _PATIENCE.validate_python(request.query_params.get("wait", 0))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await hold.arrived.wait()
        return answer({"arrived": hold.arrived.is_set()})

    async def release(self, request: Request) -> Response:
        self._hold(request).release()
        return await self.state(request)

    async def lift_trouble(self, request: Request) -> Response:
        self._cloud.trouble.lift()
        return await self.state(request)

    def _hold(self, request: Request) -> Hold:
        number: int = request.path_params["number"]
        if not 1 <= number <= len(self._holds):
            raise NotThereError(f"hold {number}")
        return self._holds[number - 1]

    def _region(self, request: Request) -> str:
        region: str = request.path_params["region"]
        if region not in self._cloud.stores:
            raise NotThereError(f"region {region}")
        return region


def _described(switch: Switch) -> dict[str, object]:
    """A switch that is on, and how often it has struck."""
    fields = ("count", "times", "for_seconds", "operation", "region", "backup_id", "after_work")
    described = {name: getattr(switch, name) for name in fields}
    match switch:
        case Refusal(fault=fault):
            return described | {"kind": "refuse", "status": fault.status}
        case Slowness(seconds=seconds):
            return described | {"kind": "slow", "seconds": seconds}
        case Cut(after_work=True):
            return described | {"kind": "lose_answer"}
        case Cut():
            return described | {"kind": "cut_connection"}
        case _:
            return described | {"kind": "hold"}
