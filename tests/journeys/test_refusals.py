"""Who may not, cannot: refused, told nothing, written down, and nothing is done."""

import re

import pytest

from bot.cli.sandbox import Sandbox
from bot.domain.events import EventKind
from bot.sandbox.workspace import Form, Message, Person, SimulatedWorkspace
from tests.journeys.acting import (
    PATIENCE,
    Begin,
    asks_for,
    chooses,
    confirms,
    ends,
    in_turn,
    is_answered,
    opens_form,
    refusals,
)

ONLY_HTTP = pytest.mark.parametrize("in_socket_mode", ["http"], indirect=True)
"""Nothing is signed in Socket Mode: the connection itself is the proof."""

OUTSIDERS = {
    "a guest": ("greg", "Guests may not use this bot", "person_is_guest"),
    "a guest of one channel": ("otto", "Guests may not use this bot", "person_is_guest"),
    "a person outside the rules": ("carol", "You may not use this bot", "person_not_allowed"),
    "a bot": ("robot", "Bots may not use this bot", "person_is_bot"),
    "somebody whose account is closed": ("gone", "You may not use this bot", "person_not_allowed"),
}


@ONLY_HTTP
@pytest.mark.parametrize("flaw", ["bad_signature", "old_timestamp"])
async def test_what_slack_did_not_sign_just_now_is_refused(sandbox: Sandbox, flaw: str) -> None:
    workspace = sandbox.workspace
    confirmation = await confirms(workspace.person("alice"), sandbox.cloud.estate.full)
    press = submission(sandbox, "alice", confirmation)
    calls = len(workspace.requests)
    for payload in (None, press):
        answer = await workspace.forge(payload=payload, **{flaw: True})  # type: ignore[arg-type]  # a switch by name
        assert (answer.status, answer.content, answer.text) == (401, None, "")
    (refused,) = await refusals(sandbox, 1)
    assert (refused.kind, refused.reason) == (EventKind.REFUSED_REQUEST, "not_from_slack")
    assert refused.who.id == ""
    assert len(workspace.requests) == calls
    assert sandbox.cloud.copy_requests() == []


@ONLY_HTTP
async def test_a_request_without_any_signature_learns_nothing(sandbox: Sandbox) -> None:
    request = sandbox.workspace.signed_command("alice", "/copy-backup")
    answer = await sandbox.workspace.post_to_app(type(request)(request.body, {"Content-Type": "text/plain"}))
    assert (answer.status, answer.content, answer.text) == (401, None, "")
    await refusals(sandbox, 1)


async def test_a_request_of_another_workspace_is_refused(sandbox: Sandbox) -> None:
    workspace = sandbox.workspace
    confirmation = await confirms(workspace.person("alice"), sandbox.cloud.estate.full)
    press = submission(sandbox, "alice", confirmation)
    for payload in (None, press):
        answer = await workspace.forge(payload=payload, other_team=True)
        assert "Not from this workspace" in str(answer.content)
        assert_nothing_leaked(str(answer.content))
    refused = await refusals(sandbox, 2)
    assert {each.reason for each in refused} == {"wrong_workspace"}
    assert sandbox.cloud.copy_requests() == []


async def test_somebody_whom_slack_does_not_know_is_refused(sandbox: Sandbox) -> None:
    await sandbox.workspace.forge("/copy-backup status", other_user=True)
    (refused,) = await refusals(sandbox, 1)
    assert (refused.reason, refused.who.name) == ("person_unknown", "mallory")


