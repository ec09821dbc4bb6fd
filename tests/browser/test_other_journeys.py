"""Journeys that do not go straight: a parent that is missing, a refusal, people who may not, a bot that crashes."""

from playwright.async_api import expect

from bot.cli.sandbox import SandboxWithPage
from tests.browser.conftest import Picture, Visit
from tests.browser.doing import adds, fills_in, form, is_accessible, messages, opens_beside, types


async def test_an_incremental_whose_parent_is_missing_is_copied_with_its_chain_oldest_first(
    visit: Visit, sandbox: SandboxWithPage, picture: Picture
) -> None:
    wanted = sandbox.cloud.estate.incremental_without_parent
    chain = sandbox.cloud.estate.chain("DFW", wanted)
    page = await visit()
    await fills_in(page, backup=str(wanted.name), to="IAD")
    await expect(form(page).get_by_text("is not in IAD").first).to_be_visible()
    await is_accessible(page)
    await picture(page, "parent-missing")
    await form(page).get_by_label("Copy the chain, oldest first").check()
    await form(page).get_by_role("button", name="Review").click()
    sandbox.cloud.clock.speed = 600
    await form(page).get_by_role("button", name="Start copies").click()
    await expect(messages(page).filter(has_text="All 3 are there")).to_have_count(1)
    assert all(sandbox.cloud.backup("IAD", one.id) is not None for one in chain)


async def test_several_regions_are_chosen_one_after_the_other_and_taken_back(
    visit: Visit, sandbox: SandboxWithPage
) -> None:
    full = sandbox.cloud.estate.full
    page = await visit()
    await fills_in(page, backup=str(full.name), to="IAD")
    await expect(form(page).get_by_text("Ready to copy").first).to_be_visible()
    await form(page).get_by_role("button", name="Several at once …").click()
    to = form(page).get_by_role("list", name="To: chosen")
    await expect(to).to_contain_text("IAD")
    await adds(page, "To", "ORD")
    await adds(page, "To", "HKG")
    await expect(to.get_by_role("listitem")).to_have_count(3)
    await to.get_by_role("button", name="Take back HKG").click()
    await expect(to.get_by_role("listitem")).to_have_count(2)
    await is_accessible(page)
    await form(page).get_by_role("button", name="Review").click()
    sandbox.cloud.clock.speed = 600
    await form(page).get_by_role("button", name="Start copies").click()
    await expect(messages(page).filter(has_text="Both are there")).to_have_count(1)
    assert all(sandbox.cloud.backup(region, full.id) is not None for region in ("IAD", "ORD"))


async def test_a_refusal_is_told_with_its_cure_and_seen_on_the_wire_without_secrets(
    visit: Visit, sandbox: SandboxWithPage, picture: Picture
) -> None:
    page = await visit()
    await page.get_by_role("button", name="Behind the scenes").click()
    await page.get_by_role("tab", name="Trouble").click()
    await page.get_by_label("Answer with").select_option("403")
    await page.get_by_role("button", name="Refuse", exact=True).click()
    await expect(page.get_by_text("Cloud Databases answers 403: copy, once more")).to_be_visible()
    await is_accessible(page)

    await types(page, f"/copy-backup {sandbox.cloud.estate.full.id} IAD")
    await form(page).get_by_role("button", name="Start copy").click()
    message = messages(page).filter(has_text="Failed")
    await expect(message).to_contain_text("403")
    await expect(message.get_by_role("button", name="Try again")).to_be_visible()
    await form(page).get_by_role("button", name="Close").last.click()
    await expect(page.get_by_text("No trouble at the moment")).to_be_visible()
    await picture(page, "drawer-trouble")

    await page.get_by_role("tab", name="Wire").click()
    refused = page.get_by_role("group").filter(has_text="/action").filter(has_text="403")
    await refused.locator("summary").click()
    await expect(refused.get_by_role("region", name="Request")).to_contain_text("copy-backup")
    await expect(refused.get_by_role("region", name="Answer")).to_contain_text("forbidden")
    await expect(refused.get_by_role("region", name="Request")).to_contain_text("x-auth-token: ***")
    await is_accessible(page)
    await picture(page, "drawer")
    login = page.get_by_role("group").filter(has_text="/v2.0/tokens").first
    await login.locator("summary").click()
    await expect(login.get_by_role("region", name="Request")).to_contain_text("***")
    assert sandbox.cloud.identity.api_key not in await page.content()


