"""Every block and element as plain text: what a reader sees of it."""

from urllib.parse import parse_qs

import pytest

from bot.sandbox.workspace import Form, NotPossibleError, Ping
from tests.fakes.slack_apps import Json, Setting, words

IMAGE = {"type": "image", "image_url": "https://example.com/x.png", "alt_text": "a map"}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def options(*names: str) -> list[Json]:
    return [{"text": words(name), "value": name.lower()} for name in names]


def field(label: str, element: Json, **more: object) -> Json:
    element = {"action_id": label, **element}
    return {"type": "input", "block_id": label, "label": words(label), "element": element, **more}


def rich(*pieces: Json, part: str = "rich_text_section") -> Json:
    return {"type": "rich_text", "elements": [{"type": part, "elements": list(pieces)}]}


async def seen(setting: Setting, *blocks: Json) -> str:
    channel = setting.workspace.channel("#general")
    await setting.client.chat_postMessage(channel=channel.id, text="x", blocks=list(blocks))
    return channel.messages[-1].rendered


async def opened(setting: Setting, *blocks: Json, **more: object) -> Form:
    command = setting.workspace.signed_command("alice", "/copy-backup")
    trigger_id = parse_qs(command.body.decode())["trigger_id"][0]
    view = {"type": "modal", "title": words("Form"), "submit": words("Go"), "blocks": list(blocks), **more}
    await setting.client.views_open(trigger_id=trigger_id, view=view)
    return await setting.workspace.person("alice").sees_form()


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        (IMAGE, "[image: a map]"),
        ({"type": "section", "text": mrkdwn("*here*"), "accessory": IMAGE}, "here\n[image: a map]"),
        ({"type": "context", "elements": [IMAGE, mrkdwn("_there_")]}, "[image: a map] there"),
        (
            {
                "type": "card",
                "title": words("A"),
                "subtitle": words("B"),
                "actions": [{"type": "button", "text": words("C")}],
            },
            "A\nB\n[C]",
        ),
        (
            {
                "type": "actions",
                "elements": [
                    {"type": "button", "text": words("Stop"), "action_id": "a"},
                    {"type": "overflow", "options": options("More", "Less"), "action_id": "b"},
                    {"type": "static_select", "options": options("DFW"), "action_id": "c"},
                    {"type": "users_select", "placeholder": words("Who"), "action_id": "d"},
                ],
            },
            "[Stop] [... More / Less] (choose) (Who)",
        ),
        (rich({"type": "link", "url": "https://a.example", "text": "A"}), "A (https://a.example)"),
        (rich({"type": "link", "url": "https://a.example"}), "https://a.example"),
        (rich({"type": "broadcast", "range": "here"}), "@here"),
        (rich({"type": "date", "timestamp": 1, "format": "{date}", "fallback": "1970"}), "1970"),
        (rich({"type": "date", "timestamp": 1, "format": "{date}"}), "1"),
        (rich({"type": "text", "text": "quoted"}, part="rich_text_quote"), "quoted"),
        (rich({"type": "text", "text": "x = 1"}, part="rich_text_preformatted"), "x = 1"),
        (
            {
                "type": "table",
                "rows": [[{"type": "raw_number", "value": 1.5, "text": "1.50"}, rich({"type": "text", "text": "GB"})]],
            },
            "1.50 | GB",
        ),
        (
            {
                "type": "plan",
                "title": "Copies",
                "tasks": [
                    {"type": "task_card", "task_id": "1", "title": "one", "status": "complete"},
                    {
                        "type": "task_card",
                        "task_id": "2",
                        "title": "two",
                        "status": "error",
                        "details": rich({"type": "text", "text": "why"}),
                    },
                ],
            },
            "Copies\n[x] one\n[!] two\n    why",
        ),
        ({"type": "task_card", "task_id": "1", "title": "alone", "status": "pending"}, "[ ] alone"),
    ],
)
async def test_a_block_of_a_message(setting: Setting, block: Json, shown: str) -> None:
    assert await seen(setting, block) == shown


async def test_people_groups_and_channels_are_shown_by_name(setting: Setting) -> None:
    workspace = setting.workspace
    pieces = rich(
        {"type": "user", "user_id": workspace.person("ana").id},
        {"type": "text", "text": " "},
        {"type": "usergroup", "usergroup_id": workspace.group_id("@dba")},
        {"type": "text", "text": " "},
        {"type": "channel", "channel_id": workspace.channel("#general").id},
        {"type": "text", "text": " "},
        {"type": "user", "user_id": "U0NOBODY"},
    )
    assert await seen(setting, pieces) == "@ana @dba #general @U0NOBODY"
    named = {(ping.kind, ping.target) for ping in workspace.pings}
    assert named == {("user", "ana"), ("group", "dba"), ("user", "U0NOBODY")}


