"""What has to hold whatever the bot does: keyboard, small and dark windows, each block, hostile words."""

import re

from playwright.async_api import expect

from bot.cli.sandbox import SandboxWithPage
from tests.browser.conftest import Picture, Visit
from tests.browser.doing import fills_in, fits, form, is_accessible, messages, opens_beside, tabs_to, types


async def test_the_keyboard_alone_is_enough(visit: Visit, sandbox: SandboxWithPage) -> None:
    page = await visit()
    await expect(page.get_by_label("Message #databases")).to_be_focused()
    await page.keyboard.type("/copy-backup")
    await page.keyboard.press("Enter")
    await expect(form(page).get_by_role("combobox", name="Backup")).to_be_visible()
    await tabs_to(page, "Backup")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.type("staging-after")
    await expect(page.get_by_role("option")).to_contain_text(["staging-after"])
    await page.keyboard.press("Enter")
    await expect(form(page).get_by_role("textbox", name="Name of the copy")).to_have_value(re.compile("staging-after"))
    await tabs_to(page, "To")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.type("ORD")
    await page.keyboard.press("Enter")
    await expect(form(page).get_by_text("Ready to copy").first).to_be_visible()
    await page.keyboard.press("Control+Enter")
    await expect(form(page).get_by_role("button", name="Start copy")).to_be_visible()
    await tabs_to(page, "Start copy")
    await page.keyboard.press("Enter")
    await expect(form(page).get_by_role("heading", name="Copy started")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(form(page)).to_have_count(0)
    await expect(page.get_by_label("Message #databases")).to_be_focused()
    await expect(messages(page).filter(has_text="Done in")).to_be_visible()


async def test_a_small_dark_window_shows_everything_without_scrolling_sideways(
    visit: Visit, sandbox: SandboxWithPage, picture: Picture
) -> None:
    page = await visit(width=390, height=800, colours="dark")
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(26, 29, 33)"
    await fits(page)
    await is_accessible(page)
    await fills_in(page, backup=str(sandbox.cloud.estate.incremental_with_parent_in_iad.name), to="IAD")
    await expect(form(page).get_by_text("Ready to copy").first).to_be_visible()
    await fits(page)
    await is_accessible(page)
    await picture(page, "form-small-dark")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Show channels").click()
    await page.get_by_role("navigation", name="Workspace").get_by_role("button", name="Copy Backup").last.click()
    await expect(page.get_by_role("heading", name="Copy Backup", level=1)).to_be_visible()
    await fits(page)
    await page.locator("#drawer-toggle").click()
    for tab in ("Cloud", "Wire", "Trouble"):
        await page.get_by_role("tab", name=tab).click()
        await expect(page.get_by_role("tabpanel", name=tab)).not_to_be_empty()
        await fits(page)
        await is_accessible(page)


async def test_somebody_can_be_somebody_else_and_sees_what_they_see(visit: Visit) -> None:
    page = await visit("alice")
    await expect(page.get_by_role("button", name="ops-private")).to_be_visible()
    await page.get_by_role("button", name=re.compile("You are Alice")).click()
    await is_accessible(page)
    await page.get_by_role("button", name=re.compile("Otto Single")).click()
    await expect(page.get_by_role("button", name=re.compile("You are Otto"))).to_be_visible()
    await expect(page.get_by_role("button", name="ops-private")).to_have_count(0)
    await page.get_by_role("button", name=re.compile("Colours")).click()
    await page.get_by_role("button", name=re.compile("Colours: light")).click()
    assert await page.evaluate("document.documentElement.dataset.theme") == "dark"


def _plain(text: str) -> dict[str, object]:
    return {"type": "plain_text", "text": text}


def _markup(text: str) -> dict[str, object]:
    return {"type": "mrkdwn", "text": text}


STYLES = "*bold* _slanted_ ~gone~ `<script>` <https://example.com|a link>\n&gt; said"
DATE = "at <!date^1700000000^{date_long} {time}|then> by <@UHERSELF> in <#CNOWHERE|there>"
LIST_ITEM = {"type": "rich_text_section", "elements": [{"type": "text", "text": "in a list", "style": {"bold": True}}]}
EVERY_BLOCK = [
    {"type": "header", "text": _plain("A heading :tada:")},
    {"type": "section", "text": _markup(STYLES)},
    {"type": "section", "text": _markup(DATE)},
    {"type": "section", "fields": [_markup("*one*\n1"), _plain("*two*")]},
    {"type": "divider"},
    {"type": "context", "elements": [_plain("small print")]},
    {"type": "alert", "level": "warning", "text": _plain("look out")},
    {"type": "image", "image_url": "https://example.com/x.png", "alt_text": "a chart"},
    {"type": "table", "rows": [[{"type": "raw_text", "text": "Region"}], [{"type": "raw_number", "value": 4.5}]]},
    {"type": "plan", "title": "A plan", "tasks": [{"type": "task_card", "title": "copy", "status": "complete"}]},
    {"type": "card", "title": _plain("A card"), "body": _plain("with words")},
    {"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "bullet", "elements": [LIST_ITEM]}]},
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "b", "style": "danger", "text": _plain("Delete")},
            {"type": "overflow", "action_id": "o", "options": [{"value": "v", "text": _plain("More")}]},
            {"type": "datepicker", "action_id": "d", "initial_date": "2026-11-22"},
            {"type": "users_select", "action_id": "u", "placeholder": _plain("Somebody")},
        ],
    },
    {
        "type": "input",
        "block_id": "i",
        "label": _plain("Tick"),
        "element": {"type": "checkboxes", "action_id": "c", "options": [{"value": "v", "text": _markup("*this*")}]},
    },
    {"type": "hologram", "glow": True},
]
EVERY_WORD = ("A heading 🎉", "a link", "small print", "look out", "a chart", "4.5", "A plan", "A card", "in a list")

