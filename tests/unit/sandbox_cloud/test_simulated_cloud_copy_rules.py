import json
from typing import Any

import httpx
import pytest

from bot.sandbox.cloud import RunningCloud, SimulatedCloud
from bot.sandbox.cloud.behaviour import Role

COPY = {"copy-backup": {"target_backup_region": "IAD", "description": "a backup copy", "name": "dfw-to-iad"}}


def asking(**elements: object) -> dict[str, Any]:
    return {"copy-backup": COPY["copy-backup"] | elements}


def without(element: str) -> dict[str, Any]:
    return {"copy-backup": {name: value for name, value in COPY["copy-backup"].items() if name != element}}


async def ask(api: httpx.AsyncClient, backup_id: str = "full", body: object = COPY) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    return await api.post(f"/backups/{backup_id}/action", content=json.dumps(body).encode(), headers=headers)


def assert_refused(cloud: SimulatedCloud, answer: httpx.Response, status: int, root: str) -> str:
    """A fault as the contract has it, and nothing has begun; returns its message."""
    assert answer.status_code == status, answer.text
    (fault,) = answer.json().items()
    assert fault[0] == root
    assert fault[1]["code"] == status
    assert "Traceback" in fault[1]["details"]
    assert [backup.status for backup in cloud.backups("DFW") if backup.status == "COPYING"] == []
    cloud.clock.advance(3600)
    assert "dfw-to-iad" not in [backup.name for region in cloud.stores for backup in cloud.backups(region)]
    message: str = fault[1]["message"]
    return message


@pytest.fixture(autouse=True)
def full(cloud: SimulatedCloud) -> None:
    cloud.add_backup(id="full")


