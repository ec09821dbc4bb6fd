"""The short form: one line, and the confirmation is there; where there is something to choose, the form is."""

import pytest

from bot.cli.sandbox import Sandbox
from tests.journeys.acting import (
    BACKUP,
    NAME,
    PATIENCE,
    asks_for,
    copies_in,
    databases,
    ends,
    ends_altogether,
    finish_copies,
    in_turn,
    is_answered,
    learns,
    people_pinged,
    reviews,
    starts,
    story,
    types_short,
    wait_with_copies,
)

REFERENCES = ["id", "beginning of the id", "name", "name in quotes"]


@pytest.mark.parametrize(
    ("in_socket_mode", "reference"), in_turn(REFERENCES), ids=REFERENCES, indirect=["in_socket_mode"]
)
async def test_a_backup_is_named_by_its_id_its_beginning_or_its_name(sandbox: Sandbox, reference: str) -> None:
    full = sandbox.cloud.estate.full
    typed = {
        "id": full.id,
        "beginning of the id": full.id[:8],
        "name": full.name,
        "name in quotes": f"“{full.name}”",
    }[reference]
    confirmation = await types_short(sandbox.workspace.person("alice"), f"{typed} iad")
    assert confirmation.title == "Copy this backup?"
    assert full.id in confirmation.rendered
    await starts(confirmation)
    await ends(await databases(sandbox).waits_for(f"as {full.name}-copy", timeout=PATIENCE), "Done")


async def test_the_copy_gets_the_name_that_was_typed(sandbox: Sandbox) -> None:
    full = sandbox.cloud.estate.full
    confirmation = await types_short(sandbox.workspace.person("alice"), f'{full.id} ORD "before the <5.7> & more"')
    await starts(confirmation)
    message = await databases(sandbox).waits_for("as before the <5.7> & more", timeout=PATIENCE)
    await ends(message, "Done")
    assert [each.name for each in sandbox.cloud.backups("ORD") if each.id == full.id] == ["before the <5.7> & more"]


CANNOT_BE = {
    "nightly-of-nobody IAD": "No backup has the id or name nightly-of-nobody. Nothing was done.",
    "00000000-0000-4000-8000-000000000000 IAD": "No backup has the id or name 00000000-0000",
    "staging-before-migration LON": "London (LON) can never be.",
    "staging-before-migration DFW": "The backup is in DFW already; a copy goes to another region.",
    "staging-load-test IAD": "Its status is FAILED; only a COMPLETED backup can be copied.",
    "reports-db-nightly-old IAD": "Make a new full backup of the instance and copy that",
    f"staging-before-migration IAD {'n' * 65}": "It has 65 characters; Cloud Databases takes 64 at most.",
}


async def test_what_cannot_be_is_told_with_what_to_do(sandbox: Sandbox) -> None:
    for typed, words in CANNOT_BE.items():
        told = await types_short(sandbox.workspace.person("alice"), typed)
        assert words in told.rendered
        assert told.submit_text is None
        await told.closes()
    assert sandbox.cloud.copy_requests() == []


async def test_several_backups_of_one_name_are_told_apart_by_their_ids(sandbox: Sandbox) -> None:
    alice = sandbox.workspace.person("alice")
    twins = [sandbox.cloud.add_backup(name="twin", size=size) for size in (1.0, 2.0)]
    await learns(sandbox, "DFW")
    unknown_yet = await types_short(alice, "twin IAD")  # Slack is asked who alice is: a form is open already
    assert "twin fits several backups. Nothing was done." in unknown_yet.rendered
    await unknown_yet.closes()
    answer = await is_answered(alice, "twin IAD")
    for twin in twins:
        assert f"/copy-backup {twin.id} IAD – twin in DFW" in answer
    confirmation = await types_short(alice, f"{twins[1].id} IAD")
    assert "2 GB" in confirmation.rendered


