"""An upgrade: the bot is killed, another version starts on the same files, and what ran goes on."""

import asyncio
import shutil
from pathlib import Path

import pytest

from bot.domain.events import EventKind
from tests.faults.checks import nothing_is_lost_and_nothing_is_done_twice
from tests.faults.patience import PATIENCE
from tests.faults.processes import REPOSITORY, ServedBot
from tests.faults.stage import Stage, Wish

CHANGES = {
    "bot/__init__.py": ('"""A Slack bot', '"""An older Slack bot'),
    "bot/cli/serve.py": ('f"Ready: ', 'f"Ready: this is the older version, '),
    "bot/workflow/engine.py": (
        'await DBOS.run_step_async({"name": "carry_out"}',
        'logger.debug("works on %s", copy_id)\n            await DBOS.run_step_async({"name": "work"}',
    ),
    "bot/operations/carry_out_copy.py": (
        "    while True:\n",
        "    await ports.record.open_copies()\n    while True:\n",
    ),
}
"""What the older version has in place of what there is now, file by file: also in what DBOS makes its own
fingerprint of a program of (``durable-execution.md``).
"""


def older_version(folder: Path) -> Path:
    """The code of an older version, with its own package metadata."""
    shutil.copytree(REPOSITORY / "bot", folder / "bot", ignore=shutil.ignore_patterns("__pycache__"))
    for name, (now, before) in CHANGES.items():
        path = folder / name
        source = path.read_text(encoding="utf-8")
        assert source.count(now) == 1, name
        path.write_text(source.replace(now, before), encoding="utf-8")
    metadata = folder / "copy_backup_bot-0.0.1.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: copy-backup-bot\nVersion: 0.0.1\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "when", [pytest.param("a copy runs", marks=pytest.mark.slow), "the answer to its request is not there"]
)
async def test_what_the_older_version_began_is_ended_by_this_one(real_stage: Stage, when: str, tmp_path: Path) -> None:
    stage, wish, bot = real_stage, Wish(real_stage.full), real_stage.bot
    assert isinstance(bot, ServedBot)
    bot.code = older_version(tmp_path / "older")
    hold = stage.cloud.trouble.hold("copy", after_work=True)
    await bot.start()
    assert "this is the older version" in bot.said
    await stage.asks(wish)
    await asyncio.wait_for(hold.arrived.wait(), PATIENCE)
    if when == "a copy runs":
        hold.release()
        await stage.until(EventKind.ACCEPTED, wish)
    await bot.kill()
    hold.release()

    bot.code = REPOSITORY
    await bot.start()
    assert "this is the older version" not in bot.said
    await stage.until_running(wish)
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)
    assert len(stage.requests_for(wish)) == 1
    assert "another version" not in bot.said
