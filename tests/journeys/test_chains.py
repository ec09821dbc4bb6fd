"""An incremental with everything beneath it, several backups and regions at once, and orders that overlap."""

import asyncio
from itertools import pairwise

from bot.cli.sandbox import Sandbox
from bot.sandbox.cloud import StoredBackup
from bot.sandbox.workspace import Form, Message, Person
from tests.fakes.conditions import until
from tests.journeys.acting import (
    PATIENCE,
    TO,
    asks_for,
    chooses,
    databases,
    ends,
    ends_altogether,
    finish_copies,
    has_looked,
    is_answered,
    learns,
    opens_form,
    people_pinged,
    reviews,
    starts,
    story,
    types_short,
    wait_with_copies,
)

CHAIN = "What it needs"


def chain_of(sandbox: Sandbox) -> list[StoredBackup]:
    """The chain of 3 of which nothing is in IAD, oldest first."""
    return sandbox.cloud.estate.chain("DFW", sandbox.cloud.estate.incremental_without_parent)


def requests(sandbox: Sandbox) -> list[str]:
    """The backups of which copies were asked for, in order."""
    return [r.backup_id or "" for r in sandbox.cloud.requests if r.operation == "copy" and r.status == 202]


async def confirms_chain(person: Person, leaf: StoredBackup, to: str = "IAD") -> Form:
    form = await opens_form(person)
    await chooses(form, leaf, to)
    await form.choose(CHAIN, "yes")
    return await reviews(form)


async def asks_for_chain(sandbox: Sandbox, person: Person, leaf: StoredBackup, to: str = "IAD") -> Message:
    told = await starts(await confirms_chain(person, leaf, to))
    assert told.title == "Copies started"
    before = f"Copy of {leaf.name} with its chain"
    return await databases(sandbox).waits_for(before, timeout=PATIENCE)


def statuses(sandbox: Sandbox, region: str, *backups: StoredBackup) -> list[list[str]]:
    return [[each.status for each in sandbox.cloud.backups(region) if each.content == one.content] for one in backups]


async def test_the_chain_is_offered_confirmed_and_copied_oldest_first(sandbox: Sandbox) -> None:
    alice, chain = sandbox.workspace.person("alice"), chain_of(sandbox)
    wait_with_copies(sandbox)

    form = await opens_form(alice)
    await chooses(form, chain[-1], "IAD")
    size = f"{round(sum(each.size or 0 for each in chain), 1):g} GB"
    assert f"Copy the chain, oldest first: 3 backups, {size}" in form.rendered
    await form.choose(CHAIN, "yes")
    confirmation = await reviews(form)
    assert confirmation.title == "Make 3 copies?"
    for number, each in enumerate(chain, start=1):
        assert f"{number}. {each.name} → IAD" in confirmation.rendered
    await starts(confirmation)

    message = await databases(sandbox).waits_for("0 of 3 done", timeout=PATIENCE)
    for done, (running, following) in enumerate(pairwise(chain)):
        await message.shows(f"{running.name} runs since", timeout=PATIENCE)
        await message.shows(f"Next: {following.name}.", timeout=PATIENCE)
        finish_copies(sandbox)
        await message.shows(f"{done + 1} of 3 done", timeout=PATIENCE)
    await until(lambda: len(requests(sandbox)) == 3, seconds=PATIENCE)
    finish_copies(sandbox)
    await ends_altogether(message, "All 3 are there")

    assert requests(sandbox) == [each.id for each in chain]
    assert statuses(sandbox, "IAD", *chain) == [["COMPLETED"]] * 3
    assert people_pinged(sandbox) == ["alice"]
    assert len(databases(sandbox).messages) == 1
    assert story(message)[-1].endswith("@alice It has ended: all 3 are there.")


async def test_a_failure_in_the_middle_leaves_the_rest_undone_and_try_again_goes_on_from_there(
    sandbox: Sandbox,
) -> None:
    alice, chain = sandbox.workspace.person("alice"), chain_of(sandbox)
    wait_with_copies(sandbox)
    message = await asks_for_chain(sandbox, alice, chain[-1])
    await until(lambda: len(requests(sandbox)) == 1, seconds=PATIENCE)
    sandbox.cloud.trouble.fail_copies(1)
    finish_copies(sandbox)
    await until(lambda: len(requests(sandbox)) == 2, seconds=PATIENCE)
    finish_copies(sandbox)
    await ends_altogether(message, "1 of 3 done, 1 failed, 1 not begun and left undone")
    assert f"{chain[2].name}" in message.rendered
    assert "left undone" in message.rendered

    await alice.presses("Try again", message)
    confirmation = await alice.sees_form("Make 2 copies?", timeout=PATIENCE)
    assert f"1. {chain[1].name} → IAD" in confirmation.rendered
    assert f"What the oldest was made from, {chain[0].name}-copy, is in IAD already" in confirmation.rendered
    sandbox.cloud.clock.speed = 10_000.0
    await starts(confirmation)
    second = await databases(sandbox).waits_for("Both are there", timeout=PATIENCE)

    assert second.ts != message.ts
    assert requests(sandbox) == [chain[0].id, chain[1].id, chain[1].id, chain[2].id]
    assert statuses(sandbox, "IAD", chain[2]) == [["COMPLETED"]]


