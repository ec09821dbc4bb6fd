"""Who may come in: what is Slack's own, and which people the rules let in. In doubt, nobody."""

import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
from pydantic import SecretStr

from bot.domain.events import Event, EventKind
from bot.domain.people import Person
from bot.domain.policy import AccessRules
from bot.domain.reasons import Reason
from bot.domain.rules import Rules
from bot.operations.ports import StoreTroubleError
from bot.slack.client import SlackClient
from bot.slack.directory import Directory
from bot.slack.errands import Errands
from bot.slack.guard import Guard, SignatureCheck, Tally, Undecided, Visit
from tests.fakes.conditions import until
from tests.fakes.world import World
from tests.unit.slack.conftest import Served

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BODY = b"token=x&command=%2Fcopy-backup"


@pytest.fixture
def world() -> World:
    return World.new()


def refusals(world: World) -> list[Event]:
    return [recorded.event for recorded in world.record.history]


# Signatures


def signed(body: bytes = BODY, *, at: float | None = None, secret: str = SECRET) -> tuple[str, str]:
    timestamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return timestamp, f"v0={digest}"


@pytest.fixture
def signatures() -> SignatureCheck:
    return SignatureCheck(SecretStr(SECRET))


def test_what_slack_signed_is_accepted(signatures: SignatureCheck) -> None:
    assert signatures.accepts(BODY, *signed())
    assert signatures.accepts(b"", *signed(b""))
    assert signatures.accepts("größer".encode(), *signed("größer".encode()))


@pytest.mark.parametrize("seconds", [-290, 290])
def test_clocks_may_differ_by_a_few_minutes(signatures: SignatureCheck, seconds: int) -> None:
    assert signatures.accepts(BODY, *signed(at=time.time() + seconds))


@pytest.mark.parametrize("seconds", [-310, 310, -86_400, 86_400])
def test_what_was_signed_long_ago_or_will_be_is_refused(signatures: SignatureCheck, seconds: int) -> None:
    assert not signatures.accepts(BODY, *signed(at=time.time() + seconds))


def test_what_somebody_else_signed_is_refused(signatures: SignatureCheck) -> None:
    assert not signatures.accepts(BODY, *signed(secret="0" * 32))


def test_a_changed_body_is_refused(signatures: SignatureCheck) -> None:
    assert not signatures.accepts(BODY + b"&text=x", *signed())


def test_a_changed_time_is_refused(signatures: SignatureCheck) -> None:
    timestamp, signature = signed()

    assert not signatures.accepts(BODY, str(int(timestamp) + 1), signature)


@pytest.mark.parametrize(
    "timestamp", [None, "", "soon", "nan", "inf", "1e9", "-1", "9" * 400, "9" * 5000, "¹²³", "\x00"]
)
def test_a_time_that_is_none_is_refused(signatures: SignatureCheck, timestamp: str | None) -> None:
    assert not signatures.accepts(BODY, timestamp, signed()[1])


@pytest.mark.parametrize("signature", [None, "", "v0=", "v0", "v1=00", "v0=größer", "\ud800", "0" * 100_000])
def test_a_signature_that_is_none_is_refused(signatures: SignatureCheck, signature: str | None) -> None:
    assert not signatures.accepts(BODY, signed()[0], signature)


def test_a_body_that_is_no_text_is_refused(signatures: SignatureCheck) -> None:
    assert not signatures.accepts(b"\xff\xfe", *signed(b"\xff\xfe"))


# Requests that are not Slack's


@pytest.fixture
async def tallying() -> AsyncIterator[Errands]:
    errands = Errands()
    yield errands
    await errands.aclose()


async def test_the_first_request_without_a_signature_is_written_down_at_once(world: World, tallying: Errands) -> None:
    tally = Tally(world.ports, tallying)

    tally.note()

    await until(lambda: len(world.record.history) == 1)
    (event,) = refusals(world)
    assert (event.kind, event.reason) == (EventKind.REFUSED_REQUEST, Reason.NOT_FROM_SLACK)
    assert event.who.id == ""
    assert event.facts["count"] == 1
    tally.close()