@pytest.mark.parametrize(
    ("in_socket_mode", "outsider"), in_turn(OUTSIDERS.values()), ids=list(OUTSIDERS), indirect=["in_socket_mode"]
)
async def test_who_may_not_use_the_bot_is_told_so_and_nothing_else(
    sandbox: Sandbox, outsider: tuple[str, str, str]
) -> None:
    name, words, reason = outsider
    person = arrives(sandbox, name)
    message = await begins_a_copy_that_can_be_stopped(sandbox)

    await person.types("/copy-backup")
    form = await person.sees_form(timeout=PATIENCE)
    await form.shows(words, timeout=PATIENCE)
    assert form.submit_text is None
    assert_nothing_leaked(form.rendered)
    await form.closes()
    full = sandbox.cloud.estate.full
    for typed in ("", "status", "history", f"{full.id} IAD", "cancel 123456", "anything"):
        answer = await is_answered(person, typed)
        assert words in answer
        assert_nothing_leaked(answer)
    await person.uses_shortcut("Copy a backup")
    form = await person.sees_form(timeout=PATIENCE)
    assert words in form.rendered
    assert_nothing_leaked(form.rendered)
    await person.presses("Stop", message)
    await person.sees_ephemeral(words, timeout=PATIENCE)

    refused = await refusals(sandbox, 9)
    assert {(each.kind, each.reason, each.who.id) for each in refused} == {
        (EventKind.REFUSED_PERSON, reason, person.id)
    }
    assert {each.facts["attempted"] for each in refused} == {
        "the slash command",
        "the shortcut",
        "the button stop_copy",
    }
    assert len(sandbox.cloud.copy_requests()) == 1
    sandbox.cloud.trouble.lift()
    assert "Stopped" not in message.rendered


async def test_who_may_not_cannot_confirm_what_somebody_else_was_shown(sandbox: Sandbox) -> None:
    confirmation = await confirms(sandbox.workspace.person("alice"), sandbox.cloud.estate.full)
    press = submission(sandbox, "carol", confirmation)
    answer = await sandbox.workspace.forge(payload=press)
    assert "You may not use this bot" in str(answer.content)
    assert_nothing_leaked(str(answer.content))
    await refusals(sandbox, 1)
    assert sandbox.cloud.copy_requests() == []


async def test_only_members_of_the_group_may_and_only_from_the_channel_that_is_named(begin: Begin) -> None:
    names = SimulatedWorkspace(seed=7)  # the same seed gives the same ids
    sandbox = await begin(
        allowed_people=(),
        allowed_user_groups=(names.group_id("@dba"),),
        allowed_channels=(names.channel("#databases").id,),
    )
    ana, alice, full = sandbox.workspace.person("ana"), sandbox.workspace.person("alice"), sandbox.cloud.estate.full
    await ana.types("/copy-backup", "#general")
    form = await ana.sees_form(timeout=PATIENCE)
    await form.shows("Not from this channel", timeout=PATIENCE)
    assert_nothing_leaked(form.rendered)
    await form.closes()
    await alice.types("/copy-backup")
    form = await alice.sees_form(timeout=PATIENCE)
    await form.shows("You may not use this bot", timeout=PATIENCE)
    assert {each.reason for each in await refusals(sandbox, 2)} == {"channel_not_allowed", "person_not_allowed"}

    form = await opens_form(ana)
    await chooses(form, full, "IAD")
    await form.choose("Tell", "#general")
    await form.shows("The rules of this bot do not name it.", timeout=PATIENCE)
    submitted = await form.submits()
    assert list(submitted.errors) == ["Tell"]
    await form.closes()
    await ends(await asks_for(sandbox, ana, full), "Done")


def submission(sandbox: Sandbox, name: str, confirmation: Form) -> dict[str, object]:
    """Somebody presses **Start copy** in what alice was shown."""
    person, team_id = sandbox.workspace.person(name), sandbox.workspace.team_id
    return {
        "type": "view_submission",
        "team": {"id": team_id},
        "user": {"id": person.id, "username": name, "team_id": team_id},
        "trigger_id": "1.2.3",
        "view": confirmation.view,
    }


async def begins_a_copy_that_can_be_stopped(sandbox: Sandbox) -> Message:
    sandbox.cloud.trouble.refuse(413, retry_after=3600, operation="copy")
    message = await asks_for(sandbox, sandbox.workspace.person("alice"), sandbox.cloud.estate.full)
    return await message.shows("Waits to be sent again", timeout=PATIENCE)


def arrives(sandbox: Sandbox, name: str) -> Person:
    workspace = sandbox.workspace
    if name not in {"robot", "gone"}:
        return workspace.person(name)
    person = workspace.add_person(name)
    workspace.channel("#databases").conversation.members.add(person.id)
    workspace.user(name).is_bot = name == "robot"
    workspace.user(name).deleted = name == "gone"
    return person


def assert_nothing_leaked(told: str) -> None:
    """Nothing of backups, regions, copies or who may use the bot."""
    leaked = re.findall(r"DFW|IAD|ORD|HKG|SYD|-db-|staging|alice|bob|ana\b|[0-9a-f]{8}-|COMPLETED", told)
    assert leaked == []
