"""The Dockerfile's steps, followed in clean folders where no Docker is at hand: build, start, look at its health."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.sandbox.cloud import SimulatedCloud
from bot.sandbox.workspace import SimulatedWorkspace
from bot.slack.manifest import build_manifest
from tests.fakes.dockerfile import Stage, copy_from_context, read_stages
from tests.fakes.repository import ROOT

pytestmark = pytest.mark.slow

PATIENCE = 60.0
"""Seconds for the start and for the end, on a machine that is busy with other things."""


@dataclass(frozen=True)
class Image:
    """What was built: paths of the image are below a folder here."""

    root: Path
    stage: Stage

    def place(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    @property
    def packages(self) -> Path:
        (found,) = self.place("/opt/bot/lib").glob("python3.*/site-packages")
        return found

    def environment(self, **given: str) -> dict[str, str]:
        """What the image sets, for this machine: on loopback, and with its paths."""
        set_by_image = {
            name: value.replace("/opt/bot", str(self.place("/opt/bot"))).replace("/data", str(self.place("/data")))
            for name, value in self.stage.environment.items()
        }
        path = set_by_image["PATH"].replace("$PATH", "/usr/bin:/bin")
        return {**set_by_image, "PATH": path, "HOST": "127.0.0.1", **given}


def run_step(command: str, root: Path, folder: Path) -> None:
    """A RUN of the first stage, with its paths below a folder."""
    here = command.replace("/opt/bot", str(root / "opt/bot"))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(  # noqa: S602 - the repository's own Dockerfile
        here, shell=True, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Follows the first stage step by step, and prepares what the last one does."""
    root = tmp_path_factory.mktemp("image")
    build, last = read_stages()
    folder = root
    for step in build.instructions:
        match step.keyword:
            case "WORKDIR":
                folder = root / step.text.lstrip("/")
                folder.mkdir(parents=True)
            case "COPY":
                *sources, target = step.words
                for source in sources:
                    copy_from_context([source], folder / target if (ROOT / source).is_dir() else folder)
            case "RUN":
                run_step(step.text, root, folder)
            case other:
                pytest.fail(f"this test does not know how to follow {other}")
    (root / last.only("VOLUME").text.lstrip("/")).mkdir()
    return Image(root, last)


@asynccontextmanager
async def started(
    image: Image, environment: dict[str, str], *command: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The image's entry point, in its working folder; ended with the block if it has not ended before."""
    entry = [*image.stage.only("ENTRYPOINT").words, *command]
    process = await asyncio.create_subprocess_exec(
        *(str(image.place("/opt/bot/bin") / entry[0]), *entry[1:]),
        cwd=image.place(image.stage.only("WORKDIR").text),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def health(image: Image, environment: dict[str, str]) -> int:
    """The exit code of the health check, on a machine whose way to the world is a proxy."""
    name, *arguments = image.stage.only("HEALTHCHECK").words
    proxied = environment | {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    process = await asyncio.create_subprocess_exec(
        *(str(image.place("/opt/bot/bin") / name), *arguments), env=proxied, stderr=asyncio.subprocess.DEVNULL
    )
    return await process.wait()


@pytest.fixture
async def world() -> AsyncIterator[dict[str, str]]:
    """Both simulators, and the settings for them."""
    cloud, workspace = SimulatedCloud(seed=7), SimulatedWorkspace(seed=7)
    async with cloud.serving() as running, workspace.serving() as served:
        app = workspace.install(build_manifest(command="/copy-backup", public_url=None))
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        yield {
            "SLACK_BOT_TOKEN": app.bot_token,
            "SLACK_APP_TOKEN": app.app_token,
            "SLACK_API_URL": served.api_url,
            "RACKSPACE_USERNAME": running.username,
            "RACKSPACE_API_KEY": running.api_key,
            "RACKSPACE_IDENTITY_URL": running.identity_url,
            "ALLOWED_PEOPLE": workspace.person("ana").id,
            "PORT": str(port),
        }


@pytest.mark.timeout(600)
async def test_it_starts_is_healthy_and_ends_when_it_is_told_to(image: Image, world: dict[str, str]) -> None:
    environment = image.environment(**world)
    assert await health(image, environment) != 0, "before the start it is not healthy"

    async with started(image, environment, *image.stage.only("CMD").words) as process:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            ready = (await process.stdout.readline()).decode()
        assert ready.startswith("Ready: connected to Slack by Socket Mode"), (ready, await process.communicate())
        assert await health(image, environment) == 0

        process.terminate()
        async with asyncio.timeout(PATIENCE):
            _, errors = await process.communicate()
        assert process.returncode == 0
        for line in errors.decode().splitlines():
            assert json.loads(line)["level"] in {"INFO", "WARNING"}

    assert await health(image, environment) != 0
    kept = {path.name for path in image.place("/data").iterdir()}
    assert "copy-backup-bot.sqlite" in kept
    assert {path.stat().st_mode & 0o077 for path in image.place("/data").glob("*.sqlite")} == {0}


@pytest.mark.timeout(600)
async def test_doctor_runs_in_it(image: Image, world: dict[str, str]) -> None:
    async with started(image, image.environment(**world), "doctor") as process:
        out, _ = await process.communicate()

    assert out.decode().splitlines()[-1].startswith("All is well: "), out.decode()


@pytest.mark.timeout(600)
def test_the_package_has_all_of_the_bot_and_nothing_else(image: Image) -> None:
    (record,) = image.packages.glob("copy_backup_bot-*.dist-info/RECORD")
    installed = {line.split(",")[0] for line in record.read_text(encoding="utf-8").splitlines()}
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "bot").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    packaged = {path for path in installed if path.startswith("bot/") and "__pycache__" not in path}
    assert packaged == ours
    assert {"bot/py.typed", "bot/sandbox/workspace/server.py"} <= packaged
    others = {path.split("/")[0] for path in installed} - {"bot", record.parent.name, ".."}
    assert others == set()
    assert any(path.endswith("licenses/LICENSE") for path in installed)


@pytest.mark.timeout(600)
def test_nothing_is_in_it_to_install_with(image: Image) -> None:
    names = {path.name for path in (*image.packages.iterdir(), *image.place("/opt/bot/bin").iterdir())}

    assert not names & {"pip", "pip3", "setuptools", "wheel", "pytest", "mypy"}
