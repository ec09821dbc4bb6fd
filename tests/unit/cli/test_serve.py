"""The command `serve`, as whoever runs the bot meets it: it starts, it says what is wrong, it stops."""

import re
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.domain.events import EventFilter, EventKind
from bot.sandbox.cloud import SimulatedCloud
from bot.sandbox.workspace import SimulatedWorkspace
from bot.server import SLACK_PATH
from bot.slack.manifest import build_manifest
from bot.storage import read_newest
from tests.fakes.command_line import run, running
from tests.fakes.installation import Installation


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    cloud, workspace = SimulatedCloud(seed=7), SimulatedWorkspace(seed=7)
    async with cloud.serving() as running_cloud, workspace.serving() as served:
        workspace.install(build_manifest(command="/copy-backup", public_url="https://bot.example.com"))
        yield Installation(workspace, served.api_url, cloud, running_cloud, tmp_path)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def kinds_in(database: Path) -> list[EventKind]:
    return [recorded.event.kind for recorded in reversed(read_newest(database, EventFilter(), 100))]


async def test_it_says_that_it_is_ready_answers_a_person_and_stops_in_ten_seconds(
    installation: Installation,
) -> None:
    ana = installation.workspace.person("ana")
    async with running("serve", folder=installation.folder, PORT="0", **installation.given) as process:
        ready = await process.says("Ready:")
        address = ready.split()[-1]
        installation.workspace.deliver_to(f"{address}{SLACK_PATH}")
        await ana.types("/copy-backup help")
        shown = await ana.sees_ephemeral("history", timeout=30)
        ended = await process.stops(signal.SIGTERM, seconds=10)

    assert re.fullmatch(r"Ready: waiting for Slack's requests, on http://127\.0\.0\.1:\d+\n", ready)
    assert "/copy-backup status" in shown.rendered
    assert (ended.code, ended.out) == (0, f"{ready}Stopping ...\n")
    assert "WARNING" not in ended.errors
    assert not [secret for secret in installation.secrets if secret in ended.out + ended.errors]
    assert kinds_in(installation.database) == [EventKind.BOT_STARTED, EventKind.BOT_STOPPED]


async def test_in_socket_mode_it_connects_by_itself(installation: Installation) -> None:
    installation.workspace.install(build_manifest(command="/copy-backup", public_url=None))
    given = installation.given | {"SLACK_APP_TOKEN": installation.workspace.app.app_token, "PORT": "0"}
    del given["SLACK_SIGNING_SECRET"]
    ana = installation.workspace.person("ana")
    async with running("serve", folder=installation.folder, **given) as process:
        ready = await process.says("Ready:")
        await ana.types("/copy-backup help")
        await ana.sees_ephemeral("history", timeout=30)
        ended = await process.stops(seconds=10)

    assert ready.startswith("Ready: connected to Slack by Socket Mode, on http://127.0.0.1:")
    assert ended.code == 0


async def test_settings_may_stand_in_a_file_and_the_environment_goes_before_it(installation: Installation) -> None:
    lines = [f"{name}={value}" for name, value in (installation.given | {"PORT": "http"}).items()]
    installation.folder.joinpath(".env").write_text("\n".join(lines), encoding="utf-8")

    async with running("serve", folder=installation.folder, PORT="0") as process:
        await process.says("Ready:")
        assert (await process.stops(signal.SIGINT, seconds=10)).code == 0


WRONG = {
    "SLACK_BOT_TOKEN": "wrong-secret-1",
    "SLACK_APP_TOKEN": "wrong-secret-2",
    "SLACK_API_URL": "slack.example.com",
    "RACKSPACE_IDENTITY_URL": "ftp://x",
    "DATABASE_URL": "mysql://root:wrong-secret-3@db",
    "ALLOWED_PEOPLE": "U024BE7LH, ana",
    "PORT": "http",
    "LOG_LEVEL": "LOUD",
    "GRACE_SECONDS": "0",
}


async def test_all_wrong_settings_are_told_at_once_by_name_and_without_a_secret(tmp_path: Path) -> None:
    ended = await run("serve", folder=tmp_path, RACKSPACE_API_KEY="wrong-secret-4", **WRONG)

    assert (ended.code, ended.out) == (2, "")
    first, *told, last = ended.errors.splitlines()
    assert first == "These settings (from the environment or .env) have to be changed first:"
    assert {line.strip().partition(":")[0] for line in told} == {*WRONG, "RACKSPACE_USERNAME"}
    assert "  RACKSPACE_USERNAME: is not set" in told
    assert "The README says where each value comes from" in last
    assert "wrong-secret" not in ended.errors
    assert files_in(tmp_path) == []


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_it_does_not_start_as_long_as_nobody_may_use_it(installation: Installation) -> None:
    given = installation.given
    del given["ALLOWED_PEOPLE"]

    ended = await run("serve", folder=installation.folder, **given)

    assert ended.code == 2
    assert (
        "ALLOWED_CHANNELS: nobody may use the bot: set ALLOWED_PEOPLE, ALLOWED_USER_GROUPS or this, or RULES_FILE"
        in ended.errors
    )


async def test_a_token_that_slack_does_not_know_is_told_in_a_sentence(installation: Installation) -> None:
    given = installation.given | {"SLACK_BOT_TOKEN": "xoxb-of-nobody", "PORT": "0"}

    ended = await run("serve", folder=installation.folder, **given)

    assert (ended.code, ended.out) == (1, "")
    assert "The bot cannot start. Slack does not let the bot in: auth.test: invalid_auth" in ended.errors
    assert "Traceback" not in ended.errors
    assert "xoxb-of-nobody" not in ended.errors


async def test_a_taken_port_is_told_in_a_sentence(installation: Installation, taken_port: int) -> None:
    ended = await run("serve", folder=installation.folder, PORT=str(taken_port), **installation.given)

    assert (ended.code, ended.out) == (1, "")
    assert f"The bot cannot start. 127.0.0.1:{taken_port} cannot be listened on:" in ended.errors
    assert "Set HOST or PORT to another." in ended.errors
    assert "Traceback" not in ended.errors


async def test_a_taken_port_for_monitoring_is_told_in_a_sentence(installation: Installation, taken_port: int) -> None:
    given = installation.given | {"PORT": "0", "MONITORING_PORT": str(taken_port)}

    ended = await run("serve", folder=installation.folder, **given)

    assert (ended.code, ended.out) == (1, "")
    assert f"The bot cannot start. 127.0.0.1:{taken_port} cannot be listened on:" in ended.errors
    assert "Set MONITORING_HOST or MONITORING_PORT to another." in ended.errors
    assert "Traceback" not in ended.errors


async def test_a_second_bot_on_the_same_files_is_refused(installation: Installation) -> None:
    given = installation.given | {"PORT": "0"}
    async with running("serve", folder=installation.folder, **given) as first:
        await first.says("Ready:")

        second = await run("serve", folder=installation.folder, **given)

        assert (second.code, second.out) == (1, "")
        assert "The bot cannot start." in second.errors
        assert "Traceback" not in second.errors
        assert (await first.stops(seconds=10)).code == 0