async def another_leaf(sandbox: Sandbox, parent: StoredBackup) -> StoredBackup:
    leaf = sandbox.cloud.add_backup(id="other-leaf", name="other-leaf", parent_id=parent.id, region="DFW")
    await learns(sandbox, "DFW")
    return leaf


async def test_two_leaves_of_one_tree_share_what_is_beneath_them(sandbox: Sandbox) -> None:
    alice, bob, chain = sandbox.workspace.person("alice"), sandbox.workspace.person("bob"), chain_of(sandbox)
    other = await another_leaf(sandbox, chain[1])
    wait_with_copies(sandbox)
    confirmations = [await confirms_chain(alice, chain[2]), await confirms_chain(bob, other)]
    await asyncio.gather(*(starts(each) for each in confirmations))
    first = await databases(sandbox).waits_for(f"Copy of {chain[2].name} with its chain", timeout=PATIENCE)
    second = await databases(sandbox).waits_for("Copy of other-leaf with its chain", timeout=PATIENCE)
    assert ("shared with alice" in second.rendered) != ("shared with bob" in first.rendered)
    sandbox.cloud.clock.speed = 10_000.0
    sandbox.cloud.has_changed()
    finish_copies(sandbox)
    await ends_altogether(first, "All 3 are there")
    await ends_altogether(second, "All 3 are there")

    assert sorted(requests(sandbox)) == sorted([*(each.id for each in chain), other.id])
    assert sorted(people_pinged(sandbox)) == ["alice", "bob"]
    assert any("asked for the same copy" in line for line in (*story(first), *story(second)))


async def test_stop_stops_what_has_not_begun_but_not_what_others_need(sandbox: Sandbox) -> None:
    alice, bob, chain = sandbox.workspace.person("alice"), sandbox.workspace.person("bob"), chain_of(sandbox)
    other = await another_leaf(sandbox, chain[1])
    wait_with_copies(sandbox)
    first = await asks_for_chain(sandbox, alice, chain[2])
    second = await asks_for(sandbox, bob, other)
    await second.shows(f"needs its parent {chain[1].name}", timeout=PATIENCE)
    await until(lambda: len(requests(sandbox)) == 1, seconds=PATIENCE)

    await alice.presses("Stop", first)
    answer = await alice.sees_ephemeral("that others need go on", timeout=PATIENCE)
    assert f"1 copy ({chain[1].name})" in answer.rendered
    sandbox.cloud.clock.speed = 10_000.0
    finish_copies(sandbox)
    await ends(second, "Done")
    await ends_altogether(first, "2 of 3 done, 1 not begun and left undone")

    assert requests(sandbox) == [chain[0].id, chain[1].id, other.id]


async def test_a_parent_that_the_schedule_deletes_meanwhile_is_said_plainly(sandbox: Sandbox) -> None:
    alice, chain = sandbox.workspace.person("alice"), chain_of(sandbox)
    wait_with_copies(sandbox)
    message = await asks_for_chain(sandbox, alice, chain[-1])
    await until(lambda: len(requests(sandbox)) == 1, seconds=PATIENCE)
    finish_copies(sandbox)
    sandbox.cloud.remove_backup("DFW", chain[1].id)
    await ends_altogether(message, "failed")

    assert "The schedule has deleted the backup" in message.rendered
    assert len(requests(sandbox)) <= 2


async def test_a_broken_chain_is_told_before_anything_starts(sandbox: Sandbox) -> None:
    alice = sandbox.workspace.person("alice")
    above = sandbox.cloud.add_backup(id="above", name="above", parent_id="middle", region="DFW")
    sandbox.cloud.add_backup(id="middle", name="middle", parent_id="gone", region="DFW")
    await learns(sandbox, "DFW")

    form = await opens_form(alice)
    await chooses(form, above, "IAD")

    assert "Its chain is broken: nothing can be copied." in form.rendered
    assert requests(sandbox) == []


