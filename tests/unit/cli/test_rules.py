"""The command `rules`, as whoever writes the rules meets it: what they amount to, and what decides about one copy."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli.rule_words import explanation
from bot.domain.backup import REGIONS_FOR_COPIES, Backup, Origin
from bot.domain.judgement import Wish
from bot.domain.policy import Member
from bot.rules_file import read_rules
from bot.sandbox.cloud import SimulatedCloud
from bot.sandbox.workspace import SimulatedWorkspace
from bot.slack.manifest import build_manifest
from bot.storage import open_storage
from tests.fakes.clocks import JumpingClock
from tests.fakes.command_line import Ended, run
from tests.fakes.installation import Installation

RULES = """
[[allow]]
name = "dba"
groups = ["S0DBA"]
from = ["DFW", "ORD"]
to = ["IAD"]

[[allow]]
name = "bob"
people = ["U0BOB"]
channels = ["C0DB"]
instances = ["orders-*"]

[[freeze]]
name = "cable"
reason = "The cable is cut."
regions = ["HKG"]
until = 2026-12-24T18:00:00Z

[[limit]]
name = "each"
per = "person"
running = 3

[[approval]]
name = "large"
larger_than_gb = 500
approvers = { people = ["U0EVE"], groups = ["S0LEADS"] }
channel = "C0OK"

[break_glass]
people = ["U0BOB"]
channel = "C0OK"

[[price]]
to = ["IAD"]
once = 0.5

[hours]
timezone = "UTC"
from = "08:00"
to = "24:00"

