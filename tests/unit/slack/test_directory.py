"""Who somebody is, as Slack says: asked once, remembered for a while, and forgotten after a day."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from bot.domain.policy import AccessRules
from bot.domain.rules import Rules
from bot.operations.rules_in_force import FixedRules
from bot.slack.answers import Enterprise, User
from bot.slack.client import SlackClient
from bot.slack.directory import Directory, Memory, member_of
from bot.slack.errands import Errands
from tests.fakes.conditions import until
from tests.fakes.world import ChangingRules
from tests.unit.slack.conftest import Served

MEMORY = Memory(fresh=300.0, trusted=1_800.0, kept=86_400.0, people=3)
HOME = "T0HOME"


@dataclass(slots=True)
class Seconds:
    """A clock that a test turns."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


Make = Callable[[AccessRules], Directory]


@pytest.fixture
def make(served: Served, client: SlackClient, errands: Errands, seconds: Seconds) -> Make:
    def make(rules: AccessRules) -> Directory:
        directory = Directory(client, FixedRules(Rules.only(rules)), errands, memory=MEMORY, clock=seconds)
        directory.home = served.workspace.team_id
        return directory

    return make


async def test_before_the_workspace_is_known_nobody_can_be_told_from_a_guest(
    client: SlackClient, errands: Errands, served: Served
) -> None:
    rules = FixedRules(Rules.only(AccessRules(people=frozenset({"U1"}))))
    directory = Directory(client, rules, errands)
    assert not directory.can_be_told_apart
    directory.home = served.workspace.team_id
    assert directory.can_be_told_apart


@pytest.fixture
def directory(make: Make) -> Directory:
    """By rules that ask for nothing but who somebody is."""
    return make(AccessRules(channels=frozenset({"C1"})))


@pytest.fixture
def dba(served: Served) -> AccessRules:
    return AccessRules(groups=frozenset({served.workspace.group_id("dba")}))


# People


async def test_nobody_is_known_before_slack_was_asked(served: Served, directory: Directory) -> None:
    alice = served.workspace.person("alice").id

    assert directory.known(alice) is None

    member = await directory.member(alice)
    assert member
    assert member.name == "alice"
    assert directory.known(alice) == member


async def test_somebody_is_asked_about_once_for_all_who_want_to_know(served: Served, directory: Directory) -> None:
    alice = served.workspace.person("alice").id

    members = await asyncio.gather(*(directory.member(alice) for _ in range(50)))
    await directory.member(alice)

    assert {member.id for member in members if member} == {alice}
    assert served.calls("users.info") == 1


async def test_whom_slack_said_something_about_a_while_ago_is_asked_about_behind_the_scenes(
    served: Served, directory: Directory, seconds: Seconds
) -> None:
    alice = served.workspace.person("alice").id
    await directory.member(alice)
    served.workspace.user("alice").is_restricted = True
    seconds.now += MEMORY.fresh

    stale = directory.known(alice)

    assert stale
    assert not stale.is_guest
    await until(lambda: (directory.known(alice) or stale).is_guest)
    assert served.calls("users.info") == 2


async def test_nobody_is_let_in_by_what_was_true_an_hour_ago(
    served: Served, directory: Directory, seconds: Seconds
) -> None:
    alice = served.workspace.person("alice").id
    await directory.member(alice)
    served.workspace.user("alice").deleted = True
    seconds.now += MEMORY.trusted

    assert directory.known(alice) is None

    member = await directory.member(alice)
    assert member
    assert member.is_deactivated


async def test_whoever_was_known_stays_known_for_a_day_while_slack_is_away(
    served: Served, directory: Directory, seconds: Seconds
) -> None:
    alice = served.workspace.person("alice").id
    await directory.member(alice)
    served.workspace.trouble.refuse("users.info", "internal_error", times=None)

    seconds.now += MEMORY.kept - 1
    assert await directory.member(alice)
    seconds.now += 1
    assert await directory.member(alice) is None


async def test_slack_is_not_waited_for_longer_than_there_is_patience(
    served: Served, directory: Directory, seconds: Seconds
) -> None:
    alice = served.workspace.person("alice").id
    await directory.member(alice)
    served.workspace.trouble.slow("users.info", 60.0)
    seconds.now += MEMORY.trusted

    assert await directory.member(alice, patience=0.01)
    assert await directory.member(served.workspace.person("bob").id, patience=0.01) is None


