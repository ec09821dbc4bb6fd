"""What a form and a message look like in a terminal: the same words as in plain text, with colours and columns."""

import pytest
from rich.console import Console, RenderableType
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.workspace import Form
from tests.fakes.slack_apps import Json, Reachable, Setting


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str) -> Json:
    return {"type": "section", "text": mrkdwn(text)}


def lines(drawn: RenderableType, width: int = 60) -> list[str]:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(drawn)
    return [line.rstrip() for line in capture.get().splitlines()]


def styled(drawn: RenderableType, words: str) -> str:
    """The styles of the first part of what is drawn that says just these words."""
    found = (segment for segment in Console(width=60).render(drawn) if segment.text.strip() == words)
    return str(next(found).style)


async def posted(setting: Setting, *blocks: Json, text: str = "text") -> RenderableType:
    channel = setting.workspace.channel("#databases")
    await setting.client.chat_postMessage(channel=channel.id, text=text, blocks=blocks)
    return channel.messages[-1].drawn


@pytest.mark.parametrize(
    ("markup", "seen"),
    [
        ("*bold* _italic_ ~gone~ `code *kept*`", "bold italic gone code *kept*"),
        ("my_db_name is *in `IAD`* now", "my_db_name is in IAD now"),
        ("_*both*_", "both"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("&lt;!channel&gt; &amp; &lt;b&gt; [bold]", "<!channel> & <b> [bold]"),
        ("<!here> and <!date^1700000000^{date}|14 Nov>", "@here and 14 Nov"),
        ("<https://example.com/a|its message> <https://example.com>", "its message https://example.com"),
        (":white_check_mark: done :octagonal_sign: :no_such_thing:", "✅ done 🛑 :no_such_thing:"),
    ],
)
async def test_markup_is_seen_and_not_its_marks(setting: Setting, markup: str, seen: str) -> None:
    assert lines(await posted(setting, section(markup))) == [seen]


async def test_what_stands_out_in_slack_stands_out(setting: Setting) -> None:
    alice = setting.workspace.person("alice")
    drawn = await posted(setting, section(f"<@{alice.id}> says *done* of `weekly`"))

    assert lines(drawn) == ["@alice says done of weekly"]
    assert [styled(drawn, words) for words in ("@alice", "done", "weekly")] == ["bold blue", "bold", "cyan"]


async def test_fields_stand_in_two_columns(setting: Setting) -> None:
    fields = [mrkdwn("*From*\nDFW"), mrkdwn("*To*\nIAD"), mrkdwn("*Size*\n1 GB")]

    assert lines(await posted(setting, {"type": "section", "fields": fields}), width=21) == [
        "From       To",
        "DFW        IAD",
        "Size",
        "1 GB",
    ]


async def test_every_other_block_of_a_message_says_what_it_says_in_plain_text(setting: Setting) -> None:
    buttons = [
        {"type": "button", "text": plain(words), "action_id": words, **style}
        for words, style in (("Start", {"style": "primary"}), ("Stop", {"style": "danger"}), ("Look", {}))
    ]
    drawn = await posted(
        setting,
        {"type": "header", "text": plain("Copying")},
        {"type": "divider"},
        {"type": "context", "elements": [mrkdwn("asked by *me*"), mrkdwn("id `7`")]},
        {"type": "actions", "elements": buttons},
        {"type": "table", "rows": [[{"type": "raw_text", "text": "DFW"}, {"type": "raw_number", "value": 3}]]},
        {**section("with a button"), "accessory": buttons[2] | {"action_id": "other"}},
    )

    assert lines(drawn) == [
        "Copying",
        "───",
        "asked by me id 7",
        " Start    Stop    Look",
        "DFW | 3",
        "with a button",
        "[Look]",
    ]
    assert styled(drawn, "Start") == "bold white on green4"


async def test_a_message_without_blocks_is_its_text(setting: Setting) -> None:
    assert lines(await posted(setting, text="*done* &amp; dusted")) == ["done & dusted"]


FORM: Json = {
    "type": "modal",
    "callback_id": "form",
    "title": plain("Copy a backup"),
    "submit": plain("Review"),
    "blocks": [
        {
            "type": "input",
            "block_id": "name",
            "label": plain("Name"),
            "hint": plain("64 characters."),
            "element": {"type": "plain_text_input", "action_id": "name", "initial_value": "weekly-copy"},
        },
        {
            "type": "input",
            "block_id": "why",
            "label": plain("Why"),
            "optional": True,
            "element": {"type": "plain_text_input", "action_id": "why", "placeholder": plain("A ticket")},
        },
        {
            "type": "input",
            "block_id": "again",
            "label": plain("On purpose"),
            "optional": True,
            "element": {
                "type": "checkboxes",
                "action_id": "again",
                "options": [{"text": plain("Copy again"), "value": "yes"}],
            },
        },
        {"type": "alert", "level": "success", "text": plain("Ready to copy.")},
        {"type": "alert", "level": "error", "text": plain("Not so.")},
        {"type": "alert", "text": plain("Choose.")},
    ],
}


async def opened(setting: Setting, bolt: AsyncApp) -> Form:
    @bolt.command("/copy-backup")
    async def open_form(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @bolt.view("form")
    async def refuse(ack: AsyncAck) -> None:
        await ack(response_action="errors", errors={"name": "It is taken."})

    alice = setting.workspace.person("alice")
    await alice.types("/copy-backup")
    return await alice.sees_form()


async def test_a_form_has_a_frame_its_values_its_errors_and_its_buttons(
    setting: Setting, bolt: AsyncApp, over_http: Reachable
) -> None:
    async with over_http(bolt):
        form = await opened(setting, bolt)
        await form.choose("On purpose", "Copy again")
        await form.submits()

    assert lines(form.drawn) == [
        "╭───────────────────── Copy a backup ──────────────────────╮",
        "│ Name                     weekly-copy                     │",
        "│                          64 characters.                  │",
        "│                          ✗ It is taken.                  │",
        "│ Why (optional)           A ticket                        │",
        "│ On purpose (optional):                                   │",
        "│   [x] Copy again                                         │",
        "│ ✓ Ready to copy.                                         │",
        "│ ✗ Not so.                                                │",
        "│ · Choose.                                                │",
        "│                                        Cancel    Review  │",
        "╰──────────────────────────────────────────────────────────╯",
    ]
