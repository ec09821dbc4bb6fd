"""Which backups are the same data, what could be restored where, and what stands out."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.backup import Origin
from bot.domain.coverage import Coverage, Standing, coverage_of, nothing_wanted
from bot.domain.radar import Orphan, found_outside, radar_of, vanished
from bot.domain.survey import Held, Made, Survey

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DB, HA = Origin("instance", "orders-db"), Origin("ha", "sessions")
REGIONS = ("DFW", "IAD", "ORD")
DAY = timedelta(days=1)


def held(backup_id: str = "full", region: str = "DFW", *, days: float = 2, **changes: object) -> Held:
    made = Held(region, backup_id, f"name-{backup_id}", "COMPLETED", None, NOW - days * DAY, DB, None, 1.0)
    return made._replace(**changes)  # type: ignore[arg-type]  # attributes of Held


def made(copied_id: str | None = "copied", **changes: object) -> Made:
    return Made("c1", "DFW", "full", NOW - 2 * DAY, "IAD", "given", copied_id, NOW - DAY)._replace(**changes)  # type: ignore[arg-type]  # attributes of Made


def a_day(origin: Origin, region: str) -> timedelta | None:
    return DAY if region == "IAD" else None


def covered(*backups: Held, wants: object = nothing_wanted, copies: tuple[Made, ...] = ()) -> Coverage:
    return coverage_of(Survey.of(backups, copies), REGIONS, wants, NOW)  # type: ignore[arg-type]  # either function


def standings(table: Coverage) -> list[Standing]:
    (row,) = table.rows
    return [cell.standing for cell in row.cells]


# Coverage


def test_the_age_is_that_of_the_data_and_not_that_of_the_copy() -> None:
    fresh_copy = held("copied", "IAD", days=0.01, files_of="full")

    (row,) = covered(held(days=5), fresh_copy).rows

    assert [cell.made for cell in row.cells] == [NOW - 5 * DAY, NOW - 5 * DAY, None]


def test_of_an_original_that_is_gone_the_bot_s_own_record_knows_the_age() -> None:
    (row,) = covered(held("copied", "IAD", days=0.01), copies=(made(created=NOW - 9 * DAY),)).rows

    assert row.cells[1].made == NOW - 9 * DAY


@pytest.mark.parametrize("status", ["BUILDING", "FAILED", "COPY_ERROR", "NEW", "UNHEARD_OF"])
def test_what_is_not_whole_covers_nothing_nor_does_what_stands_on_it(status: str) -> None:
    child = held("child", parent_id="full", days=1)

    assert standings(covered(held(status=status), child, held("old", days=9)))[0] is Standing.FINE
    (row,) = covered(held(status=status), child, held("old", days=9)).rows
    assert row.cells[0].newest == held("old", days=9)


def test_what_is_copied_just_now_is_whole() -> None:
    assert standings(covered(held(status="COPYING")))[0] is Standing.FINE


def test_a_chain_counts_where_all_of_it_is() -> None:
    child, lone = held("child", parent_id="full", days=1), held("child", "IAD", parent_id="full", days=1)

    table = covered(held(), child, lone, wants=a_day)

    assert standings(table) == [Standing.FINE, Standing.MISSING, Standing.NOT_WANTED]
    assert table.rows[0].cells[1].cure == child


def test_a_circle_of_parents_is_no_chain() -> None:
    assert standings(covered(held("a", parent_id="b"), held("b", parent_id="a")))[0] is Standing.NOT_WANTED


def test_a_chain_of_thousands_is_walked() -> None:
    chain = [held("0"), *(held(str(n), parent_id=str(n - 1), days=2 - n / 9000) for n in range(1, 5000))]

    assert covered(*chain).rows[0].cells[0].newest == chain[-1]


@pytest.mark.parametrize(("days", "standing"), [(0.5, Standing.FINE), (1.0, Standing.FINE), (1.5, Standing.TOO_OLD)])
def test_what_is_older_than_wanted_is_a_gap(days: float, standing: Standing) -> None:
    assert standings(covered(held("x", "IAD", days=days), wants=a_day))[1] is standing


def test_an_age_that_is_not_known_is_not_taken_for_a_young_one() -> None:
    table = covered(held("x", "IAD", created=None), wants=a_day)

    assert standings(table)[1] is Standing.TOO_OLD
    assert table.rows[0].cells[1].made is None


def test_a_gap_is_filled_with_the_newest_that_can_be_copied_from_where_the_instance_is() -> None:
    newest, older = held("newest", days=0.1), held("older", days=1)
    elsewhere = held("newest", "ORD", days=0.1)
    building = held("building", days=0, status="BUILDING")
    old_copy = held("older", "IAD", days=1.5, created=NOW - 1.5 * DAY)

    table = covered(newest, older, elsewhere, building, old_copy, wants=lambda _o, r: DAY if r == "IAD" else None)

    assert table.rows[0].cells[1].cure == newest


def test_what_is_too_old_everywhere_has_no_cure_but_a_new_backup() -> None:
    table = covered(held(days=3), held("full", "IAD", days=3), wants=a_day)

    assert table.rows[0].cells[1].standing is Standing.TOO_OLD
    assert table.rows[0].cells[1].cure is None


def test_gaps_come_first_then_what_is_in_one_region_only() -> None:
    fine = [held("f", region, days=0.5, origin=Origin("instance", "fine")) for region in ("DFW", "IAD")]
    old = [held("o", region, days=3, origin=Origin("instance", "old")) for region in ("DFW", "IAD")]
    missing = held("m", origin=Origin("instance", "missing"))
    alone = held("a", "IAD", days=0.5, origin=HA)

    table = covered(*fine, *old, missing, alone, wants=a_day)

    assert [row.origin.id for row in table.rows] == ["missing", "old", "sessions", "fine"]
    assert (table.gaps, table.rows[2].is_alone) == (2, True)


def test_a_backup_of_nobody_knows_what_is_counted() -> None:
    assert covered(held(origin=None), held("x")).unknown == 1


# The same data


def test_a_bare_copy_is_known_by_its_facts_and_nothing_is_made_younger_by_them() -> None:
    survey = Survey.of([held(days=5), held("old", days=9, name="name-full"), held("x", "IAD", name="name-full-copy")])

    assert survey.data_of("x") == "old"


@pytest.mark.parametrize(
    "changes",
    [{"size_gb": 2.0}, {"origin": HA}, {"name": "another"}, {"region": "DFW"}, {"parent_id": "full"}],
    ids=lambda changes: next(iter(changes)),
)
def test_what_differs_is_not_the_same(changes: dict[str, object]) -> None:
    copy = held("x", **{"region": "IAD", "days": 1, "name": "name-full-copy", **changes})  # type: ignore[arg-type]

    assert Survey.of([held(), copy]).data_of("x") == "x"


def test_what_this_bot_has_made_is_nobody_s_original() -> None:
    ours, later = held("copied", "IAD", days=3, name="given"), held("later", days=1, name="given")

    survey = Survey.of([held(), ours, later], [made()])

    assert (survey.data_of("copied"), survey.data_of("later")) == ("full", "later")


def test_a_circle_in_what_was_made_from_what_ends() -> None:
    survey = Survey.of([held("a", files_of="b"), held("b", "IAD", files_of="a")])

    assert survey.data_of("a") == survey.data_of("b") == "a"


# Radar


def test_a_copy_that_no_order_made_is_found_and_the_bot_s_own_is_not() -> None:
    by_hand, ours = held("hand", "ORD", files_of="full"), held("copied", "IAD", files_of="full")

    found = found_outside(Survey.of([held(), by_hand, ours], [made()]), frozenset(REGIONS))

    assert [(each.copy.id, each.way) for each in found] == [("hand", ("DFW", "ORD"))]


@pytest.mark.parametrize("regions", [{"DFW"}, {"ORD"}, {"DFW", "IAD"}])
def test_a_region_that_was_not_read_says_nothing(regions: set[str]) -> None:
    assert not found_outside(Survey.of([held(), held("hand", "ORD", files_of="full")]), regions)


def test_what_may_still_be_the_bot_s_own_is_not_told() -> None:
    there = held("x", "IAD", files_of="full")

    assert not found_outside(Survey.of([held(), there], [made(None, completed_at=None)]), frozenset(REGIONS))
    waiting = made(None, completed_at=None, was_sent=False)
    assert found_outside(Survey.of([held(), there], [waiting]), frozenset(REGIONS))


def test_a_copy_of_this_bot_vanishes_only_where_the_region_was_read_since() -> None:
    survey = Survey.of([held()], [made()])

    assert vanished(survey, {"IAD": NOW}) == [made()]
    assert vanished(survey, {"IAD": NOW - 2 * DAY}) == []
    assert vanished(survey, {"DFW": NOW}) == []
    assert vanished(Survey.of([held(), held("copied", "IAD")], [made()]), {"IAD": NOW}) == []


def test_incrementals_without_a_parent_and_what_others_stand_on_are_pointed_out() -> None:
    chain = [held(), held("a", parent_id="full"), held("b", parent_id="a"), held("c", parent_id="full")]
    orphan = held("a", "IAD", parent_id="full")

    radar = radar_of(Survey.of([*chain, orphan]), REGIONS)

    assert radar.orphans == (Orphan(orphan, "full"),)
    assert [(each.backup.id, each.dependents) for each in radar.pillars] == [("full", 3), ("a", 1)]
