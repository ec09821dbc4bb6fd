"""Who may use the bot."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from bot.domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class Member:
    """What the chat says about somebody.

    Attributes:
        is_guest: may see only some channels of the workspace, or belongs to another workspace.
        groups: ids of the user groups this person is in, of those that the rules name.
    """

    id: str
    name: str
    is_guest: bool = False
    is_bot: bool = False
    is_deactivated: bool = False
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AccessRules:
    """Who may use the bot, and from where. What is empty does not narrow.

    Attributes:
        people: ids of people who may.
        groups: ids of user groups whose members may.
        channels: ids of the channels from which the bot may be used, and which it may tell.
    """

    people: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()

    @property
    def allow_nobody(self) -> bool:
        """Whether no rule is set at all: then nobody may, and the bot does not start."""
        return not (self.people or self.groups or self.channels)


def refusal(rules: AccessRules, member: Member, channel: str | None) -> Reason | None:
    """Why somebody may not use the bot from a channel; ``None`` if they may.

    Guests and bots never may. Who is named by id or through a group may, from the channels the rules name (from
    any, if they name none). Where the rules name channels only, whoever is in one of them may.

    Args:
        rules: as they are set.
        member: who asks.
        channel: where; ``None`` where there is no channel (a global shortcut): then only a person or a group
            that is named gets in.
    """
    if member.is_bot or member.is_deactivated:
        return Reason.PERSON_IS_BOT if member.is_bot else Reason.PERSON_NOT_ALLOWED
    if member.is_guest:
        return Reason.PERSON_IS_GUEST
    named = member.id in rules.people or bool(member.groups & rules.groups)
    if (rules.people or rules.groups) and not named:
        return Reason.PERSON_NOT_ALLOWED
    if rules.allow_nobody:
        return Reason.PERSON_NOT_ALLOWED
    return _refusal_of_channel(rules.channels, channel, named=named)


def _refusal_of_channel(channels: AbstractSet[str], channel: str | None, *, named: bool) -> Reason | None:
    if not channels or channel in channels or (channel is None and named):
        return None
    return Reason.CHANNEL_NOT_ALLOWED
