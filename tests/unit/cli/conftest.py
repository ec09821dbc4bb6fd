"""The command `audit`, run on the file of a test."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from click.testing import CliRunner, Result

from bot.cli import main

Audit: TypeAlias = Callable[..., Result]


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Audit:
    """Runs the command on the file ``bot.sqlite`` of the test."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str, columns: int = 100, stdin: str | None = None, **environment: str) -> Result:
        given = {"DATABASE_URL": "sqlite:///bot.sqlite", "AUDIT_KEY": "", "COLUMNS": str(columns), **environment}
        return CliRunner().invoke(main, ["audit", *arguments], env=given, input=stdin)

    return invoke
