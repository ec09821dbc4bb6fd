"""Whoever gets an export can verify it with nothing but Python and the ten lines of the README."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.audit_logs import check_by_program, hash_of, write_events
from tests.fakes.repository import verifying_program
from tests.fakes.samples import sample_event
from tests.unit.cli.conftest import Audit

STORY = [sample_event(number) for number in range(1, 8)]
KEYS = ["", "sesame ö"]


@pytest.fixture(params=KEYS, ids=["without a key", "with a key"])
def key(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def export(audit: Audit, tmp_path: Path, key: str) -> str:
    write_events(tmp_path / "bot.sqlite", *STORY, key=key)
    return audit("export", AUDIT_KEY=key).stdout


def test_the_program_has_about_ten_lines_and_needs_nothing_but_python() -> None:
    lines = [line for line in verifying_program().splitlines() if line and not line.startswith(("import", "print"))]

    assert len(lines) <= 10
    assert verifying_program().startswith("import hashlib, hmac, json, os, sys\n")


def test_a_whole_export_is_whole(export: str, key: str, tmp_path: Path) -> None:
    checked = check_by_program(export, key)

    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.split() == ["whole:", "7", hash_of(tmp_path / "bot.sqlite", 7)]


def test_an_altered_event_is_named(export: str, key: str) -> None:
    lines = export.splitlines(keepends=True)
    lines[3] = lines[3].replace("COPYING", "WAITING", 1)
    checked = check_by_program("".join(lines), key)

    assert checked.returncode == 1
    assert "event 4 is not what it was" in checked.stderr


@pytest.mark.parametrize("cut", [1, 4, 6])
def test_a_row_that_was_cut_out_is_named(export: str, key: str, cut: int) -> None:
    lines = export.splitlines(keepends=True)
    checked = check_by_program("".join(lines[: cut - 1] + lines[cut:]), key)

    assert checked.returncode == 1
    assert f"event {cut} is not what it was" in checked.stderr


def test_events_that_changed_places_are_found(export: str, key: str) -> None:
    lines = export.splitlines(keepends=True)
    lines[1], lines[2] = lines[2], lines[1]

    assert "event 2 is not what it was" in check_by_program("".join(lines), key).stderr


def test_an_export_that_was_cut_off_has_another_head(export: str, key: str, tmp_path: Path) -> None:
    checked = check_by_program("".join(export.splitlines(keepends=True)[:5]), key)

    assert checked.stdout.split() == ["whole:", "5", hash_of(tmp_path / "bot.sqlite", 5)]


@pytest.mark.parametrize("other", ["", "another"])
def test_an_export_with_a_key_is_verified_with_this_key_only(audit: Audit, tmp_path: Path, other: str) -> None:
    write_events(tmp_path / "bot.sqlite", *STORY, key="sesame")

    assert "event 1 is not what it was" in check_by_program(audit("export").stdout, other).stderr


def test_a_forged_chain_is_found_by_whoever_has_the_key(export: str, audit: Audit, tmp_path: Path) -> None:
    """Without the key a forger can only make a chain of plain hashes."""
    forged = write_events(tmp_path / "forged.sqlite", *(replace(event, backup_name="forged") for event in STORY))
    made = audit("export", DATABASE_URL=f"sqlite:///{forged}").stdout

    assert "event 1 is not what it was" in check_by_program(made, "sesame ö").stderr


def test_text_of_any_kind_is_verified(audit: Audit, tmp_path: Path) -> None:
    odd = 'a "quote", a \\ backslash, a line\nbreak, \u2028 another, \x00 nothing, 🙂'
    write_events(tmp_path / "bot.sqlite", replace(STORY[0], backup_name=odd, facts={"message": odd}))
    export = audit("export").stdout

    assert check_by_program(export).returncode == 0
    assert json.loads(json.loads(export)["body"])["backup_name"] == odd


def test_a_filtered_export_is_not_said_to_be_whole(audit: Audit, tmp_path: Path) -> None:
    write_events(tmp_path / "bot.sqlite", *STORY)

    assert check_by_program(audit("export", "--text", "copy-3").stdout).returncode == 1


def test_an_archive_and_the_export_after_it_are_one_chain(audit: Audit, tmp_path: Path, key: str) -> None:
    path = write_events(tmp_path / "bot.sqlite", *STORY, key=key)
    whole = audit("export", AUDIT_KEY=key).stdout
    archived = audit("archive", "--before", "2026-11-22 12:00:04", "old.jsonl", AUDIT_KEY=key)
    old, rest = (tmp_path / "old.jsonl").read_text("utf-8"), audit("export", AUDIT_KEY=key).stdout

    assert archived.exit_code == 0, archived.output
    assert old == "".join(whole.splitlines(keepends=True)[:3])
    assert check_by_program(old + rest, key).stdout.split() == ["whole:", "8", hash_of(path, 8)]
    alone = check_by_program(rest, key)
    assert (
        alone.stdout.splitlines()[0]
        == f"goes on after event 3, whose hash is {json.loads(old.splitlines()[2])['hash']}"
    )
    assert alone.returncode == 0
    assert (
        "event 3 is not what it was" in check_by_program("".join(old.splitlines(keepends=True)[:2]) + rest, key).stderr
    )


def test_verify_shows_how_far_it_is_on_a_terminal_only(audit: Audit, tmp_path: Path) -> None:
    write_events(tmp_path / "bot.sqlite", *STORY)
    watched = audit("verify", TTY_COMPATIBLE="1", FORCE_COLOR="1")
    unwatched = audit("verify")

    assert "Checking" in watched.stderr
    assert "7/7" in watched.stderr
    assert unwatched.stderr == ""
