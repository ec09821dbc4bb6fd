"""From a typed command to the last message: a full backup, an incremental, a copy that fails."""

from typing import Literal

import pytest

from bot.cli.sandbox import Sandbox
from bot.domain.events import EventKind
from bot.sandbox.cloud import StoredBackup
from bot.sandbox.cloud.copying import CopyEnd
from tests.journeys.acting import (
    DESCRIPTION,
    NAME,
    PATIENCE,
    asks_for,
    audit_log,
    chooses,
    copies_in,
    copy_id_of,
    databases,
    ends,
    finish_copies,
    in_turn,
    kinds,
    learns,
    opens_form,
    people_pinged,
    reviews,
    somebody_copies,
    starts,
    story,
    wait_with_copies,
)

STRAIGHT_THROUGH = ["copy_requested", "sending", "accepted", "completed"]


async def test_a_full_backup_is_copied(sandbox: Sandbox) -> None:
    alice, full = sandbox.workspace.person("alice"), sandbox.cloud.estate.full
    wait_with_copies(sandbox)

    form = await opens_form(alice)
    assert form.value("From").startswith("DFW")
    assert form.value("Tell") == "#databases"
    await chooses(form, full, "IAD")
    assert "Full backup. Needs nothing in IAD. Ready to copy." in form.rendered
    confirmation = await reviews(form)
    for words in ("DFW – Dallas", "IAD – Northern Virginia", full.id, "0.8 GB", "costs the same", "#databases"):
        assert words in confirmation.rendered
    told = await starts(confirmation)
    assert told.title == "Copy started"
    assert "#databases" in told.rendered

    message = await databases(sandbox).waits_for("Running since", timeout=PATIENCE)
    assert message.notification.startswith(f"Copy of {full.name} from DFW to IAD: running. Asked for by alice, id ")
    assert "It cannot be stopped any more." in message.rendered
    finish_copies(sandbox)
    await ends(message, "Done")
    assert message.notification.startswith(f"Copy of {full.name} from DFW to IAD: done in ")
    assert f"It is {full.name}-copy there, id {full.id}. Asked for by alice" in message.notification
    assert "recognised because it has the same id (certain)" in message.rendered

    taken, done = story(message)
    assert taken == f"Cloud Databases took the request: {full.name} is being copied."
    assert done.startswith("@alice Done")
    assert people_pinged(sandbox) == ["alice"]
    assert len(databases(sandbox).messages) == 1
    copy = sandbox.cloud.backup("IAD", full.id)
    assert copy is not None
    assert (copy.status, copy.name) == ("COMPLETED", f"{full.name}-copy")
    await told.closes()
    assert alice.form is None


async def test_everything_is_in_the_audit_log(sandbox: Sandbox) -> None:
    alice, full = sandbox.workspace.person("alice"), sandbox.cloud.estate.full
    message = await asks_for(sandbox, alice, full)
    await ends(message, "Done")

    assert await kinds(sandbox, message) == STRAIGHT_THROUGH
    log = [r.event for r in await audit_log(sandbox) if r.event.copy_id == copy_id_of(message)]
    assert {(e.backup_id, e.backup_name, e.source, e.destination) for e in log} == {(full.id, full.name, "DFW", "IAD")}
    assert {e.where for e in log} == {databases(sandbox).id}
    asked, *others = log
    assert (asked.who.id, asked.who.name) == (alice.id, "alice")
    assert {e.who.id for e in others} == {"bot"}
    assert asked.facts["name"] == f"{full.name}-copy"
    assert log[-1].facts["copied_id"] == full.id
    sent = next(e.at for e in log if e.kind is EventKind.SENDING)
    (request,) = sandbox.cloud.copy_requests()
    assert sent <= request.time, "the intent is written before the request is sent"


async def test_an_incremental_is_copied_whose_parent_is_there_under_the_same_id(sandbox: Sandbox) -> None:
    alice, incremental = sandbox.workspace.person("alice"), sandbox.cloud.estate.incremental_with_parent_in_iad
    form = await opens_form(alice)
    await chooses(form, incremental, "IAD")
    assert f"Incremental. Its parent {parent_name(sandbox, incremental)} is in IAD. Ready to copy." in form.rendered
    assert "it has the same id (certain)" in form.rendered
    confirmation = await reviews(form)
    assert "it has the same id (certain)" in confirmation.rendered
    assert "Both regions were asked just now." in confirmation.rendered
    await starts(confirmation)

    message = await databases(sandbox).waits_for(f"as {incremental.name}-copy", timeout=PATIENCE)
    await ends(message, "Done")
    assert await kinds(sandbox, message) == STRAIGHT_THROUGH
    assert copies_in(sandbox, incremental) == ["COMPLETED"]


