"""What the README says of backups on PostgreSQL: a dump is a whole log, and a bot goes on from it."""

import asyncio
from pathlib import Path

from pydantic import SecretStr

from bot.domain.events import EventFilter
from bot.operations.ports import Verified
from bot.storage import open_storage, verify
from bot.workflow.clock import SystemClock
from tests.fakes.postgres import PostgresServer, binaries
from tests.fakes.samples import sample_event


async def test_a_dump_is_restored_into_an_empty_database_and_gone_on_from(
    postgres_place: SecretStr, postgres: PostgresServer, tmp_path: Path
) -> None:
    before = await open_storage(postgres_place, SystemClock())
    for number in range(3):
        await before.record.append(sample_event(number))
    await before.close()

    folder = binaries()
    assert folder is not None
    dump, restored = tmp_path / "bot.dump", postgres.new_database("template0")
    for program, *arguments in (
        ("pg_dump", "--format=custom", f"--file={dump}", postgres_place.get_secret_value()),
        ("pg_restore", f"--dbname={restored.get_secret_value()}", "--exit-on-error", str(dump)),
    ):
        process = await asyncio.create_subprocess_exec(folder / program, *arguments)
        assert await process.wait() == 0

    after = await open_storage(restored, SystemClock())
    try:
        await after.record.append(sample_event(3))
        assert len(await after.record.events(EventFilter())) == 4
    finally:
        await after.close()
    found = verify(restored)
    assert isinstance(found, Verified)
    assert found.events == 4
