"""What the Slack room tells whoever watches, and when it says that Slack cannot be used."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from bot.operations.readiness import Standing
from bot.sandbox.workspace import SimulatedWorkspace
from bot.slack.client import SlackClient
from bot.slack.observed import kind_of
from bot.slack.trouble import SlackTroubleError
from bot.slack.views.blocks import Message, section
from tests.fakes.conditions import until
from tests.fakes.observers import Watcher
from tests.unit.slack.conftest import COMMAND, Served
from tests.unit.slack.rooms import PATIENCE, House, house_of

HELLO = Message("Hello", [section("Hello")])


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
async def watched(served: Served, watcher: Watcher) -> AsyncIterator[SlackClient]:
    token = SecretStr(served.workspace.app.bot_token)
    async with SlackClient(token, served.api_url, observer=watcher) as client:
        yield client


@pytest.fixture
async def house(served: Served) -> House:
    return await house_of(served)


# Calls


async def test_a_call_is_told_with_its_method_and_outcome(
    watched: SlackClient, watcher: Watcher, workspace: SimulatedWorkspace
) -> None:
    await watched.post_message(workspace.channel("#databases").id, HELLO)
    with pytest.raises(SlackTroubleError):
        await watched.post_message("C-nowhere", HELLO)

    assert watcher.outcomes == [("chat.postMessage", "ok"), ("chat.postMessage", "refused")]


async def test_each_429_is_counted_also_one_that_the_call_survives(
    watched: SlackClient, watcher: Watcher, workspace: SimulatedWorkspace
) -> None:
    channel = workspace.channel("#databases").id
    workspace.trouble.rate_limit("chat.postMessage", retry_after=1)
    await watched.post_message(channel, HELLO)
    assert (watcher.outcomes, watcher.rate_limits) == ([("chat.postMessage", "ok")], 1)

    workspace.trouble.rate_limit("chat.postMessage", retry_after=1, times=2)
    with pytest.raises(SlackTroubleError):
        await watched.post_message(channel, HELLO)
    assert (watcher.outcomes[-1], watcher.rate_limits) == (("chat.postMessage", "ratelimited"), 3)


async def test_what_slack_refuses_by_name_makes_no_outcome_of_its_own(
    watched: SlackClient, watcher: Watcher, workspace: SimulatedWorkspace
) -> None:
    workspace.trouble.refuse("auth.test", "some_new_error")
    with pytest.raises(SlackTroubleError):
        await watched.who_am_i()

    assert watcher.outcomes == [("auth.test", "refused")]


# Requests


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"command": "/copy-backup", "text": "help"}, "command"),
        ({"type": "block_actions"}, "block_actions"),
        ({"type": "view_submission"}, "view_submission"),
        ({"type": "event_callback"}, "event_callback"),
        ({"type": "something_new"}, "other"),
        ({"type": ["block_actions"]}, "other"),
        ({}, "other"),
    ],
)
def test_the_kind_of_a_request_is_one_of_few_words(body: dict[str, object], kind: str) -> None:
    assert kind_of(body) == kind


# Whether Slack can be used


async def test_slack_that_does_not_answer_is_missing_until_it_answers_again(house: House) -> None:
    async with house.room() as room:
        await house.knows("alice")
        assert await room.standing() == Standing()
        house.workspace.trouble.server_error("*", 503, times=None)
        await house.alice.types(COMMAND)

        async def is_missing() -> bool:
            return "server_error" in (await room.standing()).missing.get("Slack", "")

        async def can_be_used() -> bool:
            return (await room.standing()).is_ready

        await until(is_missing, seconds=PATIENCE)
        house.workspace.trouble.clear()
        await until(can_be_used, seconds=PATIENCE)


async def test_a_token_that_was_revoked_is_told(watched: SlackClient, workspace: SimulatedWorkspace) -> None:
    workspace.trouble.refuse("auth.test", "token_revoked")
    with pytest.raises(SlackTroubleError):
        await watched.who_am_i()
    assert watched.trouble is not None
    assert "token_revoked" in str(watched.trouble)

    await watched.who_am_i()
    assert watched.trouble is None


async def test_a_refusal_of_one_thing_says_nothing_about_slack(watched: SlackClient) -> None:
    with pytest.raises(SlackTroubleError):
        await watched.post_message("C-nowhere", HELLO)

    assert watched.trouble is None
