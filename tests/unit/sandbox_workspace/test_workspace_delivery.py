"""How the workspace reaches an app: signatures, answers, response_urls, events, forged requests."""

import asyncio
import gc
import json
import warnings
from urllib.parse import parse_qs

import httpx
import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.loopback import loopback_server
from bot.sandbox.workspace import DispatchFailed, NotPossibleError, OperationTimeout, SimulatedWorkspace
from tests.fakes.slack_apps import Json, RawApp, Reachable, Setting, words


async def test_requests_are_signed_as_slacks_sdk_verifies_them(setting: Setting, raw_app: RawApp) -> None:
    await setting.workspace.person("alice").types("/copy-backup  a & b ")
    body, headers = raw_app.received[0]
    assert SignatureVerifier(setting.workspace.app.signing_secret).is_valid_request(body, headers)
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    fields = parse_qs(body.decode())
    assert fields["text"] == ["a & b"]
    assert fields["channel_name"] == ["databases"]
    assert fields["team_id"] == [setting.workspace.team_id]


async def test_a_command_in_a_private_place_does_not_name_it(setting: Setting, raw_app: RawApp) -> None:
    alice = setting.workspace.person("alice")
    await alice.types("/copy-backup", channel="#ops-private")
    await alice.types("/copy-backup", channel="@copy-backup")
    names = [parse_qs(body.decode())["channel_name"] for body, _headers in raw_app.received]
    assert names == [["privategroup"], ["directmessage"]]


async def test_should_escape_sends_ids_for_names(setting: Setting, raw_app: RawApp) -> None:
    workspace = setting.workspace
    manifest = workspace.app.manifest.model_dump()
    await workspace.person("alice").types("/copy-backup tell @ana in #general")
    manifest["features"]["slash_commands"][0]["should_escape"] = True
    workspace.install(manifest)
    await workspace.person("alice").types("/copy-backup tell @ana in #general")
    texts = [parse_qs(body.decode())["text"][0] for body, _headers in raw_app.received]
    ana, general = workspace.person("ana").id, workspace.channel("#general").id
    assert texts == ["tell @ana in #general", f"tell <@{ana}|ana> in <#{general}|general>"]


@pytest.mark.parametrize(
    "answer",
    [
        Response(status_code=500),
        Response(status_code=404),
        Response('{"blocks": [{"type": "?"}]}', media_type="application/json"),
    ],
)
async def test_an_app_that_fails_is_a_failed_dispatch(setting: Setting, raw_app: RawApp, answer: Response) -> None:
    raw_app.answers.append(answer)
    with pytest.raises(DispatchFailed, match="dispatch_failed"):
        await setting.workspace.person("alice").types("/copy-backup")


async def test_an_app_that_is_not_there_is_a_failed_dispatch(setting: Setting) -> None:
    alice = setting.workspace.person("alice")
    with pytest.raises(DispatchFailed, match="no Socket Mode connection"):
        await alice.types("/copy-backup")
    setting.workspace.deliver_to("http://127.0.0.1:9/")
    with pytest.raises(DispatchFailed, match="cannot be reached"):
        await alice.types("/copy-backup")


@pytest.mark.parametrize("passes", range(12))
async def test_who_stops_waiting_for_an_app_that_died_leaves_no_connection_open(setting: Setting, passes: int) -> None:
    alice, app = setting.workspace.person("alice"), RawApp()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always", ResourceWarning)
        async with loopback_server(Starlette(routes=[Route("/", app.handle, methods=["POST"])])) as port:
            setting.workspace.deliver_to(f"http://127.0.0.1:{port}/")
            await asyncio.gather(*(alice.types("/copy-backup") for _ in range(4)))
        typing = asyncio.create_task(alice.types("/copy-backup"))
        for _ in range(passes):
            await asyncio.sleep(0)
        typing.cancel()
        await asyncio.gather(typing, return_exceptions=True)
        del typing
        gc.collect()
    assert [str(warning.message) for warning in seen] == []


