"""Looks at the Slack side of an installation. Nothing it does is seen by anybody in the workspace."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial

from bot.domain.rules import Rules
from bot.operations.health import Check, Finding, Once, Probe, Subject
from bot.operations.ports import Clock
from bot.slack.answers import Identity
from bot.slack.client import SlackClient
from bot.slack.directory import member_of
from bot.slack.options import SlackOptions
from bot.slack.samples import Sample, samples
from bot.slack.scopes import SCOPES
from bot.slack.trouble import RATE_LIMITED, REVOKED_TOKEN, UNKNOWN_TOKEN, SlackTroubleError
from bot.slack.views.blocks import Message

CLOCK_TOLERANCE = 60.0
"""Seconds the clock may be off. Slack's requests are refused at 300 (``slack-platform.md``, Requests to the app); a
clock that is a minute off is not kept by anybody, and gets there."""

PUBLIC_POSTS = "chat:write.public"
DIRECT_MESSAGES = "D"

_BUSY = frozenset({RATE_LIMITED, "rate_limited"})
_REFUSED_SCREEN = frozenset({"invalid_blocks", "invalid_view", "invalid_message"})
_NO_SUCH_CHECK = frozenset({"unknown_method", "method_deprecated", "not_allowed_token_type", "missing_scope"})

Granted = tuple[Identity, frozenset[str]]
"""Whose token it is, and its scopes."""


class SlackHealth:
    """The probes of the Slack room."""

    def __init__(self, client: SlackClient, options: SlackOptions, rules: Rules, clock: Clock) -> None:
        """Prepare; nothing is asked yet.

        Args:
            client: asks Slack. Whoever made it closes it.
            options: what the Slack room knows of the settings.
            rules: whose people, groups and channels are looked for.
            clock: the machine's, to be compared with Slack's.
        """
        self._client = client
        self._options = options
        self._rules = rules
        self._clock = clock
        self._token: Once[Granted | SlackTroubleError] = Once(self._try_token)

    def probes(self) -> list[Probe]:
        """What can be looked at, in the order in which it matters."""
        named = self._rules.named
        channels = named.channels | {channel for channel in (self._options.witness_channel,) if channel}
        return [
            Probe(Subject.BOT_TOKEN, self._bot_token),
            Probe(Subject.SCOPES, partial(self._with_token, Subject.SCOPES, "", _scopes)),
            self._way_in(),
            Probe(Subject.CLOCK, self._time),
            *self._each(Subject.PERSON, named.people, self._person),
            *self._each(Subject.USER_GROUP, named.groups, self._user_group),
            *self._each(Subject.CHANNEL, channels, self._channel),
            Probe(Subject.SCREENS, partial(self._with_token, Subject.SCREENS, "", self._screens)),
        ]

    def _way_in(self) -> Probe:
        if self._options.app_token is not None:
            return Probe(Subject.APP_TOKEN, self._app_token)
        return Probe(Subject.SIGNING_SECRET, self._signing_secret)

    def _each(
        self, subject: Subject, items: frozenset[str], look: Callable[[str, Granted], Awaitable[Check]]
    ) -> list[Probe]:
        async def one(item: str, granted: Granted) -> Sequence[Check]:
            return [await look(item, granted)]

        return [
            Probe(subject, partial(self._with_token, subject, item, partial(one, item)), item) for item in sorted(items)
        ]

    async def _with_token(
        self, subject: Subject, item: str, look: Callable[[Granted], Awaitable[Sequence[Check]]]
    ) -> Sequence[Check]:
        """Look at what takes a token that works."""
        granted = await self._token()
        if isinstance(granted, SlackTroubleError):
            return [Check(subject, Finding.NOT_LOOKED_AT, item, {"first": Subject.BOT_TOKEN.value})]
        try:
            return await look(granted)
        except SlackTroubleError as trouble:
            return [_told(subject, item, trouble)]

    async def _try_token(self) -> Granted | SlackTroubleError:
        try:
            return await self._client.who_am_i()
        except SlackTroubleError as trouble:
            return trouble

    async def _bot_token(self) -> Sequence[Check]:
        granted = await self._token()
        if isinstance(granted, SlackTroubleError):
            return [_told(Subject.BOT_TOKEN, "", granted)]
        identity, _ = granted
        facts = {"workspace": identity.team or identity.team_id, "user": identity.user or identity.user_id}
        return [Check(Subject.BOT_TOKEN, Finding.BOT_TOKEN_WORKS, facts=facts)]

    async def _app_token(self) -> Sequence[Check]:
        """An address for one connection is asked for, and not used: Slack forgets it."""
        try:
            await self._client.call("apps.connections.open", {}, repeat=True, token=self._options.app_token)
        except SlackTroubleError as trouble:
            if trouble.error == "missing_scope":
                return [Check(Subject.APP_TOKEN, Finding.APP_SCOPE_MISSING)]
            return [_told(Subject.APP_TOKEN, "", trouble)]
        return [Check(Subject.APP_TOKEN, Finding.APP_TOKEN_WORKS)]

    async def _signing_secret(self) -> Sequence[Check]:
        """The settings are refused without one; whether it is the right one, only a request of Slack's can show."""
        return [Check(Subject.SIGNING_SECRET, Finding.SIGNING_SECRET_SET)]

    async def _time(self) -> Sequence[Check]:
        try:
            _, headers = await self._client.call("api.test", {}, repeat=True)
        except SlackTroubleError:
            return [Check(Subject.CLOCK, Finding.CLOCK_NOT_COMPARED)]
        theirs = _date(headers.get("Date"))
        if theirs is None:
            return [Check(Subject.CLOCK, Finding.CLOCK_NOT_COMPARED)]
        ahead = (self._clock.now() - theirs).total_seconds()
        facts = {"seconds": f"{abs(ahead):.0f}", "direction": "ahead of" if ahead > 0 else "behind"}
        right = abs(ahead) <= CLOCK_TOLERANCE
        return [Check(Subject.CLOCK, Finding.CLOCK_RIGHT if right else Finding.CLOCK_WRONG, facts=facts)]

    async def _person(self, person_id: str, granted: Granted) -> Check:
        identity, _ = granted
        try:
            member = member_of(await self._client.user(person_id), identity.team_id)
        except SlackTroubleError as trouble:
            if trouble.error in {"user_not_found", "user_not_visible"}:
                return Check(Subject.PERSON, Finding.PERSON_UNKNOWN, person_id)
            raise
        kinds = {"deactivated": member.is_deactivated, "a bot": member.is_bot, "a guest": member.is_guest}
        kind = next((name for name, applies in kinds.items() if applies), None)
        if kind is not None:
            return Check(Subject.PERSON, Finding.PERSON_NEVER_MAY, person_id, {"name": member.name, "kind": kind})
        return Check(Subject.PERSON, Finding.PERSON_MAY, person_id, {"name": member.name})

    async def _user_group(self, group_id: str, _granted: Granted) -> Check:
        try:
            members = await self._client.members_of_group(group_id)
        except SlackTroubleError as trouble:
            if trouble.error in {"no_such_subteam", "subteam_not_found"}:
                return Check(Subject.USER_GROUP, Finding.USER_GROUP_UNKNOWN, group_id)
            raise
        return Check(Subject.USER_GROUP, Finding.USER_GROUP_KNOWN, group_id, {"people": str(len(members))})

    async def _channel(self, channel_id: str, granted: Granted) -> Check:
        """Whether the bot can post in a channel (``slack-platform.md``, Where a message can go)."""
        if channel_id.startswith(DIRECT_MESSAGES):
            return Check(Subject.CHANNEL, Finding.CHANNEL_IS_DIRECT, channel_id)
        _, scopes = granted
        try:
            channel = await self._client.channel(channel_id)
        except SlackTroubleError as trouble:
            if trouble.error == "channel_not_found":
                return Check(Subject.CHANNEL, Finding.CHANNEL_NOT_SEEN, channel_id)
            raise
        facts = {"name": channel.name}
        if channel.is_archived:
            return Check(Subject.CHANNEL, Finding.CHANNEL_ARCHIVED, channel_id, facts)
        if not channel.is_member and (channel.is_private or PUBLIC_POSTS not in scopes):
            return Check(Subject.CHANNEL, Finding.CHANNEL_NOT_JOINED, channel_id, facts)
        return Check(Subject.CHANNEL, Finding.CHANNEL_OPEN, channel_id, facts)

    async def _screens(self, _granted: Granted) -> Sequence[Check]:
        """Have Slack check one of each view and message (``slack-platform.md``, Sizes: ``blocks.validate``)."""
        drawn = samples(self._clock.now(), command=self._options.command)
        first = await self._screen(drawn[0])
        if first is not None and first.finding is not Finding.SCREEN_REFUSED:
            return [first]
        others = await asyncio.gather(*(self._screen(sample) for sample in drawn[1:]))
        problems = [check for check in (first, *others) if check is not None]
        taken = Check(Subject.SCREENS, Finding.SCREENS_TAKEN, facts={"number": str(len(drawn))})
        return _each_once(problems) or [taken]

    async def _screen(self, sample: Sample) -> Check | None:
        """What is wrong with one view or message; ``None`` if Slack takes it."""
        drawn = sample.drawn
        given = {"message": {"blocks": drawn.blocks}} if isinstance(drawn, Message) else {"view": drawn}
        try:
            await self._client.call("blocks.validate", given, repeat=True)
        except SlackTroubleError as trouble:
            if trouble.error in _REFUSED_SCREEN:
                facts = {"screen": sample.name, "messages": "; ".join(trouble.messages) or trouble.error}
                return Check(Subject.SCREENS, Finding.SCREEN_REFUSED, facts=facts)
            if trouble.error in _NO_SUCH_CHECK:
                return Check(Subject.SCREENS, Finding.SCREENS_NOT_CHECKED)
            return _told(Subject.SCREENS, "", trouble)
        return None


