"""A copy that needs a second person: one window asks, another one decides."""

import re

from playwright.async_api import Locator, Page, expect

from bot.cli.sandbox import SandboxWithPage
from tests.browser.conftest import Picture, Visit
from tests.browser.doing import fills_in, fits, form, is_accessible, messages, tabs_to

ASKED = "Your agreement is asked for"
REASON = "Not before <Monday> & not at night"


async def asks(page: Page, sandbox: SandboxWithPage) -> Locator:
    """Asks by the form for a copy to SYD; gives the message in the channel."""
    await fills_in(page, backup=str(sandbox.cloud.estate.full.name), to="SYD")
    await form(page).get_by_role("button", name="Review").click()
    await expect(form(page).get_by_text("Somebody else has to agree").first).to_be_visible()
    await expect(form(page).get_by_text("asked for in #ops-private")).to_be_visible()
    await is_accessible(page)
    await form(page).get_by_role("button", name="Ask for approval").click()
    await expect(form(page).get_by_role("heading", name="Asked for approval")).to_be_visible()
    await form(page).get_by_role("button", name="Close").last.click()
    told = messages(page).filter(has_text=str(sandbox.cloud.estate.full.name)).first
    await expect(told).to_contain_text("Waits for the agreement of somebody else")
    return told


async def goes_to_approvers(page: Page) -> Locator:
    """Opens the approvers' channel; gives the message that asks them."""
    await page.get_by_role("button", name="ops-private").click()
    await expect(page.get_by_role("heading", name="ops-private", level=1)).to_be_visible()
    return messages(page).filter(has_text="→ SYD").first


def alone(page: Page) -> Locator:
    return messages(page).filter(has_text="Only visible to you")


async def test_a_second_person_approves_in_a_window_of_their_own_and_the_first_sees_it_go_on(
    visit: Visit, sandbox: SandboxWithPage, picture: Picture
) -> None:
    alice, carol = await visit("alice"), await visit("carol")
    told = await asks(alice, sandbox)
    await expect(carol.get_by_role("button", name="ops-private 1 for you (unread)")).to_be_visible()
    asked = await goes_to_approvers(carol)
    await expect(carol.get_by_text("New", exact=True)).to_be_visible()
    await expect(asked).to_contain_text(ASKED)
    await expect(asked.locator(".mention.mine", has_text="@approvers")).to_be_visible()
    await expect(asked.locator(".mention").filter(has_not_text="@approvers").first).to_have_text("@ana")
    await is_accessible(carol)
    await picture(carol, "approval")

    await asked.get_by_role("button", name="Approve").click()
    await expect(asked).to_contain_text("Approved by carol")
    await expect(asked.get_by_role("button", name="Approve")).to_have_count(0)
    await expect(alone(carol)).to_contain_text("You agreed")
    await is_accessible(carol)
    await expect(told).to_contain_text("Done in")
    await told.get_by_role("button", name=re.compile("repl")).click()
    thread = alice.get_by_role("complementary", name="Thread")
    await expect(thread.get_by_text("carol agreed.")).to_be_visible()
    await expect(alone(alice)).to_have_count(0)
    await is_accessible(alice)
    assert sandbox.cloud.backup("SYD", sandbox.cloud.estate.full.id) is not None


async def test_a_second_person_declines_with_a_reason_that_the_first_reads(
    visit: Visit, sandbox: SandboxWithPage
) -> None:
    alice, carol = await visit("alice"), await visit("carol", colours="dark")
    told = await asks(alice, sandbox)
    asked = await goes_to_approvers(carol)
    await asked.get_by_role("button", name="Decline …").click()
    await expect(form(carol).get_by_role("heading", name="Decline this copy?")).to_be_visible()
    why = form(carol).get_by_role("textbox", name="Why not?")
    await form(carol).get_by_role("button", name="Decline").click()
    await expect(form(carol).get_by_text("Please complete this required field.")).to_be_visible()
    await expect(why).to_be_focused()
    await is_accessible(carol)
    await why.fill(REASON)
    await expect(form(carol).get_by_text(f"{len(REASON)} / 500")).to_be_visible()
    await form(carol).get_by_role("button", name="Decline").click()
    await expect(form(carol).get_by_text("You declined").first).to_be_visible()
    await is_accessible(carol)
    await form(carol).get_by_role("button", name="Close").last.click()

    await expect(asked).to_contain_text("Declined by carol")
    await expect(told).to_contain_text("It was declined")
    await told.get_by_role("button", name=re.compile("repl")).click()
    thread = alice.get_by_role("complementary", name="Thread")
    await expect(thread.get_by_text(REASON).first).to_be_visible()
    assert sandbox.cloud.backup("SYD", sandbox.cloud.estate.full.id) is None


