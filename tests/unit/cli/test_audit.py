"""The command `audit`: whoever has the file can read it, hand it on, and see whether it is whole."""

import asyncio
import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from bot.cli.sandbox import running_sandbox
from bot.domain.events import Event, EventKind
from bot.domain.people import BOT, Person
from bot.domain.reasons import Reason
from tests.fakes.audit_logs import write_events
from tests.fakes.command_line import run
from tests.fakes.samples import sample_event
from tests.unit.cli.conftest import Audit

BOB = Person("U0BOB", "bob")
STORY = (
    sample_event(1, EventKind.COPY_REQUESTED),
    replace(sample_event(2, EventKind.SENDING), who=BOT),
    replace(sample_event(3, EventKind.REFUSED), who=BOT, reason=Reason.PARENT_MISSING, facts={"status": 400}),
    replace(sample_event(90_000, EventKind.COPY_REQUESTED), who=BOB, source="ORD", destination="HKG", backup_id="b-2"),
    Event(EventKind.BOT_STOPPED, sample_event(100_000).at, BOT),
)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return write_events(tmp_path / "bot.sqlite", *STORY)


def numbers(listed: Result) -> list[int]:
    """Of the events in a table."""
    assert (listed.exit_code, listed.stderr) == (0, "")
    return [int(number) for number in re.findall(r"^ +(\d+)  \d{4}-", listed.stdout, flags=re.MULTILINE)]


@pytest.mark.usefixtures("database")
def test_the_list_begins_with_the_newest(audit: Audit) -> None:
    listed = audit("list")

    assert numbers(listed) == [5, 4, 3, 2, 1]
    assert "2026-11-22 12:00:03  bot" in listed.stdout
    assert "refused  nightly 🙂  DFW → IAD" in listed.stdout
    assert "parent missing; status 400" in listed.stdout


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (("--person", "@bob"), [4]),
        (("--person", "U0BOB"), [4]),
        (("--region", "IAD"), [3, 2, 1]),
        (("--region", "hkg"), [4]),
        (("--backup", "b-2"), [4]),
        (("--copy", "copy-2"), [2]),
        (("--kind", "refused", "--kind", "sending"), [3, 2]),
        (("--outcome", "refused"), [3]),
        (("--outcome", "lost", "--outcome", "refused", "--region", "iad"), [3]),
        (("--outcome", "completed"), []),
        (("--text", "parent"), [3]),
        (("--since", "2026-11-22 12:00:02", "--until", "2026-11-23"), [3, 2]),
        (("--person", "bob", "--region", "IAD"), []),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_it_can_be_narrowed(audit: Audit, options: tuple[str, ...], shown: list[int]) -> None:
    assert numbers(audit("list", *options)) == shown


@pytest.mark.usefixtures("database")
def test_a_list_that_is_cut_says_so(audit: Audit) -> None:
    listed = audit("list", "--limit", "2")

    assert numbers(listed) == [5, 4]
    assert "Only the newest 2 that fit are shown; --limit shows more." in listed.stdout


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("columns", [60, 80, 200])
def test_the_table_fits_the_terminal(audit: Audit, columns: int) -> None:
    listed = audit("list", columns=columns)

    assert numbers(listed) == [5, 4, 3, 2, 1]
    assert max(len(line) for line in listed.stdout.splitlines()) <= columns


@pytest.mark.parametrize("wrong", [("--kind", "nothing"), ("--since", "yesterday"), ("--limit", "many")])
def test_a_wrong_option_is_told_by_its_name(audit: Audit, wrong: tuple[str, str]) -> None:
    listed = audit("list", *wrong)

    assert listed.exit_code == 2
    assert f"Invalid value for '{wrong[0]}'" in listed.stderr


@pytest.mark.usefixtures("database")
def test_an_export_begins_with_the_oldest(audit: Audit, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in audit("export").stdout.splitlines()]
    rows = list(csv.DictReader(io.StringIO(audit("export", "--format", "csv", "--kind", "refused").stdout)))
    audit("export", "--output", "audit.jsonl")

    assert [line["sequence"] for line in lines] == [1, 2, 3, 4, 5]
    assert [(row["sequence"], row["who_name"]) for row in rows] == [("3", "bot")]
    assert [json.loads(line) for line in tmp_path.joinpath("audit.jsonl").read_text("utf-8").splitlines()] == lines


