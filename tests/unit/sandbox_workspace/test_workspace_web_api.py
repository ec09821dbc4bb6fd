"""The Web API, asked by Slack's own SDK and by bare HTTP: what it gives, and what it refuses by which name."""

import time
from collections.abc import AsyncIterator, Awaitable

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.sandbox.workspace import SimulatedWorkspace
from tests.fakes.slack_apps import Json, Setting, words


async def refusal(call: Awaitable[AsyncSlackResponse]) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


def modal(title: str = "Form", **more: object) -> Json:
    return {"type": "modal", "title": words(title), "blocks": [{"type": "divider", "block_id": "line"}], **more}


def trigger(setting: Setting, person: str = "alice") -> str:
    return str(httpx.QueryParams(setting.workspace.signed_command(person, "/copy-backup").body.decode())["trigger_id"])


@pytest.fixture
async def raw(setting: Setting) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=setting.api_url, trust_env=False) as client:
        yield client


async def test_the_sdk_learns_who_it_is(setting: Setting) -> None:
    answer = await setting.client.auth_test()
    app = setting.workspace.app
    assert (answer["team_id"], answer["user_id"], answer["bot_id"]) == (app.team_id, app.bot_user_id, app.bot_id)
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")
    assert (await setting.client.api_test())["ok"]


async def test_tokens_are_checked(setting: Setting, raw: httpx.AsyncClient) -> None:
    app = setting.workspace.app
    assert (await raw.post("auth.test")).json()["error"] == "not_authed"
    assert (await raw.post("auth.test", data={"token": app.bot_token})).json()["ok"]
    assert (await raw.post("auth.test", json={"token": app.bot_token})).json()["error"] == "not_authed"
    assert await refusal(AsyncWebClient(token="xoxb-1", base_url=setting.api_url).auth_test()) == "invalid_auth"
    wrong_kind = AsyncWebClient(token=app.app_token, base_url=setting.api_url)
    assert await refusal(wrong_kind.auth_test()) == "not_allowed_token_type"
    assert await refusal(setting.client.apps_connections_open(app_token=app.bot_token)) == "not_allowed_token_type"
    for error in ("token_revoked", "account_inactive"):
        app.token_error = error
        assert await refusal(setting.client.auth_test()) == error


