"""Who may use the bot, from where: who × where → the reason for a refusal, or none."""

import pytest

from bot.domain.policy import AccessRules, Member, refusal
from bot.domain.reasons import Reason

ANA = Member("U-ana", "ana")
GUEST = Member("U-greg", "greg", is_guest=True)
ROBOT = Member("U-robot", "robot", is_bot=True)
GONE = Member("U-gone", "gone", is_deactivated=True)
IN_GROUP = Member("U-bob", "bob", groups=frozenset({"S-dba"}))
STRANGER = Member("U-eve", "eve", groups=frozenset({"S-other"}))

PEOPLE = AccessRules(people=frozenset({"U-ana", "U-greg", "U-robot", "U-gone"}))
GROUP = AccessRules(groups=frozenset({"S-dba"}))
CHANNEL = AccessRules(channels=frozenset({"C-db"}))
BOTH = AccessRules(people=frozenset({"U-ana"}), channels=frozenset({"C-db"}))


@pytest.mark.parametrize(
    ("rules", "member", "channel", "expected"),
    [
        (PEOPLE, ANA, "C-any", None),
        (PEOPLE, ANA, None, None),
        (PEOPLE, STRANGER, "C-any", Reason.PERSON_NOT_ALLOWED),
        (PEOPLE, GUEST, "C-any", Reason.PERSON_IS_GUEST),
        (PEOPLE, ROBOT, "C-any", Reason.PERSON_IS_BOT),
        (PEOPLE, GONE, "C-any", Reason.PERSON_NOT_ALLOWED),
        (GROUP, IN_GROUP, "C-any", None),
        (GROUP, STRANGER, "C-any", Reason.PERSON_NOT_ALLOWED),
        (GROUP, ANA, None, Reason.PERSON_NOT_ALLOWED),
        (CHANNEL, STRANGER, "C-db", None),
        (CHANNEL, STRANGER, "C-other", Reason.CHANNEL_NOT_ALLOWED),
        (CHANNEL, STRANGER, None, Reason.CHANNEL_NOT_ALLOWED),
        (CHANNEL, GUEST, "C-db", Reason.PERSON_IS_GUEST),
        (BOTH, ANA, "C-db", None),
        (BOTH, ANA, "C-other", Reason.CHANNEL_NOT_ALLOWED),
        (BOTH, ANA, None, None),
        (BOTH, STRANGER, "C-db", Reason.PERSON_NOT_ALLOWED),
        (AccessRules(), ANA, "C-db", Reason.PERSON_NOT_ALLOWED),
    ],
)
def test_who_may_from_where(rules: AccessRules, member: Member, channel: str | None, expected: Reason | None) -> None:
    assert refusal(rules, member, channel) is expected


def test_rules_that_name_nobody_allow_nobody() -> None:
    assert AccessRules().allow_nobody
    assert not CHANNEL.allow_nobody
