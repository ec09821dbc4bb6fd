"""What comes back altered, twice, late or from another version does nothing that the person may not do."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic_core import from_json, to_json

from bot.domain.policy import AccessRules
from bot.domain.reasons import Problem, Reason
from bot.sandbox.workspace import Form
from bot.slack.app import LONGEST_BODY, SlackRoom
from bot.slack.client import SlackClient
from bot.slack.views import copy_form
from tests.fakes.conditions import until
from tests.fakes.world import FULL
from tests.unit.slack.conftest import COMMAND, Served
from tests.unit.slack.rooms import PATIENCE, House, confirms, house_of, opens_form

Json = dict[str, Any]


@pytest.fixture
async def house(served: Served) -> House:
    return await house_of(served)


@pytest.fixture
async def room(house: House) -> AsyncIterator[SlackRoom]:
    async with house.room() as room:
        yield room


@pytest.fixture(autouse=True)
def forged_answers_bring_no_view(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a view that does not come because Slack did not ask."""
    monkeypatch.setattr("bot.slack.desk.PAUSES", (0.01,))


@pytest.fixture
def unexpected(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What is in the log as an error."""
    return lambda: [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def in_view(house: House, form: Form, kind: str, view: Mapping[str, object] | None = None, **more: object) -> Json:
    """What Slack would send of something that alice does in a view."""
    return {
        "type": kind,
        "team": {"id": house.workspace.team_id},
        "user": {"id": house.alice.id, "username": "alice", "team_id": house.workspace.team_id},
        "trigger_id": "1.2.3",
        "view": {**form.view, **(view or {})},
        **more,
    }


def on_message(house: House, action_id: str, value: str | None, **more: object) -> Json:
    """What Slack would send of a button that alice presses at a message."""
    return {
        "type": "block_actions",
        "team": {"id": house.workspace.team_id},
        "user": {"id": house.alice.id, "username": "alice", "team_id": house.workspace.team_id},
        "trigger_id": "1.2.3",
        "channel": {"id": house.channel_id},
        "response_url": fresh(house, "response_url"),
        "actions": [{"type": "button", "block_id": "do", "action_id": action_id, "value": value}],
        **more,
    }


def fresh(house: House, name: str) -> str:
    """A ``response_url`` or ``trigger_id`` of alice that was not used yet."""
    (given,) = parse_qs(house.workspace.signed_command("alice", COMMAND).body.decode())[name]
    return given


# Altered or of another version


BROKEN = {
    "nothing": "",
    "no JSON": "{",
    "another shape": "[]",
    "of another version": '{"version": 7, "plan": "abc"}',
    "numbers where there are words": '{"request": 1, "plan_digest": 2, "channel": 3, "shown": 4}',
}


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("metadata", BROKEN)
async def test_a_confirmation_that_cannot_be_read_starts_nothing_and_says_so(
    house: House, metadata: str, unexpected: Callable[[], list[str]]
) -> None:
    confirmation = await confirms(house.alice)

    answer = await house.workspace.forge(
        payload=in_view(house, confirmation, "view_submission", {"private_metadata": BROKEN[metadata]})
    )

    assert "Please start again" in str(answer.content)
    assert await house.world.record.copies() == []
    assert unexpected() == []


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("metadata", ["nothing", "no JSON", "another shape"])
async def test_a_form_that_cannot_be_read_says_so_whatever_is_done_in_it(
    house: House, metadata: str, unexpected: Callable[[], list[str]]
) -> None:
    form = await opens_form(house.alice)
    changed = {"private_metadata": BROKEN[metadata]}

    sent = await house.workspace.forge(payload=in_view(house, form, "view_submission", changed))
    searched = await house.workspace.forge(
        payload=in_view(house, form, "block_suggestion", changed, action_id="backup", value="")
    )
    actions = [{"type": "static_select", "block_id": "source-0", "action_id": "source"}]
    await house.workspace.forge(payload=in_view(house, form, "block_actions", changed, actions=actions))

    assert "Please start again" in str(sent.content)
    assert searched.content == {"options": []}
    await until(lambda: form.title == "Please start again", seconds=PATIENCE)
    assert unexpected() == []


def altered(metadata: str, **changes: object) -> str:
    """What a confirmation remembers, with something else in it."""
    remembered = from_json(metadata)
    remembered |= {key: value for key, value in changes.items() if key in remembered}
    remembered["request"] |= {key: value for key, value in changes.items() if key in remembered["request"]}
    return to_json(remembered).decode()


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"channel": "C0SECRET"}, "The rules of this bot do not name it."),
        ({"destinations": ["LON"]}, "No copies from or to this region"),
        ({"destinations": ["DFW"]}, "From and To are the same region"),
        ({"destinations": ["MOON"]}, "No copies from or to this region"),
        ({"name": "x" * 65}, "The name is too long"),
        ({"name": ""}, "The copy needs a name"),
        ({"backup_ids": ["another"]}, "No such backup"),
        ({"plan_digest": "0" * 32}, "Something has changed"),
        ({"destinations": ["ORD"]}, "Something has changed"),
    ],
)
async def test_what_is_not_what_was_shown_is_not_started(house: House, changes: dict[str, object], said: str) -> None:
    confirmation = await confirms(house.alice)
    metadata = altered(str(confirmation.view["private_metadata"]), **changes)

    answer = await house.workspace.forge(
        payload=in_view(house, confirmation, "view_submission", {"private_metadata": metadata})
    )

    if said not in str(answer.content):
        await until(lambda: said in what_is_shown(house), seconds=PATIENCE)
    assert [copy for copy in await house.world.record.copies() if copy.is_open] == []
    assert house.world.opened == []


def what_is_shown(house: House) -> str:
    return str([each.arguments for each in house.workspace.requests if each.method == "views.update"])


# Twice, or late


@pytest.mark.usefixtures("room")
async def test_the_same_confirmation_twice_makes_one_copy(house: House, unexpected: Callable[[], list[str]]) -> None:
    confirmation = await confirms(house.alice)
    payload = in_view(house, confirmation, "view_submission")

    for _ in range(2):
        assert (await house.workspace.forge(payload=payload)).status == 200

    await until(lambda: len(house.world.opened) == 1, seconds=PATIENCE)
    (copy,) = await house.world.record.copies()
    assert house.world.opened == [copy.id]
    assert unexpected() == []


@pytest.mark.usefixtures("room")
async def test_the_same_command_twice_opens_one_form_and_says_nothing_more(
    house: House, unexpected: Callable[[], list[str]]
) -> None:
    await opens_form(house.alice)

    await house.workspace.forge(replayed=True)

    await until(lambda: house.served.calls("views.open") == 2, seconds=PATIENCE)
    assert house.alice.ephemeral_messages == []
    assert unexpected() == []


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("words", ["", f"{FULL.id} IAD"])
async def test_whoever_was_too_late_for_a_form_is_told_to_ask_again(
    house: House, words: str, unexpected: Callable[[], list[str]]
) -> None:
    house.workspace.trouble.refuse("views.open", "expired_trigger_id")

    await house.alice.types(f"{COMMAND} {words}")

    await house.alice.sees_ephemeral("Slack was too slow", timeout=PATIENCE)
    assert unexpected() == []


@pytest.mark.usefixtures("room")
async def test_a_form_that_was_closed_meanwhile_is_let_go(house: House, unexpected: Callable[[], list[str]]) -> None:
    form = await opens_form(house.alice)
    house.world.cloud.hold("show")
    await form.choose("Backup", f"DFW/{FULL.id}", searching="weekly")
    await form.choose("To", "IAD")
    await form.closes()

    house.world.cloud.lift()
    await house.knows("alice")

    assert unexpected() == []


@pytest.mark.usefixtures("room")
async def test_what_another_replica_has_shown_of_a_newer_choice_stays(
    house: House, client: SlackClient, unexpected: Callable[[], list[str]]
) -> None:
    form = await opens_form(house.alice)
    house.world.cloud.hold("show")
    await form.choose("Backup", f"DFW/{FULL.id}", searching="weekly")
    await form.choose("To", "IAD")
    await form.shows("Looking at", timeout=PATIENCE)
    newer = copy_form.draw_refused([Problem(Reason.PERSON_IS_GUEST)])
    shown = await client.update_view(str(form.view["id"]), newer)
    assert shown is not None
    before = house.served.calls("views.update")

    house.world.cloud.lift()
    await until(lambda: house.served.calls("views.update") > before, seconds=PATIENCE)
    await house.knows("alice")

    assert "Full backup" not in form.rendered
    assert house.served.calls("views.update") == before + 1
    assert unexpected() == []


# A refusal is written down once


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("done", ["typed", "short", "shortcut", "chosen", "searched", "sent", "confirmed"])
@pytest.mark.parametrize("is_known", [True, False])
async def test_a_refusal_is_written_down_once(house: House, done: str, is_known: bool) -> None:
    form = await (confirms(house.alice) if done == "confirmed" else opens_form(house.alice))
    if is_known:
        await house.workspace.forge(f"{COMMAND} help", person="greg")
        await until(lambda: len(house.refused()) == 1, seconds=PATIENCE)
    before = len(house.refused())

    await does(house, done, form)

    await until(lambda: len(house.refused()) > before, seconds=PATIENCE)
    await house.alice.types(f"{COMMAND} help")
    await house.alice.sees_ephemeral(COMMAND, timeout=PATIENCE)
    assert len(house.refused()) == before + 1


async def does(house: House, done: str, form: Form) -> None:
    """A guest does something, in what alice was shown."""
    greg = house.workspace.person("greg")
    as_greg = {"user": {"id": greg.id, "username": "greg", "team_id": house.workspace.team_id}}
    actions = [{"type": "static_select", "block_id": "source-0", "action_id": "source"}]
    payloads: dict[str, Json] = {
        "shortcut": {
            "type": "shortcut", "callback_id": "copy_a_backup",
            "team": {"id": house.workspace.team_id}, "trigger_id": fresh(house, "trigger_id"),
        },
        "chosen": in_view(house, form, "block_actions", actions=actions),
        "searched": in_view(house, form, "block_suggestion", action_id="backup", value=""),
        "sent": in_view(house, form, "view_submission"),
        "confirmed": in_view(house, form, "view_submission"),
    }  # fmt: skip
    if done in payloads:
        await house.workspace.forge(payload=payloads[done] | as_greg)
    else:
        await house.workspace.forge(f"{COMMAND} {FULL.id} IAD" if done == "short" else COMMAND, person="greg")


# Buttons of a message


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("button", ["stop_copy", "it_was_copied", "send_again", "try_again"])
@pytest.mark.parametrize("value", [None, "", "%", "______", "x" * 2000, "<!channel>"])
async def test_a_button_of_no_copy_does_nothing_and_pings_nobody(
    house: House, button: str, value: str | None, unexpected: Callable[[], list[str]]
) -> None:
    await house.knows("alice")
    seen, written = len(house.alice.ephemeral_messages), len(house.world.record.history)

    answer = await house.workspace.forge(payload=on_message(house, button, value))

    assert answer.status == 200
    await until(lambda: len(house.alice.ephemeral_messages) > seen, seconds=PATIENCE)
    assert len(house.world.record.history) == written
    assert house.workspace.pings == []
    assert unexpected() == []


@pytest.mark.usefixtures("room")
async def test_an_unknown_button_is_not_answered_as_if_it_had_worked(house: House) -> None:
    answer = await house.workspace.forge(payload=on_message(house, "delete_everything", "1"))

    assert answer.status == 404


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("missing", ["user", "trigger_id", "view"])
async def test_a_submission_without_what_it_needs_is_no_success_and_says_nothing(
    house: House, missing: str, caplog: pytest.LogCaptureFixture
) -> None:
    confirmation = await confirms(house.alice)
    payload = in_view(house, confirmation, "view_submission")
    payload["view"] = {"callback_id": "copy_confirmation"} if missing == "view" else payload["view"]
    if missing == "user":
        del payload["user"]

    answer = await house.workspace.forge(payload=payload)

    assert answer.status == (200 if missing == "trigger_id" else 500)
    assert house.workspace.app.bot_token not in caplog.text + answer.text
    assert "Traceback" not in answer.text


# Direct messages


@pytest.mark.usefixtures("served")
async def test_in_a_direct_message_the_form_asks_for_a_channel(house: House) -> None:
    async with house.room(AccessRules(people=frozenset({house.alice.id}))):
        form = await opens_form(house.alice, "@copybackup")

        assert form.value("Tell") == ""
        assert "cannot post" not in form.rendered


async def test_in_a_direct_message_the_short_form_says_that_nobody_would_be_told(house: House) -> None:
    async with house.room(AccessRules(people=frozenset({house.alice.id}))):
        await house.alice.types(f"{COMMAND} {FULL.id} IAD", "@copybackup")
        form = await house.alice.sees_form(timeout=PATIENCE)

        await form.shows("Nobody else would see how the copy goes.", timeout=PATIENCE)


# Requests


@pytest.mark.usefixtures("room")
async def test_a_request_longer_than_any_of_slacks_is_refused(house: House) -> None:
    request = house.workspace.signed_command("alice", COMMAND)

    answer = await house.workspace.post_to_app(replace(request, body=request.body + b"&text=" + b"x" * LONGEST_BODY))

    assert (answer.status, answer.text) == (401, "")
    await until(lambda: len(house.refused()) == 1, seconds=PATIENCE)


@pytest.mark.usefixtures("room")
async def test_the_address_of_a_message_is_asked_for_once(house: House) -> None:
    confirmation = await confirms(house.alice)
    await confirmation.submits()
    await until(lambda: bool(house.workspace.channel("#databases").messages), seconds=PATIENCE)
    for _ in range(3):
        seen = len(house.alice.ephemeral_messages)
        await house.alice.types(f"{COMMAND} status")
        await until(lambda before=seen: len(house.alice.ephemeral_messages) > before)  # type: ignore[misc]  # a default

    assert house.served.calls("chat.getPermalink") == 1