async def test_a_missing_scope_is_named_with_what_is_provided(setting: Setting) -> None:
    manifest = setting.workspace.app.manifest.model_dump()
    manifest["oauth_config"]["scopes"]["bot"] = ["commands", "channels:read"]
    setting.workspace.install(manifest)
    with pytest.raises(SlackApiError) as refused:
        await setting.client.chat_postMessage(channel=setting.workspace.channel("#general").id, text="hello")
    answer = refused.value.response
    assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write")
    assert answer["provided"] == "commands,channels:read"
    private = setting.workspace.channel("#ops-private")
    private.invites_the_app()
    assert await refusal(setting.client.conversations_info(channel=private.id)) == "missing_scope"


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("no.such.method", {}, "unknown_method"),
        ("chat.postMessage", {}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "#databases", "text": "  "}, "no_text"),
        ("chat.postMessage", {"channel": "#databases", "text": "x", "blocks": "{"}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": "#databases", "text": "x", "blocks": [{"type": "?"}]}, "invalid_blocks"),
        ("chat.postMessage", {"channel": "#databases", "text": "x", "thread_ts": "1.1"}, "cannot_reply_to_message"),
        ("chat.postMessage", {"channel": "#databases", "text": "x", "metadata": "{}"}, "invalid_metadata_format"),
        (
            "chat.postMessage",
            {
                "channel": "#databases",
                "text": "x",
                "metadata": {"event_type": "copy", "event_payload": {"all": "x" * 9000}},
            },
            "metadata_too_large",
        ),
        ("chat.postMessage", {"channel": "#archive", "text": "x"}, "is_archived"),
        ("chat.postMessage", {"channel": "#ops-private", "text": "x"}, "channel_not_found"),
        ("chat.postEphemeral", {"channel": "#databases", "user": "U1", "text": "x"}, "not_in_channel"),
        ("chat.update", {"channel": "#databases", "ts": "1.1", "text": "x"}, "message_not_found"),
        ("chat.delete", {"channel": "#databases", "ts": "1.1"}, "message_not_found"),
        ("chat.getPermalink", {"channel": "#databases", "message_ts": "1.1"}, "message_not_found"),
        ("conversations.history", {"channel": "#databases"}, "not_in_channel"),
        ("conversations.replies", {"channel": "#databases", "ts": "1.1"}, "not_in_channel"),
        ("conversations.info", {"channel": "#ops-private"}, "channel_not_found"),
        ("conversations.join", {"channel": "#ops-private"}, "channel_not_found"),
        ("conversations.join", {"channel": "#archive"}, "is_archived"),
        ("conversations.open", {}, "users_list_not_supplied"),
        ("conversations.open", {"users": "U0NOBODY"}, "user_not_found"),
        ("users.info", {"user": "U0NOBODY"}, "user_not_found"),
        ("users.conversations", {"types": "im"}, "missing_scope"),
        ("usergroups.users.list", {"usergroup": "S0NOTHING"}, "no_such_subteam"),
        ("views.open", {"trigger_id": "1.1", "view": modal()}, "invalid_trigger_id"),
        ("views.open", {"trigger_id": "1.1", "view": {"type": "home", "blocks": []}}, "invalid_arguments"),
        ("views.update", {"view_id": "V0", "view": modal()}, "not_found"),
        ("views.update", {"view": modal()}, "invalid_arguments"),
        ("views.publish", {"user_id": "U0", "view": {"type": "home", "blocks": []}}, "user_not_found"),
        ("reactions.add", {"channel": "#databases", "timestamp": "1.1", "name": "eyes"}, "not_in_channel"),
        ("blocks.validate", {}, "invalid_arguments"),
        ("blocks.validate", {"view": {"type": "modal"}}, "invalid_view"),
        ("blocks.validate", {"message": {"blocks": [{"type": "?"}]}}, "invalid_message"),
        ("api.test", {"error": "my_error"}, "my_error"),
    ],
)
async def test_slack_refuses_by_its_own_names(setting: Setting, method: str, arguments: Json, error: str) -> None:
    if str(arguments.get("channel", "")).startswith("#"):
        arguments = {**arguments, "channel": setting.workspace.channel(arguments["channel"]).id}
    assert await refusal(setting.client.api_call(method, json=arguments)) == error
    assert setting.workspace.requests[-1].answer["error"] == error


async def test_where_a_message_can_go(setting: Setting) -> None:
    workspace, client = setting.workspace, setting.client
    databases, private = workspace.channel("#databases"), workspace.channel("#ops-private")
    await client.chat_postMessage(channel=databases.id, text="chat:write.public is enough here")
    private.invites_the_app()
    await client.chat_postMessage(channel=private.id, text="invited")
    databases.restricts_posting()
    assert await refusal(client.chat_postMessage(channel=databases.id, text="x")) == "restricted_action"

    manifest = workspace.app.manifest.model_dump()
    manifest["oauth_config"]["scopes"]["bot"].remove("chat:write.public")
    workspace.install(manifest)
    general = workspace.channel("#general")
    assert await refusal(client.chat_postMessage(channel=general.id, text="x")) == "not_in_channel"
    await client.conversations_join(channel=general.id)
    await client.chat_postMessage(channel=general.id, text="joined")
    assert [one.text for one in general.messages] == ["joined"]


async def test_a_message_is_found_again_by_its_metadata_after_a_crash(setting: Setting) -> None:
    client, channel = setting.client, setting.workspace.channel("#databases")
    await client.conversations_join(channel=channel.id)
    metadata = {"event_type": "copy", "event_payload": {"id": "7"}}
    posted = await client.chat_postMessage(channel=channel.id, text="Copying", metadata=metadata)
    await client.chat_postMessage(channel=channel.id, text="a step", thread_ts=posted["ts"], metadata=metadata)

    without = (await client.conversations_history(channel=channel.id))["messages"]
    assert [("metadata" in one) for one in without] == [False]
    found = (await client.conversations_history(channel=channel.id, include_all_metadata=True))["messages"]
    assert found[0]["metadata"] == metadata
    assert found[0]["reply_count"] == 1
    thread = await client.conversations_replies(channel=channel.id, ts=posted["ts"], include_all_metadata=True)
    assert [one["text"] for one in thread["messages"]] == ["Copying", "a step"]
    assert await refusal(client.conversations_replies(channel=channel.id, ts="1.1")) == "thread_not_found"


