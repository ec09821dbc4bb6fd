"""The form: wrong values are told at their field, nothing that was typed is lost, and channels are looked at."""

from bot.cli.sandbox import Sandbox
from tests.journeys.acting import (
    BACKUP,
    DESCRIPTION,
    NAME,
    PATIENCE,
    TELL,
    TO,
    chooses,
    eventually,
    finds,
    opens_form,
    reviews,
)

LONG = "n" * 64


async def test_what_is_missing_is_told_at_its_field_and_nothing_typed_is_lost(sandbox: Sandbox) -> None:
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
