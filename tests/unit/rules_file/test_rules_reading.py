"""The file of rules: what it says becomes rules, and everything wrong with it is told at once, by line."""

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.domain.backup import REGIONS_FOR_COPIES
from bot.domain.policy import AccessRules
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
    WantedAge,
)
from bot.rules_file import RulesFileError, read_rules

ALLOW = '[[allow]]\nname = "dba"\ngroups = ["S0DBA"]\n'
"""Three lines that are rules already."""

WHOLE = """
currency = "EUR"

[[allow]]
name = "dba"
people = ["U0ANA", "W0BOB"]
groups = ["S0DBA"]
channels = ["C0DB", "G0DB"]
from = ["dfw", "ORD"]
to = ["IAD"]
instances = ["orders-*"]
backups = ["*weekly*"]

[[approval]]
name = "large"
from = ["DFW"]
to = ["IAD"]
instances = ["orders-1"]
backups = ["nightly"]
larger_than_gb = 500
costs_more_than = 99.5
out_of_hours = true
approvers = { people = ["U0EVE", "U0DAN"], groups = ["S0LEADS"] }
approvals = 2
channel = "C0OK"
expires_after = "2d"
remind_after = "30m"

[[limit]]
name = "each"
per = "person"
running = 3
copies_a_day = 20
gb_a_day = 1500.5

[[freeze]]
name = "quarter"
reason = "The quarter is being closed."
regions = ["IAD"]
instances = ["orders-*"]
since = 2026-12-24T18:00:00Z
until = 2027-01-02T08:00:00+01:00

[break_glass]
people = ["U0EVE"]
groups = ["S0ONCALL"]
channel = "C0OK"

[[price]]
from = ["DFW"]
to = ["IAD"]
once = 0.12
monthly = 1

[hours]
timezone = "Europe/Berlin"
days = ["mon-wed", "fri"]
from = "08:00"
to = "18:30"

[[wanted_age]]
instances = ["orders-*"]
to = ["IAD"]
age = "24h"
"""


def read(text: str | bytes, regions: tuple[str, ...] = REGIONS_FOR_COPIES) -> Rules:
    return read_rules(text.encode() if isinstance(text, str) else text, regions)


def mistakes(text: str | bytes) -> list[str]:
    with pytest.raises(RulesFileError) as caught:
        read(text)
    return [str(mistake) for mistake in caught.value.mistakes]


# --- What it says ------------------------------------------------------------------------------------------------


def test_everything_it_may_say_becomes_rules() -> None:
    orders = ("orders-*",)
    assert read(WHOLE) == Rules(
        currency="EUR",
        allow=(
            AllowRule(
                "dba",
                AccessRules(frozenset({"U0ANA", "W0BOB"}), frozenset({"S0DBA"}), frozenset({"C0DB", "G0DB"})),
                Scope(frozenset({"DFW", "ORD"}), frozenset({"IAD"}), orders, ("*weekly*",)),
            ),
        ),
        approvals=(
            ApprovalRule(
                "large",
                People(frozenset({"U0EVE", "U0DAN"}), frozenset({"S0LEADS"})),
                "C0OK",
                Scope(frozenset({"DFW"}), frozenset({"IAD"}), ("orders-1",), ("nightly",)),
                larger_than_gb=500.0,
                costs_more_than=99.5,
                out_of_hours=True,
                approvals=2,
                expires_after=timedelta(days=2),
                reminds_after=timedelta(minutes=30),
            ),
        ),
        limits=(Limit("each", Per.PERSON, 3, 20, 1500.5),),
        freezes=(
            Freeze(
                "quarter",
                "The quarter is being closed.",
                frozenset({"IAD"}),
                orders,
                datetime(2026, 12, 24, 18, tzinfo=UTC),
                datetime(2027, 1, 2, 7, tzinfo=UTC),
            ),
        ),
        break_glass=BreakGlass(People(frozenset({"U0EVE"}), frozenset({"S0ONCALL"})), "C0OK"),
        prices=(Price(0.12, 1.0, frozenset({"DFW"}), frozenset({"IAD"})),),
        hours=Hours("Europe/Berlin", frozenset({0, 1, 2, 4}), time(8), time(18, 30)),
        wanted_ages=(WantedAge(timedelta(hours=24), orders, frozenset({"IAD"})),),
    )


def test_one_rule_is_enough() -> None:
    assert read(ALLOW) == Rules(allow=(AllowRule("dba", AccessRules(groups=frozenset({"S0DBA"}))),))


