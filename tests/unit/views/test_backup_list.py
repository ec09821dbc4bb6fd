"""The list of backups in Slack."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from bot.domain.backup import REGIONS_FOR_COPIES, Backup, Origin
from bot.domain.lineage import Evidence, Recognised
from bot.slack.views import backup_list
from bot.slack.views.backup_list import Asked, read, write
from bot.slack.views.misread import Misread
from tests.fakes.drawings import HOSTILE, NIGHTLY, NOW, WEEKLY, Drawn, assert_slack_takes_message, words_of


@dataclass(frozen=True)
class Listed:
    backup: Backup
    elsewhere: tuple[Recognised, ...] = ()


@dataclass(frozen=True)
class Fresh:
    region: str = "DFW"
    complete_at: datetime | None = NOW - timedelta(minutes=3)
    fault: object | None = None


def drawn(*listed: Listed, asked: Asked | None = None, fresh: Fresh | None = None, pages: int = 1) -> str:
    message = backup_list.draw(listed, asked or Asked(), [fresh or Fresh()], total=len(listed), pages=pages, now=NOW)
    assert_slack_takes_message(message)
    return words_of(message)


def test_a_backup_says_what_it_is_how_it_stands_and_where_else_it_is() -> None:
    there = Recognised(replace(NIGHTLY, region="IAD"), Evidence.SAME_ID)

    said = drawn(Listed(NIGHTLY, (there,)))

    assert "`nightly-2026-11-22` in *DFW*, incremental · mysql 5.6 · 1.4 GB · 6 hours ago" in said
    assert "`COMPLETED`, can be copied · also in IAD (certain)" in said
    assert f"id `{NIGHTLY.id}`" in said
    assert "DFW: as it was 3 minutes ago." in said


def test_backups_are_grouped_by_what_they_were_made_of() -> None:
    other = replace(NIGHTLY, id="other", origin=Origin("ha", "sessions"))

    message = backup_list.draw(
        [Listed(NIGHTLY), Listed(other), Listed(WEEKLY)], Asked(), [Fresh()], total=3, pages=1, now=NOW
    )

    groups: list[Drawn] = [block for block in message.blocks if block["type"] == "context"][:-1]
    assert [group["elements"][0]["text"] for group in groups] == [
        f"*Instance {WEEKLY.origin and WEEKLY.origin.id}*",
        "*HA group sessions*",
    ]


@pytest.mark.parametrize(
    ("backup", "has_button"),
    [(NIGHTLY, True), (replace(NIGHTLY, status="BUILDING"), False), (replace(NIGHTLY, id="i" * 150), False)],
)
def test_what_can_be_copied_has_a_button(backup: Backup, has_button: bool) -> None:
    message = backup_list.draw([Listed(backup)], Asked(), [Fresh()], total=1, pages=1, now=NOW)

    assert any("accessory" in block for block in message.blocks) is has_button


def test_the_pages_before_and_behind_are_a_button_away() -> None:
    asked = Asked("IAD", "<b> nightly", 2)

    message = backup_list.draw([Listed(NIGHTLY)], asked, [Fresh()], total=20, pages=3, now=NOW)

    buttons: Drawn = next(block for block in message.blocks if block["type"] == "actions")
    pages = [read(each["value"], REGIONS_FOR_COPIES) for each in buttons["elements"]]
    assert pages == [asked.at(1), asked.at(3)]


def test_a_list_that_could_not_be_refreshed_says_so() -> None:
    assert ":warning: DFW" in drawn(Listed(NIGHTLY), fresh=Fresh(fault="down"))
    assert "DFW: not loaded yet." in drawn(fresh=Fresh(complete_at=None))


def test_nothing_found_offers_the_region_that_was_probably_meant() -> None:
    said = drawn(asked=Asked(text="nightly DWF"))

    assert "There is no backup in all regions that fits `nightly DWF` in the list." in said
    assert "Did you mean `/copy-backup list DFW nightly`?" in said


def test_the_longest_page_is_one_that_slack_takes() -> None:
    evidence = tuple(Recognised(replace(NIGHTLY, region=each), Evidence.SAME_FILES) for each in REGIONS_FOR_COPIES)
    hostile = replace(NIGHTLY, name=HOSTILE * 9, status=HOSTILE)

    said = drawn(*[Listed(replace(hostile, origin=Origin("x", str(n))), evidence) for n in range(backup_list.PAGE)])

    assert "<!channel>" not in said


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("", Asked()),
        ("iad", Asked("IAD")),
        ("nightly IAD mysql page:3", Asked("IAD", "nightly mysql", 3)),
        ("IAD DFW", Asked("IAD", "DFW")),
        ("&lt;b&gt;", Asked(None, "<b>")),
    ],
)
def test_what_is_typed_is_read_and_written_back(typed: str, asked: Asked) -> None:
    assert read(typed, REGIONS_FOR_COPIES) == asked
    assert read(write(asked), REGIONS_FOR_COPIES) == asked


@pytest.mark.parametrize(
    ("typed", "said"),
    [("LON", "`LON` is not among the regions"), ("page:x", "`page:x` is no page"), ("page:0", "no page")],
)
def test_what_cannot_be_read_gets_a_sentence(typed: str, said: str) -> None:
    misread = read(typed, REGIONS_FOR_COPIES)

    assert isinstance(misread, Misread)
    assert said in misread.sentence
