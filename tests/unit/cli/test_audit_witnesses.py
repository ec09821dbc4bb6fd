"""`audit verify` with witnesses: a log that is whole by itself and not the one that was seen; and `audit archive`."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.witness import Witness
from bot.slack.views.witness import line
from tests.fakes.audit_logs import cut_off, hash_of, write_events
from tests.fakes.samples import NOON, sample_event
from tests.unit.cli.conftest import Audit

STORY = [sample_event(number) for number in range(1, 8)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_events(tmp_path / "bot.sqlite", *STORY)


@pytest.fixture
def witnesses(path: Path) -> str:
    """What was copied from Slack: of events 2, 4 and 6."""
    return "\n".join(line(Witness(number, hash_of(path, number), NOON)) for number in (2, 4, 6))


def test_a_log_that_all_witnesses_saw_is_whole(audit: Audit, witnesses: str) -> None:
    verified = audit("verify", "--witnesses", "-", stdin=witnesses)

    assert verified.exit_code == 0, verified.output
    assert "The audit log is whole: 7 events" in verified.stdout
    assert "Witnesses: 3 fit, the last for event 6, 2026-11-22 12:00 UTC." in verified.stdout


def test_an_end_that_was_cut_off_is_found(audit: Audit, path: Path, witnesses: str) -> None:
    cut_off(path, after=5)

    assert audit("verify").exit_code == 0, "the chain alone cannot show it"
    verified = audit("verify", "--witnesses", "-", stdin=witnesses)
    assert verified.exit_code == 1
    assert "Event 6 is missing, which was posted 2026-11-22 12:00 UTC: the log ends with event 5." in verified.stdout
    assert "The end of the log was cut off, or the file is an old copy" in verified.stdout
    assert "All up to event 4 is what it was." in verified.stdout
    assert "Stop the bot, keep this file as it is" in verified.stdout
    assert "The audit log is whole" not in verified.stdout


def test_an_end_that_was_written_anew_is_found(audit: Audit, path: Path, witnesses: str) -> None:
    cut_off(path, after=5)
    write_events(path, *(replace(event, backup_name="forged") for event in STORY[5:]))

    verified = audit("verify", "--witnesses", "-", stdin=witnesses)
    assert verified.exit_code == 1
    assert "Event 6 is another than was posted 2026-11-22 12:00 UTC" in verified.stdout
    assert "What came after event 4 was written anew" in verified.stdout


def test_a_log_that_was_replaced_is_found(audit: Audit, path: Path, witnesses: str) -> None:
    path.unlink()
    write_events(path, *(replace(event, backup_name="forged") for event in STORY[:5]))

    verified = audit("verify", "--witnesses", "-", stdin=witnesses)
    assert verified.exit_code == 1
    assert "No witness from before fits: all of it was replaced" in verified.stdout
    assert "Witnesses: none fits." in verified.stdout


def test_witnesses_come_from_a_file(audit: Audit, tmp_path: Path, witnesses: str) -> None:
    (tmp_path / "messages.txt").write_text(f"Copy Backup APP\n{witnesses}\n", encoding="utf-8")

    assert "3 fit" in audit("verify", "--witnesses", "messages.txt").stdout


@pytest.mark.usefixtures("path")
def test_a_text_without_witnesses_is_not_taken_for_agreement(audit: Audit) -> None:
    verified = audit("verify", "--witnesses", "-", stdin="nothing of the kind\n")

    assert verified.exit_code == 2
    assert "has no witness in it" in verified.stderr


@pytest.mark.usefixtures("path")
def test_slack_is_asked_only_with_the_settings_for_it(audit: Audit) -> None:
    verified = audit("verify", "--from-slack", SLACK_BOT_TOKEN="", WITNESS_CHANNEL="general")

    assert verified.exit_code == 2
    assert "SLACK_BOT_TOKEN: is not set" in verified.stderr
    assert "WITNESS_CHANNEL: this has to be the id (not the name) of a channel" in verified.stderr


def test_what_was_archived_keeps_its_witnesses(audit: Audit, witnesses: str) -> None:
    archived = audit("archive", "--before", "2026-11-22 12:00:05", "old.jsonl")

    assert archived.exit_code == 0, archived.output
    assert "Events 1 to 4 are in old.jsonl" in archived.stdout
    log = audit("verify", "--witnesses", "-", stdin=witnesses)
    assert (log.exit_code, "4 events after event 4, the last of an archive" in log.stdout) == (0, True)
    assert "Witnesses: 2 fit, the last for event 6" in log.stdout
    assert "1 saw events that are not here" in log.stdout
    old = audit("verify", "old.jsonl", "--witnesses", "-", stdin=witnesses)
    assert (old.exit_code, "old.jsonl is whole: 4 events" in old.stdout) == (0, True)
    assert "Witnesses: 2 fit, the last for event 4" in old.stdout
    assert "It is the archive that event 8 of the log names." in old.stdout


def test_an_archive_whose_end_was_cut_off_is_not_the_one_the_log_names(
    audit: Audit, path: Path, tmp_path: Path
) -> None:
    audit("archive", "--before", "2026-11-22 12:00:05", "old.jsonl")
    file = tmp_path / "old.jsonl"
    file.write_text("".join(file.read_text("utf-8").splitlines(keepends=True)[:3]), encoding="utf-8")

    assert "The log names no archive with its SHA-256" in audit("verify", "old.jsonl").stdout


@pytest.mark.usefixtures("path")
def test_the_last_day_cannot_be_archived(audit: Audit, tmp_path: Path) -> None:
    archived = audit("archive", "--before", "2999-01-01", "old.jsonl")

    assert archived.exit_code == 2
    assert "the events of the last 24 hours stay in the log" in archived.stderr
    assert not (tmp_path / "old.jsonl").exists()


@pytest.mark.usefixtures("path")
def test_where_nothing_is_old_enough_that_is_said(audit: Audit) -> None:
    archived = audit("archive", "--before", "2001-01-01", "old.jsonl")

    assert archived.exit_code == 0
    assert "Nothing was archived" in archived.stdout


def test_a_file_that_is_not_there_is_told(audit: Audit) -> None:
    verified = audit("verify", "none.jsonl")

    assert (verified.exit_code, "none.jsonl cannot be read" in verified.stderr) == (1, True)
