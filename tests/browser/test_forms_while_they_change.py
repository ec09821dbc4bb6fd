"""A form that the bot draws anew while somebody is in it, and somebody who is faster than the answers."""

import asyncio
import re

from playwright.async_api import Page, Route, expect

from bot.cli.sandbox import SandboxWithPage
from tests.browser.conftest import Visit
from tests.browser.doing import chooses, fills_in, form, is_accessible, types

SHOWS = """async (view) => {
  const { keep } = await import("/js/store.js");
  const whole = { id: "V1", errors: {}, state: { values: {} }, submit_disabled: false, ...view };
  keep("views", view && [whole]);
}"""


def _plain(text: str) -> dict[str, object]:
    return {"type": "plain_text", "text": text}


def _field(name: str, revision: int = 0) -> dict[str, object]:
    element = {"type": "plain_text_input", "action_id": name, "min_length": 0, "max_length": 60}
    return {"type": "input", "block_id": f"{name}-{revision}", "label": _plain(name), "element": element}


def _buttons(*names: str) -> dict[str, object]:
    buttons = [{"type": "button", "action_id": one, "text": _plain(one)} for one in names]
    return {"type": "actions", "block_id": f"buttons {names}", "elements": buttons}


def _said(words: str) -> dict[str, object]:
    return {"type": "section", "block_id": "said", "text": _plain(words)}


async def _shows(page: Page, *blocks: dict[str, object], title: str = "A form", **more: object) -> None:
    await page.evaluate(SHOWS, {"title": _plain(title), "submit": _plain("Send"), "blocks": blocks, **more})


async def test_the_focus_stays_in_a_form_however_it_is_drawn_anew(visit: Visit) -> None:
    page = await visit()
    await expect(page.get_by_label("Message #databases")).to_be_focused()
    field, tall = form(page).get_by_role("textbox", name="Name"), [_said("word")] * 60
    await _shows(page, *tall, _field("Name"))
    await expect(form(page)).to_be_focused()
    await field.fill("nightly")
    await field.evaluate("field => field.setSelectionRange(2, 4)")
    scrolled = "document.getElementById('modal-body').scrollTop"
    before = await page.evaluate(scrolled)
    assert before > 0

    await _shows(page, *tall, _field("Name"), title="Another title", submit_disabled=True)
    await expect(form(page).get_by_role("heading", name="Another title")).to_be_visible()
    await expect(field).to_be_focused()
    assert await field.evaluate("field => [field.value, field.selectionStart, field.selectionEnd]") == ["nightly", 2, 4]
    assert await page.evaluate(scrolled) == before

    await _shows(page, _said("word"), _field("Name", revision=1), _field("Why"))
    await expect(field).to_be_focused()
    await _shows(page, _said("word"), _buttons("Check again"), _field("Why"))
    await expect(form(page).get_by_role("button", name="Check again")).to_be_focused()
    await _shows(page, _said("word"), _said("more"), _field("Why"))
    await expect(form(page).get_by_role("textbox", name="Why")).to_be_focused()
    await _shows(page, _buttons("Earlier"), _said("word"))
    await expect(form(page).get_by_role("button", name="Earlier")).to_be_focused()
    await form(page).get_by_role("button", name="Send").focus()
    await _shows(page, _said("word"), submit_disabled=True)
    await expect(form(page).locator(":focus")).to_have_count(1)
    await _shows(page, _said("word"), submit=None)
    await expect(form(page).locator(":focus")).to_have_count(1)
    await is_accessible(page)
    await page.evaluate(SHOWS, None)
    await expect(page.get_by_label("Message #databases")).to_be_focused()


class Answers:
    """Holds back what the page asks, for as long as a test wants."""

    def __init__(self) -> None:
        self.may_go = asyncio.Event()

    async def hold(self, route: Route) -> None:
        await self.may_go.wait()
        await route.continue_()


async def test_who_is_faster_than_the_answers_loses_nothing(visit: Visit, sandbox: SandboxWithPage) -> None:
    page, answers = await visit(), Answers()
    name = str(sandbox.cloud.estate.full.name)
    await types(page, "/copy-backup")
    backup = form(page).get_by_role("combobox", name="Backup", exact=True)
    await backup.click()
    stale = page.get_by_role("option").filter(has_not_text=name).first
    await expect(stale.locator(".option-text")).to_be_visible()
    await backup.fill(name)
    assert await page.get_by_role("option").all_inner_texts() == ["Loading…"], "nothing that is about to go away"
    await page.route("**/search", answers.hold)
    await backup.press("Enter")
    await backup.press("Tab")
    answers.may_go.set()
    await expect(form(page).get_by_role("textbox", name="Name of the copy")).to_have_value(re.compile(name))

    answers.may_go.clear()
    await page.route("**/enter", answers.hold)
    await chooses(page, "To", "ORD")
    await chooses(page, "To", "SYD")
    await form(page).get_by_role("button", name="Review").click()
    answers.may_go.set()
    await expect(form(page).get_by_text("SYD").first).to_be_visible()
    await expect(form(page).get_by_role("button", name="Ask for approval")).to_be_visible()


async def test_a_box_that_is_ticked_and_unticked_at_once_is_not_ticked(visit: Visit, sandbox: SandboxWithPage) -> None:
    page, answers = await visit(), Answers()
    await fills_in(page, backup=str(sandbox.cloud.estate.incremental_without_parent.name), to="IAD")
    box = form(page).get_by_label("Copy the chain, oldest first")
    await page.route("**/enter", answers.hold)
    await box.check()
    await box.uncheck()
    answers.may_go.set()
    await form(page).get_by_role("button", name="Review").click()
    await expect(form(page).get_by_text("It cannot be started: Its parent is not in the destination.")).to_be_visible()
