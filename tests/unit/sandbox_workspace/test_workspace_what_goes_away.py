"""Messages that people delete, screens that are loaded anew, places somebody is not in, an address that is checked."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.sandbox.loopback import loopback_server
from bot.sandbox.workspace import DispatchFailed, Message, NotPossibleError
from tests.fakes.conditions import until
from tests.fakes.slack_apps import Json, Setting

BUTTON = {"type": "button", "action_id": "stop", "text": {"type": "plain_text", "text": "Stop"}}
BLOCKS = [{"type": "actions", "block_id": "buttons", "elements": [BUTTON]}]


class Listening:
    """An app that takes everything, remembers it, and answers events as it is told."""

    def __init__(self) -> None:
        self.payloads: list[Json] = []
        self.answer: Response = Response()

    async def handle(self, request: Request) -> Response:
        body = await request.body()
        if request.headers["content-type"] == "application/json":
            self.payloads.append(await request.json())
            return self.answer
        self.payloads.append({name: values[0] for name, values in parse_qs(body.decode()).items()})
        return Response()


@pytest.fixture
async def app(setting: Setting) -> AsyncIterator[Listening]:
    listening = Listening()
    async with loopback_server(Starlette(routes=[Route("/", listening.handle, methods=["POST"])])) as port:
        setting.workspace.deliver_to(f"http://127.0.0.1:{port}/")
        yield listening


async def posted(setting: Setting, channel: str = "#databases") -> Message:
    place = setting.workspace.channel(channel)
    place.invites_the_app()
    await setting.client.chat_postMessage(channel=place.id, text="copying", blocks=BLOCKS)
    return await place.waits_for("Stop")


async def refusal(setting: Setting, method: str, **arguments: object) -> str:
    with pytest.raises(SlackApiError) as refused:
        await setting.client.api_call(method, json=arguments)
    return str(refused.value.response["error"])


async def test_a_message_that_somebody_deleted_is_gone_for_the_app(setting: Setting, app: Listening) -> None:
    message = await posted(setting)
    channel, ts = message.channel_id, message.ts
    bob = setting.workspace.person("bob")
    bob.deletes(message)
    assert setting.workspace.channel("#databases").messages == []
    assert not message.exists
    assert await refusal(setting, "chat.update", channel=channel, ts=ts, text="later") == "message_not_found"
    assert await refusal(setting, "chat.delete", channel=channel, ts=ts) == "message_not_found"
    assert await refusal(setting, "chat.getPermalink", channel=channel, message_ts=ts) == "message_not_found"
    reply = {"channel": channel, "thread_ts": ts, "text": "a reply"}
    assert await refusal(setting, "chat.postMessage", **reply) == "cannot_reply_to_message"
    for nobody_can in (lambda: bob.deletes(message), lambda: bob.says("and now?", thread=message)):
        with pytest.raises(NotPossibleError, match="deleted"):
            nobody_can()
    with pytest.raises(NotPossibleError, match="deleted"):
        await bob.presses("Stop", on=message)
    assert app.payloads == []


async def test_people_press_and_delete_only_what_they_see(setting: Setting, app: Listening) -> None:
    bob, greg = setting.workspace.person("bob"), setting.workspace.person("greg")
    private = await posted(setting, "#ops-private")
    with pytest.raises(NotPossibleError, match="bob does not see"):
        await bob.presses("Stop", on=private)
    with pytest.raises(NotPossibleError, match="bob does not see"):
        bob.deletes(private)
    alice = setting.workspace.person("alice")
    await setting.client.chat_postEphemeral(channel=private.channel_id, user=alice.id, text="for alice", blocks=BLOCKS)
    whispered = await alice.sees_ephemeral("Stop")
    with pytest.raises(NotPossibleError, match="ana does not see"):
        await setting.workspace.person("ana").presses("Stop", on=whispered)
    await alice.presses("Stop", on=whispered)
    public = await posted(setting, "#general")
    await setting.workspace.person("carol").presses("Stop", on=public)
    with pytest.raises(NotPossibleError, match="otto does not see"):
        await setting.workspace.person("otto").presses("Stop", on=public)
    await greg.presses("Stop", on=public)
    assert len(app.payloads) == 3


async def test_people_reply_in_threads(setting: Setting) -> None:
    message = await posted(setting)
    reply = setting.workspace.person("bob").says("nice", thread=message)
    assert [one.text for one in message.thread] == ["nice"]
    with pytest.raises(SlackApiError, match="cannot_reply_to_message"):
        await setting.client.chat_postMessage(channel=message.channel_id, text="x", thread_ts=reply.ts)


async def test_what_one_person_alone_saw_does_not_survive_a_reload(setting: Setting, app: Listening) -> None:
    workspace = setting.workspace
    alice, channel = workspace.person("alice"), workspace.channel("#databases")
    channel.invites_the_app()
    for person in (alice, workspace.person("bob")):
        await setting.client.chat_postEphemeral(channel=channel.id, user=person.id, text="only you")
    command = workspace.signed_command("alice", "/copy-backup")
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Form"}, "blocks": [], "notify_on_close": True}
    await setting.client.views_open(trigger_id=parse_qs(command.body.decode())["trigger_id"][0], view=view)
    form = await alice.sees_form()
    alice.reloads()
    assert (alice.ephemeral_messages, alice.form, form.is_open) == ([], None, False)
    assert len(workspace.person("bob").ephemeral_messages) == 1
    assert app.payloads == []


async def test_an_ephemeral_message_cannot_be_changed_by_its_ts(setting: Setting) -> None:
    channel = setting.workspace.channel("#databases")
    channel.invites_the_app()
    alice = setting.workspace.person("alice")
    shown = await setting.client.chat_postEphemeral(channel=channel.id, user=alice.id, text="only you")
    changing = {"channel": channel.id, "ts": shown["message_ts"], "text": "changed"}
    assert await refusal(setting, "chat.update", **changing) == "message_not_found"


@pytest.mark.parametrize("change", ["replace_original", "delete_original"])
@pytest.mark.parametrize("ephemeral", [True, False])
async def test_a_response_url_cannot_change_what_is_gone(
    setting: Setting, app: Listening, change: str, ephemeral: bool
) -> None:
    alice = setting.workspace.person("alice")
    message = await posted(setting)
    if ephemeral:
        await setting.client.chat_postEphemeral(
            channel=message.channel_id, user=alice.id, text="for alice", blocks=BLOCKS
        )
        message = await alice.sees_ephemeral("Stop")
    await alice.presses("Stop", on=message)
    url = json.loads(app.payloads[0]["payload"])["response_url"]
    async with httpx.AsyncClient() as client:
        assert (await client.post(url, json={change: True, "text": "now"})).status_code == 200
        if change == "replace_original" and ephemeral:
            alice.reloads()
        elif change == "replace_original":
            alice.deletes(message)
        gone = await client.post(url, json={change: True, "text": "again"})
    assert (gone.status_code, gone.json()["error"]) == (400, "message_not_found")


async def test_metadata_stays_unless_it_is_taken_away(setting: Setting) -> None:
    message = await posted(setting)
    place = {"channel": message.channel_id, "ts": message.ts}
    metadata = {"event_type": "copy", "event_payload": {"id": "1"}}
    await setting.client.api_call("chat.update", json={**place, "text": "a", "metadata": metadata})
    await setting.client.api_call("chat.update", json={**place, "text": "b"})
    assert message.metadata == metadata
    await setting.client.api_call("chat.update", json={**place, "text": "c", "metadata": {}})
    assert message.metadata is None


async def test_a_command_works_where_two_people_talk_and_the_app_cannot_post(setting: Setting, app: Listening) -> None:
    await setting.workspace.person("alice").types("/copy-backup", channel="@bob")
    (command,) = app.payloads
    assert command["channel_name"] == "directmessage"
    assert await refusal(setting, "chat.postMessage", channel=command["channel_id"], text="hi") == "channel_not_found"
    await setting.workspace.person("bob").types("/copy-backup", channel="@alice")
    assert app.payloads[1]["channel_id"] == command["channel_id"]
    await setting.workspace.person("alice").types("/copy-backup", channel="@copy-backup")
    assert app.payloads[2]["channel_id"] != command["channel_id"]
    with pytest.raises(LookupError):
        await setting.workspace.person("alice").types("/copy-backup", channel="@nobody")


async def test_opening_the_messages_of_the_app_says_which_tab(setting: Setting, app: Listening) -> None:
    alice = setting.workspace.person("alice")
    await setting.client.chat_postMessage(channel=alice.id, text="hello")
    assert [one.text for one in alice.opens_messages()] == ["hello"]
    await until(lambda: len(app.payloads) == 1)
    await alice.opens_home()
    await until(lambda: len(app.payloads) == 2)
    assert [one["event"]["tab"] for one in app.payloads] == ["messages", "home"]
    manifest = setting.workspace.app.manifest.model_dump()
    manifest["features"]["app_home"] = {"home_tab_enabled": True, "messages_tab_enabled": False}
    setting.workspace.install(manifest)
    with pytest.raises(NotPossibleError, match="Messages"):
        alice.opens_messages()


async def test_an_address_is_taken_when_the_app_gives_the_challenge_back(setting: Setting, app: Listening) -> None:
    async def echo(request: Request) -> Response:
        challenge = (await request.json())["challenge"]
        return JSONResponse({"challenge": challenge}) if request.url.path == "/json" else PlainTextResponse(challenge)

    routes = [Route(path, echo, methods=["POST"]) for path in ("/json", "/text")]
    async with loopback_server(Starlette(routes=routes)) as port:
        for path in ("/json", "/text"):
            setting.workspace.deliver_to(f"http://127.0.0.1:{port}{path}")
            await setting.workspace.verifies_the_address()


@pytest.mark.parametrize(
    "answer", [Response(), PlainTextResponse("something"), JSONResponse({"challenge": "x"}), Response(status_code=403)]
)
async def test_an_address_that_does_not_give_it_back_is_refused(
    setting: Setting, app: Listening, answer: Response
) -> None:
    app.answer = answer
    with pytest.raises(DispatchFailed, match="challenge"):
        await setting.workspace.verifies_the_address()
    (asked,) = app.payloads
    assert asked["type"] == "url_verification"


async def test_only_an_address_for_events_is_checked(setting: Setting, app: Listening) -> None:
    manifest = setting.workspace.app.manifest.model_dump()
    manifest["settings"]["event_subscriptions"]["request_url"] = None
    setting.workspace.install(manifest)
    with pytest.raises(NotPossibleError, match="no address for events"):
        await setting.workspace.verifies_the_address()
    assert app.payloads == []


async def test_bolt_gives_the_challenge_back(setting: Setting, bolt: AsyncApp, over_http: Any) -> None:  # noqa: ANN401
    async with over_http(bolt):
        await setting.workspace.verifies_the_address()
