"""The control interface over HTTP: what another process can see and change, request by request."""

import asyncio
import inspect
import re
from collections.abc import AsyncIterator
from functools import reduce
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from bot.sandbox.cloud import RunningCloud, SimulatedCloud, control
from bot.sandbox.cloud.behaviour import Behaviour
from bot.sandbox.cloud.state import DEFAULT_INSTANCE

COPY = {"copy-backup": {"target_backup_region": "IAD", "description": "", "name": "dfw-to-iad"}}


@pytest.fixture
async def outside(running: RunningCloud) -> AsyncIterator[httpx.AsyncClient]:
    """Another process: it knows the port alone, and has no token."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{running.port}/control") as client:
        yield client


async def state(outside: httpx.AsyncClient) -> dict[str, Any]:
    answer = await outside.get("/state")
    assert answer.status_code == 200
    content: dict[str, Any] = answer.json()
    return content


async def copied(api: httpx.AsyncClient, cloud: SimulatedCloud, backup_id: str = "full") -> int:
    if cloud.backup("DFW", backup_id) is None:
        cloud.add_backup(id=backup_id)
    return (await api.post(f"/backups/{backup_id}/action", json=COPY)).status_code


def test_the_table_of_requests_is_true(cloud: SimulatedCloud) -> None:
    documented = re.findall(r"^\| `([A-Z]+ /control/[\w/]+)` \|", inspect.getdoc(control) or "", re.MULTILINE)
    names = {"{number}": "N", "{region}": "REGION", "{backup_id}": "ID"}
    served = [
        f"{method} /control{reduce(lambda path, name: path.replace(name, names[name]), names, route.path_format)}"
        for route in control.control_interface(cloud).routes
        if isinstance(route, Route)
        for method in sorted(route.methods or ())
        if method != "HEAD"
    ]
    assert sorted(documented) == sorted(served)


async def test_the_state_says_all_that_can_be_changed(outside: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.add_backup(region="SYD")
    shown = await state(outside)
    assert shown["clock"]["speed"] == 1000
    assert shown["limits"] == {"list": 100, "show": 100, "delete": 20, "copy": 5, "seconds": 60}
    assert shown["behaviour"]["copied_ids"] == "kept"
    assert set(shown["behaviour"]) == set(inspect.signature(Behaviour).parameters)
    assert shown["backups"] == {"DFW": 0, "IAD": 0, "ORD": 0, "HKG": 0, "SYD": 1, "LON": 0}
    assert shown["trouble"] == []


async def test_behaviour_is_changed_switch_by_switch(
    outside: httpx.AsyncClient, api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    answer = await outside.patch("/behaviour", json={"copied_ids": "new", "role": "dbaas:observer"})
    assert answer.json()["behaviour"]["copied_ids"] == cloud.copied_ids == "new"
    assert await copied(api, cloud) == 403
    await outside.patch("/behaviour", json={"role": "admin"})
    assert cloud.copied_ids == "new"
    assert await copied(api, cloud) == 202


@pytest.mark.parametrize(
    "change",
    [
        {"copied_ids": "sometimes"},
        {"unknown": 1},
        {"token_seconds": -1},
        {"copy_base_seconds": "long"},
        [],
        None,
    ],
)
async def test_behaviour_that_there_is_not_is_refused_with_the_reason(
    outside: httpx.AsyncClient, cloud: SimulatedCloud, change: object
) -> None:
    before = await state(outside)
    answer = await outside.patch("/behaviour", json=change)
    assert answer.status_code == 422
    assert all(answer.json()["errors"])
    assert (await state(outside))["behaviour"] == before["behaviour"]


async def test_limits_are_changed_and_lifted(
    outside: httpx.AsyncClient, api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    await outside.patch("/limits", json={"copy": 1, "seconds": 3600})
    assert [await copied(api, cloud, "first"), await copied(api, cloud, "second")] == [202, 413]
    answer = await outside.patch("/limits", json={"copy": None})
    assert answer.json()["limits"] == {"list": 100, "show": 100, "delete": 20, "copy": None, "seconds": 3600}
    assert await copied(api, cloud, "second") == 202
    assert (await outside.patch("/limits", json={"copy": -1})).status_code == 422


async def test_the_clock_is_moved_on_and_made_faster(
    outside: httpx.AsyncClient, api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    await outside.patch("/clock", json={"speed": 0.5})
    assert await copied(api, cloud) == 202
    before = cloud.clock.now()
    answer = await outside.patch("/clock", json={"advance": 3600})
    assert answer.json()["backups"]["IAD"] == 1
    assert (cloud.clock.now() - before).total_seconds() >= 3600
    assert answer.json()["clock"]["speed"] == 0.5
    assert (await outside.get("/backups/IAD")).json()["backups"][0]["status"] == "COMPLETED"


@pytest.mark.parametrize("change", [{"speed": 0}, {"speed": -1}, {"advance": 1e300}, {"advance": "soon"}])
async def test_the_clock_cannot_be_broken(outside: httpx.AsyncClient, change: dict[str, object]) -> None:
    assert (await outside.patch("/clock", json=change)).status_code == 422
    assert (await outside.patch("/clock", content=b'{"speed": NaN}')).status_code == 422


async def test_backups_are_added_listed_and_removed(outside: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    made = await outside.post("/backups/DFW", json={"id": "full", "created": "2026-11-22T10:00:00Z", "size": 3.5})
    assert made.status_code == 201
    assert (made.json()["backup"]["created"], made.json()["backup"]["size"]) == ("2026-11-22T10:00:00Z", 3.5)
    await outside.post("/backups/DFW", json={"id": "inc", "parent_id": "full", "status": "BUILDING"})
    bare = (await outside.post("/backups/LON")).json()["backup"]
    assert (bare["name"], bare["datastore"]["type"], bare["instance_id"]) == (
        "a-backup",
        "mysql",
        DEFAULT_INSTANCE,
    )
    assert {one["id"] for one in (await outside.get("/backups/DFW")).json()["backups"]} == {"full", "inc"}
    removed = await outside.delete("/backups/DFW/full")
    assert (removed.status_code, removed.json()["backups"]["DFW"]) == (200, 0)
    assert cloud.backup("LON", bare["id"]) is not None


async def test_what_makes_no_sense_is_answered_with_the_reasons(outside: httpx.AsyncClient) -> None:
    wrong = await outside.post("/backups/DFW", json={"size": "big", "colour": "red", "created": "2026-11-22T10:00:00"})
    assert wrong.status_code == 422
    assert {error.partition(":")[0] for error in wrong.json()["errors"]} == {"size", "colour", "created"}
    assert (await outside.post("/backups/DFW", content=b"{")).status_code == 422
    for region in ("dfw", "XYZ"):
        nowhere = await outside.post(f"/backups/{region}", json={})
        assert (nowhere.status_code, nowhere.json()) == (404, {"errors": [f"There is no region {region}."]})


async def test_running_copies_are_shown_with_their_progress(
    outside: httpx.AsyncClient, api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    assert (await outside.get("/copies")).json() == {"copies": []}
    cloud.clock.speed = 1
    assert await copied(api, cloud) == 202
    cloud.clock.advance(37)
    (copy,) = (await outside.get("/copies")).json()["copies"]
    assert 0.4 < copy.pop("progress") < 0.8
    assert copy == {"backup_id": "full", "source_region": "DFW", "region": "IAD", "copy_id": "full"}


async def test_requests_are_found_by_what_they_were_for(
    outside: httpx.AsyncClient, api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    await api.get("/backups")
    assert await copied(api, cloud) == 202
    await copied(api, cloud, "other")
    everything = (await outside.get("/requests")).json()["requests"]
    assert [one["operation"] for one in everything] == ["token", "list", "copy", "copy"]
    (found,) = (await outside.get("/requests?operation=copy&region=DFW&backup_id=full")).json()["requests"]
    assert (found["method"], found["status"]) == ("POST", 202)
    assert found["path"].endswith("/backups/full/action")
    assert "target_backup_region" in found["body"]
    assert (await outside.get("/requests?region=IAD")).json()["requests"] == []


async def test_a_fault_is_asked_for_from_outside(
    outside: httpx.AsyncClient, api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    fault = {"status": 503, "times": 2, "operation": "copy", "retry_after": 9, "message": "Not today."}
    answer = await outside.post("/trouble/refuse", json=fault)
    (on,) = answer.json()["trouble"]
    assert (on["kind"], on["status"], on["times"], on["operation"], on["count"]) == ("refuse", 503, 2, "copy", 0)
    assert [await copied(api, cloud) for _ in range(2)] == [503, 503]
    assert (await state(outside))["trouble"] == []
    assert await copied(api, cloud) == 202


@pytest.mark.parametrize(
    ("trouble", "body"),
    [
        ("refuse", {}),
        ("refuse", {"status": 200}),
        ("refuse", {"status": 499}),
        ("refuse", {"status": 503, "times": 0}),
        ("refuse", {"status": 503, "operation": "copying"}),
        ("refuse", {"status": 503, "region": "dfw"}),
        ("slow", {"seconds": -1}),
        ("slow", {}),
        ("cut_connection", {"status": 503}),
        ("lose_answer", {"for_seconds": 0}),
        ("fail_copies", {"ends": "LATER"}),
        ("never_finish", {"times": 10**9}),
        ("hold", {}),
    ],
)
async def test_trouble_that_could_never_strike_is_refused(
    outside: httpx.AsyncClient, trouble: str, body: dict[str, object]
) -> None:
    assert (await outside.post(f"/trouble/{trouble}", json=body)).status_code == 422
    assert (await state(outside))["trouble"] == []


async def test_slowness_lost_answers_and_cut_connections_are_asked_for_from_outside(
    outside: httpx.AsyncClient, api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    await outside.post("/trouble/slow", json={"seconds": 0.01, "for_seconds": 30, "times": 50})
    await outside.post("/trouble/lose_answer", json={"operation": "copy"})
    on = await outside.post("/trouble/cut_connection", json={"operation": "show", "region": "DFW"})
    assert [one["kind"] for one in on.json()["trouble"]] == ["slow", "lose_answer", "cut_connection"]
    with pytest.raises(httpx.TransportError):
        await copied(api, cloud)
    await cloud.waits_for("IAD", lambda backup: backup.status == "COMPLETED")
    with pytest.raises(httpx.TransportError):
        await api.get("/backups/full")
    (slow,) = (await state(outside))["trouble"]
    assert (slow["count"], slow["seconds"]) == (2, 0.01)


async def test_copies_are_told_to_fail_or_never_to_end_from_outside(
    outside: httpx.AsyncClient, api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    await outside.post("/trouble/fail_copies", json={"times": 1, "ends": "COPY_ERROR"})
    await outside.post("/trouble/never_finish")
    for backup_id in ("full", "other"):
        assert await copied(api, cloud, backup_id) == 202
    await cloud.waits_for("DFW", lambda backup: backup.status == "COPY_ERROR")
    await outside.patch("/clock", json={"advance": 10**6})
    assert (await outside.get("/copies")).json()["copies"][0]["backup_id"] == "other"


async def test_tokens_are_revoked_from_outside(outside: httpx.AsyncClient, api: httpx.AsyncClient) -> None:
    assert (await outside.post("/trouble/revoke_tokens")).status_code == 200
    assert (await api.get("/backups")).status_code == 401


async def test_a_request_is_held_and_released_from_outside(
    outside: httpx.AsyncClient, api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    made = await outside.post("/trouble/hold", json={"operation": "copy"})
    assert (made.status_code, made.json()) == (201, {"hold": 1})
    assert (await outside.get("/trouble/hold/1")).json() == {"arrived": False}
    assert (await outside.get("/trouble/hold/1?wait=0.01")).json() == {"arrived": False}
    asking = asyncio.create_task(copied(api, cloud))
    assert (await outside.get("/trouble/hold/1?wait=10")).json() == {"arrived": True}
    assert not asking.done()
    (on,) = (await state(outside))["trouble"]
    assert (on["kind"], on["count"]) == ("hold", 1)
    assert (await outside.delete("/trouble/hold/1")).status_code == 200
    assert await asking == 202
    assert (await outside.get("/trouble/hold/1?wait=-1")).status_code == 422
    for number in (0, 2):
        assert (await outside.delete(f"/trouble/hold/{number}")).json() == {"errors": [f"There is no hold {number}."]}


async def test_all_trouble_is_lifted_from_outside(
    outside: httpx.AsyncClient, api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    await outside.post("/trouble/refuse", json={"status": 500, "for_seconds": 3600})
    await outside.post("/trouble/never_finish", json={"times": 5})
    assert (await outside.delete("/trouble")).json()["trouble"] == []
    assert await copied(api, cloud) == 202
    await cloud.waits_for("IAD", lambda backup: backup.status == "COMPLETED")


async def test_trouble_never_strikes_the_control_interface(outside: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.trouble.refuse(503, times=100)
    assert (await outside.get("/state")).status_code == 200


async def test_a_method_that_a_request_does_not_have_is_refused(outside: httpx.AsyncClient) -> None:
    assert (await outside.post("/state")).status_code == 405
    assert (await outside.get("/nothing")).status_code == 404