@pytest.mark.parametrize("content", [ALLOW.replace("\n", "\r\n").encode(), b"\xef\xbb\xbf" + ALLOW.encode()])
def test_a_file_from_windows_says_the_same(content: bytes) -> None:
    assert read(content) == read(ALLOW)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", timedelta(hours=1)),
        ('remind_after = "never"', None),
        ('remind_after = "2 h"', timedelta(hours=2)),
        ('expires_after = "30m"', None),
    ],
)
def test_when_approvers_are_reminded(given: str, expected: timedelta | None) -> None:
    text = f'{ALLOW}[[approval]]\nname = "a"\napprovers.groups = ["S0LEADS"]\nchannel = "C0OK"\n{given}\n'

    assert read(text).approvals[0].reminds_after == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ('"mon"', {0}),
        ('["Mon-Fri"]', {0, 1, 2, 3, 4}),
        ('["fri-mon"]', {4, 5, 6, 0}),
        ('["mon - tue", "sun"]', {0, 1, 6}),
        ('["sun-sun"]', {6}),
    ],
)
def test_days_of_the_week(days: str, expected: set[int]) -> None:
    hours = read(f'{ALLOW}[hours]\ntimezone = "UTC"\ndays = {days}\nfrom = "00:00"\nto = "24:00"\n').hours

    assert hours
    assert hours.days == expected
    assert hours.include(datetime(2026, 11, 23 + min(expected), 23, 59, 59, tzinfo=UTC))


# --- What is wrong with it ---------------------------------------------------------------------------------------

APPROVAL = '[[approval]]\nname = "a"\nchannel = "C0OK"\n'
"""Lines 4 to 6, without approvers."""

