"""The control interface of the workspace over HTTP: what another process can see and switch."""

import inspect
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from starlette.routing import Route

from bot.sandbox.workspace import SimulatedWorkspace, control
from tests.fakes.slack_apps import Json, Setting


@pytest.fixture
async def outside(setting: Setting) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=setting.api_url.replace("/api/", "/control")) as client:
        yield client


async def error_of(setting: Setting) -> str | None:
    try:
        await setting.client.auth_test()
    except SlackApiError as refused:
        return str(refused.response["error"])
    return None


def test_the_table_of_requests_is_true() -> None:
    workspace = SimulatedWorkspace()
    interface = control.control_interface(workspace._state, workspace._sockets, workspace.trouble)
    documented = re.findall(r"^\| `([A-Z]+ /control/[\w/]+)` \|", inspect.getdoc(control) or "", re.MULTILINE)
    served = [
        f"{method} /control{route.path_format.replace('{name}', 'NAME')}"
        for route in interface.routes
        if isinstance(route, Route)
        for method in sorted(route.methods or ())
        if method != "HEAD"
    ]
    assert sorted(documented) == sorted(served)


async def test_the_state_shows_who_and_what_is_there(setting: Setting, outside: httpx.AsyncClient) -> None:
    setting.workspace.channel("#ops-private").invites_the_app()
    state = (await outside.get("/state")).json()
    assert {"alice", "bob", "ana", "carol", "greg", "otto"} == set(state["people"])
    private = next(channel for channel in state["channels"] if channel["name"] == "ops-private")
    assert (private["kind"], private["members"]) == ("private_channel", ["alice", "ana", "carol", "copy-backup"])
    assert (state["app"]["name"], state["app"]["token_error"]) == ("Copy Backup", None)
    assert "chat:write" in state["app"]["scopes"]
    assert (state["open_sockets"], state["trouble"]) == (0, [])


async def test_a_workspace_without_an_app_is_shown_too() -> None:
    workspace = SimulatedWorkspace()
    async with workspace.serving() as served, httpx.AsyncClient() as client:
        origin = f"http://127.0.0.1:{served.port}/control"
        assert (await client.get(f"{origin}/state")).json()["app"] is None
        assert (await client.delete(f"{origin}/trouble")).status_code == 200
        assert (await client.get(f"{origin}/requests")).json() == []


async def test_a_channel_is_read_with_its_threads(setting: Setting, outside: httpx.AsyncClient) -> None:
    channel = setting.workspace.channel("#databases")
    first = await setting.client.chat_postMessage(channel=channel.id, text="*copying*")
    await setting.client.chat_postMessage(channel=channel.id, text="half of it", thread_ts=first["ts"])
    (message,) = (await outside.get("/channels/databases/messages")).json()["messages"]
    assert (message["rendered"], [reply["rendered"] for reply in message["thread"]]) == ("copying", ["half of it"])
    nowhere = await outside.get("/channels/nowhere/messages")
    assert (nowhere.status_code, nowhere.json()) == (404, {"errors": ["There is no channel nowhere."]})


@pytest.mark.parametrize(
    ("trouble", "body", "error"),
    [
        ("refuse", {"method": "auth.test", "error": "team_access_not_granted"}, "team_access_not_granted"),
        ("refuse", {"method": "*", "error": "fatal_error", "details": {"needed": "x"}}, "fatal_error"),
        ("rate_limit", {"method": "auth.test"}, "ratelimited"),
        ("revoke_token", {}, "token_revoked"),
        ("revoke_token", {"error": "account_inactive"}, "account_inactive"),
    ],
)
async def test_refusals_are_switched_on_and_ended_from_outside(
    setting: Setting, outside: httpx.AsyncClient, trouble: str, body: Json, error: str
) -> None:
    assert (await outside.post(f"/trouble/{trouble}", json=body)).status_code == 200
    assert await error_of(setting) == error
    assert (await outside.delete("/trouble")).json()["trouble"] == []
    assert await error_of(setting) is None


async def test_trouble_is_shown_until_it_was_met(setting: Setting, outside: httpx.AsyncClient) -> None:
    answer = await outside.post("/trouble/refuse", json={"method": "auth.test", "error": "fatal_error", "times": 2})
    (fault,) = answer.json()["trouble"]
    assert (fault["method"], fault["kind"], fault["error"], fault["times"]) == ("auth.test", "refuse", "fatal_error", 2)
    assert [await error_of(setting) for _ in range(3)] == ["fatal_error", "fatal_error", None]
    assert (await outside.get("/state")).json()["trouble"] == []


async def test_slowness_lost_answers_cuts_and_server_errors_are_switched_on_from_outside(
    setting: Setting, outside: httpx.AsyncClient
) -> None:
    async with httpx.AsyncClient(base_url=setting.api_url) as raw:
        await outside.post("/trouble/slow", json={"method": "api.test", "seconds": 0.01})
        await outside.post("/trouble/server_error", json={"method": "api.test", "status": 502})
        assert (await raw.post("api.test")).status_code == 502
        for trouble in ("lose_answer", "cut_connection"):
            await outside.post(f"/trouble/{trouble}", json={"method": "api.test"})
            with pytest.raises(httpx.TransportError):
                await raw.post("api.test")
        assert (await raw.post("api.test")).json()["ok"]
    (slow,) = (await outside.get("/state")).json()["trouble"]
    assert (slow["kind"], slow["times"], slow["seconds"]) == ("slow", None, 0.01)


async def test_sockets_are_refused_and_disconnected_from_outside(setting: Setting, outside: httpx.AsyncClient) -> None:
    assert (await outside.post("/trouble/refuse_sockets", json={"times": 1})).status_code == 200
    assert setting.workspace.trouble.refuses_socket()
    assert not setting.workspace.trouble.refuses_socket()
    assert (await outside.post("/trouble/disconnect_sockets", json={"closes_after": 0})).status_code == 200


@pytest.mark.parametrize(
    ("trouble", "body"),
    [
        ("refuse", {"method": "auth.test"}),
        ("refuse", {"error": "fatal_error"}),
        ("refuse", {"method": "auth", "error": "fatal_error"}),
        ("refuse", {"method": "auth.test", "error": "Fatal error!"}),
        ("refuse", {"method": "auth.test", "error": "fatal_error", "times": 0}),
        ("rate_limit", {"method": "auth.test", "retry_after": 0}),
        ("slow", {"method": "auth.test"}),
        ("server_error", {"method": "auth.test", "status": 599}),
        ("server_error", {"method": "auth.test", "status": 404}),
        ("lose_answer", {"method": "auth.test", "seconds": 1}),
        ("revoke_token", {"error": "gone"}),
        ("disconnect_sockets", {"reason": "mood"}),
        ("refuse_sockets", {"times": 0}),
    ],
)
async def test_trouble_that_makes_no_sense_is_refused(outside: httpx.AsyncClient, trouble: str, body: Json) -> None:
    answer = await outside.post(f"/trouble/{trouble}", json=body)
    assert answer.status_code == 422
    assert all(": " in error for error in answer.json()["errors"])
    assert (await outside.get("/state")).json()["trouble"] == []
