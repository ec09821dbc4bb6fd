"""Messages, conversations and people through the Web API: every refusal by its name, every page, every warning."""

from urllib.parse import parse_qs

import httpx
import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.workspace import ManifestError, SimulatedWorkspace
from tests.fakes.slack_apps import Json, Setting


async def call(setting: Setting, method: str, **arguments: object) -> Json:
    answer = await setting.client.api_call(method, json=arguments)
    content: Json = answer.data  # type: ignore[assignment]  # JSON, so no bytes
    return content


async def refusal(setting: Setting, method: str, **arguments: object) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call(setting, method, **arguments)
    return str(refused.value.response["error"])


async def posted(setting: Setting, channel: str = "#databases", **more: object) -> tuple[str, str]:
    """A message of the app, as the channel and ts of it."""
    place = setting.workspace.channel(channel)
    place.invites_the_app()
    answer = await call(setting, "chat.postMessage", channel=place.id, text="hello", **more)
    return place.id, str(answer["ts"])


async def test_nothing_is_said_to_somebody_who_has_left(setting: Setting) -> None:
    bob = setting.workspace.person("bob").id
    setting.workspace.user("bob").deleted = True
    assert await refusal(setting, "chat.postMessage", channel=bob, text="hi") == "channel_not_found"
    assert await refusal(setting, "conversations.open", users=bob) == "user_disabled"


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("chat.postEphemeral", {"text": "x"}),
        ("chat.update", {"text": "x"}),
        ("chat.delete", {}),
        ("reactions.add", {"name": "eyes"}),
    ],
)
async def test_an_archived_channel_stays_as_it_is(setting: Setting, method: str, arguments: Json) -> None:
    channel, ts = await posted(setting)
    setting.workspace.channel("#databases").archives()
    alice = setting.workspace.person("alice").id
    refused = await refusal(setting, method, channel=channel, ts=ts, timestamp=ts, user=alice, **arguments)
    assert refused == "is_archived"


async def test_a_message_must_say_something(setting: Setting) -> None:
    channel, ts = await posted(setting)
    alice = setting.workspace.person("alice").id
    assert await refusal(setting, "chat.postEphemeral", channel=channel, user=alice, text="  ") == "no_text"
    assert await refusal(setting, "chat.update", channel=channel, ts=ts) == "no_text"
    assert await refusal(setting, "chat.update", channel=channel, ts=ts, text="") == "no_text"
    assert await refusal(setting, "chat.update", channel=channel, ts=ts, text="x" * 4001) == "msg_too_long"
    assert (await call(setting, "chat.update", channel=channel, ts=ts, text="x" * 4000))["ok"]


async def test_an_ephemeral_message_is_for_somebody_who_is_there(setting: Setting) -> None:
    channel, _ = await posted(setting, "#ops-private")
    bob = setting.workspace.person("bob").id
    assert await refusal(setting, "chat.postEphemeral", channel=channel, user=bob, text="x") == "user_not_in_channel"


async def test_blocks_are_kept_or_taken_away_by_an_update(setting: Setting) -> None:
    channel, ts = await posted(setting, blocks=[{"type": "divider", "block_id": "line"}])
    (message,) = setting.workspace.channel("#databases").messages
    await call(setting, "chat.update", channel=channel, ts=ts, text="kept")
    assert message.blocks == [{"type": "divider", "block_id": "line"}]
    assert (message.rendered, message.notification) == ("---", "kept")
    await call(setting, "chat.update", channel=channel, ts=ts, text="bare", blocks=[])
    assert (message.blocks, message.rendered, message.edited) == ([], "bare", True)


async def test_the_permalink_of_a_reply_names_its_thread(setting: Setting) -> None:
    channel, ts = await posted(setting)
    reply = await call(setting, "chat.postMessage", channel=channel, text="more", thread_ts=ts)
    answer = await call(setting, "chat.getPermalink", channel=channel, message_ts=reply["ts"])
    assert answer["permalink"].endswith(f"/p{reply['ts'].replace('.', '')}?thread_ts={ts}&cid={channel}")


@pytest.mark.parametrize("name", ["", ":eyes:", ":"])
async def test_a_reaction_is_named_without_colons(setting: Setting, name: str) -> None:
    channel, ts = await posted(setting)
    assert await refusal(setting, "reactions.add", channel=channel, timestamp=ts, name=name) == "invalid_name"


async def test_reactions_are_shown_with_the_message(setting: Setting) -> None:
    channel, ts = await posted(setting)
    await call(setting, "reactions.add", channel=channel, timestamp=ts, name="eyes")
    assert await refusal(setting, "reactions.add", channel=channel, timestamp=ts, name="eyes") == "already_reacted"
    (message,) = (await call(setting, "conversations.history", channel=channel))["messages"]
    bot = setting.workspace.app.bot_user_id
    assert message["reactions"] == [{"name": "eyes", "users": [bot], "count": 1}]


