"""`doctor` finds nothing to do in an installation that is right, and changes nothing in it."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.operations.health import Subject
from bot.slack.samples import samples
from tests.fakes.installation import Installation


@pytest.mark.parametrize("socket_mode", [False, True], ids=["http", "socket mode"])
async def test_all_is_well(installation: Installation, socket_mode: bool) -> None:
    workspace = installation.workspace
    workspace.channel("#ops-private").invites_the_app()
    channels = tuple(sorted(workspace.channel(name).id for name in ("#databases", "#ops-private")))
    if socket_mode:
        installation.use_socket_mode()

    report = await installation.examined(allowed_channels=channels, allowed_user_groups=(workspace.group_id("dba"),))

    assert report.problems == []
    assert report.unknown == []
    assert [check.subject for check in report] == [
        Subject.DATABASE,
        Subject.BOT_TOKEN,
        Subject.SCOPES,
        Subject.APP_TOKEN if socket_mode else Subject.SIGNING_SECRET,
        Subject.CLOCK,
        Subject.PERSON,
        Subject.USER_GROUP,
        Subject.CHANNEL,
        Subject.CHANNEL,
        Subject.SCREENS,
        Subject.LOGIN,
        Subject.ROLE,
        *[Subject.REGION] * 5,
    ]


async def test_what_was_found_is_said(installation: Installation) -> None:
    ana, channel = installation.workspace.person("ana").id, installation.workspace.channel("#databases").id
    dba = installation.workspace.group_id("dba")

    report = await installation.examined(allowed_channels=(channel,), allowed_user_groups=(dba,))

    number = len(samples(datetime.now(UTC), command="/copy-backup"))
    lines = [line for line in report.fine if not line.startswith("clock: ")]
    assert lines == [
        f"database: {installation.database} will be made at the first start",
        "Slack bot token: works in the workspace Sandbox, as copybackup",
        "Slack scopes: all 10 are granted",
        "Slack signing secret: is set; the first request from Slack shows whether it is the right one",
        f"person {ana}: ana",
        f"user group {dba}: people in it: 1",
        f"channel {channel}: the bot can post in #databases",
        f"Slack views and messages: Slack takes all of them ({number} checked)",
        "Rackspace login: works; this account has databases in DFW, HKG, IAD, LON, ORD, SYD",
        "Rackspace role: dbaas:creator may copy backups",
        *[
            f"region {region}: answers at {installation.running_cloud.regions[region]}"
            for region in ("DFW", "IAD", "ORD", "HKG", "SYD")
        ],
    ]


async def test_nobody_in_the_workspace_sees_anything_and_no_copy_is_sent(installation: Installation) -> None:
    channel = installation.workspace.channel("#databases")
    installation.use_socket_mode()

    await installation.examined(allowed_channels=(channel.id,))

    assert channel.messages == []
    assert installation.workspace.pings == []
    assert installation.workspace.open_sockets == 0
    assert {request.operation for request in installation.cloud.requests} == {"token", "list"}


async def test_no_file_is_made(installation: Installation, tmp_path: Path) -> None:
    await installation.examined()

    assert os.listdir(tmp_path) == []  # noqa: PTH208 - everything, the hidden too
