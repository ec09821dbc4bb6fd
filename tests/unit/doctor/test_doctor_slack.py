"""What `doctor` finds at Slack, and the cure it names."""

import pytest
from pydantic import SecretStr

from bot.operations.health import Finding, Subject, Verdict
from bot.slack import samples
from bot.slack.samples import Sample
from bot.slack.scopes import SCOPES, Scope
from bot.slack.views import blocks
from tests.fakes.clocks import JumpingClock
from tests.fakes.installation import Installation, said

COPY_AGAIN = (
    "Copy it again from api.slack.com/apps, your app: the bot token from OAuth & Permissions, the app token from "
    "Basic Information."
)


async def test_a_wrong_bot_token(installation: Installation) -> None:
    report = await installation.examined(slack_bot_token=SecretStr("xoxb-wrong"))

    assert report.problems == [f"Slack bot token: Slack does not know this token (invalid_auth) -> {COPY_AGAIN}"]
    assert f"person {installation.workspace.person('ana').id}: not checked: Slack bot token first" in report.unknown
    assert "Slack scopes: not checked: Slack bot token first" in report.unknown
    assert report.of(Subject.CLOCK).finding is Finding.CLOCK_RIGHT, "what needs no token is looked at all the same"
    assert report.of(Subject.REGION, "DFW").finding is Finding.REGION_ANSWERS


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive"])
async def test_a_bot_token_that_is_not_valid_any_more(installation: Installation, error: str) -> None:
    installation.workspace.app.token_error = error

    report = await installation.examined()

    assert report.problems == [
        (
            f"Slack bot token: this token was valid once, and is no more ({error}) -> At api.slack.com/apps, your app, "
            "install it to the workspace again and set the new token."
        )
    ]


@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: scope.name)
async def test_a_scope_that_is_missing_is_named_with_what_it_is_for(installation: Installation, scope: Scope) -> None:
    installation.install_without(scope.name)

    report = await installation.examined()

    assert [each.item for each in report if each.finding is Finding.SCOPE_MISSING] == [scope.name]
    assert said(report.of(Subject.SCOPES, scope.name)).startswith(
        f"Slack scope {scope.name}: is missing; it is needed {scope.purpose} -> At api.slack.com/apps, your app, "
        "OAuth & Permissions, add it to the Bot Token Scopes and install the app to the workspace again."
    )
    assert len(report.problems) == 1


async def test_what_a_missing_scope_hides_is_not_called_wrong(installation: Installation) -> None:
    ana, dba = installation.workspace.person("ana").id, installation.workspace.group_id("dba")
    for scope in ("users:read", "usergroups:read"):
        installation.install_without(scope)

    report = await installation.examined(allowed_user_groups=(dba,))

    assert report.unknown == [
        f"person {ana}: not checked: Slack scopes first",
        f"user group {dba}: not checked: Slack scopes first",
    ]
    assert len(report.problems) == 2


async def test_slack_does_not_say_which_scopes_there_are(installation: Installation) -> None:
    installation.workspace.app.scopes.clear()

    report = await installation.examined()

    assert report.of(Subject.SCOPES).finding is Finding.SCOPES_NOT_SAID


async def test_a_wrong_app_token(installation: Installation) -> None:
    installation.use_socket_mode()

    report = await installation.examined(slack_app_token=SecretStr("xapp-wrong"))

    assert report.problems == [f"Slack app token: Slack does not know this token (invalid_auth) -> {COPY_AGAIN}"]


@pytest.mark.parametrize(
    ("error", "finding"),
    [
        ("missing_scope", Finding.APP_SCOPE_MISSING),
        ("not_allowed_token_type", Finding.TOKEN_OF_ANOTHER_KIND),
        ("forbidden_team", Finding.SLACK_REFUSES),
        ("internal_error", Finding.SLACK_SILENT),
    ],
)
async def test_an_app_token_with_which_nothing_can_be_received(
    installation: Installation, error: str, finding: Finding
) -> None:
    installation.use_socket_mode()
    installation.workspace.trouble.refuse("apps.connections.open", error, times=None)

    report = await installation.examined()

    assert report.of(Subject.APP_TOKEN).finding is finding
    assert len(report.problems) == 1


