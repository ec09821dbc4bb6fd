"""Where what could be restored, App Home, and what happens to copies without the bot."""

import json

import pytest

from bot.cli.sandbox import Sandbox
from bot.domain.events import EventFilter, EventKind
from bot.sandbox.workspace import Form
from bot.sandbox.workspace.delivery import SignedRequest
from tests.fakes.conditions import until
from tests.journeys.acting import (
    PATIENCE,
    TO,
    Begin,
    asks_for,
    copies_in,
    databases,
    ends,
    eventually,
    finish_copies,
    has_looked,
    is_answered,
    reviews,
    somebody_copies,
    starts,
    wait_with_copies,
)


async def test_coverage_says_what_could_be_restored_where_and_a_gap_is_filled_from_it(sandbox: Sandbox) -> None:
    alice = sandbox.workspace.person("alice")
    newest = next(each for each in sandbox.cloud.backups("DFW") if each.name == "staging-after-migration")
    answer = await is_answered(alice, "coverage staging")

    assert "could be restored in DFW only." in answer
    assert "Instance | DFW | IAD | ORD | HKG | SYD" in answer
    assert "| – | – | – | –" in answer
    await alice.presses("Copy …", alice.ephemeral_messages[-1])
    form = await alice.sees_form("Copy a backup", timeout=PATIENCE)
    await form.shows(str(newest.name), timeout=PATIENCE)
    await form.choose(TO, "IAD")
    await eventually(lambda: has_looked(form))
    assert (await starts(await reviews(form))).title == "Copy started"
    await ends(await databases(sandbox).waits_for(f"DFW → IAD, as {newest.name}-copy", timeout=PATIENCE), "Done")
    assert copies_in(sandbox, newest) == ["COMPLETED"]

    again = await is_answered(alice, "coverage staging")
    assert "could be restored in DFW only." not in again


async def test_coverage_narrows_and_says_when_there_is_nothing(sandbox: Sandbox) -> None:
    alice = sandbox.workspace.person("alice")

    assert "No instance (any more) has nonsense" in await is_answered(alice, "coverage nonsense")
    everything = await is_answered(alice, "coverage")
    assert "Only you see this." in everything
    assert "1 incremental without a parent" in everything, "the orphan of the estate"
    assert "Others depend on" in everything
    assert "coverage of" in await is_answered(alice, "coverage page:1")


async def opens(sandbox: Sandbox, name: str, words: str) -> Form:
    home = await sandbox.workspace.person(name).opens_home()
    return await home.shows(words, timeout=PATIENCE)


async def test_home_shows_what_runs_and_is_brought_up_to_date_when_it_ends(sandbox: Sandbox) -> None:
    alice, full = sandbox.workspace.person("alice"), sandbox.cloud.estate.full
    home = await opens(sandbox, "alice", "Nothing runs.")
    assert "Where what could be restored" in home.rendered
    assert "could be restored in DFW only." in home.rendered
    wait_with_copies(sandbox)
    message = await asks_for(sandbox, alice, full)
    await home.shows(f"{full.name} DFW → IAD", timeout=PATIENCE)
    assert "Under way (1)" in home.rendered
    await message.shows("Running", timeout=PATIENCE)
    finish_copies(sandbox)
    await ends(message, "Done")
    await home.shows("What you asked for lately", timeout=PATIENCE)
    await home.shows("Nothing runs.", timeout=PATIENCE)


async def test_a_copy_is_begun_from_home(sandbox: Sandbox) -> None:
    alice = sandbox.workspace.person("alice")
    home = await opens(sandbox, "alice", "Nothing runs.")

    await home.presses("Copy a backup")

    form = await alice.sees_form("Copy a backup", timeout=PATIENCE)
    await form.shows("From:", timeout=PATIENCE)


async def test_who_may_not_use_the_bot_sees_a_home_that_says_so_and_nothing_of_backups(sandbox: Sandbox) -> None:
    home = await opens(sandbox, "greg", "uest")

    names = [str(each.name) for region in ("DFW", "IAD", "ORD") for each in sandbox.cloud.backups(region)]
    assert [name for name in names if name in home.rendered] == []
    assert "IAD" not in home.rendered
    await until(lambda: _is_found(sandbox, EventKind.REFUSED_PERSON), seconds=PATIENCE)


async def found(sandbox: Sandbox, kind: EventKind) -> list[str | None]:
    events = await sandbox.bot.ports.record.events(EventFilter(kinds=(kind,)))
    return [each.event.backup_id for each in events]


async def test_a_copy_that_somebody_makes_without_the_bot_is_written_down_once(begin: Begin) -> None:
    sandbox = await begin(catalogue_refresh_seconds=0.2)
    full = sandbox.cloud.estate.full
    assert await found(sandbox, EventKind.FOUND_OUTSIDE) == [], "what was there before is no news"
    await until(lambda: _are_seen_side_by_side(sandbox), seconds=PATIENCE)

    somebody_copies(sandbox, full)
    finish_copies(sandbox)
    await until(lambda: _is_found(sandbox, EventKind.FOUND_OUTSIDE), seconds=PATIENCE)

    assert await found(sandbox, EventKind.FOUND_OUTSIDE) == [full.id]
    home = await opens(sandbox, "alice", "found what was copied without it")
    assert str(full.name) in home.rendered


async def test_a_copy_of_the_bot_that_is_deleted_is_written_down_once(begin: Begin) -> None:
    sandbox = await begin(catalogue_refresh_seconds=0.2)
    alice, full = sandbox.workspace.person("alice"), sandbox.cloud.estate.full
    await ends(await asks_for(sandbox, alice, full), "Done")

    sandbox.cloud.remove_backup("IAD", full.id)
    await until(lambda: _is_found(sandbox, EventKind.COPY_VANISHED), seconds=PATIENCE)

    assert await found(sandbox, EventKind.COPY_VANISHED) == [full.id]
    assert await found(sandbox, EventKind.FOUND_OUTSIDE) == [], "this bot made it"
    await opens(sandbox, "alice", "saw that the copy is not there any more")


async def _is_found(sandbox: Sandbox, kind: EventKind) -> bool:
    return bool(await found(sandbox, kind))


async def _are_seen_side_by_side(sandbox: Sandbox) -> bool:
    return bool(await sandbox.bot.ports.record.are_noted(["seen DFW beside IAD"]))


@pytest.mark.parametrize("in_socket_mode", [False])
async def test_slack_may_ask_over_http_whether_the_address_for_events_is_the_bot_s(sandbox: Sandbox) -> None:
    await sandbox.workspace.verifies_the_address()


@pytest.mark.parametrize("in_socket_mode", [False])
async def test_an_event_that_slack_has_not_signed_is_refused_and_no_home_is_shown(sandbox: Sandbox) -> None:
    event = {"type": "event_callback", "event": {"type": "app_home_opened", "user": "U0EVIL", "tab": "home"}}
    body = json.dumps(event).encode()

    answer = await sandbox.workspace.post_to_app(SignedRequest(body, {"Content-Type": "application/json"}))

    assert answer.status == 401
    assert [r.method for r in sandbox.workspace.requests if r.method == "views.publish"] == []
