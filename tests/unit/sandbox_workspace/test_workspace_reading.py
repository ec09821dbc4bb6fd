"""What a reader sees of blocks and markup, and who is notified of it."""

import asyncio

import pytest

from bot.sandbox.workspace import ManifestError, NotShownError, Ping, SimulatedWorkspace
from bot.sandbox.workspace.markup import mentions_in, plain
from tests.fakes.slack_apps import Json, Setting


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


@pytest.mark.parametrize(
    ("markup", "seen"),
    [
        ("*bold* _italic_ ~gone~ `code *kept*`", "bold italic gone code *kept*"),
        ("my_db_name is *in* IAD", "my_db_name is in IAD"),
        ("_*both*_", "both"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("&lt;!channel&gt; &amp; &lt;b&gt;", "<!channel> & <b>"),
        ("&amp;lt;", "&lt;"),
        ("<@U1> and <@U1|al>", "@name-of-U1 and @al"),
        ("in <#C1>", "in #name-of-C1"),
        ("<!subteam^S1> <!here>", "@name-of-S1 @here"),
        ("<https://example.com|here> <https://example.com>", "here (https://example.com) https://example.com"),
        ("<!date^1700000000^{date_short_pretty} {time}|14 Nov 22:13>", "14 Nov 22:13"),
    ],
)
def test_markup_as_a_reader_sees_it(markup: str, seen: str) -> None:
    assert plain(markup, lambda identity: f"name-of-{identity}") == seen


def test_what_is_escaped_mentions_nobody() -> None:
    assert mentions_in("&lt;!channel&gt; &lt;@U123&gt; @channel @alice <https://x.example|@here>") == []
    assert [one.target for one in mentions_in("<!channel> <@U123|x> <!subteam^S1> <!here|here>")] == [
        "channel",
        "U123",
        "S1",
        "here",
    ]


async def test_pings_are_those_who_are_really_notified(setting: Setting) -> None:
    workspace, client = setting.workspace, setting.client
    channel, ana = workspace.channel("#databases"), workspace.person("ana")
    section = {"type": "section", "text": mrkdwn(f"for <@{ana.id}> and &lt;!channel&gt;")}
    plain_section = {"type": "section", "text": {"type": "plain_text", "text": "<!channel>"}}
    posted = await client.chat_postMessage(channel=channel.id, text="<!here>", blocks=[section, plain_section])
    expected = {("broadcast", "here"), ("user", "ana")}
    assert {(one.kind, one.target) for one in workspace.pings} == expected

    await client.chat_update(channel=channel.id, ts=posted["ts"], text="<!everyone>")
    assert len(workspace.pings) == 2, "nobody is notified of a changed message"
    assert Ping("broadcast", "everyone", "databases", posted["ts"], notified=False) in workspace.mentions

    rich = {"type": "rich_text_section", "elements": [{"type": "broadcast", "range": "channel"}]}
    block = {"type": "rich_text", "elements": [rich]}
    await client.chat_postMessage(channel=channel.id, text="x", blocks=[block])
    assert workspace.pings[-1].target == "channel"
    await client.chat_postMessage(channel=channel.id, text="hello @dba", link_names=True)
    assert (workspace.pings[-1].kind, workspace.pings[-1].target) == ("group", "dba")


async def test_a_message_is_readable_in_a_terminal(setting: Setting) -> None:
    channel = setting.workspace.channel("#databases")
    rich = {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [{"type": "text", "text": "two "}, {"type": "emoji", "name": "x"}],
            },
            {
                "type": "rich_text_list",
                "style": "bullet",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}],
            },
        ],
    }
    task = {"type": "task_card", "task_id": "1", "title": "Copy weekly", "status": "in_progress"}
    cell = {"type": "raw_text", "text": "DFW"}
    blocks: list[Json] = [
        {"type": "header", "text": {"type": "plain_text", "text": "Copying"}},
        {"type": "section", "text": mrkdwn("*a* to b"), "fields": [mrkdwn("size: 1 GB")]},
        {"type": "divider"},
        {"type": "context", "elements": [mrkdwn("asked by me")]},
        rich,
        {"type": "table", "rows": [[cell, {"type": "raw_number", "value": 3}]]},
        {"type": "plan", "title": "Chain", "tasks": [task]},
        {"type": "card", "title": mrkdwn("Card"), "body": mrkdwn("Body")},
    ]
    await setting.client.chat_postMessage(channel=channel.id, text="Copying", blocks=blocks)
    message = channel.messages[0]
    assert message.rendered.split("\n") == [
        "Copying",
        "a to b",
        "size: 1 GB",
        "---",
        "asked by me",
        "two :x:",
        "- one",
        "DFW | 3",
        "Chain",
        "[~] Copy weekly",
        "Card",
        "Body",
    ]
    assert message.notification == "Copying"


async def test_who_waits_in_vain_is_told_what_is_there_instead(setting: Setting) -> None:
    channel = setting.workspace.channel("#databases")
    await setting.client.chat_postMessage(channel=channel.id, text="still running")
    with pytest.raises(NotShownError, match="still running"):
        await channel.waits_for("done", timeout=0.05)
    with pytest.raises(NotShownError, match="no form at all"):
        await setting.workspace.person("alice").sees_form("Copy a backup", timeout=0.05)


async def test_every_change_is_published(setting: Setting) -> None:
    changes = setting.workspace.changes.listen()
    first = asyncio.ensure_future(anext(changes))
    channel = setting.workspace.channel("#databases")
    await setting.client.chat_postMessage(channel=channel.id, text="x")
    posted = await first
    assert posted.kind == "message_posted"
    assert posted.subject["channel"] == channel.id
    assert (await anext(changes)).kind == "request"
    await changes.aclose()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"display_information": {"name": "x" * 36}}, "display_information.name"),
        ({"features": {}}, "bot_user"),
        ({"oauth_config": {"scopes": {"bot": []}}}, "need the scope `commands`"),
    ],
)
async def test_a_manifest_that_slack_would_not_take_is_refused(setting: Setting, change: Json, reason: str) -> None:
    manifest = setting.workspace.app.manifest.model_dump()
    with pytest.raises(ManifestError, match=reason):
        setting.workspace.install({**manifest, **change})


async def test_without_socket_mode_each_command_needs_an_address(setting: Setting) -> None:
    manifest = setting.workspace.app.manifest.model_dump()
    manifest["features"]["slash_commands"][0]["url"] = None
    with pytest.raises(ManifestError, match="need a url"):
        setting.workspace.install(manifest)
    manifest["settings"]["socket_mode_enabled"] = True
    setting.workspace.install(manifest)


def test_the_same_seed_makes_the_same_workspace() -> None:
    one, same, other = SimulatedWorkspace(seed=3), SimulatedWorkspace(seed=3), SimulatedWorkspace(seed=4)
    assert one.person("alice").id == same.person("alice").id != other.person("alice").id
