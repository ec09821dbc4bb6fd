"""What goes wrong on demand: every fault, for the requests it is for, as often as was said."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import pytest

from bot.sandbox.cloud import RunningCloud, SimulatedCloud
from bot.sandbox.cloud.faults import ROOT_ELEMENTS
from tests.fakes.conditions import until

COPY = {"copy-backup": {"target_backup_region": "IAD", "description": "", "name": "dfw-to-iad"}}


@pytest.fixture(autouse=True)
def full(cloud: SimulatedCloud) -> None:
    cloud.limits.lift()
    cloud.add_backup(id="full")


async def ask(api: httpx.AsyncClient, backup_id: str = "full") -> httpx.Response:
    return await api.post(f"/backups/{backup_id}/action", json=COPY)


async def shown(api: httpx.AsyncClient, url: str = "/backups/full") -> int:
    return (await api.get(url)).status_code


@pytest.mark.parametrize(("status", "root"), ROOT_ELEMENTS.items())
async def test_every_fault_can_be_asked_for_and_does_nothing_else(
    api: httpx.AsyncClient, cloud: SimulatedCloud, status: int, root: str
) -> None:
    switch = cloud.trouble.refuse(status, operation="copy", message="Not today.")
    answer = await ask(api)
    assert answer.status_code == status
    assert (answer.json()[root]["code"], answer.json()[root]["message"]) == (status, "Not today.")
    assert "Traceback" in answer.json()[root]["details"]
    assert answer.headers.get("Retry-After") == ("1" if status == 413 else None)
    assert (switch.count, cloud.backups("IAD")) == (1, [])
    assert (await ask(api)).status_code == 202


@pytest.mark.parametrize("status", [502, 504, 429])
async def test_a_status_that_no_documentation_names_is_an_instance_fault(
    api: httpx.AsyncClient, cloud: SimulatedCloud, status: int
) -> None:
    cloud.trouble.refuse(status)
    answer = await api.get("/backups")
    assert answer.status_code == status
    assert answer.json()["instanceFault"]["code"] == status


async def test_a_proxy_in_front_answers_with_a_page_or_with_nothing(
    api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    cloud.trouble.refuse(503, html=True, message="Repose says no.")
    page = await api.get("/backups")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "Repose" in page.headers["Via"]
    assert "Repose says no." in page.text
    cloud.trouble.refuse(500, empty=True)
    nothing = await api.get("/backups")
    assert (nothing.status_code, nothing.content) == (500, b"")


async def test_retry_after_is_in_seconds_or_a_date(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.trouble.refuse(413, retry_after=7)
    assert (await ask(api)).headers["Retry-After"] == "7"
    cloud.trouble.refuse(503, retry_after=3600, retry_after_as_date=True)
    date = parsedate_to_datetime((await ask(api)).headers["Retry-After"])
    assert timedelta(minutes=50) < date - datetime.now(UTC) <= timedelta(hours=1)


async def test_trouble_comes_once_or_so_many_times(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.trouble.refuse(503)
    assert [await shown(api) for _ in range(2)] == [503, 200]
    cloud.trouble.refuse(503, times=3)
    assert [await shown(api) for _ in range(4)] == [503, 503, 503, 200]


async def test_trouble_lasts_for_a_time(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    began = time.monotonic()
    switch = cloud.trouble.refuse(503, for_seconds=0.3)
    while await shown(api) == 503:
        pass  # ends with the test's timeout if the trouble never does
    assert time.monotonic() - began >= 0.3
    assert switch.count > 0


async def test_trouble_that_lasts_can_be_counted_too(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.trouble.refuse(503, for_seconds=3600, times=2)
    assert [await shown(api) for _ in range(3)] == [503, 503, 200]


async def test_trouble_waits_for_its_requests(
    api: httpx.AsyncClient, cloud: SimulatedCloud, running: RunningCloud
) -> None:
    cloud.add_backup(id="other")
    cloud.add_backup(id="there", region="IAD")
    cloud.trouble.refuse(503, operation="show", region="IAD")
    cloud.trouble.refuse(500, backup_id="other")
    assert [await shown(api), await shown(api, "/backups")] == [200, 200]
    assert await shown(api, f"{running.regions['IAD']}/backups/there") == 503
    assert await shown(api, "/backups/other") == 500
    cloud.trouble.refuse(503, operation="token")
    async with httpx.AsyncClient() as client:
        assert (await client.post(f"{running.identity_url}/tokens", json={})).status_code == 503


async def test_trouble_comes_before_the_token_is_looked_at(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.trouble.refuse(503)
    assert (await api.get("/backups", headers={"X-Auth-Token": "wrong"})).status_code == 503


async def test_a_fault_can_come_after_the_work_was_done(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.trouble.refuse(500, operation="copy", after_work=True)
    assert (await ask(api)).status_code == 500
    await cloud.waits_for("IAD", lambda backup: backup.status == "COMPLETED")


async def test_a_lost_answer_is_one_whose_work_was_done(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.trouble.lose_answer(operation="copy")
    assert (await ask(api, "unknown")).status_code == 404
    with pytest.raises(httpx.TransportError):
        await ask(api)
    assert [record.status for record in cloud.copy_requests()] == [404, None]
    await cloud.waits_for("IAD", lambda backup: backup.status == "COMPLETED")


async def test_a_cut_connection_did_no_work(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.trouble.cut_connection(operation="copy")
    with pytest.raises(httpx.TransportError):
        await ask(api)
    cloud.clock.advance(3600)
    assert cloud.backups("IAD") == []
    assert [record.status for record in cloud.copy_requests("full")] == [None]
    assert (await ask(api)).status_code == 202


async def test_slowness_lets_a_request_wait(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.trouble.slow(0.2, operation="show")
    began = time.monotonic()
    assert await shown(api) == 200
    assert time.monotonic() - began >= 0.2


async def test_a_held_request_waits_until_it_is_released(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    hold = cloud.trouble.hold("copy")
    asking = asyncio.create_task(ask(api))
    await hold.arrived.wait()
    assert cloud.backups("DFW")[0].status == "COMPLETED"
    hold.release()
    assert (await asking).status_code == 202


async def test_a_request_can_be_held_right_before_its_answer(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.clock.speed = 0.001
    hold = cloud.trouble.hold("copy", after_work=True)
    asking = asyncio.create_task(ask(api))
    await hold.arrived.wait()
    assert cloud.backups("DFW")[0].status == "COPYING"
    assert not asking.done()
    hold.release()
    assert (await asking).status_code == 202


async def test_a_client_that_leaves_a_held_request_disturbs_nobody(
    api: httpx.AsyncClient, cloud: SimulatedCloud
) -> None:
    hold = cloud.trouble.hold("copy")
    asking = asyncio.create_task(ask(api))
    await hold.arrived.wait()
    asking.cancel()
    hold.release()
    await until(lambda: cloud.copy_requests()[0].status == 202)
    assert await shown(api) == 200


async def test_lifting_ends_all_of_it_and_releases_what_is_held(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    hold = cloud.trouble.hold("copy")
    cloud.trouble.refuse(503, times=100)
    cloud.trouble.slow(3600, operation="copy", times=100)
    cloud.trouble.fail_copies(3)
    asking = asyncio.create_task(ask(api, "full"))
    await hold.arrived.wait()
    assert await shown(api) == 503
    cloud.trouble.lift()
    assert (await asking).status_code == 202
    await cloud.waits_for("IAD", lambda backup: backup.status == "COMPLETED")


async def test_lifting_wakes_a_request_that_is_slow(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    switch = cloud.trouble.slow(3600)
    asking = asyncio.create_task(ask(api))
    await until(lambda: switch.count == 1)
    cloud.trouble.lift()
    assert (await asking).status_code == 202


async def test_revoked_tokens_are_refused_with_401(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.trouble.revoke_tokens()
    answer = await ask(api)
    assert (answer.status_code, answer.json()["unauthorized"]["code"]) == (401, 401)
    assert cloud.backups("IAD") == []


async def test_what_other_clients_send_besides_is_no_matter(api: httpx.AsyncClient) -> None:
    headers = {"User-Agent": "python-troveclient", "X-Auth-Project-Id": "938359", "Accept": "application/json"}
    answer = await api.post("/backups/full/action", json=COPY, headers=headers)
    assert answer.status_code == 202