async def test_what_a_person_cannot_do(setting: Setting, raw_app: RawApp) -> None:
    bob, otto = setting.workspace.person("bob"), setting.workspace.person("otto")
    for impossible in (
        bob.types("/no-such-command"),
        bob.types("/copy-backup", channel="#ops-private"),
        bob.types("/copy-backup", channel="#archive"),
        otto.types("/copy-backup", channel="#general"),
        bob.uses_shortcut("No such shortcut"),
    ):
        with pytest.raises(NotPossibleError):
            await impossible
    assert raw_app.received == []


async def test_where_slack_offers_no_shortcut_at_a_message(setting: Setting, raw_app: RawApp) -> None:
    alice, bob = setting.workspace.person("alice"), setting.workspace.person("bob")
    private, gone = alice.says("secret", "#ops-private"), alice.says("wrong")
    alice.deletes(gone)
    raw_app.answers.append(Response('{"text": "only you"}', media_type="application/json"))
    alone = await alice.types("/copy-backup")
    assert alone is not None
    for impossible in (
        bob.uses_shortcut_on(private, "Again"),
        bob.uses_shortcut_on(gone, "Again"),
        bob.uses_shortcut_on(alone, "Again"),
        alice.uses_shortcut_on(alone, "Again"),
        alice.uses_shortcut_on(private, "Copy a backup"),
    ):
        with pytest.raises(NotPossibleError):
            await impossible
    assert len(raw_app.received) == 1, "the command alone"


async def test_an_answer_in_the_channel_is_for_everybody(setting: Setting, raw_app: RawApp) -> None:
    raw_app.answers.append(Response('{"text": "hello", "response_type": "in_channel"}', media_type="application/json"))
    await setting.workspace.person("alice").types("/copy-backup")
    assert [one.text for one in setting.workspace.channel("#databases").messages] == ["hello"]


async def test_a_response_url_works_five_times(setting: Setting, raw_app: RawApp) -> None:
    alice = setting.workspace.person("alice")
    await alice.types("/copy-backup")
    url = parse_qs(raw_app.received[0][0].decode())["response_url"][0]
    webhook = AsyncWebhookClient(url)
    answers = [(await webhook.send(text=f"{number}")).body for number in range(6)]
    assert answers[:5] == ["ok"] * 5
    assert json.loads(answers[5])["error"] == "used_url"
    assert [one.text for one in alice.ephemeral_messages] == ["0", "1", "2", "3", "4"]


async def test_a_response_url_dies_after_thirty_minutes_and_refuses_what_is_no_message() -> None:
    now = [1_800_000_000.0]
    workspace = SimulatedWorkspace(clock=lambda: now[0])
    async with workspace.serving() as running, httpx.AsyncClient(trust_env=False) as client:
        workspace.install(
            {
                "display_information": {"name": "x"},
                "features": {
                    "bot_user": {"display_name": "x"},
                    "slash_commands": [{"command": "/copy-backup", "description": "x", "url": "https://example.com"}],
                },
                "oauth_config": {"scopes": {"bot": ["commands"]}},
            }
        )
        request = workspace.signed_command("alice", "/copy-backup")
        url = parse_qs(request.body.decode())["response_url"][0]
        assert url.startswith(running.api_url.removesuffix("/api/"))
        for body, error in (({}, "no_text"), ({"text": "x", "blocks": [{"type": "?"}]}, "invalid_blocks")):
            answer = await client.post(url, json=body)
            assert (answer.status_code, answer.json()["error"]) == (400, error)
        assert (await client.post(url, content=b"no json")).json()["error"] == "invalid_payload"
        now[0] += 30 * 60 + 1
        answer = await client.post(url, json={"text": "late"})
        assert (answer.status_code, answer.json()["error"]) == (404, "expired_url")


async def test_the_response_url_of_a_button_replaces_and_deletes_its_message(setting: Setting, raw_app: RawApp) -> None:
    button = {"type": "button", "action_id": "go", "text": words("Go")}
    blocks = [{"type": "actions", "block_id": "row", "elements": [button]}]
    raw_app.answers.append(Response(json.dumps({"text": "?", "blocks": blocks}), media_type="application/json"))
    alice = setting.workspace.person("alice")
    shown = await alice.types("/copy-backup")
    assert shown is not None
    await alice.presses("Go", on=shown)
    payload = raw_app.payload()
    assert payload["container"]["is_ephemeral"] is True
    assert "message" not in payload, "Slack does not keep what only one person saw"
    webhook = AsyncWebhookClient(payload["response_url"])
    await webhook.send(text="Gone on", replace_original=True)
    assert [one.rendered for one in alice.ephemeral_messages] == ["Gone on"]
    await webhook.send(text="", delete_original=True)
    assert alice.ephemeral_messages == []