async def test_what_a_person_wrote_is_in_the_history_and_not_the_apps(setting: Setting) -> None:
    channel, _ = await posted(setting)
    said = setting.workspace.person("bob").says("hello all")
    newest = (await call(setting, "conversations.history", channel=channel, limit=1))["messages"][0]
    assert (newest["text"], newest["user"], "bot_id" in newest) == (
        "hello all",
        setting.workspace.person("bob").id,
        False,
    )
    assert await refusal(setting, "chat.update", channel=channel, ts=said.ts, text="x") == "cant_update_message"
    assert await refusal(setting, "chat.delete", channel=channel, ts=said.ts) == "cant_delete_message"


async def test_history_is_cut_by_time_and_refuses_what_is_no_time(setting: Setting) -> None:
    channel, first = await posted(setting)
    _, second = await posted(setting)
    _, third = await posted(setting)

    async def history(**arguments: object) -> list[str]:
        answer = await call(setting, "conversations.history", channel=channel, **arguments)
        return [one["ts"] for one in answer["messages"]]

    assert await history(oldest=first) == [third, second]
    assert await history(latest=third, oldest=first) == [second]
    assert await history(latest=third, oldest=first, inclusive=True) == [third, second, first]
    assert await refusal(setting, "conversations.history", channel=channel, oldest="soon") == "invalid_ts_oldest"
    assert await refusal(setting, "conversations.history", channel=channel, cursor="bad") == "invalid_cursor"
    assert await refusal(setting, "conversations.history", channel=channel, limit=1001) == "invalid_arguments"


async def test_a_thread_is_read_from_its_parent_and_a_reply_alone(setting: Setting) -> None:
    channel, ts = await posted(setting)
    reply = await call(setting, "chat.postMessage", channel=channel, text="more", thread_ts=ts)
    thread = (await call(setting, "conversations.replies", channel=channel, ts=ts))["messages"]
    assert [(one["ts"], one.get("reply_count")) for one in thread] == [(ts, 1), (reply["ts"], None)]
    alone = (await call(setting, "conversations.replies", channel=channel, ts=reply["ts"]))["messages"]
    assert [one["ts"] for one in alone] == [reply["ts"]]
    assert await refusal(setting, "conversations.replies", channel=channel, ts="1.1") == "thread_not_found"


async def test_joining_twice_is_a_warning_and_private_places_cannot_be_joined(setting: Setting) -> None:
    public, private = setting.workspace.channel("#general"), setting.workspace.channel("#ops-private")
    assert "warning" not in await call(setting, "conversations.join", channel=public.id)
    assert (await call(setting, "conversations.join", channel=public.id))["warning"] == "already_in_channel"
    private.invites_the_app()
    refused = await refusal(setting, "conversations.join", channel=private.id)
    assert refused == "method_not_supported_for_channel_type"
    private.removes_the_app()
    assert await refusal(setting, "conversations.info", channel=private.id) == "channel_not_found"


async def test_a_direct_message_is_opened_by_person_or_by_id(setting: Setting) -> None:
    alice, bob = setting.workspace.person("alice"), setting.workspace.person("bob")
    opened = await call(setting, "conversations.open", users=alice.id, return_im=True)
    assert (opened["channel"]["is_im"], opened["channel"]["user"]) == (True, alice.id)
    again = await call(setting, "conversations.open", channel=opened["channel"]["id"])
    assert (again["already_open"], again["channel"]) == (True, {"id": opened["channel"]["id"]})
    several = await refusal(setting, "conversations.open", users=f"{alice.id},{bob.id}")
    assert several == "method_not_supported_for_channel_type"


async def test_conversations_of_somebody_are_those_that_the_app_may_see(setting: Setting) -> None:
    alice = setting.workspace.person("alice").id

    async def names(**arguments: object) -> set[str]:
        answer = await call(setting, "users.conversations", user=alice, **arguments)
        return {one["name"] for one in answer["channels"]}

    assert await names(types="public_channel,private_channel") == {"databases", "general", "archive"}
    assert await names(exclude_archived=True) == {"databases", "general"}
    setting.workspace.channel("#ops-private").invites_the_app()
    assert await names(types="private_channel") == {"ops-private"}
    assert await refusal(setting, "users.conversations", types="secret_channel") == "invalid_types"


async def test_lists_come_in_pages(setting: Setting) -> None:
    channel = setting.workspace.channel("#databases").id
    seen: list[str] = []
    cursor = ""
    while True:
        page = await call(setting, "conversations.members", channel=channel, limit=4, cursor=cursor)
        seen.extend(page["members"])
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert (len(seen), seen) == (6, sorted(setting.workspace.channel("#databases").conversation.members))


async def test_user_groups_are_listed_with_their_people_where_that_is_asked(setting: Setting) -> None:
    bare = (await call(setting, "usergroups.list"))["usergroups"]
    full = (await call(setting, "usergroups.list", include_users=True))["usergroups"]
    assert all("users" not in group for group in bare)
    assert {group["handle"]: group["users"] for group in full} == {
        "dba": [setting.workspace.person("ana").id],
        "approvers": [setting.workspace.person("carol").id],
    }
    setting.workspace.group("@dba").append(setting.workspace.person("bob").id)
    answer = await call(setting, "usergroups.users.list", usergroup=setting.workspace.group_id("@dba"))
    assert len(answer["users"]) == 2