async def test_history_comes_in_pages_newest_first(setting: Setting) -> None:
    client, channel = setting.client, setting.workspace.channel("#databases")
    await client.conversations_join(channel=channel.id)
    stamps = [(await client.chat_postMessage(channel=channel.id, text=f"{number}"))["ts"] for number in range(5)]
    texts: list[str] = []
    async for page in await client.conversations_history(channel=channel.id, limit=2):
        texts += [one["text"] for one in page["messages"]]
    assert texts == ["4", "3", "2", "1", "0"]
    newer = await client.conversations_history(channel=channel.id, oldest=stamps[3])
    assert [one["text"] for one in newer["messages"]] == ["4"]
    also = await client.conversations_history(channel=channel.id, oldest=stamps[3], inclusive=True)
    assert [one["text"] for one in also["messages"]] == ["4", "3"]


async def test_a_message_is_changed_by_its_author_alone_and_keeps_what_was_not_sent(setting: Setting) -> None:
    client, channel = setting.client, setting.workspace.channel("#databases")
    blocks = [{"type": "section", "text": words("shown")}]
    metadata = {"event_type": "copy", "event_payload": {}}
    posted = await client.chat_postMessage(channel=channel.id, text="first", blocks=blocks, metadata=metadata)
    message = channel.messages[0]
    await client.chat_update(channel=channel.id, ts=posted["ts"], text="second")
    assert (message.text, message.rendered, message.edited) == ("second", "shown", True)
    assert message.metadata == metadata
    await client.chat_update(channel=channel.id, ts=posted["ts"], text="third", blocks=[])
    assert message.rendered == "third"

    too_long = client.chat_update(channel=channel.id, ts=posted["ts"], text="x" * 4001)
    assert await refusal(too_long) == "msg_too_long"
    await client.chat_update(channel=channel.id, ts=posted["ts"], text="x" * 4000)
    bobs = setting.workspace.person("bob").says("mine")
    assert await refusal(client.chat_update(channel=channel.id, ts=bobs.ts, text="x")) == "cant_update_message"
    assert await refusal(client.chat_delete(channel=channel.id, ts=bobs.ts)) == "cant_delete_message"
    await client.chat_delete(channel=channel.id, ts=posted["ts"])
    assert [one.text for one in channel.messages] == ["mine"]


async def test_a_text_that_is_too_long_is_cut_when_it_is_posted(setting: Setting) -> None:
    channel = setting.workspace.channel("#databases")
    posted = await setting.client.chat_postMessage(channel=channel.id, text="x" * 40_001)
    assert posted["warning"] == "message_truncated"
    assert len(channel.messages[0].text) == 40_000


async def test_permalinks_reactions_and_ephemeral_messages(setting: Setting) -> None:
    client, channel = setting.client, setting.workspace.channel("#databases")
    await client.conversations_join(channel=channel.id)
    ts = (await client.chat_postMessage(channel=channel.id, text="hello"))["ts"]
    link = (await client.chat_getPermalink(channel=channel.id, message_ts=ts))["permalink"]
    assert link == channel.messages[0].permalink
    assert link.endswith(f"/archives/{channel.id}/p{ts.replace('.', '')}")
    await client.reactions_add(channel=channel.id, timestamp=ts, name="eyes")
    assert await refusal(client.reactions_add(channel=channel.id, timestamp=ts, name="eyes")) == "already_reacted"
    bob = setting.workspace.person("bob")
    await client.chat_postEphemeral(channel=channel.id, user=bob.id, text="only you")
    assert [one.text for one in bob.ephemeral_messages] == ["only you"]
    stranger = setting.workspace.add_person("zoe")
    to_stranger = client.chat_postEphemeral(channel=channel.id, user=stranger.id, text="x")
    assert await refusal(to_stranger) == "user_not_in_channel"