async def test_an_event_is_sent_again_until_it_is_acknowledged() -> None:
    app = RawApp()
    app.answers += [Response(status_code=500), Response(status_code=500)]
    workspace = SimulatedWorkspace(event_retries=(0.0, 0.0, 0.0))
    async with (
        workspace.serving(),
        loopback_server(Starlette(routes=[Route("/", app.handle, methods=["POST"])])) as port,
    ):
        workspace.install({"display_information": {"name": "x"}, "features": {"bot_user": {"display_name": "x"}}})
        workspace.deliver_to(f"http://127.0.0.1:{port}/")
        await workspace.sends_event({"type": "app_home_opened", "user": workspace.person("alice").id})
    retries = [headers.get("x-slack-retry-num") for _body, headers in app.received]
    assert retries == [None, "1", "2"]
    assert app.received[2][1]["x-slack-retry-reason"] == "http_error"
    ids = {json.loads(body)["event_id"] for body, _headers in app.received}
    assert len(ids) == 1, "it is the same event"


async def test_an_event_that_is_too_late_is_sent_again_until_slack_gives_up() -> None:
    received: list[str | None] = []

    async def never(request: Request) -> Response:
        received.append(request.headers.get("x-slack-retry-reason"))
        await asyncio.Event().wait()
        return Response()

    workspace = SimulatedWorkspace(patience=0.5, event_retries=(0.0, 0.0))
    async with workspace.serving(), loopback_server(Starlette(routes=[Route("/", never, methods=["POST"])])) as port:
        workspace.install({"display_information": {"name": "x"}, "features": {"bot_user": {"display_name": "x"}}})
        workspace.deliver_to(f"http://127.0.0.1:{port}/")
        await workspace.sends_event({"type": "app_home_opened", "user": workspace.person("alice").id})
    assert received == [None, "http_timeout", "http_timeout"]
    assert [one.status for one in workspace.deliveries] == [0, 0, 0]


async def test_events_that_are_being_sent_end_with_the_workspace() -> None:
    arrived = asyncio.Event()

    async def never(_request: Request) -> Response:
        arrived.set()
        await asyncio.Event().wait()
        return Response()

    workspace = SimulatedWorkspace(patience=60)
    async with loopback_server(Starlette(routes=[Route("/", never, methods=["POST"])])) as port:
        async with workspace.serving():
            manifest: Json = {
                "display_information": {"name": "x"},
                "features": {"bot_user": {"display_name": "x"}, "app_home": {"home_tab_enabled": True}},
                "settings": {"event_subscriptions": {"bot_events": ["app_home_opened"]}},
            }
            workspace.install(manifest)
            workspace.deliver_to(f"http://127.0.0.1:{port}/")
            await workspace.person("alice").opens_home()
            await arrived.wait()
        await workspace._delivery.stop()
        assert workspace._delivery._telling == set()


async def test_an_app_that_did_not_subscribe_is_not_told_that_app_home_was_opened(
    setting: Setting, raw_app: RawApp
) -> None:
    manifest = setting.workspace.app.manifest.model_dump()
    manifest["settings"]["event_subscriptions"]["bot_events"] = []
    setting.workspace.install(manifest)
    alice = setting.workspace.person("alice")
    home = await alice.opens_home()
    assert not home.is_open
    await alice.types("/copy-backup")
    assert len(raw_app.received) == 1