async def test_one_backup_goes_to_several_regions_with_one_confirmation_and_one_message(sandbox: Sandbox) -> None:
    alice, full = sandbox.workspace.person("alice"), sandbox.cloud.estate.full

    confirmation = await types_short(alice, f"{full.id} IAD,SYD before-migration")
    assert confirmation.title == "Make 2 copies?"
    told = await starts(confirmation)
    assert told.title == "Copies started"
    message = await databases(sandbox).waits_for("Both are there", timeout=PATIENCE)

    assert f"{full.name} → IAD" in message.rendered
    assert f"{full.name} → SYD" in message.rendered
    for region in ("IAD", "SYD"):
        (copy,) = (each for each in sandbox.cloud.backups(region) if each.content == full.content)
        assert (copy.name, copy.status) == ("before-migration", "COMPLETED")
    assert len(requests(sandbox)) == 2
    assert len(databases(sandbox).messages) == 1


async def test_several_backups_are_chosen_in_one_form(sandbox: Sandbox) -> None:
    alice = sandbox.workspace.person("alice")
    chosen = [sandbox.cloud.estate.full, sandbox.cloud.estate.ha_full]

    form = await opens_form(alice)
    await form.presses("Several at once …")
    await form.shows("Backups:", timeout=PATIENCE)
    for each in chosen:
        await form.choose("Backups", f"DFW/{each.id}", searching=each.name or "")
    await form.choose(TO, "HKG")
    await until(lambda: "Ready to copy" in form.rendered and has_looked(form), seconds=PATIENCE)
    assert form.value("Names of the copies") == "{name}-copy"
    confirmation = await reviews(form)
    assert confirmation.title == "Make 2 copies?"
    await starts(confirmation)
    await databases(sandbox).waits_for("Both are there", timeout=PATIENCE)

    names = {each.name for each in sandbox.cloud.backups("HKG")}
    assert {f"{each.name}-copy" for each in chosen} <= names


async def test_where_the_parent_of_a_short_form_is_missing_the_form_opens_and_offers_the_chain(
    sandbox: Sandbox,
) -> None:
    alice, chain = sandbox.workspace.person("alice"), chain_of(sandbox)

    form = await types_short(alice, f"{chain[-1].id} IAD")
    assert form.title == "Copy a backup"
    await form.choose(CHAIN, "yes")
    await starts(await reviews(form))
    message = await databases(sandbox).waits_for("with its chain", timeout=PATIENCE)
    await message.shows("All 3 are there", timeout=PATIENCE)


async def test_status_and_cancel_know_an_order_by_its_id(sandbox: Sandbox) -> None:
    alice, chain = sandbox.workspace.person("alice"), chain_of(sandbox)
    wait_with_copies(sandbox)
    message = await asks_for_chain(sandbox, alice, chain[-1])
    await until(lambda: len(requests(sandbox)) == 1, seconds=PATIENCE)
    order_id = str((message.metadata or {})["event_payload"]["order_id"])  # type: ignore[index]

    assert f"{chain[-1].name} and 2 others DFW → IAD: 0 of 3 done" in await is_answered(alice, "status")
    answer = await is_answered(alice, f"cancel {order_id[:8]}")
    assert "Stopped: 2 copies of the copy of" in answer
    finish_copies(sandbox)
    await ends_altogether(message, "1 of 3 done, 2 not begun and left undone")


async def test_people_at_once_ask_for_everything_and_each_backup_is_copied_once(sandbox: Sandbox) -> None:
    chain = chain_of(sandbox)
    people = [sandbox.workspace.person(name) for name in ("alice", "bob", "ana")]

    async def starts_for_good(confirmation: Form) -> None:
        """Who is asked again, as somebody else's copy has arrived meanwhile, confirms again."""
        while confirmation.submit_text:
            confirmation = await starts(confirmation)

    async def confirms(person: Person, leaf: StoredBackup) -> Form:
        form = await opens_form(person)
        await chooses(form, leaf, "IAD")
        if CHAIN in form.rendered:
            await form.choose(CHAIN, "yes")
        return await reviews(form)

    confirmations = await asyncio.gather(*(confirms(*each) for each in zip(people, reversed(chain), strict=True)))
    await asyncio.gather(*(starts_for_good(each) for each in confirmations))
    await until(lambda: statuses(sandbox, "IAD", *chain) == [["COMPLETED"]] * 3, seconds=PATIENCE)

    assert sorted(requests(sandbox)) == sorted(each.id for each in chain)
