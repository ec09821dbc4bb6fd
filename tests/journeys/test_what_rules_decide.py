"""What the rules of the file decide, seen by those who ask; and what happens when somebody changes the file."""

from functools import partial
from pathlib import Path

import pytest

from bot.cli.sandbox import Sandbox, id_of
from bot.cli.sandbox_rules import write_rules
from bot.domain.events import EventKind
from tests.fakes.conditions import until
from tests.journeys.acting import (
    PATIENCE,
    Begin,
    asks_for,
    audit_log,
    confirms,
    copies_in,
    databases,
    ends,
    eventually,
    finish_copies,
    is_answered,
    opens_form,
    starts,
    wait_with_copies,
)

ALLOW = """
[[allow]]
name = "database team"
people = ["@alice", "@bob"]
"""
ONE_AT_A_TIME = """
[[limit]]
name = "one at a time"
per = "person"
running = 1
"""
TWO_MUST_AGREE = """
[[approval]]
name = "two for Asia"
to = ["HKG"]
approvers = { people = ["@ana", "@carol"] }
approvals = 2
channel = "#ops-private"
"""
FROZEN = """
[[freeze]]
name = "audit"
reason = "the auditors are here"
"""
ALLOW_A_GROUP = """
[[allow]]
name = "approvers too"
groups = ["@approvers"]
"""


async def number_of(sandbox: Sandbox, kind: EventKind) -> int:
    return [recorded.event.kind for recorded in await audit_log(sandbox)].count(kind)


async def saves(tmp_path: Path, sandbox: Sandbox, text: str, then: EventKind = EventKind.RULES_CHANGED) -> None:
    """Somebody saves other rules, and the bot writes down that it has seen them."""
    before = await number_of(sandbox, then)
    written = write_rules(tmp_path / "new.toml", text, partial(id_of, sandbox.workspace))
    written.replace(tmp_path / "rules.toml")  # all at once, as an editor does

    async def is_seen() -> bool:
        return await number_of(sandbox, then) > before

    await until(is_seen, seconds=PATIENCE, every=0.05)


async def test_a_limit_is_told_before_anything_is_sent_and_is_free_again_when_the_copy_has_ended(begin: Begin) -> None:
    sandbox = await begin(rules=ALLOW + ONE_AT_A_TIME)
    wait_with_copies(sandbox)
    alice, bob = sandbox.workspace.person("alice"), sandbox.workspace.person("bob")
    estate = sandbox.cloud.estate
    first = await asks_for(sandbox, alice, estate.full)

    refused = await confirms(alice, estate.incremental_with_parent_in_iad)
    assert "Too many copies are running" in refused.rendered
    assert refused.submit_text is None
    await refused.closes(all_of_them=True)
    others = await confirms(bob, estate.incremental_with_parent_in_iad)
    assert others.submit_text == "Start copy"
    await others.closes()

    finish_copies(sandbox)
    await ends(first, "Done")
    assert (await confirms(alice, estate.incremental_with_parent_in_iad)).submit_text == "Start copy"
    assert len(sandbox.cloud.copy_requests()) == 1


async def test_two_have_to_agree_and_neither_counts_twice(begin: Begin) -> None:
    sandbox = await begin(rules=ALLOW + TWO_MUST_AGREE)
    alice, ana, carol = (sandbox.workspace.person(name) for name in ("alice", "ana", "carol"))
    confirmation = await confirms(alice, sandbox.cloud.estate.full, "HKG")
    await starts(confirmation)
    told = await databases(sandbox).waits_for("Waits for the agreement", timeout=PATIENCE)
    asked = await sandbox.workspace.channel("#ops-private").waits_for("Your agreement is asked for", timeout=PATIENCE)

    await carol.presses("Approve", asked)
    await asked.shows("Agreed so far: carol", timeout=PATIENCE)
    await carol.presses("Approve", asked)
    await eventually(lambda: len(carol.ephemeral_messages) > 1)
    assert sandbox.cloud.copy_requests() == []

    await ana.presses("Approve", asked)
    await ends(told, "Done")
    agreed = [recorded.event for recorded in await audit_log(sandbox) if recorded.event.kind is EventKind.APPROVED]
    assert [event.who.name for event in agreed] == ["carol", "ana"]


async def test_other_rules_count_at_once_and_a_broken_file_changes_nothing(
    begin: Begin, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = await begin(rules=ALLOW)
    alice, full = sandbox.workspace.person("alice"), sandbox.cloud.estate.full
    shown = await confirms(alice, full)
    assert shown.submit_text == "Start copy"

    await saves(tmp_path, sandbox, ALLOW + FROZEN)
    refused = (await shown.submits()).form
    assert refused is not None
    await refused.shows("the auditors are here", timeout=PATIENCE)

    await saves(tmp_path, sandbox, ALLOW + "[[freeeze]]\n", then=EventKind.RULES_REJECTED)
    assert "did you mean “freeze”?" in caplog.text
    caplog.clear()
    refused = await confirms(sandbox.workspace.person("bob"), full)
    assert "the auditors are here" in refused.rendered
    assert sandbox.cloud.copy_requests() == []


async def test_an_account_that_may_only_look_is_told_at_the_click(begin: Begin) -> None:
    sandbox = await begin(rules=ALLOW)
    shown = await confirms(sandbox.workspace.person("alice"), sandbox.cloud.estate.full)
    assert shown.submit_text == "Start copy"
    sandbox.cloud.role = "dbaas:observer"
    sandbox.cloud.trouble.revoke_tokens()
    refused = await starts(shown)
    assert "dbaas:observer" in refused.rendered
    assert copies_in(sandbox, sandbox.cloud.estate.full) == []


async def test_nobody_is_let_in_by_a_group_that_slack_cannot_be_asked_about(begin: Begin, tmp_path: Path) -> None:
    sandbox = await begin(rules=ALLOW)
    carol = sandbox.workspace.person("carol")
    sandbox.workspace.trouble.server_error("usergroups.users.list", times=None)
    await saves(tmp_path, sandbox, ALLOW_A_GROUP)
    answer = await is_answered(carol, "list")
    assert "Slack did not say whether you may use this bot" in answer
    assert str(sandbox.cloud.estate.full.name) not in answer

    sandbox.workspace.trouble.clear()

    async def is_let_in() -> bool:
        return "Nothing runs" in await is_answered(carol, "status")

    await until(is_let_in, seconds=PATIENCE, every=0.2)
    await opens_form(carol)
