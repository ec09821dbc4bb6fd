"""The command `sandbox`: a world to try things in, and the simulated cloud alone for whoever writes a client."""

import json
import re
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.cli.sandbox import Sandbox, SimulatedCloud, running_sandbox
from bot.cli.sandbox_rules import RULES, WHO_IS_WHO
from tests.fakes.command_line import Running, run, running
from tests.fakes.conditions import until
from tests.fakes.ports import held_ports


@pytest.fixture
async def outsider() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


@asynccontextmanager
async def cloud_alone(folder: Path, *options: str) -> AsyncIterator[tuple[Running, dict[str, object]]]:
    async with running("sandbox", "--only", "cloud", *options, folder=folder) as process:
        yield process, json.loads(await process.says("{"))


async def test_the_cloud_alone_says_in_one_line_how_to_come_in(tmp_path: Path) -> None:
    with held_ports(1) as (port,):
        async with cloud_alone(tmp_path, "--seed", "5", "--port", str(port)) as (process, said):
            ended = await process.stops(signal.SIGTERM)

    assert (ended.code, ended.errors) == (0, "")
    assert ended.out.count("\n") == 1
    assert set(said) == {"identity_url", "username", "api_key", "account", "regions"}
    assert isinstance(said["regions"], dict)
    assert list(said["regions"]) == ["DFW", "IAD", "ORD", "HKG", "SYD", "LON"]
    assert said["identity_url"] == f"http://127.0.0.1:{port}/v2.0"
    assert said["api_key"] == SimulatedCloud(seed=5).identity.api_key


async def test_an_outsider_logs_in_lists_and_copies_until_it_is_told_to_stop(
    tmp_path: Path, outsider: httpx.AsyncClient
) -> None:
    async with cloud_alone(tmp_path, "--speed", "1000") as (process, said):
        regions = said["regions"]
        assert isinstance(regions, dict)
        credentials = {"username": said["username"], "apiKey": said["api_key"]}
        login = await outsider.post(
            f"{said['identity_url']}/tokens", json={"auth": {"RAX-KSKEY:apiKeyCredentials": credentials}}
        )
        outsider.headers["X-Auth-Token"] = login.json()["access"]["token"]["id"]
        listed = (await outsider.get(f"{regions['DFW']}/backups")).json()["backups"]
        whole = (one for one in listed if one["instance_id"] and not one["parent_id"])
        full = next(one for one in whole if one["status"] == "COMPLETED")
        name = f"{full['name']}-copy"

        answer = await outsider.post(
            f"{regions['DFW']}/backups/{full['id']}/action",
            json={"copy-backup": {"target_backup_region": "ORD", "name": name, "description": ""}},
        )

        assert (answer.status_code, answer.content) == (202, b"")

        async def is_there() -> bool:
            instance = f"{regions['ORD']}/instances/{full['instance_id']}/backups"
            there = (await outsider.get(instance)).json().get("backups", [])
            return (name, "COMPLETED") in [(one["name"], one["status"]) for one in there]

        await until(is_there, seconds=30, every=0.5)  # a hundred reads a minute are allowed
        assert process.process.returncode is None
        assert (await process.stops(signal.SIGINT)).code == 0


@pytest.mark.parametrize("options", [(), ("--only", "cloud")], ids=["all of it", "the cloud alone"])
def test_a_taken_port_is_told_in_a_sentence(options: tuple[str, ...], taken_port: int) -> None:
    ended = CliRunner().invoke(main, ["sandbox", *options, "--port", str(taken_port)])

    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"Error: Port {taken_port} cannot be had: Address already in use. Give another --port, or 0 for any free one.\n"
    )


@pytest.mark.parametrize(
    ("option", "value"), [("--port", "65536"), ("--port", "http"), ("--speed", "0"), ("--only", "slack")]
)
def test_what_cannot_be_is_told_with_its_name(option: str, value: str) -> None:
    ended = CliRunner().invoke(main, ["sandbox", option, value])

    assert ended.exit_code == 2
    assert f"Invalid value for '{option}'" in ended.stderr


def address(said: str, name: str) -> str:
    found = re.search(rf"{name}\s+(?:curl )?(\S+)", said)
    assert found, f"{name} is not in:\n{said}"
    return found[1]


@pytest.mark.parametrize("options", [(), ("--socket-mode",)], ids=["http", "socket mode"])
async def test_all_of_it_says_where_it_is_and_what_can_be_done_with_it(
    options: tuple[str, ...], tmp_path: Path, outsider: httpx.AsyncClient
) -> None:
    async with running("sandbox", *options, folder=tmp_path) as process:
        said = await process.says("Ctrl-C ends it")
        page = await outsider.get(address(said, "Open this page"))
        alive = await outsider.get(f"{address(said, 'the bot')}/livez")
        slack = await outsider.get(address(said, "See the channel"))
        cloud = await outsider.get(address(said, "See the cloud"))
        trouble = re.search(r"-d '(.+)' \\\n\s+(\S+)", said)
        assert trouble
        refused = await outsider.post(trouble[2], content=trouble[1])
        database = address(said, "Read the audit log").removeprefix("DATABASE_URL=")
        listed = await run("audit", "list", folder=tmp_path, DATABASE_URL=database)
        ended = await process.stops(seconds=20)

    assert [one.status_code for one in (page, alive, slack, cloud, refused)] == [200] * 5
    assert (slack.json(), bool(cloud.json()["backups"])) == ({"messages": []}, True)
    assert "bot started" in listed.out
    assert all(re.search(rf"^  {name} +\w", said, re.MULTILINE) for name in WHO_IS_WHO)
    assert "Copies to HKG and SYD need a second person" in said
    assert (ended.code, ended.errors) == (0, "")
    assert is_gone(Path(database.removeprefix("sqlite:///")).parent)


def is_gone(folder: Path) -> bool:
    return not folder.exists()


async def test_what_the_people_are_said_to_do_is_what_the_rules_make_of_them(tmp_path: Path) -> None:
    async with running_sandbox(tmp_path, rules=RULES) as sandbox:
        assert set(WHO_IS_WHO) == set(sandbox.workspace.people)
        for name, role in WHO_IS_WHO.items():
            person = sandbox.workspace.person(name)
            await person.types("/copy-backup", "#databases")
            form = await person.sees_form()
            await form.shows("Review" if "asks for copies" in role else "may not use this bot", timeout=30)


async def test_a_script_can_be_a_person_as_the_command_says(tmp_path: Path) -> None:
    async with running_sandbox(tmp_path) as sandbox:
        alice = sandbox.workspace.person("alice")
        await alice.types("/copy-backup")
        form = await alice.sees_form()
        await form.shows("Review")
        assert form.title == "Copy a backup"
        assert who_may(sandbox) == {"alice", "bob", "ana"}


def who_may(sandbox: Sandbox) -> set[str]:
    names = ("alice", "bob", "ana", "carol", "greg", "otto")
    return {name for name in names if sandbox.workspace.person(name).id in sandbox.settings.allowed_people}