async def test_a_flood_makes_few_lines_and_loses_no_request(world: World, tallying: Errands) -> None:
    tally = Tally(world.ports, tallying)
    for _ in range(5_000):
        tally.note()
    await until(lambda: len(world.record.history) == 1)
    for _ in range(3_000):
        tally.note()

    tally.close()
    await tallying.aclose()

    assert [event.facts["count"] for event in refusals(world)] == [5_000, 3_000]


async def test_a_line_is_written_each_time_for_as_long_as_they_come(world: World, tallying: Errands) -> None:
    tally = Tally(world.ports, tallying, every=0.01)
    for lines in range(1, 4):
        tally.note()
        await until(lambda wanted=lines: len(world.record.history) == wanted)  # type: ignore[misc]  # a default
    tally.close()


async def test_nothing_is_written_where_nothing_came(world: World, tallying: Errands) -> None:
    tally = Tally(world.ports, tallying)

    tally.close()
    await tallying.aclose()

    assert world.record.history == []


async def test_a_flood_fills_no_log_while_nothing_can_be_written_down(
    world: World, tallying: Errands, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full(_event: Event) -> None:
        raise StoreTroubleError("the disk is full")

    monkeypatch.setattr(world.record, "append", full)
    tally = Tally(world.ports, tallying)
    for _ in range(3):
        for _ in range(100):
            tally.note()
        await until(lambda: "the disk is full" in caplog.text)
    tally.close()
    await tallying.aclose()

    counts = [record.args for record in caplog.records if "without a valid signature" in record.getMessage()]
    assert counts == [(100,), (200,)]
    assert [record.levelname for record in caplog.records if record.levelname == "ERROR"] == []


# People

RULES = AccessRules(channels=frozenset({"C0OPS"}))


@dataclass(slots=True)
class Door:
    """The guard, and people who come."""

    served: Served
    directory: Directory
    guard: Guard
    world: World
    errands: Errands

    def visit(self, name: str = "alice", **changes: object) -> Visit:
        visit = Visit(
            person=Person(self.served.workspace.user(name).id, name),
            team=self.served.workspace.team_id,
            person_team=None,
            channel="C0OPS",
            attempted="the slash command",
        )
        return replace(visit, **changes)  # type: ignore[arg-type]  # attributes of Visit

    async def written_down(self) -> list[Event]:
        await self.errands.aclose()
        return refusals(self.world)


@pytest.fixture
def door(served: Served, client: SlackClient, errands: Errands, world: World) -> Door:
    return door_by(RULES, served, client, errands, world)


def door_by(rules: AccessRules, served: Served, client: SlackClient, errands: Errands, world: World) -> Door:
    world.rules.rules = Rules.only(rules)
    directory = Directory(client, world.rules, errands)
    directory.home = served.workspace.team_id
    return Door(served, directory, Guard(world.ports, directory, errands), world, errands)


async def test_slack_is_asked_about_whom_memory_does_not_know(door: Door) -> None:
    assert door.guard.decide(door.visit()) is Undecided.ASK_SLACK

    assert await door.guard.check(door.visit()) is None

    assert door.guard.decide(door.visit()) is None
    assert await door.written_down() == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("greg", Reason.PERSON_IS_GUEST),
        ("otto", Reason.PERSON_IS_GUEST),
        ("carol", Reason.PERSON_IS_BOT),
        ("bob", Reason.PERSON_NOT_ALLOWED),
    ],
)
async def test_who_may_not_is_refused_and_written_down(door: Door, name: str, reason: Reason) -> None:
    door.served.workspace.user("bob").deleted = True
    door.served.workspace.user("carol").is_bot = True
    visit = door.visit(name)

    assert await door.guard.check(visit) is reason
    assert door.guard.decide(visit) is reason

    (event,) = await door.written_down()
    assert (event.kind, event.reason, event.who) == (EventKind.REFUSED_PERSON, reason, visit.person)
    assert (event.where, event.facts["attempted"]) == ("C0OPS", "the slash command")


async def test_whom_slack_does_not_know_is_refused(door: Door) -> None:
    assert await door.guard.check(door.visit(person=Person("U0NOBODY", "nobody"))) is Reason.PERSON_UNKNOWN


