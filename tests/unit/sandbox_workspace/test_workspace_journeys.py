import asyncio

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.workspace import NotPossibleError, OperationTimeout
from tests.fakes.slack_apps import Json, Reachable, Setting, words


def option(text: str) -> Json:
    return {"text": words(text), "value": text.lower()}


def copy_form(note: str = "Nothing chosen yet.") -> Json:
    return {
        "type": "modal",
        "callback_id": "copy",
        "title": words("Copy a backup"),
        "submit": words("Next"),
        "notify_on_close": True,
        "private_metadata": "kept",
        "blocks": [
            {
                "type": "input",
                "block_id": "from",
                "dispatch_action": True,
                "label": words("From"),
                "element": {
                    "type": "static_select",
                    "action_id": "region",
                    "options": [option("DFW"), option("IAD")],
                    "initial_option": option("IAD"),
                },
            },
            {
                "type": "input",
                "block_id": "backup",
                "label": words("Backup"),
                "element": {"type": "external_select", "action_id": "backup", "min_query_length": 0},
            },
            {
                "type": "input",
                "block_id": "name",
                "label": words("Name"),
                "element": {"type": "plain_text_input", "action_id": "name", "max_length": 64},
            },
            {
                "type": "input",
                "block_id": "tell",
                "optional": True,
                "label": words("Tell"),
                "element": {
                    "type": "conversations_select",
                    "action_id": "channel",
                    "default_to_current_conversation": True,
                    "response_url_enabled": True,
                },
            },
            {"type": "section", "block_id": "note", "text": {"type": "mrkdwn", "text": note}},
        ],
    }


