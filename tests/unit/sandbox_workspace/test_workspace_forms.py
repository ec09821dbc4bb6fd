"""Forms between a person and an app: what is typed and sent, and what the app answers to it."""

import asyncio
import json

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.loopback import loopback_server
from bot.sandbox.workspace import DispatchFailed, NotPossibleError
from tests.fakes.slack_apps import RawApp, Setting, form_with, text_input, words


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Response(status_code=500), "500"),
        (Response("surprise"), "neither empty nor JSON"),
        (Response('{"response_action": "dance"}', media_type="application/json"), "refused"),
        (Response('{"response_action": "errors", "errors": {}}', media_type="application/json"), "refused"),
        (
            Response('{"response_action": "errors", "errors": {"line": "no input"}}', media_type="application/json"),
            "input blocks are",
        ),
        (Response('{"response_action": "push", "view": {"type": "modal"}}', media_type="application/json"), "refused"),
    ],
)
async def test_a_submission_answered_wrongly_shows_slacks_own_words(
    setting: Setting, raw_app: RawApp, answer: Response, why: str
) -> None:
    raw_app.answers.append(answer)
    async with form_with(setting, blocks=[{"type": "divider", "block_id": "line"}]):
        form = await setting.workspace.person("alice").sees_form("Form")
        with pytest.raises(DispatchFailed, match="We had some trouble connecting") as failed:
            await form.submits()
        assert why in str(failed.value)
        assert form.is_open, "nothing typed is lost"


async def test_a_submission_pushes_updates_and_clears(setting: Setting, raw_app: RawApp) -> None:
    def answer(action: str, title: str) -> Response:
        view = {"type": "modal", "title": words(title), "submit": words("Go"), "blocks": []}
        return Response(json.dumps({"response_action": action, "view": view}), media_type="application/json")

    raw_app.answers += [answer("push", "Second"), answer("update", "Changed"), Response(), answer("clear", "-")]
    async with form_with(setting):
        form = await setting.workspace.person("alice").sees_form("Form")
        second = (await form.submits()).form
        assert second is not None
        assert second.title == "Second"
        with pytest.raises(NotPossibleError, match="another form lies over it"):
            await form.submits()
        changed = (await second.submits()).form
        assert changed is not None
        assert changed.title == "Changed"
        below = (await changed.submits()).form
        assert below is not None
        assert below.title == "Form"
        assert (await below.submits()).closed


async def test_what_is_too_short_or_too_long_never_leaves_the_client(setting: Setting, raw_app: RawApp) -> None:
    async with form_with(setting, blocks=[text_input(min_length=3, max_length=5)]):
        form = await setting.workspace.person("alice").sees_form()
        await form.fills("Name", "ab")
        with pytest.raises(NotPossibleError, match="at least 3"):
            await form.submits()
        with pytest.raises(NotPossibleError, match="takes 5"):
            await form.fills("Name", "abcdef")
        await form.fills("Name", "abc")
        await form.submits()
    assert raw_app.payload()["view"]["state"]["values"] == {
        "name": {"typed": {"type": "plain_text_input", "value": "abc"}}
    }


async def test_a_text_input_tells_the_app_when_it_was_asked_to(setting: Setting, raw_app: RawApp) -> None:
    on_enter = {**text_input(), "dispatch_action": True}
    config = {"trigger_actions_on": ["on_character_entered"]}
    at_once = {**text_input(dispatch_action_config=config), "dispatch_action": True, "block_id": "b"}
    at_once["label"] = words("At once")
    async with form_with(setting, blocks=[on_enter, at_once]):
        form = await setting.workspace.person("alice").sees_form()
        await form.fills("Name", "quiet")
        assert raw_app.received == []
        await form.fills("Name", "loud", enter=True)
        assert raw_app.payload()["actions"][0]["value"] == "loud"
        await form.fills("At once", "x")
        assert raw_app.payload()["actions"][0]["block_id"] == "b"


async def test_an_update_forgets_what_was_typed_where_the_ids_change(setting: Setting, raw_app: RawApp) -> None:
    async with form_with(setting, blocks=[text_input()]):
        form = await setting.workspace.person("alice").sees_form()
        await form.fills("Name", "typed")
        view_id = form.view["id"]
        same = {"type": "modal", "title": words("Form"), "submit": words("Go"), "blocks": [text_input()]}
        await setting.client.views_update(view_id=str(view_id), view=same)
        assert form.value("Name") == "typed"
        renamed = {**same, "blocks": [{**text_input(), "block_id": "other"}]}
        await setting.client.views_update(view_id=str(view_id), view=renamed)
        assert form.value("Name") == ""


