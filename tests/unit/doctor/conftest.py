"""An installation that is right, before a test breaks it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.cloud import SimulatedCloud
from bot.sandbox.workspace import SimulatedWorkspace
from bot.slack.manifest import build_manifest
from tests.fakes.installation import Installation


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    cloud, workspace = SimulatedCloud(seed=7), SimulatedWorkspace(seed=7)
    async with cloud.serving() as running_cloud, workspace.serving() as served:
        workspace.install(build_manifest(command="/copy-backup", public_url="https://bot.example.com"))
        yield Installation(workspace, served.api_url, cloud, running_cloud, tmp_path)