async def test_an_accepted_copy_is_answered_with_202_and_no_body(api: httpx.AsyncClient) -> None:
    answer = await ask(api)
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["Content-Length"] == "0"
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "body",
    [
        asking(name=None, description=""),
        asking(name="x" * 64),
        asking(name="é" * 64),
        asking(description=None),
        without("description"),
        asking(something="else"),
    ],
)
async def test_what_other_clients_send_is_accepted(api: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert (await ask(api, body=body)).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        asking(target_backup_region="LON"),
        asking(target_backup_region="DFW"),
        asking(target_backup_region="iad"),
        asking(target_backup_region="XYZ"),
        asking(target_backup_region=""),
        asking(target_backup_region=None),
        asking(target_backup_region=["IAD"]),
        asking(name="x" * 65),
        asking(name=""),
        asking(name="  "),
        asking(name=5),
        asking(description=5),
        without("target_backup_region"),
        without("name"),
        {"copy-backup": {}},
        {"copy-backup": None},
        {"copy-backup": "IAD"},
        {},
        [],
        None,
        "copy-backup",
        {"restart": {}},
        {"copy-backup": COPY["copy-backup"], "restart": {}},
    ],
)
async def test_a_request_that_makes_no_sense_is_refused(
    api: httpx.AsyncClient, cloud: SimulatedCloud, body: object
) -> None:
    assert_refused(cloud, await ask(api, body=body), 400, "badRequest")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"copy-backup": {"target_backup_region": "IAD", "name": "x",}}',  # as the contract prints it
        b"\xff\xfe",
    ],
)
async def test_what_is_not_json_is_refused(api: httpx.AsyncClient, cloud: SimulatedCloud, content: bytes) -> None:
    answer = await api.post("/backups/full/action", content=content, headers={"Content-Type": "application/json"})
    assert_refused(cloud, answer, 400, "badRequest")


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/xml", "application/x-www-form-urlencoded"])
async def test_another_content_type_is_refused(
    api: httpx.AsyncClient, cloud: SimulatedCloud, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = await api.post("/backups/full/action", content=json.dumps(COPY).encode(), headers=headers)
    assert_refused(cloud, answer, 415, "badMediaType")


async def test_a_charset_in_the_content_type_is_no_matter(api: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    answer = await api.post("/backups/full/action", content=json.dumps(COPY).encode(), headers=headers)
    assert answer.status_code == 202


async def test_a_backup_that_is_not_there_is_not_found(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    assert_refused(cloud, await ask(api, "unknown"), 404, "itemNotFound")


async def test_a_backup_in_london_is_never_copied(
    api: httpx.AsyncClient, cloud: SimulatedCloud, running: RunningCloud
) -> None:
    cloud.add_backup(id="emea", region="LON")
    answer = await api.post(f"{running.regions['LON']}/backups/emea/action", json=COPY)
    assert_refused(cloud, answer, 400, "badRequest")


async def test_an_incremental_is_refused_when_its_parent_is_not_there(
    api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    cloud.add_backup(id="inc", parent_id="full")
    message = assert_refused(cloud, await ask(api, "inc"), 400, "badRequest")
    assert "full" in message
    assert "IAD" in message


@pytest.mark.parametrize("status", ["NEW", "BUILDING", "FAILED", "DELETE_FAILED"])
async def test_a_parent_that_is_not_completed_is_not_there(
    api: httpx.AsyncClient, cloud: SimulatedCloud, status: str
) -> None:
    cloud.add_backup(id="inc", parent_id="full")
    cloud.add_backup(id="full", region="IAD", status=status)
    assert_refused(cloud, await ask(api, "inc"), 400, "badRequest")


async def test_a_parent_in_a_third_region_is_no_help(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.add_backup(id="inc", parent_id="full")
    cloud.add_backup(id="full", region="ORD")
    assert_refused(cloud, await ask(api, "inc"), 400, "badRequest")


async def test_an_incremental_is_copied_when_its_parent_is_there(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.add_backup(id="inc", parent_id="full")
    cloud.add_backup(id="full", region="IAD")
    assert (await ask(api, "inc")).status_code == 202


async def test_a_parent_is_known_again_under_another_id(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.add_backup(id="inc", parent_id="full")
    cloud.add_backup(id="another-id", region="IAD", content="full")
    assert (await ask(api, "inc")).status_code == 202


async def test_an_orphan_is_refused(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.add_backup(id="orphan", parent_id="deleted-long-ago")
    assert_refused(cloud, await ask(api, "orphan"), 400, "badRequest")


@pytest.mark.parametrize("status", ["NEW", "BUILDING", "FAILED", "DELETE_FAILED", "ARCHIVING"])
async def test_only_a_completed_backup_is_copied(api: httpx.AsyncClient, cloud: SimulatedCloud, status: str) -> None:
    cloud.add_backup(id="full", status=status)
    assert_refused(cloud, await ask(api), 422, "unprocessableEntity")


async def test_a_second_copy_is_refused_while_one_runs_even_to_another_region(
    api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    cloud.clock.speed = 0.001
    assert (await ask(api)).status_code == 202
    for region in ("IAD", "ORD"):
        answer = await ask(api, body=asking(target_backup_region=region))
        assert (answer.status_code, answer.json()["unprocessableEntity"]["code"]) == (422, 422)


async def test_an_observer_is_refused(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.role = "dbaas:observer"
    assert_refused(cloud, await ask(api), 403, "forbidden")
    assert (await api.get("/backups/full")).status_code == 200


@pytest.mark.parametrize("role", ["dbaas:creator", "dbaas:admin", "admin"])
async def test_creators_and_admins_may_copy(api: httpx.AsyncClient, cloud: SimulatedCloud, role: Role) -> None:
    cloud.role = role
    assert (await ask(api)).status_code == 202


async def test_a_deployment_may_have_no_copy(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.copy_implemented = False
    assert_refused(cloud, await ask(api), 501, "notImplemented")


async def test_the_sixth_copy_within_a_minute_is_told_when_to_come_back(
    api: httpx.AsyncClient, cloud: SimulatedCloud, running: RunningCloud
) -> None:
    for number in range(6):
        cloud.add_backup(id=f"full-{number}")
    cloud.add_backup(id="elsewhere", region="ORD")
    for number in range(5):
        assert (await ask(api, f"full-{number}")).status_code == 202
    answer = await ask(api, "full-5")
    assert (answer.status_code, answer.json()["overLimit"]["code"]) == (413, 413)
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    elsewhere = await api.post(f"{running.regions['ORD']}/backups/elsewhere/action", json=COPY)
    assert elsewhere.status_code == 202


@pytest.mark.parametrize(
    ("method", "path", "most"), [("GET", "/backups", 100), ("GET", "/backups/full", 100), ("DELETE", "/backups/no", 20)]
)
async def test_each_operation_has_its_own_limit(
    api: httpx.AsyncClient, cloud: SimulatedCloud, method: str, path: str, most: int
) -> None:
    cloud.role = "dbaas:admin"
    statuses = [(await api.request(method, path)).status_code for _ in range(most + 1)]
    assert statuses.count(413) == 1
    assert statuses[-1] == 413
    assert (await ask(api)).status_code == 202


async def test_after_the_wait_a_request_is_taken_again(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.limits.show, cloud.limits.seconds = 1, 0.2
    await api.get("/backups/full")
    answer = await api.get("/backups/full")
    assert (answer.status_code, answer.headers["Retry-After"]) == (413, "1")
    while (await api.get("/backups/full")).status_code == 413:
        pass  # ends with the test's timeout if the limit never opens again


async def test_limits_can_be_forgotten_and_lifted(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.limits.show = 1
    assert [(await api.get("/backups/full")).status_code for _ in range(2)] == [200, 413]
    cloud.limits.forget()
    assert (await api.get("/backups/full")).status_code == 200
    cloud.limits.lift()
    assert {(await api.get("/backups")).status_code for _ in range(120)} == {200}