async def test_an_export_is_the_same_in_every_terminal(tmp_path: Path) -> None:
    database = await asyncio.to_thread(write_events, tmp_path / "bot.sqlite", *STORY)
    given = {"DATABASE_URL": f"sqlite:///{database}"}

    usual = await run("audit", "export", folder=tmp_path, **given)
    poor = await run("audit", "export", folder=tmp_path, PYTHONIOENCODING="ascii", **given)
    listed = await run("audit", "list", folder=tmp_path, PYTHONIOENCODING="ascii", **given)

    assert (usual.code, poor.code, listed.code) == (0, 0, 0)
    assert "Ana Güneş" in usual.out
    assert poor.out == usual.out
    assert "DFW ? IAD" in listed.out, "a terminal with few characters gets a question mark for the others"


@pytest.mark.usefixtures("database")
def test_a_whole_log_is_said_to_be_whole(audit: Audit) -> None:
    verified = audit("verify")

    assert (verified.exit_code, verified.stderr) == (0, "")
    assert verified.stdout.startswith("The audit log is whole: 5 events, without a key: whoever can write to the file")


def test_a_log_with_a_key_needs_it(audit: Audit, tmp_path: Path) -> None:
    write_events(tmp_path / "bot.sqlite", *STORY, key="sesame")

    assert "5 events, with the key." in audit("verify", AUDIT_KEY="sesame").stdout
    for key in ("another", ""):
        verified = audit("verify", AUDIT_KEY=key)
        assert (verified.exit_code, "Event 1 is not what it was" in verified.stdout) == (1, True)
        assert "key" in verified.stdout
        assert "sesame" not in verified.output


@pytest.mark.parametrize(("words", "event"), [("copy-1", 1), ("copy-3", 3), ("bot_stopped", 5)])
def test_one_changed_byte_is_found_and_its_event_named(audit: Audit, database: Path, words: str, event: int) -> None:
    content = database.read_bytes()
    at = content.index(f'"{words}"'.encode()) + 1
    database.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])

    verified = audit("verify")

    assert verified.exit_code == 1
    assert f"Event {event} is not what it was" in verified.stdout
    assert "Compare it with an export or a backup" in verified.stdout


@pytest.mark.parametrize("command", ["list", "export", "verify"])
@pytest.mark.parametrize("content", [None, b"", b"no database at all " * 300], ids=["none", "empty", "another"])
def test_a_file_without_a_log_is_told_in_a_sentence(
    audit: Audit, tmp_path: Path, command: str, content: bytes | None
) -> None:
    if content is not None:
        tmp_path.joinpath("bot.sqlite").write_bytes(content)

    told = audit(command)

    assert (told.exit_code, told.stdout) == (1, "")
    assert "bot.sqlite" in told.stderr
    assert isinstance(told.exception, SystemExit)


@pytest.mark.parametrize("command", ["list", "export", "verify"])
def test_a_file_that_is_not_there_is_not_said_to_be_damaged(audit: Audit, command: str) -> None:
    told = audit(command).stderr

    assert told.startswith("There is no file bot.sqlite.")
    assert "DATABASE_URL" in told
    assert "backup" not in told


def test_wrong_settings_are_told_by_name(audit: Audit) -> None:
    told = audit("verify", DATABASE_URL="mysql://root:a-password@db")

    assert told.exit_code == 2
    assert "DATABASE_URL: " in told.stderr
    assert "a-password" not in told.stderr


async def test_the_log_can_be_read_while_the_bot_runs(tmp_path: Path) -> None:
    async with running_sandbox(tmp_path) as sandbox:
        given = {"DATABASE_URL": sandbox.settings.database_url.get_secret_value()}
        listed, exported, verified = [
            await run("audit", command, folder=tmp_path, **given) for command in ("list", "export", "verify")
        ]

    assert (listed.code, exported.code, verified.code) == (0, 0, 0)
    assert "bot started" in listed.out
    assert json.loads(exported.out)["sequence"] == 1
    assert "The audit log is whole: 1 events" in verified.out