async def test_people_groups_and_channels_are_what_they_are(setting: Setting) -> None:
    client, workspace = setting.client, setting.workspace
    guest = (await client.users_info(user=workspace.person("greg").id))["user"]
    single = (await client.users_info(user=workspace.person("otto").id))["user"]
    assert (guest["is_restricted"], guest["is_ultra_restricted"]) == (True, False)
    assert single["is_ultra_restricted"]
    assert (await client.users_info(user=workspace.app.bot_user_id))["user"]["is_bot"]
    groups = (await client.usergroups_list(include_users=True))["usergroups"]
    assert {one["handle"]: one["users"] for one in groups}["dba"] == [workspace.person("ana").id]
    members = await client.usergroups_users_list(usergroup=workspace.group_id("approvers"))
    assert members["users"] == [workspace.person("carol").id]
    channel = workspace.channel("#databases")
    assert (await client.conversations_info(channel=channel.id))["channel"]["is_member"] is False
    assert workspace.person("bob").id in (await client.conversations_members(channel=channel.id))["members"]
    await client.conversations_join(channel=channel.id)
    joined = await client.users_conversations(types="public_channel,private_channel")
    assert [one["name"] for one in joined["channels"]] == ["databases"]
    opened = await client.conversations_open(users=[workspace.person("bob").id])
    await client.chat_postMessage(channel=opened["channel"]["id"], text="psst")
    assert [one.text for one in workspace.person("bob").direct_messages()] == ["psst"]


async def test_a_trigger_works_once_and_for_three_seconds() -> None:
    now = [time.time()]
    workspace = SimulatedWorkspace(clock=lambda: now[0])
    async with workspace.serving() as running:
        from_manifest = {
            "display_information": {"name": "x"},
            "features": {
                "bot_user": {"display_name": "x"},
                "slash_commands": [{"command": "/copy-backup", "description": "x", "url": "https://example.com"}],
            },
            "oauth_config": {"scopes": {"bot": ["commands"]}},
        }
        app = workspace.install(from_manifest)
        client = AsyncWebClient(token=app.bot_token, base_url=running.api_url)
        setting = Setting(workspace, running.api_url, client)
        used, late = trigger(setting), trigger(setting)
        await setting.client.views_open(trigger_id=used, view=modal())
        assert await refusal(setting.client.views_open(trigger_id=used, view=modal())) == "exchanged_trigger_id"
        now[0] += 3.001
        assert await refusal(setting.client.views_open(trigger_id=late, view=modal())) == "expired_trigger_id"


async def test_views_lie_on_top_of_each_other_three_at_most_and_have_a_hash(setting: Setting) -> None:
    client, alice = setting.client, setting.workspace.person("alice")
    first = (await client.views_open(trigger_id=trigger(setting), view=modal("First")))["view"]
    second = (await client.views_push(trigger_id=trigger(setting), view=modal("Second")))["view"]
    third = (await client.views_push(trigger_id=trigger(setting), view=modal("Third")))["view"]
    assert (third["root_view_id"], third["previous_view_id"]) == (first["id"], second["id"])
    assert await refusal(client.views_push(trigger_id=trigger(setting), view=modal())) == "push_limit_reached"

    updated = (await client.views_update(view_id=third["id"], hash=third["hash"], view=modal("New")))["view"]
    assert updated["hash"] != third["hash"]
    stale = client.views_update(view_id=third["id"], hash=third["hash"], view=modal("Newer"))
    assert await refusal(stale) == "hash_conflict"
    form = await alice.sees_form("New")
    await form.closes()
    assert (await alice.sees_form()).title == "Second"
    assert await refusal(client.views_update(view_id=third["id"], view=modal())) == "not_found"
    await (await alice.sees_form()).closes(all_of_them=True)
    assert alice.form is None
    assert await refusal(client.views_push(trigger_id=trigger(setting), view=modal())) == "not_found"


async def test_a_view_is_found_by_its_external_id_which_is_unique(setting: Setting) -> None:
    client = setting.client
    await client.views_open(trigger_id=trigger(setting), view=modal(external_id="mine"))
    await client.views_update(external_id="mine", view=modal("Found", external_id="mine"))
    assert (await setting.workspace.person("alice").sees_form()).title == "Found"
    other = client.views_open(trigger_id=trigger(setting, "bob"), view=modal(external_id="mine"))
    assert await refusal(other) == "duplicate_external_id"


async def test_blocks_validate_takes_what_would_be_taken(setting: Setting) -> None:
    client = setting.client
    assert (await client.api_call("blocks.validate", json={"blocks": [{"type": "divider"}]}))["ok"]
    assert (await client.api_call("blocks.validate", json={"view": modal()}))["ok"]
    with pytest.raises(SlackApiError) as refused:
        await client.api_call("blocks.validate", json={"blocks": [{"type": "marquee"}]})
    assert refused.value.response["errors"][0]["pointer"] == "/blocks/0/type"