WRONG = {
    # keys and tables
    "nmae = 1": 'line 4: [[allow]] “dba” nmae: nothing is known of this name; did you mean “name”?',
    "[[alow]]\nx = 1": "line 4: [[alow]]: nothing is known of this name; did you mean “allow”?",
    "zzz = 1": (
        "line 4: [[allow]] “dba” zzz: nothing is known of this name; known are from, to, instances, backups, name, "
        "people, groups, channels"
    ),
    '[[price]]\nonce = 1\ncurrency = "EUR"': (
        "line 6: [[price]] currency: `currency` belongs to the top of the file, before the first table in brackets"
    ),
    '[limit]\nname = "l"': "line 4: [limit]: write [[limit]], in two brackets: there may be several",
    '[[hours]]\nfrom = "1"': "line 4: [[hours]]: write [hours], in one bracket: there is one only",
    # kinds of values
    'people = "U0ANA"': 'line 4: [[allow]] “dba” people: has to be a list, such as ["…", "…"]',
    "people = []": (
        "line 4: [[allow]] “dba” people: is empty, and so would mean nothing: name something, or leave the key out"
    ),
    "people = [7]": "line 4: [[allow]] “dba” people: has to be text, in quotes",
    'people = ["@ana"]': (
        "line 4: [[allow]] “dba” people: “@ana” has to be the id of a person (not a name), such as U024BE7LH"
    ),
    'channels = ["#db"]': (
        "line 4: [[allow]] “dba” channels: “#db” has to be the id of a channel (not a name), such as C024BE91L"
    ),
    'instances = [" "]': 'line 4: [[allow]] “dba” instances: has to be text such as "orders-*"',
    # regions
    'from = ["DWF"]': (
        "line 4: [[allow]] “dba” from: “DWF” is no region that this bot copies between; did you mean “DFW”?"
    ),
    'to = [\n  "DFW",\n  "XYZ",\n]': (
        "line 6: [[allow]] “dba” to: “XYZ” is no region that this bot copies between; known are DFW, IAD, ORD, HKG, SYD"
    ),
    'to = ["lon"]': (
        "line 4: [[allow]] “dba” to: LON cannot be one of them: Cloud Databases copies no backup from or to it"
    ),
    'from = ["DFW"]\nto = ["DFW"]': (
        "line 5: [[allow]] “dba” to: is DFW, as `from` is, and a copy never goes to its own region"
    ),
    # allow
    '[[allow]]\nname = "x"': "line 4: [[allow]] “x”: lets nobody ask: name `people`, `groups` or `channels`",
    '[[allow]]\nname = "dba"\npeople = ["U0ANA"]': (
        "line 5: [[allow]] “dba” name: there is another [[allow]] of this name: give each its own"
    ),
    '[[allow]]\npeople = ["U0ANA"]': "line 4: [[allow]] name: has to be set",
    '[[allow]]\nname = " "\npeople = ["U0ANA"]': "line 5: [[allow]] “ ” name: has to be 1 to 60 characters of text",
    # approval
    APPROVAL: "line 4: [[approval]] “a” approvers: has to be set",
    f"{APPROVAL}approvers = {{}}": "line 7: [[approval]] “a” approvers: nobody can agree: name `people` or `groups`",
    f'{APPROVAL}approvers = "ana"': (
        "line 7: [[approval]] “a” approvers: has to be a table, such as "
        '{ people = ["U024BE7LH"], groups = ["S0604QSJC"] }'
    ),
    f'{APPROVAL}approvers = {{ people = ["U0ANA", "U0ANA"] }}\napprovals = 2': (
        "line 8: [[approval]] “a” approvals: is more than the 1 people who are named as approvers"
    ),
    f'{APPROVAL}approvers = {{ groups = ["S0DBA"], poeple = ["U0ANA"] }}': (
        "line 7: [[approval]] “a” approvers.poeple: nothing is known of this name; did you mean “people”?"
    ),
    f'{APPROVAL}approvals = 0\n[approval.approvers]\ngroups = ["S0DBA"]': (
        "line 7: [[approval]] “a” approvals: has to be 1 or more"
    ),
    f'{APPROVAL}approvals = 1.5\n[approval.approvers]\ngroups = ["S0DBA"]': (
        "line 7: [[approval]] “a” approvals: has to be a whole number, without quotes"
    ),
    f'{APPROVAL}approvers.groups = ["dba"]': (
        "line 7: [[approval]] “a” approvers.groups: “dba” has to be the id of a user group (not a name), such as "
        "S0604QSJC"
    ),
    f'{APPROVAL}approvers.groups = ["S0DBA"]\nlarger_than_gb = "500"': (
        "line 8: [[approval]] “a” larger_than_gb: has to be a number, without quotes"
    ),
    f'{APPROVAL}approvers.groups = ["S0DBA"]\nlarger_than_gb = nan': (
        "line 8: [[approval]] “a” larger_than_gb: has to be a number"
    ),
    f'{APPROVAL}approvers.groups = ["S0DBA"]\nlarger_than_gb = -1': (
        "line 8: [[approval]] “a” larger_than_gb: has to be more than 0"
    ),
    f'{APPROVAL}approvers.groups = ["S0DBA"]\ncosts_more_than = 5': (
        "line 8: [[approval]] “a” costs_more_than: it is not known what a copy costs: say it in [[price]]"
    ),
    f'{APPROVAL}approvers.groups = ["S0DBA"]\nout_of_hours = true': (
        "line 8: [[approval]] “a” out_of_hours: it is not known when that is: say it in [hours]"
    ),
    f'{APPROVAL}approvers.groups = ["S0DBA"]\nout_of_hours = "yes"': (
        "line 8: [[approval]] “a” out_of_hours: has to be true or false, without quotes"
    ),
    f'{APPROVAL}approvers.groups = ["S0DBA"]\nexpires_after = 24': (
        'line 8: [[approval]] “a” expires_after: has to be a span of time such as "30m", "24h" or "7d"'
    ),
    f'{APPROVAL}approvers.groups = ["S0DBA"]\nexpires_after = "0h"': (
        'line 8: [[approval]] “a” expires_after: has to be a span of time such as "30m", "24h" or "7d"'
    ),
    f'{APPROVAL}approvers.groups = ["S0DBA"]\nremind_after = "24h"': (
        "line 8: [[approval]] “a” remind_after: has to be less than `expires_after`, or nobody is ever reminded"
    ),
    # limit
    '[[limit]]\nname = "l"\nper = "person"': (
        "line 4: [[limit]] “l”: limits nothing: set `running`, `gb_running`, `copies_a_day` or `gb_a_day`"
    ),
    '[[limit]]\nname = "l"\nper = "team"\nrunning = 1': "line 6: [[limit]] “l” per: has to be 'person' or 'channel'",
    '[[limit]]\nname = "l"\nper = "person"\nrunning = 0': "line 7: [[limit]] “l” running: has to be 1 or more",
    # freeze
    '[[freeze]]\nname = "f"': "line 4: [[freeze]] “f” reason: has to be set",
    '[[freeze]]\nname = "f"\nreason = "r"\nsince = 2026-12-02T00:00:00Z\nuntil = 2026-12-01T00:00:00Z': (
        "line 8: [[freeze]] “f” until: has to be later than `since`"
    ),
    '[[freeze]]\nname = "f"\nreason = "r"\nuntil = 2026-12-01': (
        "line 7: [[freeze]] “f” until: has to be a moment with its zone, without quotes, such as 2026-12-24T18:00:00Z"
    ),
    '[[freeze]]\nname = "f"\nreason = "r"\nuntil = 2026-12-01T08:00:00': (
        "line 7: [[freeze]] “f” until: has to be a moment with its zone, without quotes, such as 2026-12-24T18:00:00Z"
    ),
    # break glass, prices, hours, ages
    '[break_glass]\nchannel = "C0OK"': "line 4: [break_glass]: nobody may break the glass: name `people` or `groups`",
    '[break_glass]\npeople = ["U0EVE"]': "line 4: [break_glass] channel: has to be set",
    '[[price]]\nfrom = ["DFW"]': "line 4: [[price]]: is no price: set `once` or `monthly`, for one GB",
    "[[price]]\nonce = -1": "line 5: [[price]] once: has to be 0 or more",
    '[hours]\ntimezone = "Berlin"\nfrom = "08:00"\nto = "18:00"': (
        "line 5: [hours] timezone: “Berlin” is no time zone; it has to be one such as Europe/Berlin or UTC"
    ),
    '[hours]\ntimezone = "Europe"\nfrom = "08:00"\nto = "18:00"': (
        "line 5: [hours] timezone: “Europe” is no time zone; it has to be one such as Europe/Berlin or UTC"
    ),
    '[hours]\ntimezone = "UTC"\ndays = ["mon-fry"]\nfrom = "08:00"\nto = "18:00"': (
        "line 6: [hours] days: “fry” is no day; did you mean “fri”?"
    ),
    '[hours]\ntimezone = "UTC"\ndays = 5\nfrom = "08:00"\nto = "18:00"': (
        'line 6: [hours] days: has to be a list of days such as ["mon-fri"] or ["mon", "wed"]'
    ),
    '[hours]\ntimezone = "UTC"\nfrom = "22:00"\nto = "06:00"': (
        "line 7: [hours] to: has to be later than `from`, on the same day"
    ),
    '[hours]\ntimezone = "UTC"\nfrom = 08:00:00\nto = "18:00"': (
        'line 6: [hours] from: has to be a time of day such as "08:00", in quotes'
    ),
    "[[wanted_age]]": "line 4: [[wanted_age]] age: has to be set",
}  # fmt: skip