async def test_the_bot_is_not_in_a_private_channel(installation: Installation) -> None:
    private = installation.workspace.channel("#ops-private").id

    report = await installation.examined(allowed_channels=(private,))

    assert report.problems == [
        (
            f"channel {private}: it is private and the bot is not in it, or it does not exist -> If it is private, "
            "type /invite in it and choose this bot. Else correct ALLOWED_CHANNELS, "
            "WITNESS_CHANNEL or the file of rules."
        )
    ]


async def test_there_is_no_such_channel(installation: Installation) -> None:
    report = await installation.examined(allowed_channels=("C024BE91L",))

    assert report.of(Subject.CHANNEL, "C024BE91L").finding is Finding.CHANNEL_NOT_SEEN


async def test_a_channel_is_archived(installation: Installation) -> None:
    archived = installation.workspace.channel("#archive").id

    report = await installation.examined(allowed_channels=(archived,))

    assert report.problems == [
        (
            f"channel {archived}: #archive is archived -> Unarchive it, or take it out of ALLOWED_CHANNELS, "
            "WITNESS_CHANNEL or the file of rules."
        )
    ]


async def test_a_public_channel_the_bot_may_only_post_to_as_a_member(installation: Installation) -> None:
    installation.install_without("chat:write.public")
    databases, general = (installation.workspace.channel(name) for name in ("#databases", "#general"))
    general.invites_the_app()

    report = await installation.examined(allowed_channels=(databases.id, general.id))

    assert said(report.of(Subject.CHANNEL, databases.id)) == (
        f"channel {databases.id}: the bot is not in #databases and cannot post there -> "
        "Type /invite in it and choose this bot."
    )
    assert report.of(Subject.CHANNEL, general.id).finding is Finding.CHANNEL_OPEN


async def test_a_conversation_of_two_cannot_be_looked_at(installation: Installation) -> None:
    report = await installation.examined(allowed_channels=("D024BE91L",))

    assert report.problems == []
    assert report.of(Subject.CHANNEL, "D024BE91L").verdict is Verdict.UNKNOWN


async def test_there_is_no_such_user_group(installation: Installation) -> None:
    report = await installation.examined(allowed_user_groups=("S0NOBODY",))

    assert report.problems == [
        (
            "user group S0NOBODY: there is no such user group in this workspace -> Correct ALLOWED_USER_GROUPS or "
            "the file of rules: ids, "
            "not names, as S0604QSJC."
        )
    ]


async def test_there_is_no_such_person(installation: Installation) -> None:
    report = await installation.examined(allowed_people=("U0NOBODY",))

    assert report.problems == [
        (
            "person U0NOBODY: there is nobody with this id in this workspace -> Correct ALLOWED_PEOPLE or the file "
            "of rules: ids, not "
            "names, as U024BE7LH."
        )
    ]


async def test_people_who_never_may(installation: Installation) -> None:
    workspace = installation.workspace
    workspace.user("bob").deleted = True
    people = {"greg": "a guest", "otto": "a guest", "bob": "deactivated", "copybackup": "a bot"}
    ids = {name: workspace.user(name).id for name in people}

    report = await installation.examined(allowed_people=tuple(ids.values()))

    lines = {f"person {ids[name]}: {name} is {kind}, and never may use the bot" for name, kind in people.items()}
    assert {problem.partition(" -> ")[0].replace("Copy Backup", "copybackup") for problem in report.problems} == lines


async def test_a_clock_that_is_off(installation: Installation) -> None:
    clock = JumpingClock()
    clock.jump(-6 * 60)

    check = (await installation.examined(clock=clock)).of(Subject.CLOCK)

    assert check.verdict is Verdict.PROBLEM
    assert 350 < int(check.facts["seconds"]) < 370
    assert said(check).endswith(
        "s behind Slack's; requests are refused when it is more than 300 s off -> Have this machine's clock kept by a "
        "time service (timedatectl set-ntp true)."
    )


