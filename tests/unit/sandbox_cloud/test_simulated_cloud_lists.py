from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bot.sandbox.cloud import RunningCloud, SimulatedCloud


def add_backups(cloud: SimulatedCloud, count: int, **fields: Any) -> list[str]:  # noqa: ANN401 - what add_backup takes
    now = cloud.clock.now()
    ids = [f"{(number * 37) % 997:04d}" for number in range(count)]
    for number, backup_id in enumerate(ids):
        cloud.add_backup(id=backup_id, created=now - timedelta(hours=number), **fields)
    return ids


async def all_pages(api: httpx.AsyncClient, url: str) -> list[list[str]]:
    """The ids on each page, following the links as they are."""
    pages = []
    following: str | None = url
    while following is not None:
        body = (await api.get(following)).json()
        pages.append([backup["id"] for backup in body["backups"]])
        following = next((link["href"] for link in body.get("links", []) if link["rel"] == "next"), None)
    return pages


async def test_a_list_has_pages_of_twenty_by_id(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    ids = add_backups(cloud, 45)
    pages = await all_pages(api, "/backups")
    assert [len(page) for page in pages] == [20, 20, 5]
    assert list(chain(*pages)) == sorted(ids)


async def test_the_newest_may_come_first(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.order = "newest"
    ids = add_backups(cloud, 45)
    assert list(chain(*await all_pages(api, "/backups"))) == ids


@pytest.mark.parametrize(("limit", "length"), [("5", 5), ("20", 20), ("1000", 20), ("0", 20)])
async def test_a_larger_limit_is_silently_lowered(
    api: httpx.AsyncClient, cloud: SimulatedCloud, limit: str, length: int
) -> None:
    ids = add_backups(cloud, 45)
    pages = await all_pages(api, f"/backups?limit={limit}")
    assert len(pages[0]) == length
    assert list(chain(*pages)) == sorted(ids)


@pytest.mark.parametrize("limit", ["-1", "many", "1.5"])
async def test_a_limit_that_is_none_is_refused(api: httpx.AsyncClient, limit: str) -> None:
    assert (await api.get("/backups", params={"limit": limit})).status_code == 400


@pytest.mark.parametrize("count", [0, 20])
async def test_one_page_has_no_links_or_empty_ones(api: httpx.AsyncClient, cloud: SimulatedCloud, count: int) -> None:
    add_backups(cloud, count)
    assert "links" not in (await api.get("/backups")).json()
    cloud.links = "always"
    assert (await api.get("/backups")).json()["links"] == []


async def test_only_one_type_of_datastore_may_be_asked_for(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    add_backups(cloud, 30, datastore={"type": "mariadb", "version": "10", "version_id": "x"})
    cloud.add_backup(id="mysql-1")
    cloud.add_backup(id="none", datastore=None)
    assert await all_pages(api, "/backups?datastore=mysql") == [["mysql-1"]]
    assert [len(page) for page in await all_pages(api, "/backups?datastore=mariadb")] == [20, 10]
    assert await all_pages(api, "/backups?datastore=oracle") == [[]]


async def test_a_page_can_follow_a_backup_that_was_deleted_meanwhile(
    api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    ids = sorted(add_backups(cloud, 25))
    cloud.remove_backup("DFW", ids[19])
    assert (await all_pages(api, f"/backups?marker={ids[19]}")) == [ids[20:]]


@pytest.mark.parametrize("opaque", [False, True])
async def test_a_bad_marker_is_a_fault_of_the_server(
    api: httpx.AsyncClient, cloud: SimulatedCloud, opaque: bool
) -> None:
    cloud.opaque_markers = opaque
    add_backups(cloud, 3)
    for marker in ("bad", "", "bm90aGluZw==", "YWZ0ZXIgbm90aGluZw==", "YmVmb3JlIDAwMDA=", "ü"):
        answer = await api.get("/backups", params={"marker": marker})
        assert (answer.status_code, answer.json()["instanceFault"]["code"]) == (500, 500)


async def test_markers_may_be_no_ids(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.opaque_markers = True
    ids = add_backups(cloud, 45)
    (link,) = (await api.get("/backups")).json()["links"]
    assert parse_qs(urlsplit(link["href"]).query)["marker"][0] not in ids
    assert list(chain(*await all_pages(api, "/backups"))) == sorted(ids)


async def test_next_links_may_name_another_host(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.next_origin = "https://databases.internal"
    add_backups(cloud, 21)
    (link,) = (await api.get("/backups")).json()["links"]
    assert link["href"].startswith("https://databases.internal/dfw/v1.0/")


async def test_next_links_may_never_end(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.endless_pages = True
    add_backups(cloud, 21)
    (link,) = (await api.get("/backups")).json()["links"]
    last = (await api.get(link["href"])).json()
    assert len(last["backups"]) == 1
    assert (await api.get(last["links"][0]["href"])).json() == last


async def test_a_backup_is_shown_as_the_service_shows_it(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    created = datetime(2026, 8, 31, 22, 26, 23, tzinfo=UTC)
    cloud.add_backup(
        id="inc",
        name="ha-backup2",
        parent_id="full",
        size=0.18,
        instance_id=None,
        source={"type": "ha", "id": "group"},
        created=created,
        description="my_ha_backup2",
        unknown_fields={"tier": "cold"},
    )
    shown = (await api.get("/backups/inc")).json()["backup"]
    assert shown == {
        "status": "COMPLETED",
        "updated": "2026-08-31T22:26:23Z",
        "description": "my_ha_backup2",
        "datastore": {"version": "5.6", "type": "mysql", "version_id": "1379cc8b-4bc5-4c4a-9e9d-7a9ad27c0866"},
        "id": "inc",
        "size": 0.18,
        "is_automated": 0,
        "name": "ha-backup2",
        "parent_id": "full",
        "created": "2026-08-31T22:26:23Z",
        "flavor_ram": 1024,
        "instance_id": None,
        "source": {"type": "ha", "id": "group"},
        "locationRef": shown["locationRef"],
        "type": "InnoBackupExIncremental",
        "volume_size": None,
        "tier": "cold",
    }
    assert "/inc.xbstream.gz" in shown["locationRef"]
    assert (await api.get("/backups")).json()["backups"] == [shown]


async def test_source_is_always_sent_and_times_may_have_no_zone(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.naive_times = True
    cloud.add_backup(id="bare", name=None, instance_id=None, datastore=None, size=None)
    shown = (await api.get("/backups/bare")).json()["backup"]
    assert (shown["source"], shown["type"]) == ({}, "InnoBackupEx")
    assert datetime.fromisoformat(shown["created"]).tzinfo is None


async def test_backups_are_listed_by_instance_and_by_ha_group(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    add_backups(cloud, 25, instance_id="instance-1")
    cloud.add_backup(id="of-ha", instance_id=None, source={"type": "ha", "id": "group-1"})
    assert [len(page) for page in await all_pages(api, "/instances/instance-1/backups")] == [20, 5]
    assert await all_pages(api, "/ha/group-1/backups") == [["of-ha"]]
    for path in ("/instances/group-1/backups", "/ha/instance-1/backups"):
        assert (await api.get(path)).status_code == 404


async def test_each_region_has_its_own_backups(
    api: httpx.AsyncClient, cloud: SimulatedCloud, running: RunningCloud
) -> None:
    cloud.add_backup(id="here")
    cloud.add_backup(id="there", region="LON")
    assert await all_pages(api, "/backups") == [["here"]]
    assert await all_pages(api, f"{running.regions['LON']}/backups") == [["there"]]
    assert (await api.get(f"{running.regions['IAD']}/backups/here")).status_code == 404


async def test_what_is_not_there_is_not_found(api: httpx.AsyncClient, running: RunningCloud) -> None:
    for path in ("/backups/unknown", "/flavors", "/backups/unknown/action/more"):
        answer = await api.get(path)
        assert (answer.status_code, answer.json()["itemNotFound"]["code"]) == (404, 404)
    for url in (running.regions["DFW"].replace("dfw", "DFW"), running.regions["DFW"].replace("dfw", "xyz")):
        assert (await api.get(f"{url}/backups")).status_code == 404
    assert (await api.get(running.regions["DFW"].replace("v1.0", "v2.0") + "/backups")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/backups", "GET"),
        ("PUT", "/backups/full", "GET, DELETE"),
        ("GET", "/backups/full/action", "POST"),
        ("DELETE", "/instances/i/backups", "GET"),
    ],
)
async def test_a_method_that_a_resource_does_not_have_is_refused(
    api: httpx.AsyncClient, cloud: SimulatedCloud, method: str, path: str, allowed: str
) -> None:
    cloud.add_backup(id="full", instance_id="i")
    answer = await api.request(method, path)
    assert (answer.status_code, answer.json()["badMethod"]["code"]) == (405, 405)
    assert answer.headers["Allow"] == allowed


async def test_a_backup_is_deleted_with_all_that_was_made_from_it(
    api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    cloud.role = "dbaas:admin"
    for backup_id, parent_id in (("full", None), ("inc-1", "full"), ("inc-2", "inc-1"), ("other", None)):
        cloud.add_backup(id=backup_id, parent_id=parent_id)
    answer = await api.delete("/backups/full")
    assert (answer.status_code, answer.content) == (202, b"")
    assert await all_pages(api, "/backups") == [["other"]]
    assert (await api.delete("/backups/full")).status_code == 404


@pytest.mark.parametrize(("status", "left"), [("COMPLETED", ["inc", "twin"]), ("FAILED", ["twin"])])
async def test_incrementals_stay_while_another_copy_of_their_parent_carries_them(
    cloud: SimulatedCloud, status: str, left: list[str]
) -> None:
    cloud.add_backup(id="full")
    cloud.add_backup(id="twin", content="full", status=status)
    cloud.add_backup(id="inc", parent_id="full")
    cloud.remove_backup("DFW", "full")
    assert sorted(backup.id for backup in cloud.backups("DFW")) == left


async def test_only_an_admin_deletes_and_nobody_what_is_at_work(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.add_backup(id="full", status="BUILDING")
    assert (await api.delete("/backups/full")).status_code == 403
    cloud.role = "dbaas:admin"
    assert (await api.delete("/backups/full")).status_code == 422
    assert cloud.backup("DFW", "full") is not None
