"""The page in a real browser: Debian's Chromium, driven by playwright, before the simulators and the real bot."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Literal, Protocol

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from bot.cli.sandbox import SandboxWithPage, sandbox_with_page

PATIENCE = 30_000
"""Milliseconds; the machine may be slow and busy."""

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Colours = Literal["light", "dark"]
Picture = Callable[[Page, str], Awaitable[None]]


class Visit(Protocol):
    """Opens a window as one of the people."""

    async def __call__(
        self, person: str = "alice", *, width: int = 1280, height: int = 800, colours: Colours = "light"
    ) -> Page: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)


def _chromium() -> str:
    """Debian's Chromium, or another one that is named so."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found:
        return found
    missing = "Chromium is not installed (apt-get install chromium, or set CHROMIUM to another one's path)"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    path = _chromium()
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        await launched.close()


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[SandboxWithPage]:
    async with sandbox_with_page(tmp_path) as running:
        yield running


@pytest.fixture
async def visit(browser: Browser, sandbox: SandboxWithPage) -> AsyncIterator[Visit]:
    """Opens windows; whatever is done in them, nothing may go wrong in the page itself."""
    expect.set_options(timeout=PATIENCE)
    wrong: list[str] = []
    async with AsyncExitStack() as stack:

        async def visit(
            person: str = "alice", *, width: int = 1280, height: int = 800, colours: Colours = "light"
        ) -> Page:
            context = await browser.new_context(viewport={"width": width, "height": height}, color_scheme=colours)
            stack.push_async_callback(context.close)
            context.set_default_timeout(PATIENCE)
            page = await context.new_page()
            page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: wrong.append(str(error)))
            await page.goto(f"{sandbox.page}?as={person}")
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            return page

        yield visit
    assert wrong == [], "the page itself told of errors"


@pytest.fixture
def picture() -> Picture:
    """Keeps a screenshot, when `SCREENSHOTS` says in which folder."""
    folder = os.environ.get("SCREENSHOTS")

    async def keep(page: Page, name: str) -> None:
        if folder:
            await page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")

    return keep