DRAW = """async (blocks) => {
  const { renewBlocks } = await import("/js/blocks.js");
  const { messageSurface } = await import("/js/surface.js");
  const parent = document.createElement("article");
  parent.id = "every-block";
  document.getElementById("log").append(parent);
  renewBlocks(parent, blocks, messageSurface("C1", { ts: "1.0" }));
}"""


async def test_every_block_is_drawn_and_one_that_nobody_knows_is_shown_as_what_it_is(visit: Visit) -> None:
    page = await visit()
    await page.evaluate(DRAW, EVERY_BLOCK)
    drawn = page.locator("#every-block")
    for words in EVERY_WORD:
        await expect(drawn.get_by_text(words).first).to_be_visible()
    await expect(drawn.locator("strong", has_text="bold")).to_be_visible()
    await expect(drawn.locator("code", has_text="<script>")).to_be_visible()
    await expect(drawn.locator("blockquote", has_text="said")).to_be_visible()
    await expect(drawn.get_by_text("*two*")).to_be_visible()
    await expect(drawn.get_by_text("Tuesday, November 14, 2023 4:13 PM")).to_be_visible()  # alice is in Chicago
    await expect(drawn.get_by_role("button", name="Delete")).to_be_visible()
    await expect(drawn.get_by_role("combobox", name="Somebody")).to_be_visible()
    await expect(drawn.get_by_role("checkbox", name="this")).to_be_visible()
    await expect(drawn.get_by_text("“hologram”")).to_be_visible()
    await opens_beside(drawn.get_by_role("button", name="More actions"), drawn.locator(".menu"))
    await is_accessible(page)


async def test_words_of_others_are_never_markup(visit: Visit, sandbox: SandboxWithPage) -> None:
    page = await visit()
    hostile = "<img src=x onerror=document.title='owned'> <!channel> `</code><script>document.title='owned'</script>`"
    await types(page, hostile)
    await expect(messages(page).filter(has_text="<img src=x onerror")).to_be_visible()
    assert await page.locator("#log img[src=x], #log script").count() == 0
    assert "owned" not in await page.title()
    assert sandbox.workspace.pings == []