@pytest.mark.parametrize("error", ["user_not_found", "user_not_visible"])
async def test_whom_slack_does_not_know_any_more_is_forgotten(
    served: Served, directory: Directory, seconds: Seconds, error: str
) -> None:
    alice = served.workspace.person("alice").id
    await directory.member(alice)
    served.workspace.trouble.refuse("users.info", error)
    seconds.now += MEMORY.fresh

    assert await directory.member(alice) is None


async def test_only_so_many_people_are_remembered(served: Served, directory: Directory) -> None:
    people = [served.workspace.person(name).id for name in ("alice", "bob", "ana", "carol")]
    for person in people:
        await directory.member(person)

    assert [directory.known(person) is not None for person in people] == [False, True, True, True]


# User groups


async def test_who_is_in_a_user_group_is_known_once_slack_was_asked(
    served: Served, make: Make, dba: AccessRules
) -> None:
    directory = make(dba)

    ana = await directory.member(served.workspace.person("ana").id)
    alice = await directory.member(served.workspace.person("alice").id)

    assert ana
    assert alice
    assert ana.groups == dba.groups
    assert alice.groups == frozenset()


async def test_the_groups_are_asked_about_once_for_all_who_want_to_know(
    served: Served, make: Make, dba: AccessRules, seconds: Seconds
) -> None:
    """``usergroups.users.list`` may be called 20 times a minute."""
    directory = make(dba)
    people = [served.workspace.person(name).id for name in ("alice", "bob", "ana")]

    for _ in range(2):
        await asyncio.gather(*(directory.member(person) for person in people * 10))
        seconds.now += MEMORY.fresh

    assert served.calls("usergroups.users.list") == 2


async def test_the_groups_are_known_from_the_start(served: Served, make: Make, dba: AccessRules) -> None:
    directory = make(dba)
    await directory.learn_groups()

    await directory.member(served.workspace.person("ana").id)

    assert served.calls("usergroups.users.list") == 1


async def test_who_left_a_user_group_is_not_in_it_for_long(
    served: Served, make: Make, dba: AccessRules, seconds: Seconds
) -> None:
    directory = make(dba)
    ana = served.workspace.person("ana").id
    await directory.member(ana)
    served.workspace.group("dba").clear()
    seconds.now += MEMORY.trusted

    member = await directory.member(ana)

    assert member
    assert member.groups == frozenset()


async def test_nobody_is_known_while_the_groups_are_not(served: Served, make: Make, dba: AccessRules) -> None:
    directory = make(dba)
    served.workspace.trouble.refuse("usergroups.users.list", "internal_error", times=None)

    assert await directory.member(served.workspace.person("ana").id) is None


async def test_whoever_is_named_does_not_wait_for_groups(served: Served, make: Make, dba: AccessRules) -> None:
    alice = served.workspace.person("alice").id
    directory = make(replace(dba, people=frozenset({alice})))

    assert await directory.member(alice)
    assert directory.known(alice)

    assert served.calls("usergroups.users.list") == 0


async def test_groups_stay_known_for_a_day_while_they_cannot_be_asked_about(
    served: Served, make: Make, dba: AccessRules, seconds: Seconds
) -> None:
    """Also where Slack still says who somebody is."""
    directory = make(dba)
    ana = served.workspace.person("ana").id
    await directory.member(ana)
    served.workspace.trouble.refuse("usergroups.users.list", "internal_error", times=None)

    seconds.now += MEMORY.kept - 1
    member = await directory.member(ana)
    assert member
    assert member.groups == dba.groups
    seconds.now += 1
    assert await directory.member(ana) is None


async def test_nobody_is_in_a_group_that_is_not_there(served: Served, make: Make) -> None:
    directory = make(AccessRules(groups=frozenset({"S0GONE"})))

    member = await directory.member(served.workspace.person("ana").id)

    assert member
    assert member.groups == frozenset()


