"""People and user groups, as Slack knows them: remembered, and looked at again behind the scenes.

Nobody is let in whom Slack could not be asked about; but whoever was known keeps being known while Slack cannot be
asked, for a day at most. ``users.info`` may be asked 100 times a minute, ``usergroups.users.list`` 20 times
(``slack-platform.md``, Rates): however many people come at once, the groups are asked about once.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from bot.domain.policy import Member
from bot.operations.rules_in_force import RulesInForce
from bot.slack.answers import User
from bot.slack.client import SlackClient
from bot.slack.errands import Errands
from bot.slack.trouble import SlackTroubleError

logger = logging.getLogger(__name__)

Fact = TypeVar("Fact")


@dataclass(frozen=True, slots=True)
class Memory:
    """How long things are remembered.

    Attributes:
        fresh: seconds within which Slack is not asked again.
        trusted: seconds within which what is known counts while Slack is asked again; after that, Slack is asked
            first.
        kept: seconds after which something is forgotten, though Slack could not be asked meanwhile.
        people: that are remembered at most.
    """

    fresh: float = 300.0
    trusted: float = 1_800.0
    kept: float = 86_400.0
    people: int = 5_000


@dataclass(frozen=True, slots=True)
class _Known(Generic[Fact]):
    """What Slack said, and when."""

    fact: Fact
    at: float


class Directory:
    """Who somebody is."""

    def __init__(
        self,
        client: SlackClient,
        rules: RulesInForce,
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
        self._people: OrderedDict[str, _Known[Member]] = OrderedDict()
        self._groups: dict[str, _Known[frozenset[str]]] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._learning_groups: asyncio.Task[None] | None = None

    @property
    def can_be_told_apart(self) -> bool:
        """Whether it is known which workspace the bot belongs to: before that, everybody looks like a guest."""
        return self.home is not None

    def known(self, person_id: str) -> Member | None:
        """Somebody, from memory. Whom Slack said something about a while ago is asked about again meanwhile.

        Returns:
            ``None`` for whom Slack has to be asked about first.
        """
        age = self._age(person_id)
        if age >= self._memory.trusted:
            return None
        if age >= self._memory.fresh:
            self._ask(person_id)
        return self._remembered(person_id, age)

    async def member(self, person_id: str, *, patience: float = 10.0) -> Member | None:
        """Somebody, as Slack says now or said a few minutes ago.

        Args:
            person_id: who.
            patience: seconds Slack is given to answer.

        Returns:
            Whom memory knows while Slack cannot be asked; ``None`` where memory knows nobody either.
        """
        if self._age(person_id) >= self._memory.fresh:
            await asyncio.wait({self._ask(person_id)}, timeout=patience)
        return self._remembered(person_id, self._age(person_id))

    async def learn_groups(self) -> None:
        """Ask who is in the user groups that the rules name, as far as that is not fresh. Those that cannot be asked
        about stay as they were.
        """
        for group in sorted(self._rules.now().named.groups):
            if self._age_of(self._groups.get(group)) < self._memory.fresh:
                continue
            try:
                members = await self._client.members_of_group(group)
            except SlackTroubleError as trouble:
                logger.warning("the members of user group %s could not be read: %s", group, trouble)
                if trouble.is_passing:
                    return
                members = frozenset()
            self._groups[group] = _Known(members, self._clock())

    def _ask(self, person_id: str) -> asyncio.Task[None]:
        """Ask Slack about somebody, once for all who want to know."""
        asking = self._asking.get(person_id)
        if asking is None:
            asking = self._errands.start(self._learn(person_id), "ask Slack who somebody is")
            self._asking[person_id] = asking
            asking.add_done_callback(lambda _: self._asking.pop(person_id, None))
        return asking

    async def _learn(self, person_id: str) -> None:
        groups = self._ask_about_groups() if self._groups_of_interest(person_id) else None
        if self._age_of(self._people.get(person_id)) >= self._memory.fresh:
            await self._learn_person(person_id)
        if groups is not None:
            await asyncio.wait({groups})

    def _ask_about_groups(self) -> asyncio.Task[None]:
        """Ask Slack about the user groups, once for all who want to know."""
        if self._learning_groups is None or self._learning_groups.done():
            self._learning_groups = self._errands.start(self.learn_groups(), "ask Slack who is in the user groups")
        return self._learning_groups

    async def _learn_person(self, person_id: str) -> None:
        try:
            user = await self._client.user(person_id)
        except SlackTroubleError as trouble:
            logger.warning("Slack could not be asked about %s: %s", person_id, trouble)
            if trouble.error in {"user_not_found", "user_not_visible"}:
                self._people.pop(person_id, None)
            return
        self._people[person_id] = _Known(member_of(user, self.home), self._clock())
        self._people.move_to_end(person_id)
        while len(self._people) > self._memory.people:
            self._people.popitem(last=False)

    def _age(self, person_id: str) -> float:
        """How many seconds ago Slack said the oldest of what has to be known of somebody; infinite if it did not."""
        groups = [self._age_of(self._groups.get(group)) for group in self._groups_of_interest(person_id)]
        return max([self._age_of(self._people.get(person_id)), *groups])

    def _age_of(self, known: _Known[Fact] | None) -> float:
        return self._clock() - known.at if known else float("inf")

    def _groups_of_interest(self, person_id: str) -> Sequence[str]:
        """The groups that may decide about somebody: none about whom the only rule names."""
        rules = self._rules.now()
        return () if rules.knows_without_groups(person_id) else tuple(rules.named.groups)

    def _remembered(self, person_id: str, age: float) -> Member | None:
        known = self._people.get(person_id)
        if known is None or age >= self._memory.kept:
            return None
        groups = frozenset(group for group, members in self._groups.items() if person_id in members.fact)
        return replace(known.fact, groups=groups) if groups else known.fact


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
