"""Where a test's bot remembers."""

from pathlib import Path

import pytest

from bot.storage import Storage
from bot.storage.connection import Place


def place_of(request: pytest.FixtureRequest, folder: Path) -> Place:
    """The place that a fixture's parameter names: ``sqlite`` or ``postgresql``."""
    if request.param == "sqlite":
        return folder / "bot.db"
    place: Place = request.getfixturevalue("postgres_place")
    return place


def file_of(storage: Storage) -> Path:
    """The file of a bot that remembers in one."""
    place = storage.files[0].place
    assert isinstance(place, Path)
    return place
