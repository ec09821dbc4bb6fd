"""What looks at an installation without being the bot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

from bot.assembly.parts import build_cloud, rules_of, slack_options
from bot.cloud.health import CloudHealth
from bot.domain.policy import Member
from bot.domain.rules import Rules
from bot.operations.health import Probe
from bot.operations.ports import Clock
from bot.rules_file import RulesFileError
from bot.settings import RulesSettings, Settings
from bot.slack.client import SlackClient
from bot.slack.directory import member_of
from bot.slack.health import SlackHealth
from bot.storage.health import probes as database_probes
from bot.workflow.clock import SystemClock

LOOK_SECONDS = 8.0
"""How long ``doctor`` waits for one answer: nobody works meanwhile but the person who looks at it."""


@asynccontextmanager
async def looking(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[list[Probe]]:
    """What looks at an installation for ``doctor``. Nothing is changed, and a bot may be running.

    Args:
        settings: of the bot.
        clock: the machine's, to be compared with Slack's.
    """
    options = slack_options(settings)
    client = SlackClient(options.bot_token, options.api_url, timeout=LOOK_SECONDS, waits_for_rates=False)
    cloud = build_cloud(settings, timeout=LOOK_SECONDS)
    try:
        rules = (await asyncio.to_thread(rules_of, settings)).now()
    except RulesFileError:  # which is told by the one who looks, line by line
        rules = Rules(allow=())
    async with client, aclosing(cloud):
        yield [
            *database_probes(settings.database, settings.audit_key),
            *SlackHealth(client, options, rules, clock or SystemClock()).probes(),
            *CloudHealth(cloud).probes(),
        ]


async def member_by_slack(settings: RulesSettings, rules: Rules, person_id: str) -> Member:
    """Somebody, with those of their groups that the rules name, as Slack says now.

    Raises:
        SlackTroubleError: Slack does not say it, or there is nobody with this id.
        ValueError: no token is set.
    """
    if settings.slack_bot_token is None:
        raise ValueError("there is no token to ask Slack with")
    client = SlackClient(settings.slack_bot_token, settings.slack_api_url, timeout=LOOK_SECONDS)
    async with client:
        identity, _ = await client.who_am_i()
        member = member_of(await client.user(person_id), identity.team_id)
        members = {group: await client.members_of_group(group) for group in sorted(rules.named.groups)}
    return replace(member, groups=frozenset(group for group, people in members.items() if person_id in people))
