"""An instance is kept copied: from the words that are typed to the copies that come of them, the list, and the end."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.cli.sandbox import Message, Person, Sandbox
from bot.cli.sandbox_rules import RULES
from bot.sandbox.cloud import StoredBackup
from bot.sandbox.workspace import Form
from bot.storage.workflow_file import workflow_path
from bot.workflow.engine import SCHEDULE
from tests.journeys.acting import (
    PATIENCE,
    Begin,
    audit_log,
    copies_in,
    databases,
    ends,
    eventually,
    finish_copies,
    is_answered,
    kinds,
    learns,
    somebody_copies,
    wait_with_copies,
)

NO_COPY = "No copy came of the standing order"


def newest(sandbox: Sandbox) -> StoredBackup:
    """A full backup, the newest of its instance, which is in DFW only."""
    return next(each for each in sandbox.cloud.backups("DFW") if each.name == "staging-after-migration")


async def types_keep(person: Person, words: str) -> Form:
    await person.types(f"/copy-backup keep {words}", "#databases")
    form = await person.sees_form(timeout=PATIENCE)
    await eventually(lambda: "Looking at" not in form.rendered)
    return form


async def keeps(person: Person, words: str) -> str:
    """Types it and confirms it; gives the id of the standing order."""
    return await confirms(await types_keep(person, words))


async def confirms(form: Form) -> str:
    submitted = await form.submits()
    assert submitted.form is not None
    told = submitted.form
    await eventually(lambda: told.title == "It is kept copied")
    return told.rendered.partition("keep end ")[2].split()[0]


async def is_copied(sandbox: Sandbox, backup: StoredBackup, to: str = "IAD") -> Message:
    return await databases(sandbox).waits_for(f"DFW → {to}, as {backup.name}-copy", timeout=PATIENCE)


def looks_so_far(sandbox: Sandbox) -> int:
    """How often the bot has looked at the standing orders, as its own file has it."""
    assert isinstance(sandbox.settings.database, Path)
    path = workflow_path(sandbox.settings.database)
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        done = "SELECT count(*) FROM workflow_status WHERE schedule_name = ? AND status = 'SUCCESS'"
        return int(connection.execute(done, (SCHEDULE,)).fetchone()[0])


async def looks(sandbox: Sandbox) -> None:
    """The bot looks at the standing orders once more, from the beginning."""
    before = looks_so_far(sandbox)
    await eventually(lambda: looks_so_far(sandbox) >= before + 2)


def news(sandbox: Sandbox) -> list[str]:
    """What the channel was told of standing orders."""
    told = [message.rendered for message in databases(sandbox).messages]
    return [each for each in told if "standing order" in each]


async def test_an_instance_is_kept_copied_and_that_is_listed_paused_and_ended(begin: Begin) -> None:
    sandbox = await begin(standing_orders_seconds=1.0)
    alice, backup = sandbox.workspace.person("alice"), newest(sandbox)
    form = await types_keep(alice, f"{backup.id} in IAD every 7d")
    assert f"Copied first: {backup.name} from DFW" in form.rendered
    standing_id = await confirms(form)

    message = await is_copied(sandbox, backup)
    await ends(message, "Done")
    assert copies_in(sandbox, backup) == ["COMPLETED"]
    assert (await kinds(sandbox, message))[0] == "copy_requested"
    assert "alice" in message.rendered
    await looks(sandbox)
    assert copies_in(sandbox, backup) == ["COMPLETED"]
    assert news(sandbox) == []

    listed = await is_answered(alice, "keep list")
    for said in (standing_id, "in IAD", "every 7d", "active"):
        assert said in listed
    assert "paused" in await is_answered(alice, f"keep pause {standing_id}")
    assert "ended" in await is_answered(alice, f"keep end {standing_id}")
    assert "Nothing is kept copied" in await is_answered(alice, "keep list")
    log = [each.event for each in await audit_log(sandbox) if each.event.kind.value.startswith("keep_")]
    assert [event.kind.value for event in log] == ["keep_ordered", "keep_paused", "keep_ended"]
    assert all(event.facts["request"] for event in log), "each can be found in the log of the program"
    assert "ended the standing order" in await is_answered(alice, "history")


async def test_each_copy_waits_for_the_agreement_that_the_rules_ask_for(begin: Begin) -> None:
    sandbox = await begin(rules=RULES, standing_orders_seconds=1.0)
    alice, carol, backup = sandbox.workspace.person("alice"), sandbox.workspace.person("carol"), newest(sandbox)
    form = await types_keep(alice, f"{backup.id} in SYD")
    assert "somebody else has to agree to each copy" in form.rendered
    await confirms(form)
    asked = await sandbox.workspace.channel("#ops-private").waits_for("Your agreement is asked for", timeout=PATIENCE)
    await looks(sandbox)
    assert copies_in(sandbox, backup, "SYD") == []
    await carol.presses("Approve", asked)
    message = await is_copied(sandbox, backup, "SYD")
    await ends(message, "Done")
    assert copies_in(sandbox, backup, "SYD") == ["COMPLETED"]
    assert (await kinds(sandbox, message))[:2] == ["copy_requested", "approved"]


async def test_what_does_not_work_is_told_once_and_so_is_that_all_is_well_again(begin: Begin) -> None:
    sandbox = await begin(standing_orders_seconds=1.0)
    alice, backup = sandbox.workspace.person("alice"), newest(sandbox)
    sandbox.cloud.trouble.refuse(403, operation="copy", times=None)
    await keeps(alice, f"{backup.id} in IAD every 7d")
    await ends(await is_copied(sandbox, backup), "Failed")
    told = await databases(sandbox).waits_for(NO_COPY, timeout=PATIENCE)
    assert "@alice" in told.rendered
    await looks(sandbox)
    assert len(news(sandbox)) == 1

    somebody_copies(sandbox, backup)
    finish_copies(sandbox)
    await learns(sandbox, "DFW", "IAD")
    await databases(sandbox).waits_for("All is well again", timeout=PATIENCE)
    await looks(sandbox)
    assert len(news(sandbox)) == 2


@pytest.mark.parametrize("in_socket_mode", ["http"], indirect=True)  # it does not depend on that way
async def test_what_somebody_copies_there_just_now_is_not_copied_a_second_time(begin: Begin) -> None:
    sandbox = await begin(standing_orders_seconds=1.0)
    alice, backup = sandbox.workspace.person("alice"), newest(sandbox)
    wait_with_copies(sandbox)
    await alice.types(f"/copy-backup {backup.id} IAD", "#databases")
    form = await alice.sees_form(timeout=PATIENCE)
    await eventually(lambda: form.submit_text == "Start copy")
    await form.submits()
    message = await is_copied(sandbox, backup)
    await message.shows("Running", timeout=PATIENCE)
    await keeps(sandbox.workspace.person("bob"), f"{backup.id} in IAD every 7d")
    await looks(sandbox)
    finish_copies(sandbox)
    await ends(message, "Done")
    await looks(sandbox)
    assert len(sandbox.cloud.copy_requests(backup.id)) == 1
    assert news(sandbox) == []