@pytest.mark.parametrize(("seconds", "finding"), [(30, Finding.CLOCK_RIGHT), (120, Finding.CLOCK_WRONG)])
async def test_a_clock_is_told_to_be_off_before_slack_minds(
    installation: Installation, seconds: float, finding: Finding
) -> None:
    clock = JumpingClock()
    clock.jump(seconds)

    assert (await installation.examined(clock=clock)).of(Subject.CLOCK).finding is finding


async def test_slack_does_not_offer_to_check_views(installation: Installation) -> None:
    installation.workspace.trouble.refuse("blocks.validate", "unknown_method", times=None)

    report = await installation.examined()

    assert report.problems == []
    assert report.unknown == ["Slack views and messages: not checked: Slack does not offer it here"]
    asked = [request for request in installation.workspace.requests if request.method == "blocks.validate"]
    assert len(asked) == 1


async def test_slack_refuses_a_message(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    too_long = blocks.Message("x", [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}])
    drawn = (Sample("help", blocks.Message("x", [blocks.section("x")])), Sample("status", too_long))
    monkeypatch.setattr("bot.slack.health.samples", lambda _now, **_: drawn)

    report = await installation.examined()

    assert report.problems == [
        (
            "Slack views and messages: Slack refuses one (status): /blocks/0/text/text: must be less than 3001 "
            "characters -> This is a mistake in the bot, or something new at Slack: see whether there is a later "
            "version, and report this line."
        )
    ]


async def test_slack_takes_no_more_calls(installation: Installation) -> None:
    installation.workspace.trouble.rate_limit("blocks.validate", retry_after=30, times=None)

    report = await installation.examined()

    assert report.problems == []
    assert report.unknown == [
        (
            "Slack views and messages: not checked: Slack takes no more calls of blocks.validate for now; try again "
            "in a minute"
        )
    ]


async def test_slack_cannot_be_reached(installation: Installation) -> None:
    report = await installation.examined(slack_api_url="http://127.0.0.1:9/api/")

    assert report.problems == [
        (
            "Slack bot token: no usable answer from Slack (auth.test: no_answer) -> Check that this machine reaches "
            "the address in SLACK_API_URL (network, firewall, proxy), and see slack-status.com."
        )
    ]
    assert report.of(Subject.CLOCK).verdict is Verdict.UNKNOWN
    assert report.of(Subject.LOGIN).verdict is Verdict.FINE


async def test_what_does_not_answer_hides_nothing(installation: Installation) -> None:
    channel = installation.workspace.channel("#databases").id
    installation.workspace.trouble.slow("conversations.info", 60.0)
    installation.cloud.trouble.slow(60.0, operation="list", region="IAD", for_seconds=120)

    report = await installation.examined(allowed_channels=(channel,), patience=6.0)

    cure = "Check the network between this machine and the service, and try again."
    assert report.problems == [
        f"channel {channel}: no answer within 6 s -> {cure}",
        f"region IAD: no answer within 6 s -> {cure}",
    ]


async def test_one_of_each_view_and_message_is_checked(installation: Installation) -> None:
    wanted = samples.samples(JumpingClock().now(), command="/copy-backup")

    await installation.examined()

    asked = [request for request in installation.workspace.requests if request.method == "blocks.validate"]
    assert len(asked) == len(wanted)
    assert all(request.answer == {"ok": True} for request in asked)


async def test_the_channel_of_witnesses_is_looked_at_too(installation: Installation) -> None:
    channel = installation.workspace.channel("#general").id
    report = await installation.examined(witness_channel=channel)

    assert [(each.subject, each.finding) for each in report.checks if each.item == channel] == [
        (Subject.CHANNEL, Finding.CHANNEL_OPEN)
    ]
