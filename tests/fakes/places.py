"""Where a test's bot remembers."""

from pathlib import Path

import pytest

from bot.storage.connection import Place


def place_of(request: pytest.FixtureRequest, folder: Path) -> Place:
    """The place that a fixture's parameter names: ``sqlite`` or ``postgresql``."""
    if request.param == "sqlite":
        return folder / "bot.db"
    place: Place = request.getfixturevalue("postgres_place")
    return place
