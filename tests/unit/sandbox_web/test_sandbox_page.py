"""The page's server, without a browser: who may ask it what, and what it tells."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

import bot.sandbox.web
from bot.cli.bot_process import BotDidNotStartError, environment_of
from bot.cli.sandbox import SandboxSettings
from bot.sandbox.cloud import SimulatedCloud
from bot.sandbox.web import Guide, SandboxPage
from bot.sandbox.web.switches import BotState
from bot.sandbox.workspace import SimulatedWorkspace

STATIC = Path(bot.sandbox.web.__file__).parent / "static"
MANIFEST = {
    "display_information": {"name": "Tried"},
    "features": {"bot_user": {"display_name": "Tried"}},
    "oauth_config": {"scopes": {"bot": ["chat:write"]}},
    "settings": {"socket_mode_enabled": True},
}
GUIDE = Guide("Try it.", {"greg": "looks on"})


class Switch:
    """A bot that is only a switch."""

    def __init__(self) -> None:
        self.state: BotState = "running"
        self.starts = True
        self.did: list[str] = []

    async def crash(self) -> None:
        self.did.append("crash")

    async def start(self) -> None:
        if not self.starts:
            raise BotDidNotStartError("The bot ended with status 1.")
        self.did.append("start")


@pytest.fixture
def workspace() -> SimulatedWorkspace:
    made = SimulatedWorkspace()
    made.install(MANIFEST)
    return made


@pytest.fixture
def switch() -> Switch:
    return Switch()


@pytest.fixture
async def page(workspace: SimulatedWorkspace, switch: Switch) -> AsyncIterator[httpx.AsyncClient]:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(workspace.serving())
        address = await stack.enter_async_context(SandboxPage(workspace, SimulatedCloud(), switch, GUIDE).serving())
        yield await stack.enter_async_context(httpx.AsyncClient(base_url=address, trust_env=False))


async def say(page: httpx.AsyncClient, person: str, text: str, **more: str) -> dict[str, object]:
    answer = await page.post(f"people/{person}/say", json={"channel": "#databases", "text": text, **more})
    assert answer.status_code == 200
    content: dict[str, object] = answer.json()
    return content


async def test_the_page_is_there_and_lets_a_browser_run_nothing_but_its_own(page: httpx.AsyncClient) -> None:
    answer = await page.get("/")
    assert answer.status_code == 200
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
async def test_another_page_in_the_same_browser_can_neither_read_nor_drive_it(
    page: httpx.AsyncClient, workspace: SimulatedWorkspace, headers: dict[str, str]
) -> None:
    assert (await page.get("/", headers=headers)).status_code == 403
    body = {"channel": "#databases", "text": "forged"}
    assert (await page.post("people/alice/say", json=body, headers=headers)).status_code == 403
    assert (await page.post("cloud/control/trouble/revoke_tokens", headers=headers)).status_code == 403
    assert workspace.channel("#databases").messages == []
    with pytest.raises(InvalidStatus):
        async with connect(f"ws://127.0.0.1:{page.base_url.port}/live?as=alice", additional_headers=headers):
            pass


async def test_a_window_is_told_what_changes_and_another_persons_channels_are_not_in_it(
    page: httpx.AsyncClient, workspace: SimulatedWorkspace
) -> None:
    origin = f"http://127.0.0.1:{page.base_url.port}"
    async with connect(f"ws://127.0.0.1:{page.base_url.port}/live?as=greg", origin=origin) as window:  # type: ignore[arg-type]  # a str
        seen: dict[str, object] = {}

        async def part(name: str) -> object:
            while name not in seen:
                said = json.loads(await window.recv())
                seen[said["part"]] = said["value"]
            return seen.pop(name)

        assert await part("guide") == {"hint": "Try it.", "roles": {"greg": "looks on"}}
        shown = json.dumps(await part("workspace"))
        assert "databases" in shown
        assert "ops-private" not in shown
        channel = workspace.channel("#databases").id
        assert await part(f"messages/{channel}") == []
        assert (await say(page, "alice", "hello"))["ok"]
        told = await part(f"messages/{channel}")
        assert isinstance(told, list)
        assert told[0]["text"] == "hello"
        await window.send(json.dumps({"drawer": "trouble"}))
        assert await part("drawer/trouble") == {"on": [], "token_error": None, "bot": "running"}


async def test_a_reply_is_in_its_thread_and_what_cannot_be_done_is_said_in_words(
    page: httpx.AsyncClient, workspace: SimulatedWorkspace
) -> None:
    await say(page, "alice", "first")
    (first,) = workspace.channel("#databases").messages
    assert (await say(page, "bob", "second", thread_ts=first.ts))["ok"]
    assert [one.text for one in first.thread] == ["second"]
    refused = await say(page, "bob", "/tried", thread_ts=first.ts)
    assert refused["shown"] == "Slash commands cannot be used in threads."
    assert not (await say(page, "bob", "/tried"))["ok"]
    assert not (await say(page, "nobody", "hello"))["ok"]
    assert "does not see this view" in str((await page.post("people/bob/submit", json={"view": "V1"})).json()["shown"])
    assert (await page.post("people/bob/submit", json={})).status_code == 422


async def test_the_bot_is_crashed_and_started_and_a_start_that_fails_is_told(
    page: httpx.AsyncClient, switch: Switch
) -> None:
    await page.post("bot/crash")
    assert switch.did == ["crash"]
    switch.starts = False
    assert (await page.post("bot/start")).json() == {"errors": ["The bot ended with status 1."]}
    switch.starts = True
    assert (await page.post("bot/start")).json() == {"ok": True}
    assert switch.did == ["crash", "start"]


def test_every_module_and_style_that_is_named_is_there() -> None:
    named = set(re.findall(r'(?:href|src)="([^"]+\.(?:js|css|svg))"', (STATIC / "index.html").read_text()))
    for module in sorted((STATIC / "js").glob("*.js")):
        named |= {f"js/{one}" for one in re.findall(r'from "\./([^"]+)"', module.read_text())}
    there = {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()}
    assert named == there - {"index.html"}


def test_no_module_makes_markup_out_of_data() -> None:
    for module in sorted((STATIC / "js").glob("*.js")):
        text = module.read_text()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text), module.name
        assert len(text.splitlines()) < 300, module.name


def test_a_bot_of_the_sandbox_has_the_settings_and_nothing_else_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RACKSPACE_PASSWORD", "real")
    settings = SandboxSettings(
        slack_bot_token=SecretStr("xoxb-1"),
        slack_signing_secret=SecretStr("signs"),
        rackspace_username="sandbox",
        rackspace_api_key=SecretStr("opens"),
        allowed_people=("U1", "U2"),
        first_look_seconds=0.5,
    )
    environment = environment_of(settings)
    del environment["PATH"], environment["PYTHONPATH"], environment["PYTHONUNBUFFERED"]
    assert environment == {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_SIGNING_SECRET": "signs",
        "RACKSPACE_USERNAME": "sandbox",
        "RACKSPACE_API_KEY": "opens",
        "ALLOWED_PEOPLE": "U1,U2",
        "FIRST_LOOK_SECONDS": "0.5",
    }
