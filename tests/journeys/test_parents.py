"""An incremental needs its parent in the destination: what the form says of it, and what follows."""

import asyncio

import pytest

from bot.cli.sandbox import Sandbox
from bot.sandbox.cloud import StoredBackup
from bot.sandbox.workspace import NotPossibleError
from tests.journeys.acting import (
    PATIENCE,
    asks_for,
    chooses,
    copies_in,
    databases,
    ends,
    finish_copies,
    kinds,
    opens_form,
    people_pinged,
    reviews,
    somebody_copies,
    starts,
    story,
    wait_with_copies,
)

ON_PURPOSE = "On purpose"


async def test_nothing_can_be_started_while_the_parent_is_missing(sandbox: Sandbox) -> None:
    incremental = sandbox.cloud.estate.incremental_without_parent
    parent = backup(sandbox, incremental.parent_id)
    form = await opens_form(sandbox.workspace.person("alice"))
    await chooses(form, incremental, "IAD")
    assert f"Warning: Incremental. Its parent {parent.name} is not in IAD." in form.rendered
    confirmation = await reviews(form)
    assert confirmation.submit_text is None
    assert "It cannot be started: Its parent is not in the destination." in confirmation.rendered
    assert "costs the same" not in confirmation.rendered
    assert sandbox.cloud.copy_requests() == []


async def test_a_copy_waits_for_its_parent_that_is_being_copied_now(sandbox: Sandbox) -> None:
    alice, bob, cloud = sandbox.workspace.person("alice"), sandbox.workspace.person("bob"), sandbox.cloud
    middle = backup(sandbox, cloud.estate.incremental_without_parent.parent_id)
    full = backup(sandbox, middle.parent_id)
    wait_with_copies(sandbox)
    of_full = await asks_for(sandbox, bob, full)
    await of_full.shows("Running", timeout=PATIENCE)

    form = await opens_form(alice)
    await chooses(form, middle, "IAD")
    assert f"Its parent {full.name} is being copied to IAD now: this copy will wait for it." in form.rendered
    assert "asked for by @bob, just now" in form.rendered
    await starts(await reviews(form))
    message = await databases(sandbox).waits_for(f"as {middle.name}-copy", timeout=PATIENCE)
    await message.shows("Waits for its parent to arrive in IAD", timeout=PATIENCE)
    assert "waits for its parent to arrive in IAD" in message.notification
    assert len(cloud.copy_requests()) == 1

    cloud.clock.speed = 1000.0  # for the copy that begins now
    finish_copies(sandbox)
    await ends(of_full, "Done")
    await ends(message, "Done")
    assert [request.backup_id for request in cloud.copy_requests()] == [full.id, middle.id]
    assert story(message)[0] == "Its parent has arrived in IAD. This copy is sent now."
    assert people_pinged(sandbox) == ["bob", "alice"]


async def test_a_copy_waits_for_its_parent_that_somebody_else_copies(sandbox: Sandbox) -> None:
    cloud = sandbox.cloud
    middle = backup(sandbox, cloud.estate.incremental_without_parent.parent_id)
    full = backup(sandbox, middle.parent_id)
    wait_with_copies(sandbox)
    somebody_copies(sandbox, full)
    cloud.clock.advance(200)  # the copy shows up in IAD
    form = await opens_form(sandbox.workspace.person("alice"))
    await chooses(form, middle, "IAD")
    assert "is being copied to IAD now: this copy will wait for it." in form.rendered
    assert "started elsewhere" in form.rendered
    await starts(await reviews(form))
    message = await databases(sandbox).waits_for("Waits for its parent", timeout=PATIENCE)
    cloud.clock.speed = 1000.0
    finish_copies(sandbox)
    await ends(message, "Done")
    assert await kinds(sandbox, message) == [
        "copy_requested", "waiting_for_parent", "parent_arrived", "sending", "accepted", "completed"
    ]  # fmt: skip


async def test_a_broken_chain_is_told_with_what_to_do_instead(sandbox: Sandbox) -> None:
    form = await opens_form(sandbox.workspace.person("alice"))
    await chooses(form, sandbox.cloud.estate.orphan, "IAD")
    assert "Error: Incremental. Its chain is broken: nothing can be copied." in form.rendered
    assert "What to do: Make a new full backup of the instance and copy that" in form.rendered
    confirmation = await reviews(form)
    assert "It cannot be started: Its chain is broken." in confirmation.rendered
    with pytest.raises(NotPossibleError):
        await confirmation.submits()
    assert sandbox.cloud.copy_requests() == []