async def test_broken_requests_are_refused(setting: Setting, raw: httpx.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {setting.workspace.app.bot_token}"}
    for body, kind, error in (
        ("{", "application/json", "invalid_json"),
        ("[]", "application/json", "json_not_object"),
        ("a;b", "application/x-www-form-urlencoded", "invalid_form_data"),
        ("<x/>", "application/xml", "invalid_post_type"),
    ):
        answer = await raw.post("chat.postMessage", content=body, headers={**headers, "Content-Type": kind})
        assert answer.json()["error"] == error


async def test_trouble_with_one_method(setting: Setting, raw: httpx.AsyncClient) -> None:
    workspace, channel = setting.workspace, setting.workspace.channel("#databases")
    headers = {"Authorization": f"Bearer {workspace.app.bot_token}"}

    async def post() -> httpx.Response:
        return await raw.post("chat.postMessage", data={"channel": channel.id, "text": "x"}, headers=headers)

    workspace.trouble.refuse("chat.postMessage", error="channel_not_found")
    assert (await post()).json()["error"] == "channel_not_found"
    workspace.trouble.server_error("chat.postMessage", 503)
    assert (await post()).status_code == 503
    workspace.trouble.cut_connection("chat.postMessage")
    with pytest.raises(httpx.TransportError):
        await post()
    assert channel.messages == []
    workspace.trouble.lose_answer("chat.postMessage")
    with pytest.raises(httpx.TransportError):
        await post()
    assert len(channel.messages) == 1, "the message was posted although the app does not know"
    workspace.trouble.slow("chat.postMessage", 0.2, times=1)
    began = time.monotonic()
    assert (await post()).json()["ok"]
    assert time.monotonic() - began >= 0.2


async def test_after_a_429_the_method_stays_closed_until_retry_after(setting: Setting) -> None:
    channel, client = setting.workspace.channel("#databases"), setting.client
    setting.workspace.trouble.rate_limit("chat.postMessage", retry_after=1)
    for _attempt in range(2):
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(channel=channel.id, text="x")
        assert refused.value.response.status_code == 429
        assert refused.value.response.headers["Retry-After"] == "1"
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=2))
    await client.chat_postMessage(channel=channel.id, text="patient")
    assert [one.text for one in channel.messages] == ["patient"]


async def test_slacks_own_rates_are_kept_where_they_are_asked_for() -> None:
    now = [time.time()]
    workspace = SimulatedWorkspace(enforce_rates=True, clock=lambda: now[0])
    async with workspace.serving() as running:
        app = workspace.install(
            {
                "display_information": {"name": "x"},
                "features": {"bot_user": {"display_name": "x"}},
                "oauth_config": {"scopes": {"bot": ["chat:write", "chat:write.public", "users:read"]}},
            }
        )
        client = AsyncWebClient(token=app.bot_token, base_url=running.api_url)
        channel, alice = workspace.channel("#databases").id, workspace.person("alice").id
        await client.chat_postMessage(channel=channel, text="one")
        assert await refusal(client.chat_postMessage(channel=channel, text="two")) == "ratelimited"
        now[0] += 1.1
        await client.chat_postMessage(channel=channel, text="two")
        for _call in range(100):
            await client.users_info(user=alice)
        assert await refusal(client.users_info(user=alice)) == "ratelimited"


async def test_calls_are_recorded_without_the_token(setting: Setting) -> None:
    await setting.client.users_info(user=setting.workspace.person("bob").id)
    recorded = setting.workspace.requests[-1]
    assert (recorded.method, recorded.status) == ("users.info", 200)
    assert recorded.arguments == {"user": setting.workspace.person("bob").id}
    assert setting.workspace.app.bot_token not in repr(setting.workspace.requests)


async def test_another_process_can_look_at_messages_and_requests(setting: Setting) -> None:
    channel = setting.workspace.channel("#databases")
    ts = (await setting.client.chat_postMessage(channel=channel.id, text="*done*"))["ts"]
    await setting.client.chat_postMessage(channel=channel.id, text="a step", thread_ts=ts)
    async with httpx.AsyncClient(base_url=setting.api_url.removesuffix("api/"), trust_env=False) as outside:
        messages = (await outside.get("control/channels/databases/messages")).json()["messages"]
        requests = (await outside.get("control/requests")).json()
        assert (await outside.get("control/channels/nowhere/messages")).status_code == 404
    assert [(one["rendered"], len(one["thread"])) for one in messages] == [("done", 1)]
    assert [one["method"] for one in requests] == ["chat.postMessage", "chat.postMessage"]