async def test_who_may_not_decide_is_told_so_alone(visit: Visit, sandbox: SandboxWithPage) -> None:
    alice, ana = await visit("alice"), await visit("ana")
    await asks(ana, sandbox)
    asked = await goes_to_approvers(alice)
    await expect(asked.locator(".mention", has_text="@approvers")).not_to_have_class(re.compile("mine"))
    await asked.get_by_role("button", name="Approve").click()
    await expect(alone(alice)).to_contain_text("the rules do not name you")
    await is_accessible(alice)

    seen = await goes_to_approvers(ana)
    await expect(seen).to_contain_text(ASKED)
    await expect(alone(ana)).to_have_count(0)
    await seen.get_by_role("button", name="Approve").click()
    await expect(alone(ana)).to_contain_text("you asked for it yourself")
    await expect(alone(alice)).to_have_count(1)
    assert sandbox.cloud.backup("SYD", sandbox.cloud.estate.full.id) is None


async def test_the_keyboard_alone_is_enough_to_approve(visit: Visit, sandbox: SandboxWithPage) -> None:
    alice, carol = await visit("alice"), await visit("carol")
    await asks(alice, sandbox)
    await expect(carol.get_by_role("button", name=re.compile("ops-private.*unread"))).to_be_visible()
    await tabs_to(carol, re.compile("ops-private"), backwards=True)
    await carol.keyboard.press("Enter")
    asked = messages(carol).filter(has_text=ASKED)
    await expect(asked).to_be_visible()
    await tabs_to(carol, "Approve", backwards=True)
    await carol.keyboard.press("Enter")
    await expect(messages(carol).filter(has_text="Approved by carol")).to_be_visible()
    await expect(alone(carol)).to_contain_text("You agreed")


async def test_an_approver_with_a_small_dark_window_sees_everything(visit: Visit, sandbox: SandboxWithPage) -> None:
    alice = await visit("alice")
    await asks(alice, sandbox)
    ana = await visit("ana", width=390, colours="dark")
    await ana.get_by_role("button", name="Show channels").click()
    await ana.get_by_role("button", name="ops-private").click()
    asked = messages(ana).filter(has_text=ASKED)
    await expect(asked.get_by_role("button", name="Decline …")).to_be_visible()
    await expect(asked.locator(".mention.mine", has_text="@ana")).to_be_visible()
    await fits(ana)
    await is_accessible(ana)
    await asked.get_by_role("button", name="Decline …").click()
    await expect(form(ana).get_by_role("textbox", name="Why not?")).to_be_visible()
    await fits(ana)
    await is_accessible(ana)


async def test_a_stranger_is_told_who_is_who_and_what_needs_a_second_person(visit: Visit) -> None:
    page = await visit("alice")
    await expect(page.get_by_text("Copies to HKG and SYD need a second person")).to_be_visible()
    await page.get_by_role("button", name=re.compile("You are Alice")).click()
    people = page.locator("#people")
    await expect(people.get_by_role("button", name=re.compile("Carol Ito"))).to_contain_text("approves copies")
    await expect(people.get_by_role("button", name=re.compile("Greg Guest"))).to_contain_text("may not use the bot")
    await is_accessible(page)
    await people.get_by_role("button", name=re.compile("Ana Lind")).click()
    await expect(page.get_by_role("button", name=re.compile("You are Ana"))).to_be_visible()