async def test_a_region_that_cannot_be_checked_is_checked_again(sandbox: Sandbox) -> None:
    incremental = sandbox.cloud.estate.incremental_with_parent_in_iad
    sandbox.cloud.trouble.refuse(503, region="IAD", times=1000, message="Down for maintenance")
    form = await opens_form(sandbox.workspace.person("alice"))
    await chooses(form, incremental, "IAD")
    assert "Warning: Could not check IAD: Cloud Databases is down." in form.rendered
    assert "Cloud Databases answered 503 serviceUnavailable: Down for maintenance." in form.rendered
    sandbox.cloud.trouble.lift()
    await form.presses("Check again")
    await form.shows("is in IAD. Ready to copy.", timeout=PATIENCE)


@pytest.mark.parametrize(("parent_is_there", "end"), [(True, "Done"), (False, "Failed (")])
async def test_a_copy_is_sent_anyway_and_cloud_databases_decides(
    sandbox: Sandbox, parent_is_there: bool, end: str
) -> None:
    cloud, estate = sandbox.cloud, sandbox.cloud.estate
    incremental = estate.incremental_with_parent_in_iad if parent_is_there else estate.incremental_without_parent
    for operation in ("show", "list"):
        cloud.trouble.refuse(500, operation=operation, region="IAD", times=1000)  # a 503 would be asked again
    form = await opens_form(sandbox.workspace.person("alice"))
    await chooses(form, incremental, "IAD")
    await form.choose(ON_PURPOSE, "Send the copy anyway")
    confirmation = await reviews(form)
    assert "Could not check IAD: Cloud Databases had an internal error." in confirmation.rendered
    sending = cloud.trouble.hold("copy")
    await starts(confirmation)
    await asyncio.wait_for(sending.arrived.wait(), PATIENCE)
    cloud.trouble.lift()  # before the answer: after it, the bot looks why it was refused
    sending.release()
    message = await databases(sandbox).waits_for(f"as {incremental.name}-copy", timeout=PATIENCE)
    await ends(message, end)
    assert len(cloud.copy_requests()) == 1
    if not parent_is_there:
        assert "Cloud Databases answered 400 badRequest: Parent backup" in message.rendered


async def test_a_copy_that_is_there_already_is_made_again_only_on_purpose(sandbox: Sandbox) -> None:
    cloud, bob = sandbox.cloud, sandbox.workspace.person("bob")
    full = cloud.estate.full
    await ends(await asks_for(sandbox, sandbox.workspace.person("alice"), full), "Done")

    form = await opens_form(bob)
    await chooses(form, full, "IAD")
    assert "Warning: There is already a copy in IAD. Copy again only on purpose." in form.rendered
    assert f"There is already a copy in IAD: {full.name}-copy" in form.rendered
    assert "asked for by @alice, 0.8 GB" in form.rendered
    confirmation = await reviews(form)
    assert "It cannot be started: There is a copy already." in confirmation.rendered
    await confirmation.closes()
    await form.choose(ON_PURPOSE, "Copy again on purpose")
    await starts(await reviews(form))
    message = await databases(sandbox).waits_for("Asked for by bob", timeout=PATIENCE)
    await ends(message, "Done")
    assert copies_in(sandbox, full) == ["COMPLETED", "COMPLETED"]
    assert len(cloud.copy_requests()) == 2


async def test_the_region_used_last_is_chosen_when_the_form_opens_again(sandbox: Sandbox) -> None:
    alice, cloud = sandbox.workspace.person("alice"), sandbox.cloud
    analytics = next(each for each in cloud.backups("ORD") if each.name == "analytics-db-full-3")
    form = await opens_form(alice)
    await form.choose("From", "ORD")
    await form.shows("in ORD, last seen", timeout=PATIENCE)
    await chooses(form, analytics, "DFW", source="ORD")
    await starts(await reviews(form))
    await (await alice.sees_form("Copy started", timeout=PATIENCE)).closes()
    assert (await opens_form(alice)).value("From").startswith("ORD")


def backup(sandbox: Sandbox, backup_id: str | None) -> StoredBackup:
    found = sandbox.cloud.backup("DFW", backup_id or "")
    assert found is not None
    return found