async def test_two_people_in_two_windows_see_the_same_channel_live_and_only_their_own_words(
    visit: Visit, sandbox: SandboxWithPage
) -> None:
    alice, greg = await visit("alice"), await visit("greg")
    await greg.get_by_role("button", name="general").click()
    await expect(greg.get_by_role("heading", name="# general", level=1)).to_be_visible()
    await types(alice, f"/copy-backup {sandbox.cloud.estate.full.id} IAD")
    await form(alice).get_by_role("button", name="Start copy").click()
    await form(alice).get_by_role("button", name="Close").last.click()

    await expect(greg.get_by_role("button", name="databases (unread)")).to_be_visible()
    await greg.get_by_role("button", name="databases").click()
    await expect(greg.get_by_text("New", exact=True)).to_be_visible()
    await expect(messages(greg).filter(has_text="Done in")).to_be_visible()

    await types(greg, "/copy-backup")
    await expect(form(greg).get_by_text("Guests may not use this bot")).to_be_visible()
    await form(greg).get_by_role("button", name="Close").last.click()
    await types(greg, "what is <this> & *that*?")
    await expect(messages(alice).filter(has_text="what is <this> & that?")).to_be_visible()
    await expect(greg.get_by_role("button", name="ops-private")).to_have_count(0)

    await types(alice, "/copy-backup help")
    alone = messages(alice).filter(has_text="Only visible to you")
    await expect(alone).to_contain_text("/copy-backup status")
    await expect(messages(greg).filter(has_text="Only visible to you")).to_have_count(0)
    await alone.get_by_role("button", name="Dismiss message").click()
    await expect(alone).to_have_count(0)


async def test_a_bot_that_crashes_is_started_again_and_goes_on(visit: Visit, sandbox: SandboxWithPage) -> None:
    page = await visit()
    sandbox.cloud.clock.speed = 0.1
    await types(page, f"/copy-backup {sandbox.cloud.estate.full.id} IAD")
    await form(page).get_by_role("button", name="Start copy").click()
    await form(page).get_by_role("button", name="Close").last.click()
    await expect(messages(page).filter(has_text="Running since")).to_be_visible()

    await page.get_by_role("button", name="Behind the scenes").click()
    await page.get_by_role("tab", name="Trouble").click()
    await page.get_by_role("button", name="Crash it").click()
    await expect(page.get_by_text("The bot is not running")).to_be_visible()
    await types(page, "/copy-backup help")
    await expect(page.get_by_text("/copy-backup failed with the error “dispatch_failed”.").first).to_be_visible()

    sandbox.cloud.clock.speed = 600
    await page.get_by_role("button", name="Start it again").click()
    await expect(page.get_by_text("The bot is running")).to_be_visible()
    await expect(messages(page).filter(has_text="Done in")).to_have_count(1)


async def test_a_form_of_a_bot_that_crashed_says_what_slack_says(visit: Visit, sandbox: SandboxWithPage) -> None:
    page = await visit()
    await fills_in(page, backup=str(sandbox.cloud.estate.full.name), to="IAD")
    await expect(form(page).get_by_role("textbox", name="Name of the copy")).not_to_have_value("")
    await sandbox.bot.crash()
    await form(page).get_by_role("button", name="Review").click()
    await expect(form(page).locator("strong", has_text="We had some trouble connecting. Try again?")).to_be_visible()
    await form(page).get_by_role("combobox", name="Backup", exact=True).fill("nightly")
    await expect(page.get_by_role("option")).to_have_text(["No result"])


async def test_a_message_has_a_menu_with_its_shortcut(visit: Visit, sandbox: SandboxWithPage) -> None:
    page = await visit()
    sandbox.workspace.person("bob").says("Who copies the backup?")
    message = messages(page).filter(has_text="Who copies the backup?")
    await message.hover()
    await opens_beside(message.get_by_role("button", name="More actions"), message.locator(".menu"))
    await message.get_by_role("button", name="Copy this again").click()
    await expect(form(page).get_by_text("This message is not about a copy.")).to_be_visible()
    await is_accessible(page)
