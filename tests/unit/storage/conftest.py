"""A file with an audit log, and the bot's storage on a file."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.storage import Storage, open_storage
from tests.fakes.clock import FakeClock
from tests.fakes.samples import sample_event

EVENTS = 60


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    opened = await open_storage(tmp_path / "bot.db", FakeClock())
    yield opened
    await opened.close()


async def write_log(path: Path, key: SecretStr | None) -> None:
    storage = await open_storage(path, FakeClock(), key=key)
    for number in range(EVENTS):
        await storage.record.append(sample_event(number))
    await storage.close()


@pytest.fixture(scope="session")
def written_log(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a closed file with 60 events and no key."""
    path = tmp_path_factory.mktemp("log") / "bot.db"
    asyncio.run(write_log(path, None))
    return path.read_bytes()


@pytest.fixture
def log_file(tmp_path: Path, written_log: bytes) -> Path:
    """A file with 60 events, to do to it what one likes."""
    path = tmp_path / "bot.db"
    path.write_bytes(written_log)
    return path


@pytest.fixture
def write_keyed_log(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a file with 60 events under a key."""

    def write(key: str) -> Path:
        path = tmp_path / "keyed.db"
        asyncio.run(write_log(path, SecretStr(key)))
        return path

    return write
