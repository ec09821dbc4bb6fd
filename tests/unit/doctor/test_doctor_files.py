"""What `doctor` finds of the bot's files. It changes nothing, also while a bot works on them."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.operations.health import Check, Finding, Subject, Verdict
from bot.storage import Storage, open_storage
from bot.storage.health import look_at
from bot.storage.sqlite_file import lock_path
from tests.fakes.clocks import JumpingClock
from tests.fakes.installation import Installation, said
from tests.fakes.samples import sample_event

KEY = SecretStr("a key")
NOBODY = 65534


async def storage_at(path: Path, key: SecretStr | None = None) -> Storage:
    storage = await open_storage(path, JumpingClock(), key=key)
    await storage.record.append(sample_event(1))
    return storage


async def left_by_a_bot(path: Path, key: SecretStr | None = None) -> None:
    await (await storage_at(path, key)).close()


def everything_in(folder: Path) -> dict[str, tuple[str, int]]:
    """Names, contents and times of change."""
    return {
        str(path.relative_to(folder)): (sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")  # SQLite's readers note themselves in it
    }


@contextmanager
def as_somebody_without_rights() -> Iterator[None]:
    """For root, whom no permission stops, the rights of nobody."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that anybody may get to."""
    for each in (tmp_path, *tmp_path.parents):
        if Path(tempfile.gettempdir()) in each.parents:
            each.chmod(0o755)
    made = tmp_path / "data"
    made.mkdir()
    return made


def let_nobody_write(folder: Path, name: str) -> None:
    """Take the rights to one file, and give those to everything else."""
    folder.chmod(0o777)
    for each in folder.iterdir():
        each.chmod(0o444 if each.name == name else 0o666)


def problem_of(path: Path, key: SecretStr | None = None) -> str:
    check = look_at(path, key)
    assert check.verdict is Verdict.PROBLEM
    return said(check)


async def test_a_file_at_rest(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite"
    await left_by_a_bot(path)
    before = everything_in(tmp_path)

    check = look_at(path, None)

    assert said(check) == f"database: {path} can be read and written"
    assert everything_in(tmp_path) == before


async def test_a_file_on_which_a_bot_works(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite"
    storage = await storage_at(path)
    before = everything_in(tmp_path)

    check = look_at(path, None)

    assert said(check) == f"database: {path} is in use by process {os.getpid()}: a bot is running on it"
    assert everything_in(tmp_path) == before
    await storage.record.append(sample_event(2))
    await storage.close()
    await left_by_a_bot(path)


async def test_a_file_that_a_killed_bot_has_left(tmp_path: Path) -> None:
    running, left = tmp_path / "running", tmp_path / "left"
    storage = await storage_at(running / "bot.sqlite", KEY)
    shutil.copytree(running, left)
    await storage.close()

    check = look_at(left / "bot.sqlite", KEY)

    assert check.finding is Finding.DATABASE_USABLE
    assert look_at(left / "bot.sqlite", None).finding is Finding.AUDIT_KEY_DOES_NOT_FIT, "what it wrote last is read"


def test_a_file_in_folders_that_are_not_there_yet(tmp_path: Path) -> None:
    path = tmp_path / "some" / "where" / "bot.sqlite"

    assert said(look_at(path, None)) == f"database: {path} will be made at the first start"
    assert list(tmp_path.iterdir()) == []


def test_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert look_at(Path("bot.sqlite"), None).finding is Finding.DATABASE_NOT_THERE_YET


def test_a_folder_that_cannot_be_written(folder: Path) -> None:
    folder.chmod(0o555)

    with as_somebody_without_rights():
        said_of_it = problem_of(folder / "bot.sqlite")

    assert said_of_it == (
        f"database: {folder / 'bot.sqlite'} cannot be used: {folder} cannot be written by the user this runs as -> "
        f"Let the user that runs the bot write to {folder} and all that is in it, or set DATABASE_URL to another file."
    )


@pytest.mark.parametrize("name", ["bot.sqlite", "bot-catalogue.sqlite", "bot-workflows.sqlite"])
async def test_a_file_of_somebody_else(folder: Path, name: str) -> None:
    await left_by_a_bot(folder / "bot.sqlite")
    (folder / "bot-workflows.sqlite").touch()
    let_nobody_write(folder, name)

    with as_somebody_without_rights():
        said_of_it = problem_of(folder / "bot.sqlite")

    assert f"{folder / name} cannot be written by the user this runs as" in said_of_it


def test_a_folder_that_may_not_even_be_looked_into(folder: Path) -> None:
    folder.chmod(0o000)

    with as_somebody_without_rights():
        said_of_it = problem_of(folder / "bot.sqlite")
    folder.chmod(0o755)

    assert "Permission denied" in said_of_it


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    assert f"{tmp_path / 'data'} is not a folder" in problem_of(tmp_path / "data" / "bot.sqlite")


def test_a_folder_where_the_file_should_be(tmp_path: Path) -> None:
    assert f"{tmp_path} is not a file" in problem_of(tmp_path)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite"
    path.write_text("dear diary, " * 100, encoding="ascii")

    assert problem_of(path).startswith(
        f"database: {path} is no database of this bot, or is damaged: file is not a database -> Restore it"
    )


async def test_a_file_of_a_later_version(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite"
    await left_by_a_bot(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")

    assert problem_of(path) == (
        f"database: {path} was written by a later version of this bot -> Run that later version, or one newer than it."
    )


@pytest.mark.parametrize(("written_with", "set_now"), [(KEY, None), (None, KEY), (KEY, SecretStr("another key"))])
async def test_another_key_than_the_log_was_written_with(
    tmp_path: Path, written_with: SecretStr | None, set_now: SecretStr | None
) -> None:
    path = tmp_path / "bot.sqlite"
    await left_by_a_bot(path, written_with)

    assert "the audit log in " in problem_of(path, set_now)
    assert "Set the former key again" in problem_of(path, set_now)
    assert look_at(path, written_with).verdict is Verdict.FINE


async def test_the_lock_file_of_a_bot_that_has_ended_means_nothing(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite"
    await left_by_a_bot(path)
    assert lock_path(path).exists()

    assert look_at(path, None) == Check(
        Subject.DATABASE,
        Finding.DATABASE_USABLE,
        facts={"path": str(path), "folder": str(tmp_path), "process": f"process {os.getpid()}"},
    )


async def test_a_file_that_cannot_be_used_hides_nothing(installation: Installation) -> None:
    installation.database.mkdir()

    report = await installation.examined()

    assert [check.subject for check in report if check.verdict is Verdict.PROBLEM] == [Subject.DATABASE]
    assert report.of(Subject.BOT_TOKEN).verdict is Verdict.FINE
