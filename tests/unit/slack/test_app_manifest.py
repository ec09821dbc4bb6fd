"""The app as it is installed: Slack takes it, and it has no permission that nothing uses."""

from collections.abc import Awaitable, Callable

import pytest

from bot.sandbox.workspace import ManifestError, SimulatedWorkspace
from bot.slack.client import SlackClient
from bot.slack.manifest import build_manifest
from bot.slack.scopes import SCOPES
from bot.slack.trouble import SlackTroubleError
from bot.slack.views.blocks import Message, section
from tests.unit.slack.conftest import COMMAND, Served

URL = "https://bot.example.com"
HELLO = Message("Hello", [section("Hello")])

Use = Callable[[SlackClient, SimulatedWorkspace], Awaitable[object]]


async def read(client: SlackClient, channel: str) -> list[str]:
    return [message.ts async for message in client.messages(channel, oldest=0.0)]


USES: dict[str, tuple[Use, str]] = {
    "chat:write": (lambda client, slack: client.post_message(slack.channel("#databases").id, HELLO), "missing_scope"),
    "chat:write.public": (
        lambda client, slack: client.post_message(slack.channel("#general").id, HELLO),
        "not_in_channel",
    ),
    "channels:read": (lambda client, slack: client.channel(slack.channel("#databases").id), "missing_scope"),
    "groups:read": (lambda client, slack: client.channel(slack.channel("#ops-private").id), "missing_scope"),
    "channels:history": (lambda client, slack: read(client, slack.channel("#databases").id), "missing_scope"),
    "groups:history": (lambda client, slack: read(client, slack.channel("#ops-private").id), "missing_scope"),
    "users:read": (lambda client, slack: client.user(slack.person("alice").id), "missing_scope"),
    "usergroups:read": (lambda client, slack: client.members_of_group(slack.group_id("dba")), "missing_scope"),
    "im:write": (lambda client, slack: client.open_direct_messages(slack.person("alice").id), "missing_scope"),
}
"""What each scope is for, and what Slack says without it."""


@pytest.fixture
def in_channels(served: Served) -> Served:
    """The bot was invited to one public and one private channel."""
    for name in ("#databases", "#ops-private"):
        served.workspace.channel(name).invites_the_app()
    return served


def without(scope: str) -> dict[str, object]:
    manifest = build_manifest(command=COMMAND, public_url=URL)
    manifest["oauth_config"]["scopes"]["bot"].remove(scope)
    return manifest


def test_each_scope_has_a_use() -> None:
    assert {scope.name for scope in SCOPES} == {"commands", *USES}
    assert len({scope.name for scope in SCOPES}) == len(SCOPES)
    assert all(scope.purpose for scope in SCOPES)


@pytest.mark.parametrize("scope", USES)
async def test_with_all_scopes_everything_works_and_without_one_something_does_not(
    in_channels: Served, client: SlackClient, scope: str
) -> None:
    use, error = USES[scope]
    await use(client, in_channels.workspace)
    in_channels.workspace.install(without(scope))

    with pytest.raises(SlackTroubleError) as caught:
        await use(client, in_channels.workspace)

    assert caught.value.error == error
    assert not caught.value.is_passing


def test_without_the_scope_for_commands_slack_does_not_take_the_app() -> None:
    with pytest.raises(ManifestError):
        SimulatedWorkspace().install(without("commands"))


@pytest.mark.parametrize("public_url", [None, URL])
def test_slack_takes_the_app(public_url: str | None) -> None:
    app = SimulatedWorkspace().install(build_manifest(command="/other-name", public_url=public_url))

    assert set(app.scopes) == {scope.name for scope in SCOPES}
    assert app.command("/other-name")
