"""The command `backup`, as whoever runs the bot uses it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.operations.ports import Verified
from bot.storage import open_storage, verify
from tests.fakes.clock import FakeClock
from tests.fakes.samples import sample_event


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    """The file of a bot that has written two events."""
    path = tmp_path / "bot.sqlite"
    storage = await open_storage(path, FakeClock())
    for number in (1, 2):
        await storage.record.append(sample_event(number))
    await storage.close()
    return path


def test_it_says_what_is_in_the_backup(database: Path) -> None:
    file = database.with_name("kept.sqlite")

    told = CliRunner().invoke(main, ["backup", str(file)], env={"DATABASE_URL": f"sqlite:///{database}"})

    found = verify(file)
    assert isinstance(found, Verified)
    assert told.exit_code == 0
    assert told.stdout.startswith(f"{file} has all events up to 2, and is whole (0.")
    assert f"The last hash: {found.head}" in told.stdout


def test_what_goes_wrong_is_a_sentence(database: Path) -> None:
    told = CliRunner().invoke(main, ["backup", str(database)], env={"DATABASE_URL": f"sqlite:///{database}"})

    assert (told.exit_code, told.stdout) == (1, "")
    assert "is there already: a backup is never written over. Name another file." in told.stderr
