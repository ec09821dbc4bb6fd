"""What needs the agreement of somebody else: asked for, given, refused, withdrawn; and what goes on without it."""

import asyncio

from bot.cli.sandbox import Message, Person, Sandbox
from bot.cli.sandbox_rules import RULES
from tests.journeys.acting import (
    PATIENCE,
    Begin,
    asks_for,
    audit_log,
    confirms,
    copies_in,
    copy_id_of,
    databases,
    ends,
    eventually,
    finish_copies,
    is_answered,
    kinds,
    starts,
    story,
    wait_with_copies,
)

APPROVERS = "#ops-private"
REASON = "Break the glass: why it cannot wait"
FROZEN = """
[[freeze]]
name = "release"
reason = "the release of Friday"
regions = ["SYD"]
"""


async def asks(sandbox: Sandbox, person: Person) -> tuple[Message, Message]:
    """Somebody asks for a copy to SYD; gives the message in the channel, and the one to the approvers."""
    backup = sandbox.cloud.estate.full
    confirmation = await confirms(person, backup, "SYD")
    assert confirmation.submit_text == "Ask for approval"
    assert "Somebody else has to agree" in confirmation.rendered
    assert (await starts(confirmation)).title == "Asked for approval"
    told = await databases(sandbox).waits_for("Waits for the agreement of somebody else", timeout=PATIENCE)
    asked = await sandbox.workspace.channel(APPROVERS).waits_for("Your agreement is asked for", timeout=PATIENCE)
    return told, asked


async def answer_to(person: Person, button: str, message: Message) -> str:
    """Presses a button; gives what this person alone is told."""
    before = len(person.ephemeral_messages)
    await person.presses(button, message)
    await eventually(lambda: len(person.ephemeral_messages) > before)
    return person.ephemeral_messages[-1].rendered


async def test_a_copy_that_needs_agreement_is_made_once_somebody_else_has_agreed(begin: Begin) -> None:
    sandbox = await begin(rules=RULES)
    alice, carol = sandbox.workspace.person("alice"), sandbox.workspace.person("carol")
    told, asked = await asks(sandbox, alice)
    backup = sandbox.cloud.estate.full
    assert str(backup.name) in asked.rendered
    assert "alice" in asked.rendered
    assert copies_in(sandbox, backup, "SYD") == []

    assert "You agreed" in await answer_to(carol, "Approve", asked)
    await ends(told, "Done")
    await asked.shows("Approved by carol", timeout=PATIENCE)
    assert copies_in(sandbox, backup, "SYD") == ["COMPLETED"]
    assert any("carol agreed" in line for line in story(told))
    assert (await kinds(sandbox, told))[:3] == ["copy_requested", "approved", "sending"]
    await eventually(lambda: "Approve\n" not in asked.rendered)


async def test_nobody_agrees_to_what_they_asked_for_also_as_an_approver(begin: Begin) -> None:
    sandbox = await begin(rules=RULES)
    ana = sandbox.workspace.person("ana")
    told, asked = await asks(sandbox, ana)
    assert "you asked for it yourself" in await answer_to(ana, "Approve", asked)
    assert "the rules do not name you" in await answer_to(sandbox.workspace.person("alice"), "Approve", asked)
    assert "approved" not in await kinds(sandbox, told)
    assert copies_in(sandbox, sandbox.cloud.estate.full, "SYD") == []


async def test_who_declines_says_why_and_who_asked_is_told(begin: Begin) -> None:
    sandbox = await begin(rules=RULES)
    alice, carol = sandbox.workspace.person("alice"), sandbox.workspace.person("carol")
    told, asked = await asks(sandbox, alice)
    await carol.presses("Decline …", asked)
    form = await carol.sees_form("Decline this copy?", timeout=PATIENCE)
    await form.fills("Why not?", "Not before <Monday>")
    answered = (await form.submits()).form
    assert answered is not None
    assert "You declined" in answered.rendered
    await ends(told, "It was declined")
    assert any("Not before <Monday>" in line for line in story(told))
    await asked.shows("Declined by carol", timeout=PATIENCE)
    assert copies_in(sandbox, sandbox.cloud.estate.full, "SYD") == []


async def test_who_asked_withdraws_it(begin: Begin) -> None:
    sandbox = await begin(rules=RULES)
    alice = sandbox.workspace.person("alice")
    told, asked = await asks(sandbox, alice)
    await alice.presses("Withdraw", told)
    await ends(told, "Stopped by alice")
    await asked.shows("Withdrawn by alice", timeout=PATIENCE)


