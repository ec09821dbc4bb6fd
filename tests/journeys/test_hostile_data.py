"""Data that is allowed and that nobody expects: the form works, and pings nobody."""

import pytest

from bot.cli.sandbox import Sandbox
from bot.cloud import CloudDatabases
from bot.cloud.budget import Limits
from bot.operations.keep_catalogue_fresh import refresh_catalogue
from bot.sandbox.estate import awkward_estate, empty_estate, large_estate
from bot.workflow.clock import SystemClock
from tests.journeys.acting import (
    BACKUP,
    NAME,
    PATIENCE,
    Begin,
    chooses,
    copies_in,
    databases,
    ends,
    finds,
    is_answered,
    opens_form,
    people_pinged,
    reviews,
    starts,
    story,
    types_short,
)

UNEXPECTED = ("pings", "longest_name", "bare", "nulls", "ha")


async def test_backups_that_nobody_expects_are_copied_and_ping_nobody(begin: Begin) -> None:
    sandbox = await begin(estate=awkward_estate())
    alice = sandbox.workspace.person("alice")
    for number, what in enumerate(UNEXPECTED, start=1):
        backup = sandbox.cloud.estate.named[what]
        form = await opens_form(alice)
        await chooses(form, backup, "IAD")
        shown = backup.name or backup.id
        assert form.value(BACKUP) == shown
        assert form.value(NAME) == f"{shown[:59]}-copy"
        confirmation = await reviews(form)
        assert shown in confirmation.rendered
        await (await starts(confirmation)).closes()
        message = await databases(sandbox).waits_for(f"as {shown[:59]}-copy", timeout=PATIENCE)
        await ends(message, "Done")
        assert shown in message.notification
        assert copies_in(sandbox, backup) == ["COMPLETED"]
        assert people_pinged(sandbox) == ["alice"] * number
    await is_answered(alice, "history")
    for asked in ("status", "history channel"):
        assert "<!channel> & <b>" in await is_answered(alice, asked)
    assert {mention.kind for mention in sandbox.workspace.mentions} == {"user"}


async def test_what_people_type_pings_nobody(sandbox: Sandbox) -> None:
    alice = sandbox.workspace.person("alice")
    typed = "<!channel> <@U012AB3CD> *everybody* `now`"
    assert "was not understood" in await is_answered(alice, typed)
    await is_answered(alice, f"history {typed}")
    await is_answered(alice, f"cancel {typed}")
    assert "No backup has the id or name" in (await types_short(alice, '"<!channel>" IAD')).rendered
    assert sandbox.workspace.mentions == []


async def test_an_unknown_status_is_told_and_not_offered(begin: Begin) -> None:
    sandbox = await begin(estate=awkward_estate())
    form = await opens_form(sandbox.workspace.person("alice"))
    assert "1 in a state this bot does not know (ARCHIVING)" in form.rendered
    assert await form.searches(BACKUP, "archived") == []


async def test_an_account_without_backups_says_so(begin: Begin) -> None:
    sandbox = await begin(estate=empty_estate())
    alice = sandbox.workspace.person("alice")
    form = await opens_form(alice)
    assert "There are no backups in DFW, last seen just now. Choose another region." in form.rendered
    assert await form.searches(BACKUP, "") == []
    assert await form.searches(BACKUP, "nightly") == []
    await form.choose("From", "SYD")
    await form.shows("There are no backups in SYD", timeout=PATIENCE)
    await form.closes()
    assert "Nothing runs" in await is_answered(alice, "status")
    assert "No backup has the id or name nightly" in (await types_short(alice, "nightly IAD")).rendered


@pytest.mark.parametrize("in_socket_mode", ["http"], indirect=True, ids=["http"])  # seconds of reading a list
async def test_one_among_5000_backups_is_found_and_copied(begin: Begin) -> None:
    sandbox = await begin(estate=large_estate(5000), waits_for_lists=False)
    alice = sandbox.workspace.person("alice")
    form = await opens_form(alice)
    assert "The list of backups in DFW is still loading" in form.rendered
    await minutes_pass(sandbox)
    await form.choose("From", "IAD")
    await form.choose("From", "DFW")
    await form.shows("5,000 backups in DFW, last seen", timeout=PATIENCE)

    newest = await form.searches(BACKUP, "")
    assert len(newest) == 100
    assert {option.text.rsplit("-", 1)[1] for option in newest} == {"0196", "0197", "0198", "0199"}
    assert len(await form.searches(BACKUP, "database-07 weekly")) == 29
    (wanted,) = await form.searches(BACKUP, "DATABASE-07-weekly-0112")
    full = next(each for each in sandbox.cloud.backups("DFW") if each.name == wanted.text)
    await chooses(form, full, "IAD")
    await starts(await reviews(form))
    message = await databases(sandbox).waits_for(f"as {wanted.text}-copy", timeout=PATIENCE)
    await ends(message, "Done")
    assert story(message)[-1].startswith("@alice Done")
    assert people_pinged(sandbox) == ["alice"]


async def test_a_backup_is_found_by_whatever_is_known_of_it(sandbox: Sandbox) -> None:
    form = await opens_form(sandbox.workspace.person("alice"))
    ha = sandbox.cloud.estate.ha_full
    for typed in (ha.name or "", ha.id, ha.id[:8], ha.ha_id or "", "sessions weekly", "Weekly FULL of sessions-ha"):
        assert f"DFW/{ha.id}" in [option.value for option in await form.searches(BACKUP, typed)], typed
    percona = await form.searches(BACKUP, "percona")
    assert percona
    assert all("percona 5.6" in (option.description or "") for option in percona)
    assert {option.group for option in percona} == {f"Instance {instance_of(sandbox, 'inventory-db')}"}
    await finds(form, ha)


def instance_of(sandbox: Sandbox, database: str) -> str:
    backups = sandbox.cloud.backups("DFW")
    return next(str(each.instance_id) for each in backups if (each.name or "").startswith(database))


async def minutes_pass(sandbox: Sandbox) -> None:
    """The list is read to its end. At the rate the API allows, 250 pages take three minutes."""
    sandbox.cloud.limits.lift()
    running, settings = sandbox.running_cloud, sandbox.settings
    cloud = CloudDatabases(
        running.identity_url,
        running.username,
        settings.rackspace_api_key,
        ("DFW",),
        SystemClock(),
        Limits(list=1000),
    )
    ports = sandbox.bot.ports
    try:
        assert await refresh_catalogue(cloud, ports.catalogue, ports.clock, "DFW") is None
    finally:
        await cloud.aclose()