async def test_app_home_is_for_people_and_is_published_not_updated(setting: Setting) -> None:
    home = {"type": "home", "blocks": []}
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Form"}, "blocks": []}
    alice = setting.workspace.person("alice").id
    shown = (await call(setting, "views.publish", user_id=alice, view=home))["view"]
    assert await refusal(setting, "views.update", view_id=shown["id"], view=view) == "invalid_arguments"
    assert await refusal(setting, "views.publish", user_id=alice, view=home, hash="old") == "hash_conflict"
    again = (await call(setting, "views.publish", user_id=alice, view=home, hash=shown["hash"]))["view"]
    assert (again["id"], again["hash"] == shown["hash"]) == (shown["id"], False)
    bot = setting.workspace.app.bot_user_id
    assert await refusal(setting, "views.publish", user_id=bot, view=home) == "invalid_arguments"
    assert await refusal(setting, "conversations.open", users=bot) == "cannot_dm_bot"


async def test_a_view_is_pushed_on_one_that_is_open(setting: Setting) -> None:
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Form"}, "blocks": []}

    def trigger() -> str:
        command = setting.workspace.signed_command("alice", "/copy-backup")
        return parse_qs(command.body.decode())["trigger_id"][0]

    assert await refusal(setting, "views.push", trigger_id=trigger(), view=view) == "not_found"
    first = (await call(setting, "views.open", trigger_id=trigger(), view={**view, "external_id": "one"}))["view"]
    second = (await call(setting, "views.push", trigger_id=trigger(), view=view))["view"]
    assert (second["previous_view_id"], second["root_view_id"]) == (first["id"], first["id"])
    taken = await refusal(setting, "views.update", view_id=second["id"], view={**view, "external_id": "one"})
    assert taken == "duplicate_external_id"
    await setting.workspace.person("alice").form.closes()  # type: ignore[union-attr]  # it was just pushed
    assert await refusal(setting, "views.update", view_id=second["id"], view=view) == "not_found"


async def test_a_message_is_validated_as_a_whole(setting: Setting) -> None:
    assert await refusal(setting, "blocks.validate", message="hello") == "invalid_message"
    assert (await call(setting, "blocks.validate", message={"blocks": [{"type": "divider"}]}))["ok"]
    assert (await call(setting, "blocks.validate", view={"type": "home", "blocks": []}))["ok"]
    with pytest.raises(SlackApiError) as refused:
        await call(setting, "blocks.validate", blocks=[{"type": "header", "text": {"type": "plain_text", "text": ""}}])
    (error,) = refused.value.response["errors"]
    assert error["pointer"] == "/blocks/0/text/text"


async def test_form_fields_that_are_no_json_are_refused_as_what_they_are(setting: Setting) -> None:
    channel = setting.workspace.channel("#general").id
    async with httpx.AsyncClient(base_url=setting.api_url) as raw:
        data = {"token": setting.workspace.app.bot_token, "channel": channel, "text": "x"}
        metadata = await raw.post("chat.postMessage", data=data | {"metadata": "{"})
        blocks = await raw.post("chat.postMessage", data=data | {"blocks": "{"})
    assert (metadata.json()["error"], blocks.json()["error"]) == ("invalid_metadata_format", "invalid_blocks_format")


async def test_response_urls_and_triggers_that_nobody_gave_out_are_refused(setting: Setting) -> None:
    async with httpx.AsyncClient() as raw:
        answer = await raw.post(setting.api_url.replace("/api/", "/response/made-up"), json={"text": "x"})
    assert (answer.status_code, answer.json()["error"]) == (404, "no_active_hooks")


async def test_interactivity_needs_an_address_too(setting: Setting) -> None:
    manifest = setting.workspace.app.manifest.model_dump()
    manifest["settings"]["interactivity"]["request_url"] = None
    with pytest.raises(ManifestError, match="interactivity needs a request_url"):
        setting.workspace.install(manifest)


def test_what_is_not_there_is_said() -> None:
    workspace = SimulatedWorkspace()
    with pytest.raises(LookupError, match="install"):
        _ = workspace.app
    for missing in (workspace.person, workspace.channel, workspace.group):
        with pytest.raises(LookupError, match="nothing"):
            missing("nothing")


def test_only_the_latest_triggers_and_response_urls_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    state = SimulatedWorkspace()._state
    monkeypatch.setattr("bot.sandbox.workspace.triggers._KEPT", 3)
    monkeypatch.setattr("bot.sandbox.workspace.response_urls._KEPT", 3)
    for _ in range(5):
        state.triggers.issue("U1", None)
        state.response_urls.issue("U1", "C1")
    assert (len(state.triggers._issued), len(state.response_urls._issued)) == (3, 3)
