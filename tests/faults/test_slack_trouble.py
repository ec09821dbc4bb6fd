"""Whatever trouble Slack has: copies go on, nothing is told twice, and who asked hears how it ended."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.domain.events import EventKind
from bot.sandbox.workspace import Message, SimulatedWorkspace
from bot.slack import client
from bot.slack.manifest import build_manifest
from tests.faults.checks import nothing_is_lost_and_nothing_is_done_twice, the_audit_log_is_whole
from tests.faults.patience import PATIENCE, eventually
from tests.faults.stage import CHANNEL, COMMAND, PRIVATE, Stage, Wish

METHODS = (
    "auth.test",
    "chat.getPermalink",
    "chat.postMessage",
    "chat.update",
    "conversations.history",
    "conversations.info",
    "conversations.open",
    "conversations.replies",
    "usergroups.users.list",
    "users.info",
    "views.open",
    "views.publish",
    "views.update",
)

Trouble = Callable[[SimulatedWorkspace, str], None]

TROUBLES: dict[str, Trouble] = {
    "429": lambda workspace, method: workspace.trouble.rate_limit(method, 1),
    "503": lambda workspace, method: workspace.trouble.server_error(method, 503),
    "the answer is lost": lambda workspace, method: workspace.trouble.lose_answer(method),
    "the connection is cut": lambda workspace, method: workspace.trouble.cut_connection(method),
}


SIMILAR = {"503", "the connection is cut"}
"""Troubles that are tried in the slow run only: to the bot they look much like the others."""


def leaves_a_public_channel(stage: Stage) -> None:
    """The bot is taken out of a channel, and may post only where it is."""
    manifest = build_manifest(command=COMMAND, public_url=f"http://127.0.0.1:{stage.bot.environment['PORT']}")
    manifest["oauth_config"]["scopes"]["bot"].remove("chat:write.public")
    stage.workspace.install(manifest)
    stage.workspace.channel(CHANNEL).removes_the_app()


CLOSINGS: dict[str, Callable[[Stage, Wish], None]] = {
    "channel_not_found": lambda stage, _: stage.workspace.channel(PRIVATE).removes_the_app(),
    "not_in_channel": lambda stage, _: leaves_a_public_channel(stage),
    "is_archived": lambda stage, _: stage.workspace.channel(PRIVATE).archives(),
    "restricted_action": lambda stage, _: stage.workspace.channel(PRIVATE).restricts_posting(),
    "message_not_found": lambda stage, wish: its_message(stage, wish).vanishes(),
}
"""What people do to a channel, or to the message in it, in the middle of a copy."""


def its_message(stage: Stage, wish: Wish) -> Message:
    message = stage.message_of(wish)
    assert message is not None
    return message


TOKENS = ("token_revoked", "account_inactive", "invalid_auth")


async def begin(stage: Stage, wish: Wish) -> None:
    """Have a copy run, and the channel say so."""
    await stage.bot.start()
    await stage.asks(wish)
    await until_running(stage, wish)


async def until_running(stage: Stage, wish: Wish) -> None:
    await stage.until(EventKind.ACCEPTED, wish)
    await eventually(lambda: "Running" in stage.shown(wish))
    await eventually(lambda: bool(stage.lines_of(wish)))


async def told_directly(stage: Stage, wish: Wish) -> None:
    """Who asked hears how it ended, once, and the channel was not told twice."""
    person = stage.workspace.person(wish.person)
    told = await person.sees_direct_message("done in", timeout=PATIENCE)
    assert wish.backup.name is not None
    assert wish.backup.name in told.rendered
    await stage.until_nothing_is_to_be_told()
    assert len(person.direct_messages()) == 1
    assert len(stage.messages) <= 1
    lines = stage.lines_of(wish)
    assert len(lines) == len(set(lines))


# Once


def test_these_are_all_methods_the_bot_uses() -> None:
    source = Path(client.__file__).read_text()
    families = "auth|chat|conversations|usergroups|users|views"
    assert tuple(sorted(set(re.findall(rf'"((?:{families})\.[\w.]+)"', source)))) == METHODS


@pytest.mark.parametrize(
    "trouble", [pytest.param(each, marks=[pytest.mark.slow] if each in SIMILAR else []) for each in TROUBLES]
)
async def test_every_method_has_trouble_once(stage: Stage, trouble: str) -> None:
    wish = Wish(stage.full)
    for method in METHODS:
        if trouble == "429" or not method.startswith("views."):  # a view that did not come is opened by asking again
            TROUBLES[trouble](stage.workspace, method)
    await begin(stage, wish)
    await stage.workspace.person("alice").types(f"{COMMAND} status")
    await stage.bot.restart()
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_answers_are_lost(stage: Stage, method: str) -> None:
    """The message and a line are there, and the bot does not know."""
    wish = Wish(stage.full)
    await stage.bot.start()
    stage.workspace.trouble.lose_answer(method, 2)
    await stage.asks(wish)
    await stage.until(EventKind.ACCEPTED, wish)
    stage.copies_finish()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)


# For a while


async def test_slack_is_down_until_the_copy_has_ended(stage: Stage) -> None:
    wish = Wish(stage.full)
    await begin(stage, wish)
    stage.workspace.trouble.server_error("*", 503, None)
    stage.copies_finish()
    await stage.until_ended(wish)
    assert "Running" in stage.shown(wish)
    stage.workspace.trouble.clear()
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)


@pytest.mark.parametrize("error", TOKENS)
async def test_the_token_is_not_good_until_the_copy_has_ended(stage: Stage, error: str) -> None:
    wish = Wish(stage.full)
    await begin(stage, wish)
    stage.workspace.app.token_error = error
    stage.copies_finish()
    await stage.until_ended(wish)
    stage.workspace.app.token_error = None
    await stage.until_told(wish)
    nothing_is_lost_and_nothing_is_done_twice(stage, wish)


# The channel is closed


@pytest.mark.parametrize("error", CLOSINGS)
async def test_the_channel_is_closed_in_the_middle_of_a_copy(stage: Stage, error: str) -> None:
    wish = Wish(stage.full, channel=CHANNEL if error == "not_in_channel" else PRIVATE)
    await begin(stage, wish)
    CLOSINGS[error](stage, wish)
    stage.copies_finish()
    await told_directly(stage, wish)
    the_audit_log_is_whole(stage)
