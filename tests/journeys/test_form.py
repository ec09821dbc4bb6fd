"""The form: wrong values are told at their field, nothing that was typed is lost, and channels are looked at."""

import json

import pytest

from bot.cli.sandbox import Sandbox
from bot.sandbox.workspace import NotPossibleError
from tests.journeys.acting import (
    BACKUP,
    DESCRIPTION,
    NAME,
    PATIENCE,
    TELL,
    TO,
    chooses,
    databases,
    ends,
    eventually,
    finds,
    opens_form,
    reviews,
    starts,
)


async def test_another_region_empties_what_cannot_stay_and_nothing_that_was_typed(sandbox: Sandbox) -> None:
    alice = sandbox.workspace.person("alice")
    form = await opens_form(alice)
    await finds(form, sandbox.cloud.estate.full)
    await form.fills(NAME, "my own name")
    await form.fills(DESCRIPTION, "ticket 4711")
    await form.choose(TO, "IAD")
    await form.shows("Ready to copy", timeout=PATIENCE)
    await form.choose("From", "IAD")  # the backup is not there, and a copy does not go where it is
    await eventually(lambda: not form.value(BACKUP) and not form.value(TO))
    assert form.value(NAME) == "my own name"
    assert form.value(DESCRIPTION) == "ticket 4711"


async def test_a_name_that_was_typed_is_kept_whatever_is_chosen_afterwards(sandbox: Sandbox) -> None:
    cloud = sandbox.cloud
    form = await opens_form(sandbox.workspace.person("alice"))
    await chooses(form, cloud.estate.full, "IAD")
    await form.fills(NAME, "kept")
    await form.fills(DESCRIPTION, "kept too")
    await form.choose(BACKUP, f"DFW/{cloud.estate.ha_full.id}", searching="sessions")
    await form.shows("DFW", timeout=PATIENCE)
    await form.choose(TO, "SYD")
    await form.shows("Needs nothing in SYD. Ready to copy.", timeout=PATIENCE)
    await form.choose(TELL, "#general")
    await form.shows("Needs nothing in SYD. Ready to copy.", timeout=PATIENCE)
    assert (form.value(NAME), form.value(DESCRIPTION)) == ("kept", "kept too")
    confirmation = await reviews(form)
    assert "kept too" in confirmation.rendered
    await confirmation.closes()
    assert (form.value(NAME), form.value(DESCRIPTION)) == ("kept", "kept too")


async def test_the_name_that_was_filled_in_follows_the_backup(sandbox: Sandbox) -> None:
    estate = sandbox.cloud.estate
    form = await opens_form(sandbox.workspace.person("alice"))
    for backup in (estate.full, estate.ha_full):
        await form.choose(BACKUP, f"DFW/{backup.id}", searching=backup.name)
        await form.shows(f"Name of the copy: {backup.name}-copy", timeout=PATIENCE)


async def test_an_empty_name_is_told_at_its_field_and_nothing_typed_is_lost(sandbox: Sandbox) -> None:
    form = await opens_form(sandbox.workspace.person("alice"))
    await chooses(form, sandbox.cloud.estate.full, "IAD")
    await form.fills(DESCRIPTION, "ticket 4711")
    await form.fills(NAME, "   ")
    submitted = await form.submits()
    assert submitted.errors == {NAME: "The copy needs a name. The name is empty. Give it a name of 1 to 64 characters."}
    assert form.value(BACKUP) == "staging-before-migration"
    assert (form.value(TO)[:3], form.value(TELL), form.value(DESCRIPTION)) == ("IAD", "#databases", "ticket 4711")
    await form.fills(NAME, "better")
    await starts(await reviews(form))
    await ends(await databases(sandbox).waits_for("as better", timeout=PATIENCE), "Done")


async def test_a_name_that_is_too_long_cannot_be_typed_and_is_refused_from_another_client(sandbox: Sandbox) -> None:
    form = await opens_form(sandbox.workspace.person("alice"))
    await chooses(form, sandbox.cloud.estate.full, "IAD")
    with pytest.raises(NotPossibleError, match="takes 64 characters, not 65"):
        await form.fills(NAME, "n" * 65)
    await form.fills(NAME, "n" * 64)
    await reviews(form)

    submissions = [one.payload for one in sandbox.workspace.deliveries if one.payload.get("type") == "view_submission"]
    longer = json.loads(json.dumps(submissions[-1]).replace("n" * 64, "n" * 65))
    answer = await sandbox.workspace.forge(payload=longer)
    assert answer.content is not None
    assert answer.content["response_action"] == "errors"
    assert "It has 65 characters; Cloud Databases takes 64 at most." in str(answer.content["errors"])


async def test_london_is_never_offered_and_the_source_is_no_destination(sandbox: Sandbox) -> None:
    form = await opens_form(sandbox.workspace.person("alice"))
    assert [words[:3] for words in form.options("From")] == ["DFW", "IAD", "ORD", "HKG", "SYD"]
    assert [words[:3] for words in form.options(TO)] == ["IAD", "ORD", "HKG", "SYD"]


async def test_the_form_says_how_many_backups_are_not_offered_and_why(sandbox: Sandbox) -> None:
    form = await opens_form(sandbox.workspace.person("alice"))
    assert "3 backups cannot be copied now and are not offered" in form.rendered
    for words in ("1 still being made (BUILDING)", "1 failed (FAILED)", "1 could not be deleted (DELETE_FAILED)"):
        assert words in form.rendered
    offered = [option.text for option in await form.searches(BACKUP, "staging")]
    assert sorted(offered) == ["staging-after-migration", "staging-before-migration"]
