"""The whole way of a first copy, by clicking and typing as a person does."""

import re

from playwright.async_api import expect

from bot.cli.sandbox import SandboxWithPage
from tests.browser.conftest import Picture, Visit
from tests.browser.doing import chooses, form, is_accessible, messages


async def test_a_person_copies_a_full_backup_and_is_told_when_it_is_there(
    visit: Visit, sandbox: SandboxWithPage, picture: Picture
) -> None:
    page = await visit()
    box = page.get_by_label("Message #databases")
    await box.press_sequentially("/cop")
    await expect(page.get_by_role("option", name="/copy-backup")).to_be_visible()
    await is_accessible(page)
    await box.press("Enter")  # completes the command
    await box.press("Enter")  # sends it

    await expect(form(page).get_by_role("heading", name="Copy a backup")).to_be_visible()
    await form(page).get_by_role("button", name="Review").click()
    await expect(form(page).get_by_text("Please complete this required field.").first).to_be_visible()
    backup = form(page).get_by_role("combobox", name="Backup")
    await expect(backup).to_be_focused()
    await expect(backup).to_have_attribute("aria-invalid", "true")

    await chooses(page, "Backup", "staging-before-migration", searching="before")
    await chooses(page, "To", "IAD")
    await expect(form(page).get_by_text("Full backup", exact=False).first).to_be_visible()
    await expect(form(page).get_by_text("Please complete this required field.")).to_have_count(0)
    await is_accessible(page)
    await picture(page, "form")

    await form(page).get_by_role("button", name="Review").click()
    await expect(form(page).get_by_role("button", name="Start copy")).to_be_visible()
    await is_accessible(page)
    await picture(page, "confirmation")

    sandbox.cloud.clock.speed = 5
    await form(page).get_by_role("button", name="Start copy").click()
    await expect(form(page).get_by_role("heading", name="Copy started")).to_be_visible()
    await form(page).get_by_role("button", name="Close").last.click()
    await expect(form(page)).to_have_count(0)
    await expect(box).to_be_focused()
    message = messages(page).filter(has_text="staging-before-migration").first
    await expect(message).to_contain_text("Running since")
    await page.get_by_role("button", name="Behind the scenes").click()
    await expect(page.get_by_role("progressbar", name=re.compile("staging-before-migration"))).to_be_visible()
    await is_accessible(page)
    await picture(page, "running")

    await page.get_by_role("button", name="Close the drawer").click()
    sandbox.cloud.clock.speed = 600
    await expect(message).to_contain_text("Done")
    await expect(message).to_contain_text("(edited)")
    await message.get_by_role("button", name=re.compile("repl")).click()
    thread = page.get_by_role("complementary", name="Thread")
    await expect(thread.get_by_text("@alice").last).to_be_visible()
    await is_accessible(page)
    await picture(page, "finished")