def listen(bolt: AsyncApp, seen: list[Json]) -> None:
    @bolt.command("/copy-backup")
    async def command(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        seen.append(body)
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=copy_form())

    @bolt.action("region")
    async def region(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        seen.append(body)
        await ack()
        chosen = body["actions"][0]["selected_option"]["value"]
        view = body["view"]
        await client.views_update(view_id=view["id"], hash=view["hash"], view=copy_form(f"From *{chosen}* it is."))

    @bolt.options("backup")
    async def backups(ack: AsyncAck, body: Json) -> None:
        seen.append(body)
        await ack(options=[option(f"{body['value']}-{number}") for number in range(3)])

    @bolt.view("copy")
    async def submitted(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        seen.append(body)
        values = body["view"]["state"]["values"]
        if values["name"]["name"]["value"] == "bad":
            await ack(response_action="errors", errors={"name": "That name is taken."})
            return
        await ack(response_action="clear")
        await client.chat_postMessage(
            channel=values["tell"]["channel"]["selected_conversation"],
            text=f"Copying {values['backup']['backup']['selected_option']['value']}",
            metadata={"event_type": "copy", "event_payload": {"id": "1"}},
        )

    @bolt.view_closed("copy")
    async def closed(ack: AsyncAck, body: Json) -> None:
        seen.append(body)
        await ack()


async def test_a_person_fills_a_form_and_the_channel_is_told(
    setting: Setting, bolt: AsyncApp, reachable: Reachable
) -> None:
    seen: list[Json] = []
    listen(bolt, seen)
    alice, databases = setting.workspace.person("alice"), setting.workspace.channel("#databases")
    async with reachable(bolt):
        await alice.types("/copy-backup now please", channel="#databases")
        form = await alice.sees_form(title="Copy a backup")
        assert form.value("From") == "IAD"
        assert form.value("Tell") == "#databases"

        await form.fills("Name", "bad")
        await form.choose("From", "DFW")
        await form.shows("From dfw it is.")
        assert form.value("Name") == "bad", "what was typed stays, its ids are the same"

        offered = await form.searches("Backup", "nightly")
        assert [one.text for one in offered] == ["nightly-0", "nightly-1", "nightly-2"]
        await form.choose("Backup", "nightly-1", searching="nightly")
        outcome = await form.submits()
        assert outcome.errors == {"Name": "That name is taken."}
        assert "! That name is taken." in form.rendered

        await form.fills("Name", "good")
        assert (await form.submits()).closed
        message = await databases.waits_for("Copying nightly-1")
    assert message.metadata == {"event_type": "copy", "event_payload": {"id": "1"}}
    assert [body.get("type", "command") for body in seen] == [
        "command",
        "block_actions",
        "block_suggestion",
        "block_suggestion",
        "view_submission",
        "view_submission",
    ]
    command, action, submission = seen[0], seen[1], seen[-1]
    assert (command["command"], command["text"]) == ("/copy-backup", "now please")
    assert action["container"] == {"type": "view", "view_id": action["view"]["id"]}
    assert action["view"]["state"]["values"]["name"]["name"] == {"type": "plain_text_input", "value": "bad"}
    assert action["view"]["state"]["values"]["backup"]["backup"] == {
        "type": "external_select",
        "selected_option": None,
    }
    assert submission["view"]["private_metadata"] == "kept"
    assert submission["view"]["root_view_id"] == submission["view"]["id"]
    assert submission["user"] == {
        "id": alice.id,
        "username": "alice",
        "name": "alice",
        "team_id": setting.workspace.team_id,
    }
    assert submission["response_urls"][0]["channel_id"] == databases.id
    assert submission["enterprise"] is None


async def test_a_form_that_is_closed_is_told_to_the_app(setting: Setting, bolt: AsyncApp, reachable: Reachable) -> None:
    seen: list[Json] = []
    listen(bolt, seen)
    alice = setting.workspace.person("alice")
    async with reachable(bolt):
        await alice.types("/copy-backup")
        form = await alice.sees_form()
        await form.closes()
        assert not form.is_open
    assert seen[-1]["type"] == "view_closed"
    assert seen[-1]["is_cleared"] is False


async def test_a_command_that_is_not_acknowledged_in_time_is_an_operation_timeout(
    setting: Setting, bolt: AsyncApp, reachable: Reachable
) -> None:
    late = asyncio.Event()

    @bolt.command("/copy-backup")
    async def command(ack: AsyncAck) -> None:
        await late.wait()
        await ack("too late")

    alice = setting.workspace.person("alice")
    async with reachable(bolt):
        with pytest.raises(OperationTimeout, match="operation_timeout"):
            await alice.types("/copy-backup")
        late.set()
    assert alice.ephemeral_messages == []


async def test_an_acknowledgement_with_words_is_shown_to_the_person_alone(
    setting: Setting, bolt: AsyncApp, reachable: Reachable
) -> None:
    @bolt.command("/copy-backup")
    async def command(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack("Working on &lt;it&gt;")
        await respond("Here is *more*")

    alice, databases = setting.workspace.person("alice"), setting.workspace.channel("#databases")
    async with reachable(bolt):
        shown = await alice.types("/copy-backup")
        await alice.sees_ephemeral("Here is more")
    assert shown is not None
    assert shown.rendered == "Working on <it>"
    assert setting.workspace.person("bob").ephemeral_messages == []
    assert databases.messages == []


async def test_a_button_of_a_message_carries_the_message_and_a_confirmation_can_be_denied(
    setting: Setting, bolt: AsyncApp, reachable: Reachable
) -> None:
    seen: list[Json] = []

    @bolt.action("stop")
    async def stop(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        seen.append(body)
        await ack()
        await client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text="Stopped", blocks=[])

    sure = {"title": words("Stop?"), "text": words("Really?"), "confirm": words("Stop"), "deny": words("No")}
    button = {"type": "button", "action_id": "stop", "text": words("Stop"), "value": "7", "confirm": sure}
    bob, databases = setting.workspace.person("bob"), setting.workspace.channel("#databases")
    async with reachable(bolt):
        await setting.client.chat_postMessage(
            channel=databases.id, text="Running", blocks=[{"type": "actions", "block_id": "row", "elements": [button]}]
        )
        message = await databases.waits_for("[Stop]")
        await bob.presses("Stop", on=message, confirm=False)
        assert seen == []
        await bob.presses("Stop", on=message)
        await message.shows("Stopped")
    assert message.edited
    assert seen[0]["actions"][0]["value"] == "7"
    assert seen[0]["container"]["message_ts"] == message.ts


async def test_a_shortcut_opens_the_form_and_no_conversation_is_current(
    setting: Setting, bolt: AsyncApp, reachable: Reachable
) -> None:
    @bolt.shortcut("copy")
    async def shortcut(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=copy_form())

    alice = setting.workspace.person("alice")
    async with reachable(bolt):
        await alice.uses_shortcut("Copy a backup")
        form = await alice.sees_form("Copy a backup")
    assert form.value("Tell") == ""


async def test_a_shortcut_at_a_message_brings_the_whole_message(
    setting: Setting, bolt: AsyncApp, reachable: Reachable
) -> None:
    received: list[Json] = []

    @bolt.message_shortcut("again")
    async def shortcut(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        received.append(body)
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=copy_form())

    alice = setting.workspace.person("alice")
    metadata = {"event_type": "copy", "event_payload": {"order_id": "7f3a"}}
    channel = setting.workspace.channel("#databases")
    async with reachable(bolt):
        await setting.client.chat_postMessage(channel=channel.id, text="A copy", metadata=metadata)
        (message,) = channel.messages
        await alice.uses_shortcut_on(message, "Again")
        await alice.sees_form("Copy a backup")
    (body,) = received
    assert (body["type"], body["callback_id"], body["message_ts"]) == ("message_action", "again", message.ts)
    assert (body["channel"]["id"], body["user"]["id"]) == (channel.id, alice.id)
    assert (body["message"]["text"], body["message"]["metadata"]) == ("A copy", metadata)
    assert body["message"]["user"] == setting.workspace.app.bot_user_id
    assert body["response_url"]


async def test_app_home_is_published_when_it_is_opened(setting: Setting, bolt: AsyncApp, reachable: Reachable) -> None:
    @bolt.event("app_home_opened")
    async def opened(event: Json, client: AsyncWebClient) -> None:
        view = {"type": "home", "blocks": [{"type": "header", "text": words("Nothing runs")}]}
        await client.views_publish(user_id=event["user"], view=view)

    async with reachable(bolt):
        home = await setting.workspace.person("ana").opens_home()
        await home.shows("Nothing runs")


async def test_what_slacks_client_sees_is_missing_is_never_sent(
    setting: Setting, bolt: AsyncApp, over_http: Reachable
) -> None:
    seen: list[Json] = []
    listen(bolt, seen)
    alice = setting.workspace.person("alice")
    async with over_http(bolt):
        await alice.types("/copy-backup")
        form = await alice.sees_form()
        with pytest.raises(NotPossibleError, match="Name: Please complete this required field"):
            await form.submits()
        with pytest.raises(NotPossibleError, match="takes 64 characters"):
            await form.fills("Name", "x" * 65)
    assert len(seen) == 1
