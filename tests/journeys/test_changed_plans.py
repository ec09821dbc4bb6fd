"""What was confirmed is what runs: if something changed meanwhile, the person is told and asked again."""

from bot.cli.sandbox import Sandbox
from bot.sandbox.cloud import StoredBackup
from bot.sandbox.workspace import Person
from tests.journeys.acting import (
    PATIENCE,
    asks_for,
    audit_log,
    confirms,
    copies_in,
    databases,
    ends,
    finish_copies,
    kinds,
    people_pinged,
    somebody_copies,
    starts,
    wait_with_copies,
)

CHANGED = "Warning: Something has changed since you looked. Nothing was sent."


async def test_the_parent_vanishes_between_confirmation_and_start(sandbox: Sandbox) -> None:
    cloud, incremental = sandbox.cloud, sandbox.cloud.estate.incremental_with_parent_in_iad
    confirmation = await confirms(sandbox.workspace.person("alice"), incremental)
    cloud.remove_backup("IAD", incremental.parent_id or "")
    told = await starts(confirmation)
    assert CHANGED in told.rendered
    assert "The parent in IAD was there, and is not there now." in told.rendered
    assert "It cannot be started: Its parent is not in the destination." in told.rendered
    assert told.submit_text is None
    await assert_nothing_was_done(sandbox)


async def test_a_copy_appears_between_confirmation_and_start(sandbox: Sandbox) -> None:
    full = sandbox.cloud.estate.full
    confirmation = await confirms(sandbox.workspace.person("alice"), full)
    somebody_copies(sandbox, full)
    finish_copies(sandbox)
    told = await starts(confirmation)
    assert CHANGED in told.rendered
    assert "There is a copy in IAD now that was not there before" in told.rendered
    assert told.submit_text is None
    await assert_nothing_was_done(sandbox)


async def test_what_changed_for_the_better_is_shown_and_can_be_started(sandbox: Sandbox) -> None:
    alice, middle, full = chain(sandbox)
    wait_with_copies(sandbox)
    of_full = await asks_for(sandbox, alice, full)
    confirmation = await confirms(alice, middle)
    sandbox.cloud.clock.speed = 1000.0
    finish_copies(sandbox)
    await ends(of_full, "Done")

    told = await starts(confirmation)
    assert CHANGED in told.rendered
    assert "The parent in IAD was on its way, and is there now." in told.rendered
    assert told.submit_text == "Start copy"
    assert (await starts(told)).title == "Copy started"
    message = await databases(sandbox).waits_for(f"as {middle.name}-copy", timeout=PATIENCE)
    await ends(message, "Done")
    assert copies_in(sandbox, middle) == ["COMPLETED"]


async def test_the_backup_vanishes_between_confirmation_and_start(sandbox: Sandbox) -> None:
    full = sandbox.cloud.estate.full
    confirmation = await confirms(sandbox.workspace.person("alice"), full)
    sandbox.cloud.remove_backup("DFW", full.id)
    told = await starts(confirmation)
    assert told.title == "Not copied"
    assert "No such backup\nCloud Databases has no such backup in DFW." in told.rendered
    assert sandbox.cloud.copy_requests() == []


async def test_the_parent_vanishes_while_the_copy_waits_to_be_sent_again(sandbox: Sandbox) -> None:
    cloud, incremental = sandbox.cloud, sandbox.cloud.estate.incremental_with_parent_in_iad
    cloud.trouble.refuse(413, retry_after=1, operation="copy")
    message = await asks_for(sandbox, sandbox.workspace.person("alice"), incremental)
    await message.shows("Waits to be sent again (Too many requests in a short time)", timeout=PATIENCE)
    cloud.remove_backup("IAD", incremental.parent_id or "")
    await ends(message, "Failed (Its parent is not in the destination)")
    assert await kinds(sandbox, message) == ["copy_requested", "sending", "will_send_again", "failed"]
    assert len(cloud.copy_requests()) == 1
    assert people_pinged(sandbox) == ["alice"]


def chain(sandbox: Sandbox) -> tuple[Person, StoredBackup, StoredBackup]:
    """Alice, an incremental whose parent is not in IAD, and that parent, which is full."""
    cloud = sandbox.cloud
    middle = cloud.backup("DFW", cloud.estate.incremental_without_parent.parent_id or "")
    assert middle is not None
    full = cloud.backup("DFW", middle.parent_id or "")
    assert full is not None
    return sandbox.workspace.person("alice"), middle, full


async def assert_nothing_was_done(sandbox: Sandbox) -> None:
    assert sandbox.cloud.copy_requests() == []
    assert databases(sandbox).messages == []
    changed = [r.event for r in await audit_log(sandbox) if r.event.kind == "plan_changed"]
    assert [(each.who.name, each.copy_id) for each in changed] == [("alice", None)]
