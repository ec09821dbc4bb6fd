"""The bot's machine is lost, and it goes on elsewhere from a backup that was made while it worked."""

import asyncio
import shutil

from bot.domain.copies import CopyState
from bot.domain.events import EventKind
from bot.storage.backup import back_up
from tests.faults.checks import the_audit_log_is_whole, there_is_one_copy
from tests.faults.patience import eventually
from tests.faults.stage import Stage, Wish


async def test_nothing_is_sent_twice_and_nobody_is_left_without_an_answer(stage: Stage) -> None:
    runs, waits = Wish(stage.full), Wish(stage.incremental, person="bob")
    later = Wish(stage.cloud.add_backup(name="asked-for-later"), region="ORD")
    await stage.bot.start()
    for wish in (runs, waits):
        await stage.asks(wish)
    await stage.until(EventKind.SEEN, runs)
    await eventually(lambda: stage.state_of(waits) == CopyState.WAITING)
    await stage.until_current(runs, waits)
    backup = stage.bot.folder / "kept" / "backup.sqlite"
    backup.parent.mkdir()
    made = await asyncio.to_thread(back_up, stage.file, backup)

    stage.copies_finish()
    await stage.until(EventKind.ACCEPTED, waits)
    await stage.asks(later)
    await stage.until(EventKind.ACCEPTED, later)
    stage.copies_finish()
    await stage.until_told(runs, waits, later)
    await stage.bot.kill()
    for lost in stage.bot.folder.glob("bot*.sqlite*"):
        lost.unlink()
    shutil.copy(backup, stage.file)
    await stage.bot.start()

    await eventually(lambda: all(stage.state_of(wish) == CopyState.COMPLETED for wish in (runs, waits)))
    for wish in (runs, waits):
        assert len(stage.requests_for(wish)) == 1
        there_is_one_copy(stage, wish)
    await stage.until_current(runs, waits)
    the_audit_log_is_whole(stage)
    assert stage.events()[made.last - 1].hash == made.head
    assert EventKind.FOUND_THERE in {recorded.event.kind for recorded in stage.events(waits)}
    assert len(stage.messages) == 3, "nobody is told in a second message"
    assert "unexpected" not in stage.bot.said


async def test_work_on_copies_that_the_backup_does_not_know_ends(stage: Stage) -> None:
    """Only the file itself was put back: beside it the workflows are newer."""
    known, unknown = Wish(stage.full), Wish(stage.cloud.add_backup(name="asked-for-later"), region="ORD")
    await stage.bot.start()
    await stage.asks(known)
    await stage.until(EventKind.SEEN, known)
    backup = stage.bot.folder / "kept.sqlite"
    await asyncio.to_thread(back_up, stage.file, backup)
    await stage.asks(unknown)
    await stage.until(EventKind.SEEN, unknown)
    await stage.bot.kill()
    for lost in stage.bot.folder.glob("bot.sqlite*"):
        lost.unlink()
    shutil.copy(backup, stage.file)
    await stage.bot.start()

    stage.copies_finish()
    await eventually(lambda: stage.state_of(known) == CopyState.COMPLETED)
    await eventually(lambda: "is not in the record, which is older than the work on it" in stage.bot.said)
    assert "unexpected error" not in stage.bot.said
    assert len(stage.requests_for(known)) == 1