async def test_a_backup_that_is_in_several_regions_under_one_id_is_one_backup(sandbox: Sandbox) -> None:
    """A schedule with copy_to, or a copy that kept its id: whichever is copied, the result is the same."""
    alice, full = sandbox.workspace.person("alice"), sandbox.cloud.estate.full
    await ends(await asks_for(sandbox, alice, full, "IAD"), "Done")
    await (await alice.sees_form("Copy started", timeout=PATIENCE)).closes()
    confirmation = await types_short(alice, f"{full.id} ORD")
    assert confirmation.title == "Copy this backup?"
    assert "DFW – Dallas/Fort Worth" in confirmation.rendered
    assert confirmation.submit_text == "Start copy"


async def test_a_second_copy_is_chosen_in_the_form_that_opens_instead(sandbox: Sandbox) -> None:
    alice, full = sandbox.workspace.person("alice"), sandbox.cloud.estate.full
    await ends(await asks_for(sandbox, alice, full), "Done")
    await (await alice.sees_form("Copy started", timeout=PATIENCE)).closes()
    form = await types_short(alice, f"{full.id} IAD second")
    assert "There is already a copy in IAD. Copy again only on purpose." in form.rendered
    assert (form.value(BACKUP), form.value(NAME)) == (full.name, "second")
    await form.choose("On purpose", "Copy again on purpose")
    await starts(await reviews(form))
    await ends(await databases(sandbox).waits_for("as second", timeout=PATIENCE), "Done")
    assert copies_in(sandbox, full) == ["COMPLETED", "COMPLETED"]


async def test_a_missing_parent_is_copied_with_the_chain_from_the_form_that_opens_instead(sandbox: Sandbox) -> None:
    wanted = sandbox.cloud.estate.incremental_without_parent
    form = await types_short(sandbox.workspace.person("alice"), f"{wanted.id} IAD")
    assert form.title == "Copy a backup"
    await form.choose("What it needs", "yes")
    assert (await starts(await reviews(form))).title == "Copies started"
    message = await databases(sandbox).waits_for(f"Copy of {wanted.name} with its chain", timeout=PATIENCE)
    await ends_altogether(message, "All 3 are there")
    chain = sandbox.cloud.estate.chain("DFW", wanted)
    assert [request.backup_id for request in sandbox.cloud.copy_requests()] == [each.id for each in chain]


async def test_try_again_leads_to_the_form_where_something_has_to_be_chosen(sandbox: Sandbox) -> None:
    alice, cloud = sandbox.workspace.person("alice"), sandbox.cloud
    incremental = cloud.estate.incremental_with_parent_in_iad
    cloud.trouble.refuse(400, operation="copy", message="The parent was not found.")
    message = await asks_for(sandbox, alice, incremental)
    await ends(message, "Failed")
    cloud.remove_backup("IAD", incremental.parent_id or "")
    await (await alice.sees_form("Copy started", timeout=PATIENCE)).closes()
    await alice.presses("Try again", message)
    form = await alice.sees_form("Copy a backup", timeout=PATIENCE)
    await form.shows("is not in IAD", timeout=PATIENCE)
    assert form.value(NAME) == f"{incremental.name}-copy"
    assert form.value("Tell") == "#databases"


async def test_who_asks_for_what_is_under_way_is_led_to_its_message(sandbox: Sandbox) -> None:
    alice, bob, full = sandbox.workspace.person("alice"), sandbox.workspace.person("bob"), sandbox.cloud.estate.full
    wait_with_copies(sandbox)
    message = await asks_for(sandbox, alice, full)
    await message.shows("Running", timeout=PATIENCE)
    told = await types_short(bob, f"{full.id} IAD")
    assert f"@alice asked for it just now (its message ({message.permalink}))" in told.rendered
    assert told.submit_text is None
    finish_copies(sandbox)
    await ends(message, "Done")
    assert len(story(message)) == 2
    assert people_pinged(sandbox) == ["alice"]
