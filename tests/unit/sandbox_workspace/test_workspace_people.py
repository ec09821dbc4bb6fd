"""What people can do with every kind of element, and what Slack's client does not let them do."""

import json
from urllib.parse import parse_qs

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError

from bot.sandbox.workspace import DispatchFailed, Form, NotPossibleError
from tests.fakes.slack_apps import Json, Reachable, Setting, words


@pytest.fixture
def acting(bolt: AsyncApp) -> list[Json]:
    """Acknowledges everything, and remembers what was sent."""
    seen: list[Json] = []

    @bolt.middleware
    async def remember(body: Json) -> BoltResponse:
        seen.append(body)
        return BoltResponse(status=200)

    return seen


async def opened(setting: Setting, person: str, blocks: list[Json], **more: object) -> Form:
    request = setting.workspace.signed_command(person, "/copy-backup")
    trigger_id = parse_qs(request.body.decode())["trigger_id"][0]
    view = {"type": "modal", "title": words("Form"), "submit": words("Go"), "blocks": blocks, **more}
    await setting.client.views_open(trigger_id=trigger_id, view=view)
    return await setting.workspace.person(person).sees_form("Form")


def beside(text: str, element: Json) -> Json:
    return {"type": "section", "block_id": text, "text": words(text), "accessory": {"action_id": text, **element}}


async def test_every_kind_of_menu_tells_the_app_what_was_chosen(
    setting: Setting, bolt: AsyncApp, acting: list[Json], over_http: Reachable
) -> None:
    workspace = setting.workspace
    several = [{"text": words(name), "value": name.lower()} for name in ("Stop", "Skip")]
    blocks = [
        beside("Who", {"type": "users_select"}),
        beside("Where", {"type": "channels_select"}),
        beside("When", {"type": "datepicker", "initial_date": "2026-11-24"}),
        beside("More", {"type": "overflow", "options": several}),
        beside("Region", {"type": "static_select", "options": several, "placeholder": words("Any region")}),
    ]
    async with over_http(bolt):
        form = await opened(setting, "alice", blocks)
        await form.choose("Who", "ana")
        await form.choose("Where", "#general")
        await form.choose("When", "2026-12-01")
        await form.presses("Skip")
        await form.choose("Any region", "Stop")
        assert form.value("Who") == "@ana"
        assert form.value("Where") == "#general"
        await form.clears("Region")
        assert form.value("Region") == ""
    actions = [body["actions"][0] for body in acting]
    assert actions[0]["selected_user"] == workspace.person("ana").id
    assert actions[1]["selected_channel"] == workspace.channel("#general").id
    assert actions[2]["selected_date"] == "2026-12-01"
    assert actions[3]["selected_option"]["value"] == "skip"
    assert actions[4]["selected_option"]["value"] == "stop"
    assert actions[5]["selected_option"] is None


async def test_a_guest_is_offered_only_the_channels_they_are_in(setting: Setting) -> None:
    menu = {"type": "conversations_select", "action_id": "tell"}
    field = {"type": "input", "block_id": "tell", "label": words("Tell"), "element": menu}
    assert (await opened(setting, "otto", [field])).options("Tell") == ["#databases"]
    bobs = await opened(setting, "bob", [field])
    assert bobs.options("Tell") == ["#databases", "#general"]
    with pytest.raises(NotPossibleError, match="does not offer #ops-private"):
        await bobs.choose("Tell", "#ops-private")


async def test_what_is_not_there_cannot_be_used_and_what_is_there_is_listed(setting: Setting) -> None:
    button = {"type": "button", "text": words("Go")}
    buttons = [{**button, "action_id": f"go{number}"} for number in range(2)]
    form = await opened(setting, "alice", [{"type": "actions", "block_id": "row", "elements": buttons}])
    with pytest.raises(NotPossibleError, match=r"no button 'Stop'. There is: Go"):
        await form.presses("Stop")
    with pytest.raises(NotPossibleError, match="There are 2 buttons that fit 'Go'"):
        await form.presses("Go")
    with pytest.raises(NotPossibleError, match="no field 'Name'"):
        await form.fills("Name", "x")
    await form.closes()
    with pytest.raises(NotPossibleError, match="does not see this view"):
        await form.presses("Go")


async def test_nobody_is_told_of_a_closed_form_unless_the_app_asked(
    setting: Setting, bolt: AsyncApp, acting: list[Json], over_http: Reachable
) -> None:
    async with over_http(bolt):
        await (await opened(setting, "alice", [])).closes()
        assert acting == []
        await (await opened(setting, "alice", [], notify_on_close=True)).closes(all_of_them=True)
    assert [(body["type"], body["is_cleared"]) for body in acting] == [("view_closed", True)]


