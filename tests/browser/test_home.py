"""App Home on the page: found on the left, drawn as Slack draws it, and its buttons work."""

import re

from playwright.async_api import expect

from bot.cli.sandbox import SandboxWithPage
from tests.browser.conftest import Picture, Visit
from tests.browser.doing import form, is_accessible


async def test_home_shows_where_copies_are_missing_and_a_button_opens_the_form_filled_in(
    visit: Visit, sandbox: SandboxWithPage, picture: Picture
) -> None:
    page = await visit()
    await page.get_by_role("button", name="Copy Backup").last.click()  # below Apps
    home = page.get_by_role("region", name="Home")
    await expect(home).to_contain_text("Where what could be restored")
    await expect(home).to_contain_text("staging-after-migration")
    await expect(home).to_contain_text("nothing there, though something is wanted")
    await is_accessible(page)
    await picture(page, "home")

    await home.get_by_role("button", name="Copy to IAD").first.click()
    await expect(form(page).get_by_role("heading", name="Copy a backup")).to_be_visible()
    await expect(form(page).get_by_role("combobox", name="Backup")).not_to_have_value("")
    await expect(form(page).get_by_role("combobox", name="To")).to_have_value(re.compile("IAD"))