async def test_a_second_press_of_the_button_does_nothing_more(begin: Begin) -> None:
    sandbox = await begin(rules=RULES)
    carol = sandbox.workspace.person("carol")
    told, asked = await asks(sandbox, sandbox.workspace.person("alice"))
    await asyncio.gather(*(carol.presses("Approve", asked) for _ in range(3)))
    await ends(told, "Done")
    log = await audit_log(sandbox)
    assert [recorded.event.kind.value for recorded in log].count("approved") == 1


async def test_what_is_frozen_is_told_in_the_form_before_anything_is_sent(begin: Begin) -> None:
    sandbox = await begin(rules=RULES + FROZEN)
    confirmation = await confirms(sandbox.workspace.person("alice"), sandbox.cloud.estate.full, "SYD")
    assert "the release of Friday" in confirmation.rendered
    assert confirmation.submit_text is None


async def test_who_may_breaks_the_glass_with_a_reason_and_an_approver_looks_at_it(begin: Begin) -> None:
    sandbox = await begin(rules=RULES + FROZEN)
    ana, carol = sandbox.workspace.person("ana"), sandbox.workspace.person("carol")
    confirmation = await confirms(ana, sandbox.cloud.estate.full, "SYD")
    assert confirmation.submit_text == "Break the glass"
    await confirmation.fills(REASON, "DFW is on fire")
    assert (await starts(confirmation)).title == "Copy started"
    told = await databases(sandbox).waits_for("DFW → SYD", timeout=PATIENCE)
    seen = await sandbox.workspace.channel(APPROVERS).waits_for("The glass was broken", timeout=PATIENCE)
    assert "DFW is on fire" in seen.rendered
    await ends(told, "Done")
    assert "went on without agreement: DFW is on fire" in told.rendered
    assert "you asked for it yourself" in await answer_to(ana, "I have looked at it", seen)
    assert "written down" in await answer_to(carol, "I have looked at it", seen)
    await seen.shows("has been looked at", timeout=PATIENCE)
    assert "glass_seen" in await kinds(sandbox, told)


async def test_an_approver_who_may_not_ask_gets_no_further_than_to_decide(begin: Begin) -> None:
    sandbox = await begin(rules=RULES)
    answer = await is_answered(sandbox.workspace.person("carol"), "status")
    assert "You may not use this bot" in answer


async def test_the_confirmation_says_what_it_costs(begin: Begin) -> None:
    sandbox = await begin(rules=RULES)
    confirmation = await confirms(sandbox.workspace.person("alice"), sandbox.cloud.estate.full, "IAD")
    assert confirmation.submit_text == "Start copy"
    assert "USD once" in confirmation.rendered


APPROVAL_OF_REPORTS = """
[[approval]]
name = "much"
to = ["HKG"]
larger_than_gb = 5.0
approvers = { people = ["@ana"] }
channel = "#ops-private"
"""
TWO_TEAMS = """
[[allow]]
name = "database team"
people = ["@alice"]

[[allow]]
name = "reporting"
people = ["@bob"]
backups = ["reporting-*"]
"""


async def test_who_may_not_ask_for_a_copy_cannot_stop_it_nor_learns_of_it(begin: Begin) -> None:
    sandbox = await begin(rules=TWO_TEAMS)
    wait_with_copies(sandbox)
    sandbox.cloud.limits.lift()
    alice, bob = sandbox.workspace.person("alice"), sandbox.workspace.person("bob")
    told = await asks_for(sandbox, alice, sandbox.cloud.estate.full)
    await eventually(lambda: "running" in told.rendered.lower())
    answer = await is_answered(bob, f"cancel {copy_id_of(told)}")
    assert "There is no copy with the id" in answer
    finish_copies(sandbox)
    await ends(told, "Done")


async def test_the_help_says_what_this_person_may_do(begin: Begin) -> None:
    sandbox = await begin(rules=TWO_TEAMS + APPROVAL_OF_REPORTS)
    alice, bob = sandbox.workspace.person("alice"), sandbox.workspace.person("bob")
    assert "from any region to any other, of reporting-*" in await is_answered(bob, "help")
    mine = await is_answered(alice, "help")
    assert "from any region to any other\n" in mine
    assert "to HKG over 5 GB need 1 approval by @ana, asked for in #ops-private" in mine