async def test_app_home_is_told_with_what_is_shown_and_cannot_be_closed(setting: Setting, raw_app: RawApp) -> None:
    alice = setting.workspace.person("alice")
    await setting.client.views_publish(user_id=alice.id, view={"type": "home", "blocks": [], "private_metadata": "x"})
    home = await alice.opens_home()
    await setting.workspace.changes.until(
        lambda: raw_app.received or None, patience=10, waited_for="the event", instead=lambda: "nothing"
    )
    event = json.loads(raw_app.received[0][0])["event"]
    assert (event["tab"], event["view"]["private_metadata"], event["user"]) == ("home", "x", alice.id)
    with pytest.raises(NotPossibleError, match="not closed"):
        await home.closes()


async def test_a_button_in_a_thread_says_which_thread(setting: Setting, raw_app: RawApp) -> None:
    channel = setting.workspace.channel("#databases")
    parent = await setting.client.chat_postMessage(channel=channel.id, text="copying")
    button = {"type": "button", "text": words("Stop"), "action_id": "stop", "style": "danger", "value": "7"}
    await setting.client.chat_postMessage(
        channel=channel.id, text="a reply", thread_ts=parent["ts"], blocks=[{"type": "actions", "elements": [button]}]
    )
    (reply,) = channel.messages[0].thread
    await setting.workspace.person("alice").presses("Stop", on=reply)
    payload = raw_app.payload()
    assert payload["container"]["thread_ts"] == parent["ts"]
    assert (payload["actions"][0]["style"], payload["actions"][0]["value"]) == ("danger", "7")


async def test_any_request_can_be_posted_to_the_app_as_it_is(setting: Setting, raw_app: RawApp) -> None:
    request = setting.workspace.signed_command("alice", "/copy-backup status")
    assert (await setting.workspace.post_to_app(request)).status == 200
    assert parse_qs(raw_app.received[0][0].decode())["text"] == ["status"]


async def test_nothing_can_be_posted_without_an_address(setting: Setting) -> None:
    with pytest.raises(DispatchFailed, match="deliver_to"):
        await setting.workspace.post_to_app(setting.workspace.signed_command("alice", "/copy-backup"))


async def test_forged_requests_are_what_they_pretend_to_be(
    setting: Setting, bolt: AsyncApp, over_http: Reachable
) -> None:
    seen: list[Json] = []

    @bolt.command("/copy-backup")
    async def command(ack: AsyncAck, body: Json) -> None:
        seen.append(body)
        await ack()

    forge = setting.workspace.forge
    async with over_http(bolt):
        with pytest.raises(LookupError):
            await forge(replayed=True)
        assert (await forge(bad_signature=True)).status == 401
        assert (await forge(old_timestamp=True)).status == 401
        assert seen == []
        assert (await forge("/copy-backup x")).status == 200
        assert (await forge(replayed=True)).status == 200
        assert seen[0] == seen[1]
        await forge(other_user=True)
        assert seen[2]["user_id"] not in {setting.workspace.person(name).id for name in ("alice", "bob")}
        await forge(other_team=True)
        assert seen[3]["team_id"] != setting.workspace.team_id
    assert len(seen) == 4


async def test_a_button_that_is_not_acknowledged_is_an_operation_timeout() -> None:
    never = asyncio.Event()

    async def handle(_request: Request) -> Response:
        await never.wait()
        return Response()

    workspace = SimulatedWorkspace(patience=0.1)
    async with (
        workspace.serving() as running,
        loopback_server(Starlette(routes=[Route("/", handle, methods=["POST"])])) as port,
    ):
        app = workspace.install(
            {
                "display_information": {"name": "x"},
                "features": {"bot_user": {"display_name": "x"}},
                "oauth_config": {"scopes": {"bot": ["chat:write", "chat:write.public"]}},
                "settings": {"interactivity": {"is_enabled": True, "request_url": "https://example.com"}},
            }
        )
        workspace.deliver_to(f"http://127.0.0.1:{port}/")
        button = {"type": "button", "action_id": "go", "text": words("Go")}
        await AsyncWebClient(token=app.bot_token, base_url=running.api_url).chat_postMessage(
            channel=workspace.channel("#databases").id,
            text="x",
            blocks=[{"type": "actions", "elements": [button]}],
        )
        message = await workspace.channel("#databases").waits_for("[Go]")
        with pytest.raises(OperationTimeout):
            await workspace.person("bob").presses("Go", on=message)