async def test_one_group_that_cannot_be_asked_about_does_not_make_the_others_be_asked_again(
    served: Served, make: Make, seconds: Seconds
) -> None:
    groups = sorted(served.workspace.group_id(name) for name in ("dba", "approvers"))
    directory = make(AccessRules(groups=frozenset(groups)))
    await directory.learn_groups()
    seconds.now += MEMORY.fresh
    served.workspace.trouble.refuse("usergroups.users.list", "internal_error")
    await directory.learn_groups()

    await directory.learn_groups()
    await directory.learn_groups()

    asked = [each.arguments["usergroup"] for each in served.workspace.requests]
    assert asked == [*groups, groups[0], *groups]


async def test_a_group_that_the_rules_name_since_a_moment_ago_is_asked_about_before_anybody_is_decided_on(
    served: Served, client: SlackClient, errands: Errands, dba: AccessRules
) -> None:
    rules = ChangingRules(Rules.only(AccessRules(channels=frozenset({"C1"}))))
    directory = Directory(client, rules, errands, memory=MEMORY)
    directory.home = served.workspace.team_id
    ana = served.workspace.person("ana").id
    await directory.member(ana)
    assert directory.known(ana)

    rules.rules = Rules.only(dba)

    assert directory.known(ana) is None, "Slack has to be asked first"
    member = await directory.member(ana)
    assert member
    assert member.groups == dba.groups


async def test_while_slack_cannot_say_who_is_in_a_new_group_nobody_is_let_in_by_it(
    served: Served, client: SlackClient, errands: Errands, dba: AccessRules
) -> None:
    rules = ChangingRules(Rules.only(AccessRules(channels=frozenset({"C1"}))))
    directory = Directory(client, rules, errands, memory=MEMORY)
    directory.home = served.workspace.team_id
    ana = served.workspace.person("ana").id
    await directory.member(ana)
    served.workspace.trouble.refuse("usergroups.users.list", "internal_error", times=None)

    rules.rules = Rules.only(dba)

    assert await directory.member(ana) is None, "which is told as: it could not be found out who you are"


# Kinds of people

ALICE = User(id="U1", team_id=HOME)


@pytest.mark.parametrize(
    ("user", "is_guest"),
    [
        (ALICE, False),
        (User(id="U1"), False),
        (User(id="U1", team_id=HOME, is_restricted=True), True),
        (User(id="U1", team_id=HOME, is_ultra_restricted=True), True),
        (User(id="U1", team_id=HOME, is_stranger=True), True),
        (User(id="U1", team_id="T0OTHER"), True),
        (User(id="U1", team_id="T0OTHER", enterprise_user=Enterprise(teams=("T0OTHER", HOME))), False),
        (User(id="U1", team_id="T0OTHER", enterprise_user=Enterprise(teams=("T0OTHER",))), True),
        (User(id="U1", team_id=HOME, enterprise_user=Enterprise(teams=(HOME,))), False),
    ],
    ids=[
        "a member",
        "a member of whom Slack says no workspace",
        "a guest",
        "a guest of one channel",
        "a stranger, by Slack Connect",
        "somebody of another workspace",
        "a member of the organisation who is in this workspace too",
        "a member of the organisation who is not in this workspace",
        "a member of an organisation",
    ],
)
def test_who_is_not_of_this_workspace_is_a_guest(user: User, is_guest: bool) -> None:
    assert member_of(user, HOME).is_guest is is_guest


def test_everybody_is_a_guest_while_it_is_not_known_which_workspace_this_is() -> None:
    assert member_of(ALICE, None).is_guest


def test_bots_and_who_was_deactivated_are_seen_as_such() -> None:
    assert member_of(ALICE.model_copy(update={"is_bot": True}), HOME).is_bot
    assert member_of(ALICE.model_copy(update={"deleted": True}), HOME).is_deactivated


@pytest.mark.parametrize(
    ("names", "name"),
    [
        ({"profile": {"display_name": "ana", "real_name": "Ana Güneş"}, "name": "agunes"}, "ana"),
        ({"profile": {"display_name": "", "real_name": "Ana Güneş"}, "name": "agunes"}, "Ana Güneş"),
        ({"name": "agunes"}, "agunes"),
        ({}, "U1"),
    ],
)
def test_somebody_has_the_name_that_others_see(names: dict[str, object], name: str) -> None:
    assert member_of(User.model_validate({"id": "U1", **names}), HOME).name == name