@pytest.mark.parametrize("error", ["internal_error", "invalid_auth", "missing_scope"])
async def test_nobody_is_let_in_while_slack_cannot_be_asked(door: Door, error: str) -> None:
    door.served.workspace.trouble.refuse("users.info", error, times=None)

    assert await door.guard.check(door.visit()) is Reason.PERSON_UNKNOWN

    (event,) = await door.written_down()
    assert event.reason is Reason.PERSON_UNKNOWN


async def test_a_person_does_not_wait_for_slack_for_ever(door: Door) -> None:
    door.served.workspace.trouble.slow("users.info", 60.0)

    assert await door.guard.check(door.visit(), patience=0.01) is Reason.PERSON_UNKNOWN


@pytest.mark.parametrize(
    ("changes", "is_refused"),
    [
        ({"team": "T0OTHER"}, True),
        ({"team": "T0OTHER", "person_team": "home"}, True),
        ({"team": None, "person_team": "T0OTHER"}, True),
        ({"team": None, "person_team": None}, True),
        ({"team": None, "person_team": "home"}, False),
        ({"person_team": "T0OTHER"}, False),
    ],
    ids=[
        "another workspace",
        "another workspace, though the person is of this one",
        "no workspace, and a person of another",
        "no workspace, and a person of none",
        "no workspace, and a person of this one",
        "this workspace, and a person of another: Slack says who that is",
    ],
)
async def test_what_comes_from_another_workspace_is_refused_without_asking(
    door: Door, changes: dict[str, str | None], *, is_refused: bool
) -> None:
    home = door.served.workspace.team_id
    changed: dict[str, object] = {key: home if value == "home" else value for key, value in changes.items()}
    visit = replace(door.visit(), **changed)  # type: ignore[arg-type]  # attributes of Visit

    decided = door.guard.decide(visit)

    assert decided is (Reason.WRONG_WORKSPACE if is_refused else Undecided.ASK_SLACK)
    assert await door.guard.check(visit) is (Reason.WRONG_WORKSPACE if is_refused else None)
    assert door.served.calls("users.info") == (0 if is_refused else 1)
    assert [event.kind for event in await door.written_down()] == [EventKind.REFUSED_REQUEST] * is_refused


async def test_nobody_is_let_in_before_it_is_known_which_workspace_this_is(door: Door) -> None:
    door.directory.home = None

    assert door.guard.decide(door.visit()) is Reason.PERSON_UNKNOWN
    assert await door.guard.check(door.visit()) is Reason.PERSON_UNKNOWN


async def test_from_another_channel_nobody_is_let_in(door: Door) -> None:
    assert await door.guard.check(door.visit(channel="C0OTHER")) is Reason.CHANNEL_NOT_ALLOWED
    assert await door.guard.check(door.visit(channel=None)) is Reason.CHANNEL_NOT_ALLOWED


async def test_a_view_was_opened_from_a_place_that_counts(door: Door) -> None:
    assert await door.guard.check(door.visit(channel=None, in_own_view=True)) is None
    assert await door.guard.check(door.visit("greg", channel=None, in_own_view=True)) is Reason.PERSON_IS_GUEST


async def test_members_of_a_group_may_and_others_may_not(
    served: Served, client: SlackClient, errands: Errands, world: World
) -> None:
    rules = AccessRules(groups=frozenset({served.workspace.group_id("dba")}))
    door = door_by(rules, served, client, errands, world)

    assert await door.guard.check(door.visit("ana", channel=None)) is None
    assert await door.guard.check(door.visit("alice")) is Reason.PERSON_NOT_ALLOWED


def test_only_channels_of_the_rules_are_told(door: Door) -> None:
    assert door.guard.may_tell("C0OPS")
    assert not door.guard.may_tell("C0OTHER")


async def test_any_channel_is_told_where_the_rules_name_none(
    served: Served, client: SlackClient, errands: Errands, world: World
) -> None:
    door = door_by(AccessRules(people=frozenset({"U1"})), served, client, errands, world)

    assert door.guard.may_tell("C0OTHER")
