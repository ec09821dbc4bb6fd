"""Stages for tests. Copies in their cloud take as long as a test wants: `Stage.copies_finish` ends them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.boundaries import ForkedBot
from tests.faults.stage import Stage, set_stage


@pytest.fixture
async def stage(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """With a bot that starts quickly. Indirectly parametrised, it says whether that connects by Socket Mode."""
    async with set_stage(tmp_path, ForkedBot, socket_mode=getattr(request, "param", False), speed=1.0) as made:
        yield made


@pytest.fixture
async def real_stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """With ``python -m bot serve``."""
    async with set_stage(tmp_path, speed=1.0) as made:
        yield made
