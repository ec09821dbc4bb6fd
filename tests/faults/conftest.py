"""Stages for tests. Copies in their cloud take as long as a test wants: `Stage.copies_finish` ends them."""

import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.faults.boundaries import ForkedBot
from tests.faults.chaos import Trial
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


@pytest.fixture
def trial(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Trial:
    """As long as was asked for, from the seed that was asked for or any: a test that fails says which."""
    given = request.config.getoption("--chaos-seed")
    seed = random.randrange(1_000_000) if given is None else int(given)
    print(f"--chaos-seed {seed}")
    return Trial(seed, float(request.config.getoption("--chaos-seconds")), record_property)
