"""What the rules say of a wish: who × what × where → allowed, needs the agreement of others, or refused."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.approval import Agreement, missing
from bot.domain.backup import Backup, Origin
from bot.domain.judgement import (
    BEHIND_GLASS,
    Judgement,
    Usage,
    Wish,
    allowing_rules,
    cost_of,
    judge,
)
from bot.domain.people import Person
from bot.domain.policy import AccessRules, Member
from bot.domain.reasons import Problem, Reason
from bot.domain.rules import (
    AllowRule,
    ApprovalRule,
    BreakGlass,
    Freeze,
    Hours,
    Limit,
    People,
    Per,
    Price,
    Rules,
    Scope,
)
from bot.domain.sight import Sight

ANA = Member("U-ana", "ana", groups=frozenset({"S-dba"}))
BOB = Member("U-bob", "bob")
EVE = Member("U-eve", "eve", groups=frozenset({"S-leads"}))
GUEST = replace(BOB, is_guest=True)
ROBOT = replace(BOB, is_bot=True)
GONE = replace(BOB, is_deactivated=True)

NIGHTLY = Backup("b-1", "DFW", "nightly-1", "COMPLETED", size_gb=10.0, origin=Origin("instance", "orders-1"))
HUGE = replace(NIGHTLY, id="b-2", name="weekly [prod]", size_gb=900.0)
UNSIZED = replace(NIGHTLY, id="b-3", size_gb=None)
HOMELESS = replace(NIGHTLY, id="b-4", origin=None)
IN_ORD = replace(NIGHTLY, id="b-5", region="ORD")

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
"""A Wednesday."""
MIDNIGHT = NOON.replace(hour=0)

LEADS = People(groups=frozenset({"S-leads"}))


def regions(*names: str) -> frozenset[str]:
    return frozenset(names)


LARGE = ApprovalRule("large", LEADS, "C-ok", larger_than_gb=500.0)
NIGHT = ApprovalRule("night", LEADS, "C-ok", out_of_hours=True)
COSTLY = ApprovalRule("costly", LEADS, "C-ok", costs_more_than=50.0)
TO_SYD = ApprovalRule("far", LEADS, "C-ok", Scope(destinations=regions("SYD")))
ORDERS = ApprovalRule("orders", LEADS, "C-ok", Scope(instances=("orders-*",)))

RULES = Rules(
    allow=(
        AllowRule("dba", AccessRules(groups=frozenset({"S-dba"})), Scope(sources=regions("DFW"))),
        AllowRule("ord", AccessRules(groups=frozenset({"S-dba"}), channels=frozenset({"C-ord"})),
                  Scope(sources=regions("ORD"))),
        AllowRule("bob", AccessRules(people=frozenset({"U-bob"})), Scope(destinations=regions("IAD"))),
        AllowRule("weekly", AccessRules(channels=frozenset({"C-db"})), Scope(backups=("WEEKLY [prod]*",))),
    ),
    approvals=(LARGE, NIGHT, COSTLY, TO_SYD),
    limits=(
        Limit("each", Per.PERSON, running=2, copies_a_day=5, gb_a_day=1000.0),
        Limit("room", Per.CHANNEL, running=9),
    ),
    freezes=(
        Freeze("hkg", "the cable is cut", regions("HKG")),
        Freeze("past", "is over", since=datetime(2026, 1, 1, tzinfo=UTC), until=datetime(2026, 1, 2, tzinfo=UTC)),
    ),
    break_glass=BreakGlass(People(people=frozenset({"U-bob", "U-eve"})), "C-ok"),
    prices=(Price(0.1, 0.05, regions("DFW"), regions("SYD")),),
    hours=Hours("UTC", frozenset(range(5)), time(8), time(18)),
)  # fmt: skip


def wish(member: Member, *copies: tuple[Backup, str], channel: str = "C-any", at: datetime = NOON,
         **usage: Usage) -> Wish:  # fmt: skip
    return Wish(
        member, channel, copies or ((NIGHTLY, "IAD"),), at, {Per(per.strip("_")): used for per, used in usage.items()}
    )


def refused(said: Judgement) -> list[tuple[Reason, str | None]]:
    return [(problem.reason, problem.about) for problem in said.refusals]


NOT_ALLOWED = [(Reason.PERSON_NOT_ALLOWED, None)]


@pytest.mark.parametrize(
    ("wanted", "allowed_by", "needs", "refusals"),
    [
        (wish(ANA), "dba", [], []),
        (wish(BOB), "bob", [], []),
        (wish(ANA, (NIGHTLY, "IAD"), (NIGHTLY, "SYD")), "dba", ["far"], []),
        (wish(ANA, (NIGHTLY, "IAD"), (IN_ORD, "IAD"), channel="C-ord"), "dba, ord", [], []),
        (wish(ANA, (IN_ORD, "IAD"), channel="C-any"), None, [], [(Reason.NOT_IN_RULES, "ORD to IAD")]),
        (wish(BOB, (NIGHTLY, "IAD"), (NIGHTLY, "ORD")), None, [], [(Reason.NOT_IN_RULES, "DFW to ORD")]),
        (wish(EVE), None, [], [(Reason.CHANNEL_NOT_ALLOWED, None)]),
        (wish(EVE, (HUGE, "IAD"), channel="C-db"), "weekly", ["large"], []),
        (wish(EVE, channel="C-db"), None, [], [(Reason.NOT_IN_RULES, "DFW to IAD")]),
        (wish(GUEST), None, [], [(Reason.PERSON_IS_GUEST, None)]),
        (wish(ROBOT), None, [], [(Reason.PERSON_IS_BOT, None)]),
        (wish(GONE), None, [], NOT_ALLOWED),
        (wish(ANA, (HUGE, "IAD")), "dba", ["large"], []),
        (wish(ANA, (UNSIZED, "IAD")), "dba", ["large"], []),
        (wish(ANA, at=MIDNIGHT), "dba", ["night"], []),
        (wish(ANA, (UNSIZED, "SYD")), "dba", ["large", "costly", "far"], []),
        (wish(ANA, (replace(HUGE, size_gb=400.0), "SYD")), "dba", ["costly", "far"], []),
        (wish(ANA, (NIGHTLY, "HKG")), "dba", [], [(Reason.FROZEN, "the cable is cut")]),
        (wish(ANA, person=Usage(running=1)), "dba", [], []),
        (wish(ANA, person=Usage(running=2)), "dba", [], [(Reason.TOO_MANY_RUNNING, "2 for one person")]),
        (wish(ANA, channel="C", person=Usage(copies=5)), "dba", [],
         [(Reason.TOO_MANY_COPIES_A_DAY, "5 for one person")]),
        (wish(ANA, person=Usage(gb=990.5)), "dba", [], [(Reason.TOO_MUCH_A_DAY, "1000 GB for one person")]),
        (wish(ANA, person=Usage(gb=990.0)), "dba", [], []),
        (wish(ANA, channel_=Usage(running=8)), "dba", [], []),
        (wish(ANA, channel_=Usage(running=9)), "dba", [], [(Reason.TOO_MANY_RUNNING, "9 for one channel")]),
    ],
)  # fmt: skip
def test_what_the_rules_say(
    wanted: Wish, allowed_by: str | None, needs: list[str], refusals: list[tuple[Reason, str | None]]
) -> None:
    said = judge(RULES, wanted)

    assert (said.allowed_by, [rule.name for rule in said.needs], refused(said)) == (allowed_by, needs, refusals)
    assert said.stands_in_the_way == bool(needs or refusals)


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        (ORDERS, True),
        (replace(ORDERS, scope=Scope(instances=("ORDERS-?",))), False),
        (replace(ORDERS, scope=Scope(backups=("weekly [prod]",))), True),
        (replace(ORDERS, scope=Scope(backups=("weekly [p]*",))), False),
    ],
)
def test_only_a_star_stands_for_other_characters(rule: ApprovalRule, holds: bool) -> None:
    said = judge(replace(RULES, approvals=(rule,)), wish(ANA, (HUGE, "IAD")))

    assert bool(said.needs) is holds


def test_a_backup_of_an_instance_that_is_not_known_may_be_of_any_but_is_let_through_by_none() -> None:
    frozen = Freeze("f", "closed", instances=("users-*",))
    allow = AllowRule("orders", AccessRules(people=frozenset({"U-ana"})), Scope(instances=("orders-*",)))
    rules = Rules((allow,), (ORDERS,), freezes=(frozen,))

    said = judge(rules, wish(ANA, (HOMELESS, "IAD")))

    assert refused(said) == [(Reason.NOT_IN_RULES, "DFW to IAD"), (Reason.FROZEN, "closed")]
    assert said.needs == (ORDERS,)
    assert judge(rules, wish(ANA)) == Judgement("orders", needs=(ORDERS,))


def test_what_breaking_the_glass_opens() -> None:
    rules = replace(RULES, freezes=(Freeze("f", "closed"),))
    bob, eve, ana = (judge(rules, wish(who)) for who in (BOB, EVE, ANA))

    assert bob.problems(glass_is_broken=False) == (Problem(Reason.FROZEN, "closed"),)
    assert bob.problems(glass_is_broken=True) == ()
    assert [each.reason for each in eve.problems(glass_is_broken=True)] == [Reason.CHANNEL_NOT_ALLOWED]
    assert ana.problems(glass_is_broken=True) == ana.refusals, "ana may not break it"


def test_what_copies_cost() -> None:
    cost = cost_of(RULES, [(NIGHTLY, "SYD"), (UNSIZED, "SYD"), (NIGHTLY, "IAD")])

    assert cost
    assert (cost.once, cost.monthly, cost.currency, cost.first_month) == (1.0, 0.5, "USD", 1.5)
    assert cost_of(RULES, [(NIGHTLY, "IAD")]) is None


def test_who_still_has_to_agree() -> None:
    two = replace(LARGE, approvals=2)
    eve = Agreement(Person("U-eve", "eve"), ("large", "far"))

    assert missing((two, TO_SYD), ()) == ((two, 2), (TO_SYD, 1))
    assert missing((two, TO_SYD), (eve, eve)) == ((two, 1),), "one person counts once"
    assert missing((two, TO_SYD), (eve, Agreement(Person("U-dan", "dan"), ("large",)))) == ()


# --- Properties --------------------------------------------------------------------------------------------------

some_regions = st.frozensets(st.sampled_from(["DFW", "IAD", "ORD"]), max_size=2)
scopes = st.builds(
    Scope,
    some_regions,
    some_regions,
    st.sampled_from([(), ("orders-*",), ("users-1",)]),
    st.sampled_from([(), ("nightly*",)]),
)
some_people = st.builds(
    People,
    st.frozensets(st.sampled_from(["U-ana", "U-bob"]), max_size=2),
    st.frozensets(st.sampled_from(["S-dba", "S-leads"]), max_size=1),
)
accesses = st.builds(
    lambda who, channels: AccessRules(who.people, who.groups, channels),
    some_people,
    st.frozensets(st.sampled_from(["C-any", "C-db"]), max_size=1),
)
allows = st.builds(AllowRule, st.sampled_from(["a", "b"]), accesses, scopes)
sizes = st.none() | st.floats(1, 1000)
approvals = st.builds(
    ApprovalRule,
    st.sampled_from(["a", "b"]),
    some_people,
    st.just("C-ok"),
    scopes,
    larger_than_gb=sizes,
    costs_more_than=sizes,
    out_of_hours=st.booleans(),
)
freezes = st.builds(Freeze, st.just("f"), st.just("closed"), some_regions)
limits = st.builds(Limit, st.just("l"), st.sampled_from(Per), st.none() | st.integers(1, 3))
all_rules = st.builds(
    Rules,
    st.lists(allows, max_size=3).map(tuple),
    st.lists(approvals, max_size=3).map(tuple),
    st.lists(limits, max_size=2).map(tuple),
    st.lists(freezes, max_size=2).map(tuple),
    st.none() | st.builds(BreakGlass, some_people, st.just("C-ok")),
    st.just(RULES.prices),
    hours=st.none() | st.just(RULES.hours),
)
members = st.sampled_from([ANA, BOB, EVE])
outsiders = st.sampled_from([GUEST, ROBOT, GONE])
copies = st.lists(
    st.tuples(st.sampled_from([NIGHTLY, HUGE, UNSIZED, HOMELESS, IN_ORD]), st.sampled_from(["IAD", "SYD", "ORD"])),
    min_size=1,
    max_size=3,
).map(tuple)
usages = st.dictionaries(st.sampled_from(Per), st.builds(Usage, st.integers(0, 3)))


def wishes(who: st.SearchStrategy[Member]) -> st.SearchStrategy[Wish]:
    return st.builds(Wish, who, st.sampled_from(["C-any", "C-db"]), copies, st.sampled_from([NOON, MIDNIGHT]), usages)


def left_in_the_way(said: Judgement) -> Sequence[object]:
    return [*said.refusals, *said.needs]


@given(all_rules, wishes(members), approvals, freezes, limits)
def test_another_restriction_never_makes_anything_freer(
    rules: Rules, wanted: Wish, approval: ApprovalRule, freeze: Freeze, limit: Limit
) -> None:
    before = judge(rules, wanted)
    for stricter in (
        replace(rules, approvals=(*rules.approvals, approval)),
        replace(rules, freezes=(*rules.freezes, freeze)),
        replace(rules, limits=(*rules.limits, limit)),
    ):
        after = judge(stricter, wanted)

        assert after.allowed_by == before.allowed_by
        assert all(each in left_in_the_way(after) for each in left_in_the_way(before))


@given(all_rules, wishes(members), allows)
def test_another_permission_never_takes_one_away(rules: Rules, wanted: Wish, allow: AllowRule) -> None:
    freer = replace(rules, allow=(*rules.allow, allow))

    if allowing_rules(rules, wanted):
        assert allowing_rules(freer, wanted) == allowing_rules(rules, wanted)
    assert judge(freer, wanted).needs == judge(rules, wanted).needs


@given(all_rules, wishes(outsiders))
def test_who_is_no_full_member_never_may_anything(rules: Rules, wanted: Wish) -> None:
    said = judge(rules, wanted)

    assert said.allowed_by is None
    assert said.refusals
    assert said.problems(glass_is_broken=True) == said.refusals
    assert not rules.is_approver(wanted.member)
    assert rules.scopes_seen_by(wanted.member) == ()


@given(all_rules, wishes(members))
def test_breaking_the_glass_never_lets_in_who_may_not_ask(rules: Rules, wanted: Wish) -> None:
    said = judge(rules, wanted)
    left = said.problems(glass_is_broken=True)

    assert (said.allowed_by is None) == any(each.reason not in BEHIND_GLASS for each in left)


@given(all_rules, wishes(members))
def test_what_may_be_asked_for_one_by_one_may_be_asked_for_together(rules: Rules, wanted: Wish) -> None:
    one_by_one = [judge(rules, replace(wanted, copies=(copy,))).allowed_by for copy in wanted.copies]

    assert (judge(rules, wanted).allowed_by is not None) == (None not in one_by_one)


@given(all_rules, wishes(members))
def test_who_may_ask_for_a_copy_may_see_its_backup(rules: Rules, wanted: Wish) -> None:
    if judge(rules, wanted).allowed_by:
        assert rules.door(wanted.member, wanted.channel) is None
        sight = Sight(wanted.member.id, rules.scopes_seen_by(wanted.member))
        assert all(sight.sees(backup) for backup, _ in wanted.copies)