async def test_a_view_without_a_submit_button_cannot_be_sent(setting: Setting) -> None:
    form = await opened(setting, "alice", [{"type": "divider"}], submit=None)
    assert form.submit_text is None
    with pytest.raises(NotPossibleError, match="no button to send"):
        await form.submits()


async def test_without_interactivity_nothing_is_sent(setting: Setting) -> None:
    manifest = setting.workspace.app.manifest.model_dump()
    manifest["settings"]["interactivity"]["is_enabled"] = False
    setting.workspace.install(manifest)
    form = await opened(setting, "alice", [beside("Go", {"type": "button", "text": words("Go")})])
    with pytest.raises(NotPossibleError, match="interactivity"):
        await form.presses("Go")


async def test_direct_messages_need_the_messages_tab_and_a_person(setting: Setting) -> None:
    client, workspace = setting.client, setting.workspace
    bob = workspace.person("bob")
    await client.chat_postMessage(channel=bob.id, text="psst")
    assert (await bob.sees_direct_message("psst")).text == "psst"

    async def refusal(method: str, arguments: Json) -> str:
        with pytest.raises(SlackApiError) as refused:
            await client.api_call(method, json=arguments)
        return str(refused.value.response["error"])

    to_itself = {"users": workspace.app.bot_user_id}
    assert await refusal("conversations.open", to_itself) == "cannot_dm_bot"
    bob.user.deleted = True
    assert await refusal("conversations.open", {"users": bob.id}) == "user_disabled"
    manifest = workspace.app.manifest.model_dump()
    manifest["features"]["app_home"] = {"home_tab_enabled": False, "messages_tab_enabled": False}
    workspace.install(manifest)
    to_ana = {"channel": workspace.person("ana").id, "text": "x"}
    assert await refusal("chat.postMessage", to_ana) == "messages_tab_disabled"
    home = {"user_id": workspace.person("ana").id, "view": {"type": "home", "blocks": []}}
    assert await refusal("views.publish", home) == "not_enabled"
    with pytest.raises(NotPossibleError, match="no Home tab"):
        await workspace.person("ana").opens_home()


async def test_a_thread_is_read_as_it_grows(setting: Setting) -> None:
    channel = setting.workspace.channel("#databases")
    posted = await setting.client.chat_postMessage(channel=channel.id, text="Copying")
    message = await channel.waits_for("Copying")
    await setting.client.chat_postMessage(channel=channel.id, text="asked", thread_ts=posted["ts"])
    await setting.client.chat_postMessage(channel=channel.id, text="*sent*", thread_ts=posted["ts"])
    await message.thread_shows("sent")
    assert [one.rendered for one in message.thread] == ["asked", "sent"]
    assert [one.text for one in channel.messages] == ["Copying"]


async def test_an_interaction_can_be_forged_too(
    setting: Setting, bolt: AsyncApp, acting: list[Json], over_http: Reachable
) -> None:
    workspace = setting.workspace
    async with over_http(bolt):
        form = await opened(setting, "alice", [beside("Go", {"type": "button", "text": words("Go")})])
        await form.presses("Go")
        honest = workspace.deliveries[-1].payload
        await workspace.forge(payload=honest, other_team=True)
        await workspace.forge(payload=honest, other_user=True)
    assert [json.dumps(body["actions"]) for body in acting] == [json.dumps(honest["actions"])] * 3
    assert acting[1]["team"]["id"] == acting[1]["user"]["team_id"] != workspace.team_id
    assert acting[2]["user"]["username"] == "mallory"


async def test_an_app_that_cannot_be_reached_loses_nothing_that_was_typed(setting: Setting) -> None:
    element = {"type": "plain_text_input", "action_id": "typed"}
    field = {"type": "input", "block_id": "name", "label": words("Name"), "element": element}
    form = await opened(setting, "alice", [field])
    await form.fills("Name", "kept")
    with pytest.raises(DispatchFailed, match="We had some trouble connecting"):
        await form.submits()
    assert form.value("Name") == "kept"


async def test_a_menu_whose_app_cannot_be_reached_shows_no_result(setting: Setting) -> None:
    menu = {"type": "external_select", "action_id": "typed", "min_query_length": 0}
    form = await opened(setting, "alice", [beside("Backup", menu)])
    with pytest.raises(DispatchFailed, match=r"^No result \(dispatch_failed"):
        await form.searches("Backup", "nightly")