@pytest.mark.parametrize(
    ("location", "evidence"),
    [
        ("source", "the original's id is in the address of its files (nearly certain)"),
        ("copied", "its name, size and instance agree; its id is another (likely, not certain)"),
    ],
)
async def test_an_incremental_is_copied_whose_parent_was_copied_by_somebody_else_and_has_another_id(
    sandbox: Sandbox, location: Literal["source", "copied"], evidence: str
) -> None:
    cloud, alice = sandbox.cloud, sandbox.workspace.person("alice")
    cloud.copied_ids, cloud.copied_parent, cloud.copied_location = "new", "copied", location
    parent = cloud.add_backup(name="weekly", size=1.2)
    incremental = cloud.add_backup(name="nightly", size=0.3, parent_id=parent.id)
    somebody_copies(sandbox, parent)
    finish_copies(sandbox)
    await learns(sandbox, "DFW", "IAD")

    form = await opens_form(alice)
    await chooses(form, incremental, "IAD")
    assert "Incremental. Its parent weekly is in IAD. Ready to copy." in form.rendered
    assert evidence in form.rendered
    await starts(await reviews(form))
    message = await databases(sandbox).waits_for("as nightly-copy", timeout=PATIENCE)
    await ends(message, "Done")
    assert copies_in(sandbox, incremental) == ["COMPLETED"]


async def test_a_chain_is_copied_one_after_the_other_where_copies_get_new_ids(sandbox: Sandbox) -> None:
    cloud, alice = sandbox.cloud, sandbox.workspace.person("alice")
    cloud.copied_ids, cloud.copied_parent, cloud.copied_location = "new", "copied", "copied"
    full = cloud.add_backup(name="weekly", size=1.2)
    incremental = cloud.add_backup(name="nightly", size=0.3, parent_id=full.id)
    await learns(sandbox, "DFW")
    await ends(await asks_for(sandbox, alice, full), "Done")

    form = await opens_form(alice)
    await chooses(form, incremental, "IAD")
    assert "this bot copied it there and wrote down its id (certain)" in form.rendered
    await starts(await reviews(form))
    message = await databases(sandbox).waits_for("as nightly-copy", timeout=PATIENCE)
    await ends(message, "Done")
    (copy,) = [each for each in cloud.backups("IAD") if each.name == "nightly-copy"]
    assert copy.id != incremental.id
    assert f"id {copy.id}, COMPLETED" in message.rendered
    assert people_pinged(sandbox) == ["alice", "alice"]


async def test_a_copy_arrives_with_its_own_name_and_description(sandbox: Sandbox) -> None:
    form = await opens_form(sandbox.workspace.person("alice"))
    await chooses(form, sandbox.cloud.estate.full, "ORD")
    await form.fills(NAME, "before the <5.7> upgrade & more")
    await form.fills(DESCRIPTION, "ticket 4711, <!here>")
    confirmation = await reviews(form)
    assert "before the <5.7> upgrade & more" in confirmation.rendered
    assert "ticket 4711, <!here>" in confirmation.rendered
    await starts(confirmation)
    message = await databases(sandbox).waits_for("as before the <5.7> upgrade & more", timeout=PATIENCE)
    await ends(message, "Done")
    (copy,) = [each for each in sandbox.cloud.backups("ORD") if each.content == sandbox.cloud.estate.full.id]
    assert (copy.name, copy.description) == ("before the <5.7> upgrade & more", "ticket 4711, <!here>")
    assert people_pinged(sandbox) == ["alice"]


ENDS_BADLY: dict[CopyEnd, str] = {
    "FAILED": "The copy failed in Cloud Databases",
    "COPY_ERROR": "The copy failed in Cloud Databases",
    "NOTHING": "The copy ended without a result",
}


@pytest.mark.parametrize(
    ("in_socket_mode", "end"), in_turn(ENDS_BADLY), ids=list(ENDS_BADLY), indirect=["in_socket_mode"]
)
async def test_a_copy_that_fails_in_the_cloud_is_tried_again(sandbox: Sandbox, end: CopyEnd) -> None:
    words = ENDS_BADLY[end]
    cloud, alice, bob = sandbox.cloud, sandbox.workspace.person("alice"), sandbox.workspace.person("bob")
    cloud.trouble.fail_copies(ends=end)
    message = await asks_for(sandbox, alice, cloud.estate.full)
    await ends(message, f"Failed ({words})")
    assert story(message)[-1].startswith(f"@alice The copy failed.\n{words}")
    assert "Who can do that: Rackspace support." in message.rendered
    assert words in message.notification
    assert "Try again." in message.notification
    assert await kinds(sandbox, message) == ["copy_requested", "sending", "accepted", "failed"]

    await bob.presses("Try again", message)
    confirmation = await bob.sees_form("Copy this backup?", timeout=PATIENCE)
    assert f"{cloud.estate.full.name}-copy" in confirmation.rendered
    await starts(confirmation)
    again = await databases(sandbox).waits_for("Asked for by bob", timeout=PATIENCE)
    await ends(again, "Done")
    assert len(cloud.copy_requests()) == 2
    assert "COMPLETED" in copies_in(sandbox, cloud.estate.full)
    assert people_pinged(sandbox) == ["alice", "bob"]


def parent_name(sandbox: Sandbox, incremental: StoredBackup) -> str:
    parent = sandbox.cloud.backup("DFW", incremental.parent_id or "")
    assert parent is not None
    return parent.name or ""
