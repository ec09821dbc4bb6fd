"""When nobody can know whether a copy began: a person is asked, once, with two buttons."""

import asyncio

import pytest

from bot.cli.sandbox import Sandbox
from bot.sandbox.workspace import Message
from tests.journeys.acting import (
    PATIENCE,
    Begin,
    asks_for,
    copies_in,
    ends,
    eventually,
    kinds,
    people_pinged,
    story,
)

ASKED = ["copy_requested", "sending", "outcome_unknown", "asked_person"]


@pytest.fixture
async def sandbox(begin: Begin) -> Sandbox:
    """A bot that asks soon."""
    return await begin(patience_seconds=0.3)


async def test_a_person_says_that_it_was_copied(sandbox: Sandbox) -> None:
    message = await is_undecided(sandbox, began=True)
    bob = sandbox.workspace.person("bob")
    await bob.presses("It was copied", message)
    await bob.sees_ephemeral("it ends as copied, on your word. Nothing more is sent.", timeout=PATIENCE)
    await ends(message, "Copied, a person says")
    assert "It was copied, says bob. The bot has not seen the copy in IAD itself" in message.rendered
    assert story(message)[-1].startswith("@alice bob says that it was copied to IAD.")
    assert await kinds(sandbox, message) == [*ASKED, "said_it_was_copied"]
    assert len(sandbox.cloud.copy_requests()) == 1
    assert people_pinged(sandbox) == ["alice", "alice"]


async def test_two_people_say_at_the_same_moment_and_one_word_counts(sandbox: Sandbox) -> None:
    message = await is_undecided(sandbox, began=True)
    people = [sandbox.workspace.person(name) for name in ("alice", "bob")]
    await asyncio.gather(*(person.presses("It was copied", message) for person in people))
    await ends(message, "Copied, a person says")
    await eventually(lambda: all(person.ephemeral_messages for person in people))
    told = sorted(person.ephemeral_messages[-1].rendered.split(".")[0].split(" about")[0] for person in people)
    assert told == ["Thank you", "There is nothing to decide any more"]
    assert await kinds(sandbox, message) == [*ASKED, "said_it_was_copied"]


async def test_a_person_says_to_send_it_again(sandbox: Sandbox) -> None:
    message = await is_undecided(sandbox, began=False)
    alice = sandbox.workspace.person("alice")
    await alice.presses("Send it again", message, confirm=False)
    sandbox.cloud.trouble.lift()
    await alice.presses("Send it again", message)
    await ends(message, "Done")
    assert "alice says that it did not begin: it is sent again." in story(message)
    assert len(sandbox.cloud.copy_requests()) == 2
    assert copies_in(sandbox, sandbox.cloud.estate.full) == ["COMPLETED"]


async def test_it_is_found_out_after_all(sandbox: Sandbox) -> None:
    message = await is_undecided(sandbox, began=True)
    sandbox.cloud.trouble.lift()
    await ends(message, "Done")
    assert "The bot has looked: the copy did begin. It is not sent a second time." in story(message)
    assert await kinds(sandbox, message) == [*ASKED, "found_begun", "completed"]
    assert len(sandbox.cloud.copy_requests()) == 1


async def is_undecided(sandbox: Sandbox, *, began: bool) -> Message:
    """The answer to the copy request is lost, and afterwards no region can be asked."""
    trouble = sandbox.cloud.trouble
    hold = trouble.hold("copy", after_work=began)
    if began:
        trouble.lose_answer(operation="copy")
    else:
        trouble.cut_connection(operation="copy")
    message = await asks_for(sandbox, sandbox.workspace.person("alice"), sandbox.cloud.estate.full)
    await hold.arrived.wait()
    for operation in ("show", "list"):
        trouble.refuse(500, operation=operation, times=100_000)  # a 503 would be asked again and again
    hold.release()
    await message.shows("Nobody knows whether it began: please say", timeout=PATIENCE)
    asked = await message.thread_shows("Your help is needed", timeout=PATIENCE)
    assert asked.rendered.startswith("@alice Your help is needed")
    assert "It was copied, or Send it again." in message.notification
    assert "[It was copied] [Send it again]" in message.rendered
    return message
