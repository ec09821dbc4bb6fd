"""The command `demo`: a story that ends well only if the simulated cloud itself says that both copies are there."""

import asyncio
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.cells import cell_len
from rich.console import Console

from bot.cli import stage as stages
from bot.cli import story
from bot.cli.demo import DemoError, demonstrate
from bot.cli.sandbox import Sandbox, running_sandbox
from bot.cli.stage import Stage
from tests.fakes.command_line import run
from tests.fakes.conditions import until

REPOSITORY = Path(__file__).parents[3]

STORY = (
    "1  A full backup needs nothing in the destination",
    "alice ▸ types /copy-backup in #databases: a form opens",
    'alice ▸ types "staging" at Backup, and is offered',
    "▸ staging-before-migration",
    "alice ▸ chooses staging-before-migration, and IAD to copy it to",
    "Full backup. Needs nothing in IAD. Ready to copy.",
    "alice ▸ presses Review",
    "Copy this backup?",
    "alice ▸ presses Start copy",
    "Running",
    "Done in",
    "DFW → IAD, as staging-before-migration-copy",
    "↳ @alice Done after",
    "2  An incremental whose parent is missing is refused before anything is sent",
    "is not in IAD.",
    "there is no button to start it",
    "Requests for it that reached Cloud Databases: 0",
    "3  An incremental whose parent is there",
    "is in IAD. Ready to",
    "Copy this backup?",
    "Done in",
    "↳ @alice Done after",
    "Every step was in the audit log",
    "when (UTC)",
    "copy requested  staging-before-migration",
    "The hash chain is whole: 11 events.",
    "What the simulated cloud itself has in IAD",
    "COMPLETED staging-before-migration-copy",
    "COMPLETED orders-db-nightly-",
    "Both copies are COMPLETED in IAD, each of them once.",
)
"""What has to be read, in this order."""

ANOTHER_INSTALLATION = {
    "SLACK_BOT_TOKEN": "xoxb-of-a-real-workspace",
    "RACKSPACE_API_KEY": "of-a-real-account",
    "DATABASE_URL": "postgresql://somewhere",
    "PORT": "no number",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
}


def assert_tells(told: str, *lines: str) -> None:
    rest = told
    for line in lines:
        _, found, rest = rest.partition(line)
        assert found, f"{line!r} is missing, or not in its place, in:\n{told}"


def is_empty(folder: Path) -> bool:
    return not list(folder.iterdir())


@pytest.mark.parametrize("options", [(), ("--socket-mode",)], ids=["http", "socket mode"])
async def test_somebody_without_any_account_sees_two_copies_through(options: tuple[str, ...], tmp_path: Path) -> None:
    ended = await run("demo", *options, folder=tmp_path)

    assert (ended.code, ended.errors) == (0, "")
    assert_tells(ended.out, "over Socket Mode" if options else "over HTTP", *STORY)
    assert "\x1b" not in ended.out, "control codes are for terminals"
    assert max(len(line) for line in ended.out.splitlines()) <= 80
    assert is_empty(tmp_path)


async def test_the_settings_and_proxies_of_another_installation_are_not_used(tmp_path: Path) -> None:
    tmp_path.joinpath(".env").write_text("SLACK_APP_TOKEN=xapp-of-a-real-workspace\nLOG_LEVEL=LOUD\n")

    ended = await run("demo", folder=tmp_path, **ANOTHER_INSTALLATION)

    assert (ended.code, ended.errors) == (0, "")
    assert_tells(ended.out, "over HTTP", *STORY)
    assert "real" not in ended.out.replace("The real bot", "")


@asynccontextmanager
async def fast_world(folder: Path, **changes: object) -> AsyncIterator[Sandbox]:
    async with running_sandbox(folder, speed=600, changes=changes) as sandbox:
        catalogue = sandbox.bot.ports.catalogue

        async def is_loaded() -> bool:
            return (await catalogue.refreshed("DFW")).complete_at is not None

        await until(is_loaded)
        yield sandbox


def shown_in(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def page() -> Console:
    return Console(file=io.StringIO(), width=100, highlight=False)


@pytest.mark.parametrize(
    ("ends", "there"), [("FAILED", "FAILED"), ("COPY_ERROR", "nothing"), ("NOTHING", "nothing")], ids=str
)
async def test_it_ends_badly_when_a_copy_fails(ends: str, there: str, page: Console, tmp_path: Path) -> None:
    async with fast_world(tmp_path, grace_seconds=0.2) as sandbox:
        sandbox.cloud.trouble.fail_copies(ends=ends)  # type: ignore[arg-type]  # one of the words it takes

        with pytest.raises(DemoError, match=f"of staging-before-migration it has {there}") as failed:
            await demonstrate(Stage(page), sandbox)

    assert failed.value.exit_code == 1
    assert_tells(shown_in(page), "❌", "The copy failed", "3  An incremental", "Done in", "hash chain is whole")
    assert "Both copies" not in shown_in(page)


async def test_the_cloud_is_believed_and_not_the_bot(page: Console, tmp_path: Path) -> None:
    async with fast_world(tmp_path) as sandbox:
        full = sandbox.cloud.estate.full

        async def loses_the_copy_once_it_is_told() -> None:
            channel = sandbox.workspace.channel("#databases")
            message = await channel.waits_for("Done in", timeout=30)
            await message.thread_shows("@alice", timeout=30)
            sandbox.cloud.remove_backup("IAD", full.id)

        losing = asyncio.create_task(loses_the_copy_once_it_is_told())
        with pytest.raises(DemoError, match="of staging-before-migration it has nothing"):
            await demonstrate(Stage(page), sandbox)
        await losing

    assert_tells(shown_in(page), "✅ Done in", "hash chain is whole")


async def test_what_is_not_shown_in_time_is_told_with_what_is_shown_instead(
    page: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "PATIENCE", 1.0)
    async with fast_world(tmp_path, allowed_people=("U0SOMEBODY",)) as sandbox:
        with pytest.raises(DemoError) as failed:
            await demonstrate(Stage(page), sandbox)

    assert "Waited 1 s for 'Review'" in failed.value.message
    assert "You may not use" in failed.value.message


@pytest.mark.parametrize("width", [80, 160])
async def test_a_terminal_shows_the_message_changing_and_the_picture_is_drawn_from_the_same(
    width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "READING_SECONDS", 0.0)
    terminal = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None, highlight=False)
    picture = tmp_path / "demo.svg"
    async with fast_world(tmp_path) as sandbox:
        await demonstrate(Stage(terminal), sandbox, picture)

    shown = shown_in(terminal)
    assert_tells(shown, "About to be sent", "\x1b[", "Done in", "Both copies are COMPLETED in IAD")
    assert max(cell_len(line) for line in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown).splitlines()) <= width
    assert_is_a_picture(picture)


def assert_is_a_picture(path: Path) -> None:
    drawn = path.read_text(encoding="utf-8")
    words = " ".join(ET.fromstring(drawn).itertext()).replace("\xa0", " ")  # noqa: S314  # our own file
    assert_tells(words, "alice", "types", "/copy-backup", "Ready to copy.", "Start copy", "Done in", "@alice")
    assert "url(http" not in drawn, "a picture that loads something tells somebody who looks at it"
    assert path.stat().st_size < 300_000


def test_the_readme_shows_the_demo() -> None:
    readme = REPOSITORY / "README.md"
    (place,) = re.findall(r"!\[.+\]\((.+\.svg)\)", readme.read_text(encoding="utf-8"))

    assert_is_a_picture(REPOSITORY / place)