async def test_options_that_slack_would_not_show_are_not_shown(setting: Setting, raw_app: RawApp) -> None:
    many = [{"text": words(f"{number}"), "value": f"{number}"} for number in range(101)]
    grouped = [{"label": words("mysql"), "options": many[:2]}]
    raw_app.answers += [
        Response(json.dumps({"options": many}), media_type="application/json"),
        Response(json.dumps({"option_groups": grouped}), media_type="application/json"),
        Response(json.dumps({"options": []}), media_type="application/json"),
    ]
    select = {"type": "external_select", "action_id": "backup"}
    block = {"type": "section", "block_id": "b", "text": words("Backup"), "accessory": select}
    async with form_with(setting, blocks=[block]):
        form = await setting.workspace.person("alice").sees_form()
        with pytest.raises(NotPossibleError, match="from 3 typed characters on"):
            await form.searches("Backup", "ni")
        with pytest.raises(DispatchFailed, match=r"at most 100"):
            await form.searches("Backup", "nightly")
        offered = await form.searches("Backup", "nightly")
        assert [(one.group, one.text, one.value) for one in offered] == [("mysql", "0", "0"), ("mysql", "1", "1")]
        assert await form.searches("Backup", "nothing") == []


async def test_radio_buttons_checkboxes_and_conversations(setting: Setting, raw_app: RawApp) -> None:
    options = [{"text": {"type": "mrkdwn", "text": f"*{name}*"}, "value": name.lower()} for name in ("Chain", "One")]
    radio = {"type": "radio_buttons", "action_id": "r", "options": options}
    boxes = {"type": "checkboxes", "action_id": "c", "options": options, "initial_options": options[:1]}
    where = {"type": "conversations_select", "action_id": "w", "filter": {"include": ["public", "private"]}}
    blocks = [
        {"type": "section", "block_id": "how", "text": words("How"), "accessory": radio},
        {"type": "input", "block_id": "sure", "label": words("Sure"), "element": boxes, "optional": True},
        {"type": "input", "block_id": "tell", "label": words("Tell"), "element": where},
    ]
    async with form_with(setting, blocks=blocks):
        bob_cannot = setting.workspace.channel("#ops-private")
        form = await setting.workspace.person("alice").sees_form()
        assert form.options("Tell") == ["#databases", "#general", "#ops-private"]
        await form.choose("How", "One")
        assert raw_app.payload()["actions"][0]["selected_option"]["value"] == "one"
        assert "(o) One" in form.rendered
        assert "( ) Chain" in form.rendered
        await form.choose("Sure", "one")
        await form.choose("Sure", "Chain")
        await form.choose("Tell", "#ops-private")
        await form.submits()
    values = raw_app.payload()["view"]["state"]["values"]
    assert [one["value"] for one in values["sure"]["c"]["selected_options"]] == ["one"]
    assert values["tell"]["w"] == {"type": "conversations_select", "selected_conversation": bob_cannot.id}
    assert values["how"]["r"]["selected_option"]["value"] == "one"


async def test_an_answer_that_is_no_json_though_it_says_so_is_a_failed_submission(
    setting: Setting, raw_app: RawApp
) -> None:
    async with form_with(setting, blocks=[]):
        form = await setting.workspace.person("alice").sees_form()
        raw_app.answers.append(Response("{", media_type="application/json"))
        with pytest.raises(DispatchFailed, match="neither empty nor JSON"):
            await form.submits()
    assert form.is_open


async def test_a_form_that_was_closed_meanwhile_is_left_alone(setting: Setting) -> None:
    arrived, released = asyncio.Event(), asyncio.Event()

    async def slow(_request: Request) -> Response:
        arrived.set()
        await released.wait()
        return Response('{"response_action": "clear"}', media_type="application/json")

    async with loopback_server(Starlette(routes=[Route("/", slow, methods=["POST"])])) as port:
        setting.workspace.deliver_to(f"http://127.0.0.1:{port}/")
        async with form_with(setting, blocks=[]):
            alice = setting.workspace.person("alice")
            form = await alice.sees_form()
            sending = asyncio.create_task(form.submits())
            await arrived.wait()
            alice.reloads()
            released.set()
            assert (await sending).closed
