"""People and user groups, as Slack knows them: remembered, and looked at again behind the scenes.

Nobody is let in whom Slack could not be asked about; but whoever was known keeps being known while Slack cannot be
asked, for a day at most. ``users.info`` may be asked 100 times a minute, ``usergroups.users.list`` 20 times
(``slack-platform.md``, Rates).
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.domain.policy import AccessRules, Member
from bot.slack.answers import User
from bot.slack.client import SlackClient, SlackTroubleError
from bot.slack.errands import Errands

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Memory:
    """How long things are remembered.

    Attributes:
        fresh: seconds within which nobody is asked about again.
        kept: seconds after which somebody is forgotten.
        people: that are remembered at most.
    """

    fresh: float = 300.0
    kept: float = 86_400.0
    people: int = 5_000


@dataclass(frozen=True, slots=True)
class _Known:
    member: Member
    at: float


class Directory:
    """Who somebody is."""

    def __init__(
        self,
        client: SlackClient,
        rules: AccessRules,
        errands: Errands,
        *,
        memory: Memory | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.home: str | None = None
        """Id of the workspace the bot belongs to."""
        self._client = client
        self._rules = rules
        self._errands = errands
        self._memory = memory or Memory()
        self._clock = clock
        self._people: OrderedDict[str, _Known] = OrderedDict()
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._groups: dict[str, frozenset[str]] = {}
        self._groups_at = -float("inf")
        self._learning_groups = asyncio.Lock()

    def known(self, person_id: str) -> Member | None:
        """Somebody, from memory. Whoever was last asked about too long ago is asked about again meanwhile."""
        known = self._remembered(person_id)
        if known is None or not self._groups_are_known(person_id):
            return None
        if self._is_old(known.at) or (self._rules.groups and self._is_old(self._groups_at)):
            self._ask(person_id)
        return self._with_groups(known.member)

    async def member(self, person_id: str) -> Member | None:
        """Somebody, as Slack says now or said a few minutes ago.

        Returns:
            Whom memory knows while Slack cannot be asked; ``None`` where memory knows nobody either.
        """
        known = self._remembered(person_id)
        is_old = known is None or self._is_old(known.at) or (self._rules.groups and self._is_old(self._groups_at))
        if is_old:
            await asyncio.shield(self._ask(person_id))
            known = self._remembered(person_id)
        if known is None or not self._groups_are_known(person_id):
            return None
        return self._with_groups(known.member)

    async def learn_groups(self) -> None:
        """Ask who is in the user groups that the rules name. Those that cannot be asked stay as they were."""
        for group in self._rules.groups:
            try:
                self._groups[group] = await self._client.members_of_group(group)
            except SlackTroubleError as trouble:
                if not trouble.is_passing:
                    self._groups[group] = frozenset()
                logger.warning("the members of user group %s could not be read: %s", group, trouble)
                if trouble.is_passing:
                    return
        self._groups_at = self._clock()

    def _ask(self, person_id: str) -> asyncio.Task[None]:
        asking = self._asking.get(person_id)
        if asking is None:
            asking = self._errands.start(self._learn(person_id), "ask Slack who somebody is")
            self._asking[person_id] = asking
            asking.add_done_callback(lambda _: self._asking.pop(person_id, None))
        return asking

    async def _learn(self, person_id: str) -> None:
        async with self._learning_groups:
            if self._rules.groups and self._is_old(self._groups_at):
                await self.learn_groups()
        try:
            user = await self._client.user(person_id)
        except SlackTroubleError as trouble:
            logger.warning("Slack could not be asked about %s: %s", person_id, trouble)
            if not trouble.is_passing and trouble.error in {"user_not_found", "user_not_visible"}:
                self._people.pop(person_id, None)
            return
        self._people[person_id] = _Known(member_of(user, self.home), self._clock())
        self._people.move_to_end(person_id)
        while len(self._people) > self._memory.people:
            self._people.popitem(last=False)

    def _remembered(self, person_id: str) -> _Known | None:
        known = self._people.get(person_id)
        return known if known and self._clock() - known.at < self._memory.kept else None

    def _is_old(self, at: float) -> bool:
        return self._clock() - at >= self._memory.fresh

    def _groups_are_known(self, person_id: str) -> bool:
        return person_id in self._rules.people or all(group in self._groups for group in self._rules.groups)

    def _with_groups(self, member: Member) -> Member:
        groups = frozenset(group for group, members in self._groups.items() if member.id in members)
        return replace(member, groups=groups) if groups else member


def member_of(user: User, home: str | None) -> Member:
    """Somebody as the rules see them.

    Args:
        user: as Slack describes them.
        home: id of the workspace the bot belongs to: whoever belongs to another is a guest.
    """
    elsewhere = user.team_id is not None and user.team_id != home
    if elsewhere and user.enterprise_user is not None:
        elsewhere = home not in user.enterprise_user.teams
    return Member(
        id=user.id,
        name=user.profile.display_name or user.profile.real_name or user.name or user.id,
        is_guest=user.is_restricted or user.is_ultra_restricted or user.is_stranger or elsewhere,
        is_bot=user.is_bot,
        is_deactivated=user.deleted,
    )