async def _scopes(granted: Granted) -> Sequence[Check]:
    _, scopes = granted
    if not scopes:
        return [Check(Subject.SCOPES, Finding.SCOPES_NOT_SAID)]
    missing = [scope for scope in SCOPES if scope.name not in scopes]
    if not missing:
        return [Check(Subject.SCOPES, Finding.SCOPES_GRANTED, facts={"number": str(len(SCOPES))})]
    return [Check(Subject.SCOPES, Finding.SCOPE_MISSING, scope.name, {"purpose": scope.purpose}) for scope in missing]


def _told(subject: Subject, item: str, trouble: SlackTroubleError) -> Check:
    """What a call that did not work tells of what was looked at."""
    facts = {"error": trouble.error, "method": trouble.method}
    if trouble.error in UNKNOWN_TOKEN:
        return Check(subject, Finding.TOKEN_UNKNOWN, item, facts)
    if trouble.error in REVOKED_TOKEN:
        return Check(subject, Finding.TOKEN_REVOKED, item, facts)
    if trouble.error == "not_allowed_token_type":
        return Check(subject, Finding.TOKEN_OF_ANOTHER_KIND, item, facts)
    if trouble.error == "missing_scope":
        return Check(subject, Finding.NOT_LOOKED_AT, item, {"first": Subject.SCOPES.value})
    if trouble.error in _BUSY:
        return Check(subject, Finding.SLACK_BUSY, item, facts)
    return Check(subject, Finding.SLACK_SILENT if trouble.is_passing else Finding.SLACK_REFUSES, item, facts)


def _each_once(checks: Sequence[Check]) -> list[Check]:
    """The same finding once, however many screens met it."""
    return [check for place, check in enumerate(checks) if check not in checks[:place]]


def _date(header: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