[[wanted_age]]
to = ["IAD"]
age = "24h"
"""
NIGHTLY = Backup("0c1b5616-full", "DFW", "nightly-1", "COMPLETED", size_gb=900.0, origin=Origin("instance", "orders-1"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules.toml").write_text(RULES)
    return tmp_path


async def rules(folder: Path, *arguments: str, **given: str) -> Ended:
    return await run("rules", *arguments, folder=folder, **{"RULES_FILE": "rules.toml", **given})


async def has_seen(folder: Path, *backups: Backup) -> None:
    storage = await open_storage(folder / "copy-backup-bot.sqlite", JumpingClock())
    await storage.catalogue.put(backups)
    await storage.close()


# --- What they amount to -----------------------------------------------------------------------------------------

AMOUNT = [
    "allow “dba”: members of S0DBA may ask for copies from DFW or ORD to IAD",
    "allow “bob”: U0BOB, from C0DB, may ask for copies of the instances orders-*",
    "freeze “cable”: no copies from or to HKG until 2026-12-24 18:00 UTC (The cable is cut)",
    "limit “each”: at most 3 copies running for one person",
    (
        "approval “large”: copies of more than 500 GB need the agreement of 1 of U0EVE or members of S0LEADS; asked in "
        "C0OK, they are reminded after 1 hour, and it ends after 24 hours"
    ),
    "break glass: U0BOB may go on without agreement, freeze or limit; C0OK is told",
    "price: a GB to IAD costs 0.5 USD once and 0 USD a month",
    "hours: Mon, Tue, Wed, Thu, Fri, 08:00 to 24:00 in UTC",
    "wanted age: the newest backup of each instance in IAD may be 24 hours old",
]


async def test_what_the_rules_amount_to_is_said_rule_by_rule(folder: Path) -> None:
    ended = await rules(folder, "check")

    assert (ended.code, ended.errors) == (0, "")
    assert ended.out.splitlines() == [
        (
            "The rules can be used: 2 rules let people ask, 1 needs the agreement of others, 1 limit, 1 freeze, "
            "1 price, 1 wanted age."
        ),
        *(f"  {line}" for line in AMOUNT),
    ]


async def test_every_mistake_is_told_with_its_line(folder: Path) -> None:
    (folder / "rules.toml").write_text(f"{RULES}\n[[freeze]]\nname = 'x\\u001b'\nregion = ['LON']\n")

    ended = await rules(folder, "check")

    assert (ended.code, ended.out) == (1, "")
    assert ended.errors.splitlines()[0] == "rules.toml cannot be used:"
    assert len(ended.errors.splitlines()) == 3
    assert "did you mean “regions”?" in ended.errors
    assert "\x1b" not in ended.errors


async def test_without_a_file_the_settings_are_the_rule(tmp_path: Path) -> None:
    ended = await run("rules", "check", folder=tmp_path, ALLOWED_CHANNELS="C0DB")

    assert ended.code == 0
    assert "allow “the settings”: whoever is no guest, from C0DB, may ask for all copies" in ended.out


# --- What decides ------------------------------------------------------------------------------------------------


def explained(member: Member, *copies: tuple[Backup, str], channel: str = "C0DB", day: int = 1) -> Sequence[str]:
    at = datetime(2026, 12, day, 12, tzinfo=UTC)
    wish = Wish(member, channel, copies or ((NIGHTLY, "IAD"),), at)
    return list(explanation(read_rules(RULES.encode(), REGIONS_FOR_COPIES), wish))


DBA = Member("U0ANA", "ana", groups=frozenset({"S0DBA"}))
BOB = Member("U0BOB", "bob")
LIMIT = (
    "Limit “each”: at most 3 copies running for one person; what was asked for already is not counted here."
)  # fmt: skip
SMALL = replace(NIGHTLY, size_gb=2.0)


@pytest.mark.parametrize(
    ("member", "copy", "expected"),
    [
        (DBA, (SMALL, "IAD"), ["Allowed, at once.", f"Rule “dba” lets this person ask: {AMOUNT[0].partition(': ')[2]}.",
                               LIMIT, "It costs 1.00 USD once and 0.00 USD a month."]),
        (BOB, (NIGHTLY, "SYD"), ["Allowed, when 1 of U0EVE or members of S0LEADS has agreed.",
                                 f"Rule “bob” lets this person ask: {AMOUNT[1].partition(': ')[2]}.",
                                 f"By rule “large”: {AMOUNT[4].partition(': ')[2]}.", LIMIT,
                                 "This person may break the glass, and go on at once with a reason."]),
        (DBA, (SMALL, "SYD"), ["Refused.", "Rule “dba” does not: it is for copies from DFW or ORD to IAD.",
                               "Rule “bob” does not: it is for U0BOB, from C0DB.", LIMIT]),
        (replace(DBA, is_guest=True), (SMALL, "IAD"),
         ["Refused.", "Rule “dba” does not: guests and people of other workspaces never may.",
          "Rule “bob” does not: guests and people of other workspaces never may.", LIMIT,
          "It costs 1.00 USD once and 0.00 USD a month."]),
        (BOB, (SMALL, "HKG"), ["Refused.", f"Rule “bob” lets this person ask: {AMOUNT[1].partition(': ')[2]}.",
                               f"Freeze “cable” holds: {AMOUNT[2].partition(': ')[2]}.", LIMIT,
                               "This person may break the glass, and go on at once with a reason."]),
    ],
)  # fmt: skip
def test_the_answer_comes_first_and_then_which_rule_decides(
    member: Member, copy: tuple[Backup, str], expected: list[str]
) -> None:
    assert explained(member, copy) == expected


def test_a_rule_for_another_channel_says_for_which_it_is() -> None:
    assert "Rule “bob” does not: it is for C0DB only." in explained(BOB, (SMALL, "SYD"), channel="C0OTHER")


async def test_a_backup_is_found_by_its_name_its_id_or_its_instance(folder: Path) -> None:
    await has_seen(folder, NIGHTLY, replace(NIGHTLY, region="ORD"), replace(NIGHTLY, region="IAD"))

    wanted = ("nightly-1", "0c1b5616-full", "0c1b5616", "orders-1")
    said = await asyncio.gather(
        *(rules(folder, "explain", "U0ANA", each, "iad", "--group", "S0DBA") for each in wanted)
    )

    assert {ended.code for ended in said} == {0}
    assert len({ended.out for ended in said}) == 1
    lines = said[0].out.splitlines()
    assert lines[:2] == [
        "U0ANA asks for nightly-1 (900 GB), DFW to IAD:",
        "  Allowed, when 1 of U0EVE or members of S0LEADS has agreed.",
    ]
    assert "U0ANA asks for nightly-1 (900 GB), ORD to IAD:" in lines
    assert "not looked up in Slack" in said[0].errors


async def test_an_instance_that_nobody_has_seen_is_asked_about_with_its_region(folder: Path) -> None:
    asked = ("explain", "U0BOB", "orders-7", "HKG", "--from", "DFW", "--channel", "C0DB", "--group", "S0X", "--at")
    during, after = await asyncio.gather(
        rules(folder, *asked, "2026-12-01T12:00"), rules(folder, *asked, "2026-12-24T20:00+01:00")
    )

    assert "Freeze “cable” holds" in during.out
    assert "Freeze “cable” holds" not in after.out
    assert (during.code, after.code) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("U0ANA", "nightly-1", "DWF"), "“DWF” is no region that this bot copies between; did you mean DFW?"),
        (("U0ANA", "nightly-1", "DFW"), "“nightly-1” cannot be copied to DFW: it is in DFW only."),
        (("U0ANA", "zzz", "IAD"), "“zzz” cannot be copied to IAD: the bot has seen no such backup or instance."),
        (("U0ANA", "zzz", "IAD", "--at", "noon"), "“noon” is no moment such as 2026-12-24T18:00Z."),
    ],
)
async def test_what_cannot_be_explained_says_why(folder: Path, arguments: tuple[str, ...], expected: str) -> None:
    await has_seen(folder, NIGHTLY)

    ended = await rules(folder, "explain", *arguments)

    assert ended.code in {1, 2}
    assert expected in ended.errors


async def test_before_the_first_start_it_says_what_to_do(folder: Path) -> None:
    ended = await rules(folder, "explain", "U0ANA", "nightly-1", "IAD")

    assert ended.code == 1
    assert "With --from, BACKUP may be an instance" in ended.errors
    assert "Traceback" not in ended.errors


# --- With Slack --------------------------------------------------------------------------------------------------


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    cloud, workspace = SimulatedCloud(seed=7), SimulatedWorkspace(seed=7)
    async with cloud.serving() as running_cloud, workspace.serving() as served:
        workspace.install(build_manifest(command="/copy-backup", public_url="https://bot.example.com"))
        yield Installation(workspace, served.api_url, cloud, running_cloud, tmp_path)


async def test_slack_says_who_somebody_is_and_in_which_groups(installation: Installation) -> None:
    group = installation.workspace.group_id("dba")
    text = f'[[allow]]\nname = "dba"\ngroups = ["{group}"]\n'
    (installation.folder / "rules.toml").write_text(text)
    given = {key: value for key, value in installation.given.items() if key != "ALLOWED_PEOPLE"}
    members = {person: installation.workspace.person(person).id for person in ("ana", "alice")}

    for asked in members.values():
        ended = await rules(installation.folder, "explain", asked, "x", "IAD", "--from", "DFW", **given)
        is_in = asked in installation.workspace.group("dba")
        assert ended.out.splitlines()[1] == ("  Allowed, at once." if is_in else "  Refused.")

    nobody = await rules(installation.folder, "explain", "U0NOBODY", "x", "IAD", "--from", "DFW", **given)
    assert nobody.code == 1
    assert "Slack did not say who U0NOBODY is" in nobody.errors


async def test_the_bot_starts_with_a_file_of_rules_and_not_with_a_broken_one(installation: Installation) -> None:
    given = {key: value for key, value in installation.given.items() if key != "ALLOWED_PEOPLE"}
    (installation.folder / "rules.toml").write_text("[[alow]]\n")

    ended = await run("serve", folder=installation.folder, PORT="0", RULES_FILE="rules.toml", **given)

    assert ended.code == 1
    assert "The bot cannot start. rules.toml cannot be used:\n" in ended.errors
    assert "  line 1: [[alow]]: nothing is known of this name; did you mean “allow”?" in ended.errors


async def test_doctor_says_what_they_amount_to_or_what_is_wrong(installation: Installation) -> None:
    given = {key: value for key, value in installation.given.items() if key != "ALLOWED_PEOPLE"}
    file = installation.folder / "rules.toml"
    file.write_text(f'[[allow]]\nname = "ana"\npeople = ["{installation.workspace.person("ana").id}"]\n')
    good = await run("doctor", folder=installation.folder, RULES_FILE="rules.toml", **given)
    file.write_text("[[alow]]\n")
    bad = await run("doctor", folder=installation.folder, RULES_FILE="rules.toml", **given)

    assert good.code == 0, good
    assert good.out.splitlines()[1] == "ok       rules: rules.toml can be used: 1 rule lets people ask"
    assert good.out.splitlines()[2].startswith("ok       rule allow “ana”: U")
    assert bad.code == 1
    assert "problem  rules: rules.toml, line 1: [[alow]]: nothing is known of this name" in bad.out
    assert "ok       Slack bot token" in bad.out, "all else is looked at"
