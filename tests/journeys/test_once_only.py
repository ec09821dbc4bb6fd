"""One confirmed request is one copy, however often it is pressed or delivered, and whoever else wants the same."""

import asyncio

from bot.cli.sandbox import Sandbox
from bot.sandbox.workspace import Message
from bot.sandbox.workspace.state import RecordedRequest
from tests.journeys.acting import (
    PATIENCE,
    asks_for,
    audit_log,
    confirms,
    copies_in,
    databases,
    ends,
    eventually,
    finish_copies,
    people_pinged,
    starts,
    story,
    types_short,
    wait_with_copies,
)


async def test_two_people_ask_for_the_same_copy_at_the_same_moment(sandbox: Sandbox) -> None:
    alice, bob = sandbox.workspace.person("alice"), sandbox.workspace.person("bob")
    full = sandbox.cloud.estate.full
    wait_with_copies(sandbox)
    for_alice, for_bob = await asyncio.gather(confirms(alice, full), confirms(bob, full))
    told = await asyncio.gather(starts(for_alice), starts(for_bob))

    first, second = sorted(told, key=lambda form: form.title, reverse=True)
    assert (first.title, second.title) == ("Copy started", "Copied already")
    asker, other = ("alice", "bob") if first is told[0] else ("bob", "alice")
    assert f"@{asker} asked for {full.name} to IAD just now. Nothing was sent a second time." in second.rendered
    message = await databases(sandbox).waits_for("Running", timeout=PATIENCE)
    await message.thread_shows(f"{other} asked for the same copy. One is enough", timeout=PATIENCE)
    finish_copies(sandbox)
    await ends(message, "Done")
    await assert_one_copy(sandbox, people=[asker])


async def test_who_comes_second_is_told_of_the_first_with_a_link(sandbox: Sandbox) -> None:
    alice, bob, full = sandbox.workspace.person("alice"), sandbox.workspace.person("bob"), sandbox.cloud.estate.full
    wait_with_copies(sandbox)
    confirmation = await confirms(bob, full)
    message = await asks_for(sandbox, alice, full)
    await message.shows("Running", timeout=PATIENCE)

    told = await starts(confirmation)
    assert told.title == "Copied already"
    assert "@alice asked for" in told.rendered
    assert f"its message ({message.permalink})" in told.rendered
    await told.closes()
    again = await types_short(bob, f"{full.id} IAD")
    assert "This backup is being copied to IAD already." in again.rendered
    assert "@alice asked for it just now" in again.rendered
    assert again.submit_text is None
    finish_copies(sandbox)
    await ends(message, "Done")
    await assert_one_copy(sandbox, people=["alice"])
    joined = [r.event for r in await audit_log(sandbox) if r.event.kind == "copy_joined"]
    assert [each.who.name for each in joined] == ["bob"]


async def test_start_is_pressed_twice(sandbox: Sandbox) -> None:
    confirmation = await confirms(sandbox.workspace.person("alice"), sandbox.cloud.estate.full)
    await asyncio.gather(confirmation.submits(), confirmation.submits())
    await confirmation.shows("Its id:", timeout=PATIENCE)
    assert confirmation.title == "Copy started"
    await ends(await the_message(sandbox), "Done")
    await assert_one_copy(sandbox, people=["alice"])


async def test_the_same_confirmation_is_delivered_twice_and_again_after_the_copy_has_ended(sandbox: Sandbox) -> None:
    confirmation = await confirms(sandbox.workspace.person("alice"), sandbox.cloud.estate.full)
    await starts(confirmation)
    await delivers_the_submission_again(sandbox)
    message = await the_message(sandbox)
    await ends(message, "Done")
    await delivers_the_submission_again(sandbox)
    assert confirmation.title == "Copy started"
    await assert_one_copy(sandbox, people=["alice"])
    assert len(story(message)) == 2


async def test_the_form_is_delivered_twice_and_opens_one_confirmation(sandbox: Sandbox) -> None:
    confirmation = await confirms(sandbox.workspace.person("alice"), sandbox.cloud.estate.full)
    updates = len(view_updates(sandbox))
    pushed = await delivers_the_submission_again(sandbox)
    assert isinstance(pushed["view"], dict)
    assert pushed["view"]["external_id"] == confirmation.view["external_id"], "Slack refuses a second one of this name"
    await eventually(lambda: len(view_updates(sandbox)) > updates)
    await starts(confirmation)
    await ends(await the_message(sandbox), "Done")
    await assert_one_copy(sandbox, people=["alice"])


async def delivers_the_submission_again(sandbox: Sandbox) -> dict[str, object]:
    """Slack delivers the last submission once more; gives the answer."""
    submissions = [one.payload for one in sandbox.workspace.deliveries if one.payload.get("type") == "view_submission"]
    answer = await sandbox.workspace.forge(payload=submissions[-1])
    assert answer.status == 200
    return answer.content or {}


def view_updates(sandbox: Sandbox) -> list[RecordedRequest]:
    return [request for request in sandbox.workspace.requests if request.method == "views.update"]


async def the_message(sandbox: Sandbox) -> Message:
    return await databases(sandbox).waits_for("staging-before-migration", timeout=PATIENCE)


async def assert_one_copy(sandbox: Sandbox, *, people: list[str]) -> None:
    full = sandbox.cloud.estate.full
    assert len(sandbox.cloud.copy_requests()) == 1
    assert copies_in(sandbox, full) == ["COMPLETED"]
    assert len(databases(sandbox).messages) == 1
    assert people_pinged(sandbox) == people