@pytest.mark.parametrize("added", WRONG)
def test_every_mistake_has_its_line_and_says_what_it_should_be(added: str) -> None:
    assert mistakes(f"{ALLOW}{added}\n") == [WRONG[added]]


def test_a_currency_that_is_none() -> None:
    assert mistakes(f'currency = "euro"\n{ALLOW}') == [
        'line 1: currency: has to be a code of three capital letters such as "USD"'
    ]


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "allow = []\n"])
def test_rules_by_which_nobody_may_ask_are_none(text: str) -> None:
    assert "nobody may ask for anything: there has to be an [[allow]]" in mistakes(text)[0]


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = f"""{ALLOW}form = ["DFW"]

[[approval]]
name = "large"
approvers = {{ people = ["U0EVE"], groups = [] }}
approvals = "two"
channel = '''
#ok'''
[[freeze]]
name = "f"
regions = ["IAD", "LON"]
"""

    assert [line.partition(": ")[0] for line in mistakes(text)] == ["line 4", "line 8", "line 9", "line 10", "line 12",
                                                                     "line 14"]  # fmt: skip


def test_a_value_of_many_lines_that_looks_like_tables_does_not_mislead() -> None:
    text = f'[[freeze]]\nname = "f"\nreason = """\n[[allow]]\nname = 7\n"""\nregoins = []\n{ALLOW}'

    assert mistakes(text) == ["line 7: [[freeze]] “f” regoins: nothing is known of this name; did you mean “regions”?"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{ALLOW}people = [\n", "line 5: this is not TOML: "),
        (f"{ALLOW}people = U0ANA\n", "line 4: this is not TOML, at column 10: Invalid value."),
        (f'{ALLOW}name = "again"\n', "line 4: this is not TOML"),
        (ALLOW.encode() + b"# \xff\n", "line 4: this file has to be text in UTF-8"),
    ],
)
def test_what_is_no_toml_is_told_by_its_line(text: str | bytes, expected: str) -> None:
    (told,) = mistakes(text)

    assert told.startswith(expected)


def test_only_regions_of_this_installation_are_known() -> None:
    with pytest.raises(RulesFileError, match="“SYD” is no region that this bot copies between; known are DFW, FRA"):
        read(f'{ALLOW}to = ["SYD"]\n', regions=("DFW", "FRA"))

    assert read(f'{ALLOW}to = ["FRA"]\n', regions=("DFW", "FRA")).allow[0].scope.destinations == {"FRA"}
