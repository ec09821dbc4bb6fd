"""What goes between the workspace and the app is recorded both ways, and no secret of it is shown."""

import json

import httpx
import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.workspace import DispatchFailed, OperationTimeout
from tests.fakes.slack_apps import Json, Reachable, Setting


def shown(setting: Setting) -> list[Json]:
    exchanges: list[Json] = setting.workspace.wire.shown()
    return exchanges


def modal() -> Json:
    text = {"type": "plain_text", "text": "Form"}
    return {"type": "modal", "title": text, "blocks": [], "private_metadata": "kept"}


async def test_a_command_and_the_calls_it_causes_are_recorded_in_order(
    setting: Setting, bolt: AsyncApp, reachable: Reachable
) -> None:
    @bolt.command("/copy-backup")
    async def opening(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack("Here you are.")
        await client.views_open(trigger_id=body["trigger_id"], view=modal())

    async with reachable(bolt):
        alice = setting.workspace.person("alice")
        await alice.types("/copy-backup help")
        await alice.sees_form()
        recorded = [
            one for one in shown(setting) if one["path"] not in ("/api/auth.test", "/api/apps.connections.open")
        ]
    command = next(one for one in recorded if one["sender"] == "slack")
    call = next(one for one in recorded if one["path"] == "/api/views.open")
    assert (command["receiver"], command["method"] in ("POST", "SOCKET"), command["status"]) == ("bot", True, 200)
    asked = command["request"]["body"]
    assert asked.get("payload", asked)["text"] == "help"
    assert command["answer"]["body"] == {"text": "Here you are."} or command["answer"]["body"] == "Here you are."
    assert (call["sender"], call["receiver"], call["status"]) == ("bot", "slack", 200)
    assert call["request"]["body"]["view"]["private_metadata"] == "kept"
    assert call["answer"]["body"]["ok"] is True
    assert command["number"] < call["number"]
    assert command["milliseconds"] is not None
    assert call["request"]["headers"]["authorization"] == "***"


async def test_no_secret_of_the_app_is_shown(setting: Setting, bolt: AsyncApp, reachable: Reachable) -> None:
    @bolt.command("/copy-backup")
    async def answering(ack: AsyncAck, body: Json) -> None:
        await ack()
        async with httpx.AsyncClient() as client:
            await client.post(body["response_url"], json={"text": "later"})

    app = setting.workspace.app
    async with reachable(bolt):
        alice = setting.workspace.person("alice")
        await alice.types("/copy-backup")
        await alice.sees_ephemeral("later")
        async with httpx.AsyncClient() as outside:
            origin = setting.api_url.removesuffix("/api/")
            await outside.post(f"{setting.api_url}auth.test", data={"token": app.bot_token})
            wire = await outside.get(f"{origin}/control/wire?most=1000")
            requests = await outside.get(f"{origin}/control/requests")
    exchanges = wire.json()["exchanges"]
    response_url = next(one for one in exchanges if one["path"].startswith("/response/"))
    assert response_url["path"] == "/response/***"
    for text in (wire.text, requests.text, json.dumps(shown(setting)), repr(setting.workspace.wire._kept)):
        for secret in app.secrets:
            assert secret not in text
        assert "v0=" not in text
        assert "ticket=" not in text.replace("ticket=***", "")


async def test_what_the_app_does_not_answer_has_no_status(setting: Setting) -> None:
    setting.workspace.deliver_to("http://127.0.0.1:1/slack/events")
    with pytest.raises(DispatchFailed):
        await setting.workspace.person("alice").types("/copy-backup")
    (exchange,) = shown(setting)
    assert (exchange["path"], exchange["status"], exchange["answer"]) == ("/slack/events", None, None)
    assert exchange["milliseconds"] is not None


async def test_what_comes_too_late_has_no_status(setting: Setting, bolt: AsyncApp, reachable: Reachable) -> None:
    workspace = setting.workspace
    workspace._delivery._patience = 0.05

    @bolt.command("/copy-backup")
    async def never(ack: AsyncAck) -> None:
        """Does not acknowledge."""

    async with reachable(bolt):
        with pytest.raises(OperationTimeout):
            await workspace.person("alice").types("/copy-backup")
        (command,) = [one for one in shown(setting) if one["sender"] == "slack"]
        assert (command["status"], command["answer"]) == (None, None)
        assert command["milliseconds"] >= 25, "most of the patience; its clock runs before the request is sent"
