"""The list of backups, one order in full, ids that are not clear, and *Copy this again* at a message."""

from bot.cli.sandbox import Sandbox
from bot.sandbox.workspace import Message
from tests.journeys.acting import (
    BACKUP,
    NAME,
    PATIENCE,
    TO,
    asks_for,
    copy_id_of,
    databases,
    ends,
    eventually,
    is_answered,
    reviews,
    starts,
    types_short,
)

AGAIN = "Copy this again"


async def lists(sandbox: Sandbox, words: str = "list", person: str = "alice") -> Message:
    somebody = sandbox.workspace.person(person)
    await is_answered(somebody, words)
    return somebody.ephemeral_messages[-1]


async def test_the_list_is_leafed_through_in_place_and_says_how_fresh_it_is(sandbox: Sandbox) -> None:
    alice = sandbox.workspace.person("alice")
    page = await lists(sandbox, "list DFW")
    first = page.rendered
    assert "in DFW, newest first, page 1 of" in first
    assert "DFW: as it was" in first
    await alice.presses("Older", page)
    await page.shows("page 2 of", timeout=PATIENCE)
    await alice.presses("Newer", page)
    await page.shows("page 1 of", timeout=PATIENCE)
    assert page.rendered == first
    assert len(alice.ephemeral_messages) == 1
    assert sandbox.workspace.person("bob").ephemeral_messages == []


async def test_the_list_says_where_else_a_backup_is_and_can_be_narrowed(sandbox: Sandbox) -> None:
    full = sandbox.cloud.estate.full
    await ends(await asks_for(sandbox, sandbox.workspace.person("alice"), full), "Done")
    page = await lists(sandbox, f"list dfw {full.name}")
    assert "1 backup in DFW that fits" in page.rendered
    assert "COMPLETED, can be copied · also in IAD (certain" in page.rendered
    assert "Did you mean /copy-backup list IAD?" in (await lists(sandbox, "list IDA")).rendered


async def test_copy_at_a_backup_of_the_list_opens_the_form_with_it(sandbox: Sandbox) -> None:
    alice, full = sandbox.workspace.person("alice"), sandbox.cloud.estate.full
    page = await lists(sandbox, f"list DFW {full.name}")
    await alice.presses("Copy …", page)
    form = await alice.sees_form("Copy a backup", timeout=PATIENCE)
    await form.shows("From:", timeout=PATIENCE)
    assert form.value(BACKUP) == full.name
    assert form.value(NAME) == f"{full.name}-copy"
    await form.choose(TO, "IAD")
    await eventually(lambda: "Full backup" in form.rendered)
    await starts(await reviews(form))
    await ends(await databases(sandbox).waits_for(f"as {full.name}-copy", timeout=PATIENCE), "Done")


async def test_status_of_one_order_shows_its_story_and_buttons_that_work(sandbox: Sandbox) -> None:
    alice, bob = sandbox.workspace.person("alice"), sandbox.workspace.person("bob")
    sandbox.cloud.trouble.refuse(413, retry_after=3600, operation="copy")
    message = await asks_for(sandbox, alice, sandbox.cloud.estate.full)
    await message.shows("Waits to be sent again", timeout=PATIENCE)
    answer = await lists(sandbox, f"status {copy_id_of(message)[:8]}", "bob")
    assert "Waits to be sent again" in answer.rendered
    assert "alice asked for a copy" in answer.rendered
    assert f"Its message ({message.permalink}) is in" in answer.rendered
    await bob.presses("Stop", answer)
    await ends(message, "Stopped by bob")
    ended = await lists(sandbox, f"status {copy_id_of(message)}", "bob")
    await bob.presses("Try again", ended)
    assert (await bob.sees_form(timeout=PATIENCE)).title


async def test_an_id_that_is_not_clear_is_told_with_those_that_may_be_meant(sandbox: Sandbox) -> None:
    alice = sandbox.workspace.person("alice")
    sandbox.cloud.trouble.refuse(413, retry_after=3600, operation="copy")
    message = await asks_for(sandbox, alice, sandbox.cloud.estate.full)
    await message.shows("Waits to be sent again", timeout=PATIENCE)
    order_id = copy_id_of(message)
    for verb in ("status", "cancel"):
        short = await is_answered(alice, f"{verb} {order_id[:3]}")
        assert f"{order_id[:3]} is too short to be sure which copy is meant. Nothing was done." in short
        assert f"/copy-backup {verb} {order_id}" in short
        assert "There is no copy with the id zzz." in await is_answered(alice, f"{verb} zzz")
    await is_answered(alice, f"cancel {order_id}")
    await ends(message, "Stopped by alice")


async def test_a_misspelt_word_before_a_region_is_told_with_what_was_meant(sandbox: Sandbox) -> None:
    told = await types_short(sandbox.workspace.person("alice"), "lits IAD")
    await told.shows("Did you mean /copy-backup list IAD?", timeout=PATIENCE)


async def test_copy_this_again_opens_the_form_with_what_the_message_is_about(sandbox: Sandbox) -> None:
    alice, bob, full = sandbox.workspace.person("alice"), sandbox.workspace.person("bob"), sandbox.cloud.estate.full
    message = await asks_for(sandbox, alice, full)
    await ends(message, "Done")
    for at in (message, message.thread[-1]):
        await bob.uses_shortcut_on(at, AGAIN)
        form = await bob.sees_form("Copy a backup", timeout=PATIENCE)
        await form.shows("From:", timeout=PATIENCE)
        assert (form.value(BACKUP), form.value(TO)) == (full.name, "IAD – Northern Virginia")
        await form.closes()


async def test_copy_this_again_at_any_other_message_says_so(sandbox: Sandbox) -> None:
    alice = sandbox.workspace.person("alice")
    message = alice.says("Can somebody copy the backup?")
    await alice.uses_shortcut_on(message, AGAIN)
    told = await alice.sees_form(AGAIN, timeout=PATIENCE)
    assert "This message is not about a copy." in told.rendered


async def test_metadata_that_somebody_else_forged_opens_nothing(sandbox: Sandbox) -> None:
    alice, bob = sandbox.workspace.person("alice"), sandbox.workspace.person("bob")
    own = await asks_for(sandbox, alice, sandbox.cloud.estate.full)
    await ends(own, "Done")
    forged = bob.says("Look, a copy")
    forged.stored.metadata = own.stored.metadata
    await alice.uses_shortcut_on(forged, AGAIN)
    assert "not about a copy" in (await alice.sees_form(AGAIN, timeout=PATIENCE)).rendered


async def test_a_message_whose_metadata_does_not_come_along_is_known_all_the_same(sandbox: Sandbox) -> None:
    alice = sandbox.workspace.person("alice")
    message = await asks_for(sandbox, alice, sandbox.cloud.estate.full)
    await ends(message, "Done")
    message.stored.metadata = None
    await alice.uses_shortcut_on(message.thread[0], AGAIN)
    await (await alice.sees_form("Copy a backup", timeout=PATIENCE)).shows("From:", timeout=PATIENCE)
