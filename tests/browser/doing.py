"""What people do on the page, and what is looked at on it."""

import re

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from playwright.async_api import Locator, Page, expect


def form(page: Page) -> Locator:
    return page.get_by_role("dialog")


def messages(page: Page) -> Locator:
    return page.get_by_role("log", name="Messages").get_by_role("article")


async def types(page: Page, text: str) -> None:
    """Types into the box below the conversation, and sends it."""
    box = page.get_by_label(re.compile(r"^Message #"))
    await box.fill(text)
    await box.press("Enter")


async def chooses(page: Page, field: str, option: str, *, searching: str = "") -> None:
    """Opens a menu of the form, types if one has to, and clicks what is wanted."""
    box = form(page).get_by_role("combobox", name=field, exact=True)
    await box.click()
    if searching:
        await box.fill(searching)
    await page.get_by_role("option").filter(has_text=option).first.click()
    await expect(box).to_have_value(re.compile(re.escape(option)))
    await expect(box).to_have_attribute("aria-expanded", "false")


async def adds(page: Page, field: str, option: str) -> None:
    """Chooses one more at a menu that takes several."""
    await form(page).get_by_role("combobox", name=field, exact=True).click()
    await page.get_by_role("option").filter(has_text=option).first.click()
    await expect(form(page).get_by_role("list", name=f"{field}: chosen")).to_contain_text(option)


async def fills_in(page: Page, *, backup: str, to: str) -> None:
    """Opens the form and says what is to be copied where."""
    await types(page, "/copy-backup")
    await expect(form(page).get_by_role("heading", name="Copy a backup")).to_be_visible()
    await chooses(page, "Backup", backup, searching=backup)
    await chooses(page, "To", to)


FOCUSED = "(({ ariaLabel, innerText }) => (ariaLabel ?? innerText).trim())(document.activeElement)"


async def tabs_to(page: Page, name: str | re.Pattern[str], *, backwards: bool = False) -> None:
    """Presses Tab until what has this name has the focus; it has to be there already."""
    passed = []
    for _ in range(60):
        await page.keyboard.press("Shift+Tab" if backwards else "Tab")
        passed.append(str(await page.evaluate(FOCUSED))[:60])  # the whole page behind the last
        if passed[-1] == name if isinstance(name, str) else name.search(passed[-1]):
            return
    pytest.fail(f"the keyboard does not reach {name}, only {passed}")


async def opens_beside(button: Locator, menu: Locator) -> None:
    """A menu opens right below or above its button, and all of it is in the window."""
    await button.click()
    await expect(menu).to_be_visible()
    width, height = await menu.page.evaluate("[innerWidth, innerHeight]")
    at, its = await button.bounding_box(), await menu.bounding_box()
    assert at
    assert its
    assert min(abs(its["y"] - at["y"] - at["height"]), abs(at["y"] - its["y"] - its["height"])) < 10
    assert its["x"] <= at["x"] + at["width"]
    assert 0 <= its["x"] <= its["x"] + its["width"] <= width
    assert 0 <= its["y"] <= its["y"] + its["height"] <= height


async def is_accessible(page: Page) -> None:
    """axe-core finds nothing serious."""
    found = await Axe().run(page)
    serious = [one for one in found.response["violations"] if one["impact"] in ("serious", "critical")]
    assert not serious, "\n".join(f"{one['id']}: {one['nodes'][0]['html']}" for one in serious)


async def fits(page: Page) -> None:
    """Nothing is wider than the window."""
    assert await page.evaluate(
        "document.documentElement.scrollWidth <= innerWidth && document.body.scrollWidth <= innerWidth"
    )
