from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bot.sandbox.cloud import RunningCloud, SimulatedCloud


async def log_in(running: RunningCloud, *, username: str | None = None, api_key: str | None = None) -> httpx.Response:
    credentials = {"username": username or running.username, "apiKey": api_key or running.api_key}
    async with httpx.AsyncClient() as client:
        return await client.post(
            f"{running.identity_url}/tokens", json={"auth": {"RAX-KSKEY:apiKeyCredentials": credentials}}
        )


async def access(running: RunningCloud) -> dict[str, Any]:
    answer = await log_in(running)
    assert answer.status_code == 200
    result: dict[str, Any] = answer.json()["access"]
    return result


async def test_a_login_gives_a_token_the_account_and_when_the_token_ends(
    running: RunningCloud, cloud: SimulatedCloud
) -> None:
    token = (await access(running))["token"]
    assert token["id"]
    assert token["tenant"]["id"] == running.account
    assert token["expires"].endswith("Z")
    left = datetime.fromisoformat(token["expires"]) - cloud.clock.now()
    assert timedelta(hours=23) < left <= timedelta(hours=24)


async def test_the_catalogue_has_the_six_regions_among_other_services(running: RunningCloud) -> None:
    catalog = (await access(running))["serviceCatalog"]
    assert len(catalog) > 1
    (databases,) = [entry for entry in catalog if entry["type"] == "rax:database"]
    urls = {endpoint["region"]: endpoint["publicURL"] for endpoint in databases["endpoints"]}
    assert urls == running.regions
    assert set(urls) == {"DFW", "IAD", "ORD", "HKG", "SYD", "LON"}
    assert all(url.endswith(f"/{running.account}") for url in urls.values())


async def test_the_role_of_the_account_is_in_the_answer(running: RunningCloud, cloud: SimulatedCloud) -> None:
    cloud.role = "dbaas:observer"
    assert [role["name"] for role in (await access(running))["user"]["roles"]] == ["dbaas:observer"]


async def test_wrong_credentials_are_refused(running: RunningCloud) -> None:
    for answer in (await log_in(running, username="somebody"), await log_in(running, api_key="wrong")):
        assert answer.status_code == 401
        assert answer.json()["unauthorized"]["message"] == "Unable to authenticate user with credentials provided."


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"", 400),
        (b"[]", 400),
        (b'{"auth": {}}', 400),
        (b'{"auth": {"passwordCredentials": {"username": "sandbox", "password": "x"}}}', 400),
        (b'{"auth": {"RAX-KSKEY:apiKeyCredentials": {"username": "sandbox"}}}', 400),
        (b'{"auth": {"RAX-KSKEY:apiKeyCredentials": {"username": 5, "apiKey": 6}}}', 400),
    ],
)
async def test_a_login_that_cannot_be_read_is_refused(running: RunningCloud, content: bytes, status: int) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"{running.identity_url}/tokens", content=content, headers={"Content-Type": "application/json"}
        )
    assert answer.status_code == status
    assert answer.json()["badRequest"]["code"] == 400


async def test_a_login_must_be_json_and_posted(running: RunningCloud) -> None:
    async with httpx.AsyncClient() as client:
        as_form = await client.post(f"{running.identity_url}/tokens", data={"auth": "x"})
        got = await client.get(f"{running.identity_url}/tokens")
    assert (as_form.status_code, got.status_code) == (415, 405)


async def test_a_repeated_login_gives_the_same_token_or_a_new_one(running: RunningCloud, cloud: SimulatedCloud) -> None:
    first = (await access(running))["token"]["id"]
    assert (await access(running))["token"]["id"] == first
    cloud.same_token = False
    assert (await access(running))["token"]["id"] != first


async def test_a_token_ends_when_its_time_is_over(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.clock.advance(23.9 * 3600)
    assert (await api.get("/backups")).status_code == 200
    cloud.clock.advance(0.2 * 3600)
    assert (await api.get("/backups")).status_code == 401


async def test_revoked_tokens_are_refused_and_a_login_gives_a_new_one(
    api: httpx.AsyncClient, running: RunningCloud, cloud: SimulatedCloud
) -> None:
    cloud.trouble.revoke_tokens()
    answer = await api.get("/backups")
    assert (answer.status_code, answer.json()["unauthorized"]["code"]) == (401, 401)
    api.headers["X-Auth-Token"] = (await access(running))["token"]["id"]
    assert (await api.get("/backups")).status_code == 200


@pytest.mark.parametrize("token", [None, "", "made-up"])
async def test_a_request_without_a_valid_token_is_refused(api: httpx.AsyncClient, token: str | None) -> None:
    del api.headers["X-Auth-Token"]
    headers = {} if token is None else {"X-Auth-Token": token}
    for path in ("/backups", "/backups/unknown", "/nothing"):
        assert (await api.get(path, headers=headers)).status_code == 401
    assert (await api.post("/backups/unknown/action", headers=headers, content=b"{")).status_code == 401


async def test_a_missing_token_may_be_a_fault_of_the_server(api: httpx.AsyncClient, cloud: SimulatedCloud) -> None:
    cloud.missing_token_status = 500
    token = api.headers.pop("X-Auth-Token")
    assert (await api.get("/backups")).status_code == 500
    assert (await api.get("/backups", headers={"X-Auth-Token": "made-up"})).status_code == 401
    assert (await api.get("/backups", headers={"X-Auth-Token": token})).status_code == 200


async def test_a_token_of_another_server_is_refused(api: httpx.AsyncClient) -> None:
    async with SimulatedCloud().serving() as other:
        assert (await api.get(f"{other.regions['DFW']}/backups")).status_code == 401


async def test_another_accounts_path_is_refused_with_a_page(api: httpx.AsyncClient, running: RunningCloud) -> None:
    answer = await api.get(running.regions["DFW"].replace(running.account, "1234") + "/backups")
    assert answer.status_code == 403
    assert answer.headers["Content-Type"].startswith("text/html")


async def test_the_expiry_may_have_an_offset(running: RunningCloud, cloud: SimulatedCloud) -> None:
    cloud.expires_with_offset = True
    expires = (await access(running))["token"]["expires"]
    assert expires.endswith("-05:00")
    assert datetime.fromisoformat(expires) > datetime.now(UTC)