async def test_names_are_linked_where_the_app_asks_for_it(setting: Setting) -> None:
    channel = setting.workspace.channel("#general").id
    for text in ("@ana @dba @channel @nobody #general #nowhere", "plain"):
        await setting.client.chat_postMessage(channel=channel, text=text, link_names=True)
    assert [(ping.kind, ping.target, ping.notified) for ping in setting.workspace.pings] == [
        ("user", "ana", True),
        ("group", "dba", True),
        ("broadcast", "channel", True),
    ]


async def test_a_form_with_every_element(setting: Setting) -> None:
    workspace = setting.workspace
    radio = {"type": "radio_buttons", "options": options("Now", "Later"), "initial_option": options("Later")[0]}
    boxes = {"type": "checkboxes", "options": options("Quiet"), "initial_options": options("Quiet")}
    described = {"text": words("DFW"), "value": "dfw", "description": words("Dallas")}
    form = await opened(
        setting,
        {"type": "alert", "level": "warning", "text": words("Mind the gap")},
        {"type": "alert", "text": words("Hello")},
        field("Name", {"type": "plain_text_input", "initial_value": "nightly"}, hint=words("64 at most")),
        field("Why", {"type": "plain_text_input"}, optional=True),
        field("Hint", {"type": "plain_text_input", "placeholder": words("type here")}, optional=True),
        field("When", radio),
        field("How", boxes, optional=True),
        field("From", {"type": "static_select", "options": [described], "initial_option": described}),
        field("Tell", {"type": "conversations_select", "default_to_current_conversation": True}),
        field("Place", {"type": "channels_select", "initial_channel": workspace.channel("#general").id}),
        field("Who", {"type": "users_select", "initial_user": workspace.person("bob").id}),
        field("Nobody", {"type": "users_select"}, optional=True),
        field("Day", {"type": "datepicker", "initial_date": "2026-11-24"}),
        close=words("Back"),
    )
    assert form.rendered.split("\n") == [
        "== Form ==",
        "Warning: Mind the gap",
        "Hello",
        "Name: nightly",
        "  64 at most",
        "Why (optional): ____",
        "Hint (optional): (type here)",
        "When: ",
        "  ( ) Now",
        "  (o) Later",
        "How (optional): ",
        "  [x] Quiet",
        "From: DFW",
        "Tell: #databases",
        "Place: #general",
        "Who: @bob",
        "Nobody (optional): (choose)",
        "Day: 2026-11-24",
        "[Back] [Go]",
    ]
    assert (form.submit_text, form.value("Nobody"), form.value("When")) == ("Go", "", "Later")
    assert form.options("From") == ["DFW"]
    assert form.options("When") == ["Now", "Later"]
    for label in ("Who", "Name"):
        with pytest.raises(NotPossibleError, match="no list of options"):
            form.options(label)


async def test_what_an_update_replaces_keeps_only_values_that_still_fit(setting: Setting) -> None:
    radio = {"type": "radio_buttons", "options": options("Now", "Later")}
    form = await opened(
        setting, field("When", radio), field("From", {"type": "static_select", "options": options("DFW", "IAD")})
    )
    await form.choose("When", "Later")
    await form.choose("From", "IAD")

    async def shows(when: Json, origin: Json) -> tuple[str, str]:
        view = {
            "type": "modal",
            "title": words("Form"),
            "submit": words("Go"),
            "blocks": [field("When", when), field("From", origin)],
        }
        await setting.client.views_update(view_id=form.live.id, view=view)
        return form.value("When"), form.value("From")

    select = {"type": "static_select", "options": options("DFW", "IAD", "ORD")}
    assert await shows(radio, select) == ("Later", "IAD")
    assert await shows({**radio, "options": options("Now", "Never")}, {**select, "options": options("DFW")}) == ("", "")
    await form.choose("From", "DFW")
    await form.choose("When", "Now")
    assert await shows(radio, {"type": "users_select"}) == ("Now", "")


async def test_a_view_mentions_people_and_notifies_nobody(setting: Setting) -> None:
    ana = setting.workspace.person("ana").id
    await opened(
        setting, {"type": "section", "text": mrkdwn(f"<@{ana}> <!subteam^{setting.workspace.group_id('dba')}>")}
    )
    assert setting.workspace.pings == []
    assert setting.workspace.mentions == [
        Ping("user", "ana", "view", "", notified=False),
        Ping("group", "dba", "view", "", notified=False),
    ]


async def test_buttons_carry_what_the_app_gave_them(setting: Setting) -> None:
    card = {
        "type": "card",
        "title": words("A"),
        "actions": [{"type": "button", "text": words("Go"), "value": "1", "style": "primary"}],
    }
    await seen(setting, card)
    (block,) = setting.workspace.channel("#general").messages[-1].blocks
    assert block["actions"][0]["action_id"]  # type: ignore[index]  # blocks are JSON
    assert block["block_id"]
