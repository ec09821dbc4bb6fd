"""The form says what is true of what is chosen."""

from dataclasses import replace

import pytest

from bot.domain.backup import REGIONS_FOR_COPIES, Backup, BackupStatus, Datastore, Origin
from bot.domain.lineage import (
    Evidence,
    FullBackup,
    ParentAbsent,
    ParentArriving,
    ParentGone,
    ParentUnchecked,
    Recognised,
)
from bot.domain.plan import ExistingCopy
from bot.domain.reasons import Fault, Problem, Reason
from bot.slack.views import copy_form
from bot.slack.views.backup_choice import STATUS_WORDS
from bot.slack.views.copy_form import CopyForm, FormContext, Looking, Panel
from tests.fakes.drawings import (
    DOWN,
    HOSTILE,
    NIGHTLY,
    NOW,
    WEEKLY,
    Drawn,
    Freshness,
    alerts_of,
    assert_slack_takes_view,
    buttons_of,
    copy_of,
    field_of,
    parent_ready,
    plan_of,
    words_of,
)

FORM = replace(CopyForm(source="DFW", channel="C0OPS").choosing(NIGHTLY, NOW), destination="IAD")
CONTEXT = FormContext((*REGIONS_FOR_COPIES, "LON"), Freshness())


def drawn(panel: Panel = None, context: FormContext = CONTEXT, form: CopyForm = FORM) -> Drawn:
    view = copy_form.draw(form, panel, context, now=NOW)
    assert_slack_takes_view(view, mentions=("U0ANA", "U0BEN"))
    return view


class TestFields:
    """What can be chosen."""

    def test_london_is_never_offered_and_the_source_is_no_destination(self) -> None:
        view = drawn()

        assert [each["value"] for each in field_of(view, "source")["element"]["options"]] == list(REGIONS_FOR_COPIES)
        assert [each["value"] for each in field_of(view, "destination")["element"]["options"]] == [
            "IAD",
            "ORD",
            "HKG",
            "SYD",
        ]

    def test_backups_are_asked_for_before_anything_is_typed(self) -> None:
        assert field_of(drawn(), "backup")["element"]["min_query_length"] == 0

    def test_a_change_of_region_backup_or_channel_is_told_at_once(self) -> None:
        view = drawn()

        assert [field_of(view, each)["dispatch_action"] for each in ("source", "backup", "destination", "channel")] == [
            True
        ] * 4

    def test_the_name_cannot_be_longer_than_the_service_takes(self) -> None:
        assert field_of(drawn(), "name")["element"]["max_length"] == 64

    def test_the_channel_of_the_command_is_told_unless_another_is_chosen(self) -> None:
        element = field_of(drawn(), "channel")["element"]

        assert element["initial_conversation"] == "C0OPS"

    @pytest.mark.parametrize("channel", [None, "D0DIRECT"])
    def test_where_the_command_had_no_channel_slack_offers_the_one_in_sight(self, channel: str | None) -> None:
        element = field_of(drawn(form=replace(FORM, channel=channel)), "channel")["element"]

        assert element["default_to_current_conversation"] is True
        assert "initial_conversation" not in element

    def test_where_the_settings_leave_one_region_the_form_says_so(self) -> None:
        view = drawn(context=FormContext(("DFW",)), form=CopyForm(source="DFW", channel="C0OPS"))

        assert "no other region" in words_of(view)


class TestPanel:
    """What a copy needs, and whether it is there."""

    def test_nothing_is_chosen_yet(self) -> None:
        level, said = alerts_of(drawn(None, form=CopyForm(source="DFW", channel="C0OPS")))[0]

        assert level == "default"
        assert said.startswith("Choose a backup")

    def test_a_region_is_being_looked_at(self) -> None:
        assert alerts_of(drawn(Looking("IAD"))) == [("info", "Looking at IAD …")]

    def test_a_full_backup_needs_nothing(self) -> None:
        view = drawn(plan_of(FullBackup(), backup=WEEKLY))

        assert alerts_of(view) == [("success", "Full backup. Needs nothing in IAD. Ready to copy.")]
        assert buttons_of(view) == {}

    @pytest.mark.parametrize(
        ("evidence", "words"),
        [
            (Evidence.SAME_ID, "same id (certain)"),
            (Evidence.OWN_RECORD, "this bot copied it there and wrote down its id (certain)"),
            (Evidence.SAME_FILES, "address of its files (nearly certain)"),
            (Evidence.MATCHING_FACTS, "likely, not certain"),
            (Evidence.SAID_BY_PERSON, "a person said so"),
        ],
    )
    def test_the_parent_is_there_and_how_that_is_known_is_said(self, evidence: Evidence, words: str) -> None:
        view = drawn(plan_of(parent_ready(evidence)))

        assert alerts_of(view)[0] == (
            "success",
            "Incremental. Its parent weekly-2026-11-20 is in IAD. Ready to copy.",
        )
        assert words in words_of(view)

    def test_the_parent_is_on_its_way(self) -> None:
        arriving = ParentArriving(WEEKLY.id, WEEKLY.name, "c0ffee", NOW.replace(minute=0, hour=11), "U0ANA")

        view = drawn(plan_of(arriving))

        assert alerts_of(view)[0] == (
            "info",
            "Incremental. Its parent weekly-2026-11-20 is being copied to IAD now: this copy will wait for it.",
        )
        assert "asked for by <@U0ANA>, 1 hour ago" in words_of(view)

    def test_the_parent_is_on_its_way_by_somebody_elses_doing(self) -> None:
        assert "started elsewhere" in words_of(drawn(plan_of(ParentArriving(WEEKLY.id, WEEKLY.name))))

    def test_the_parent_is_absent_and_can_be_copied_first(self) -> None:
        view = drawn(plan_of(ParentAbsent(WEEKLY)))

        assert alerts_of(view)[0] == ("warning", "Incremental. Its parent weekly-2026-11-20 is not in IAD.")
        assert "Cloud Databases would refuse this copy" in words_of(view)
        assert "Copy weekly-2026-11-20 first" in words_of(view)
        assert buttons_of(view)["copy_parent_first"] == f"DFW/{WEEKLY.id}"

    def test_an_absent_parent_that_needs_its_own_parent_says_so(self) -> None:
        view = drawn(plan_of(ParentAbsent(replace(WEEKLY, parent_id="older"))))

        assert "it needs its own parent there as well" in words_of(view)

    def test_a_parents_name_that_is_too_long_for_the_button_is_cut_and_the_verb_is_not(self) -> None:
        view = drawn(plan_of(ParentAbsent(replace(WEEKLY, name="w" * 200))))

        assert f"Copy {'w' * 63}… first" in words_of(view)

    def test_the_chain_is_broken(self) -> None:
        view = drawn(plan_of(ParentGone(WEEKLY.id)))

        assert alerts_of(view)[0] == ("error", "Incremental. Its chain is broken: nothing can be copied.")
        assert "Make a new full backup" in words_of(view)

    def test_a_region_could_not_be_checked(self) -> None:
        view = drawn(plan_of(ParentUnchecked("IAD", DOWN)))

        assert alerts_of(view)[0] == ("warning", "Could not check IAD: Cloud Databases is down.")
        assert "`503 serviceUnavailable`: `The service is not available.`" in words_of(view)
        assert "check_again" in buttons_of(view)
        assert field_of(view, "despite_unchecked_parent")["optional"] is True

    def test_there_is_a_copy_already(self) -> None:
        existing = ExistingCopy(
            Recognised(replace(NIGHTLY, id="c0ffee", name="nightly-copy", region="IAD"), Evidence.SAME_FILES),
            "U0BEN",
            NOW,
        )

        view = drawn(plan_of(existing=existing))

        assert alerts_of(view) == [("warning", "There is already a copy in IAD. Copy again only on purpose.")]
        assert "*There is already a copy in IAD:* `nightly-copy`" in words_of(view)
        assert "The parent `weekly-2026-11-20` was recognised in IAD" in words_of(view)
        assert "asked for by <@U0BEN>" in words_of(view)
        assert "Copy again on purpose" in words_of(view)
        assert "initial_options" not in field_of(view, "despite_existing_copy")["element"]

    def test_it_is_being_copied_already(self) -> None:
        link = "https://team.slack.com/archives/C0OPS/p1"
        view = drawn(plan_of(under_way=copy_of()), replace(CONTEXT, link_to_running=link))

        assert alerts_of(view)[0] == ("info", "This backup is being copied to IAD already.")
        assert f"<@U0ANA> asked for it 14 minutes ago (<{link}|its message>)" in words_of(view)

    def test_the_backup_cannot_be_copied_any_more(self) -> None:
        view = drawn(plan_of(backup=replace(NIGHTLY, status="FAILED")))

        assert alerts_of(view)[0] == ("error", "This backup cannot be copied now.")
        assert "`FAILED`" in words_of(view)

    def test_there_can_be_no_plan_and_all_reasons_are_told(self) -> None:
        problems = (
            Problem(Reason.SERVICE_UNAVAILABLE, about="DFW", fault=DOWN),
            Problem(Reason.NAME_TOO_LONG, about="70"),
        )

        view = drawn(problems)

        assert alerts_of(view) == [("error", "Cloud Databases is down.")]
        assert "It has `70` characters" in words_of(view)
        assert "check_again" in buttons_of(view)


class TestList:
    """How fresh the list of backups is, and what is not in it."""

    def said(self, freshness: Freshness | None, not_copyable: dict[str, int] | None = None) -> str:
        context = replace(CONTEXT, freshness=freshness, not_copyable=not_copyable or {})
        drawn(context=context)
        return copy_form.list_status("DFW", context, NOW)

    def test_seen_a_moment_ago(self) -> None:
        assert self.said(Freshness()) == "342 backups in DFW, last seen 3 minutes ago."

    def test_still_loading(self) -> None:
        loading = Freshness(complete_at=None, running=1240, backups=1240)

        assert self.said(loading) == "The list of backups in DFW is still loading: 1,240 so far."

    def test_not_loaded_yet(self) -> None:
        assert self.said(None) == "The list of backups in DFW has not been loaded yet."

    def test_could_not_be_refreshed(self) -> None:
        said = self.said(Freshness(fault=DOWN))

        assert "could not be refreshed: Cloud Databases is down." in said
        assert "`503 serviceUnavailable`" in said
        assert "It is from 3 minutes ago." in said

    def test_no_backups_at_all(self) -> None:
        assert self.said(Freshness(backups=0)).startswith("There are no backups in DFW, last seen 3 minutes ago.")

    def test_how_many_cannot_be_copied_and_why(self) -> None:
        said = self.said(Freshness(), {"BUILDING": 3, "FAILED": 2, "MIGRATING": 1})

        assert said.endswith(
            "6 backups cannot be copied now and are not offered: 3 still being made (`BUILDING`), 2 failed (`FAILED`), "
            "1 in a state this bot does not know (`MIGRATING`)."
        )

    def test_one_that_cannot_be_copied(self) -> None:
        assert "1 backup cannot be copied now and is not offered: 1 being copied" in self.said(None, {"COPYING": 1})

    def test_every_status_that_is_not_copyable_has_words(self) -> None:
        assert set(STATUS_WORDS) == set(BackupStatus) - {BackupStatus.COMPLETED}

    def test_many_unknown_statuses_stay_readable(self) -> None:
        assert "others in other states" in self.said(None, {f"STATUS{number}": 1 for number in range(50)})


class TestChannel:
    """Where the bot cannot post, the form says so before anything is sent."""

    @pytest.mark.parametrize(
        ("error", "cure"),
        [
            ("channel_not_found", "/invite"),
            ("not_in_channel", "/invite"),
            ("is_archived", "unarchived"),
            ("restricted_action", "administrator of the workspace"),
            ("missing_scope", "install it again"),
            ("some_new_error", "Choose another channel"),
        ],
    )
    def test_it_says_how_to_cure_it(self, error: str, cure: str) -> None:
        view = drawn(context=replace(CONTEXT, channel_error=error))

        assert ("warning", "The bot cannot post in this channel, so nobody would be told.") in alerts_of(view)
        assert cure in words_of(view)
        assert f"`{error}`" in words_of(view)


class TestOptions:
    """Backups to choose from."""

    def test_a_choice_reads_like_the_backup(self) -> None:
        answer: Drawn = copy_form.options([NIGHTLY], NOW)

        (group,) = answer["option_groups"]
        assert group["label"]["text"] == "Instance 130922a2-b9ab-4e95-86be-9c5d79171b5e"
        (option,) = group["options"]
        assert option["text"]["text"] == "nightly-2026-11-22"
        assert option["description"]["text"] == "incremental · mysql 5.6 · 1.4 GB · 6 hours ago"
        assert copy_form.read_reference(option["value"]) == ("DFW", NIGHTLY.id)

    def test_they_are_grouped_by_instance_or_group_in_the_order_given(self) -> None:
        group_backup = replace(NIGHTLY, id="h1", origin=Origin("ha", "h0"))
        orphan = replace(NIGHTLY, id="o1", origin=None)

        answer: Drawn = copy_form.options([group_backup, NIGHTLY, orphan, WEEKLY], NOW)

        assert [(g["label"]["text"].split()[0], len(g["options"])) for g in answer["option_groups"]] == [
            ("HA", 1),
            ("Instance", 2),
            ("Instance", 1),
        ]

    def test_there_are_at_most_a_hundred_in_all(self) -> None:
        many = [replace(NIGHTLY, id=f"b{n}", origin=Origin("instance", f"i{n % 7}")) for n in range(5000)]

        answer: Drawn = copy_form.options(many, NOW)

        assert sum(len(group["options"]) for group in answer["option_groups"]) == 100

    def test_nothing_found_is_an_empty_list(self) -> None:
        assert copy_form.options([], NOW) == {"options": []}

    def test_a_backup_without_name_size_date_or_datastore_is_offered_by_its_id(self) -> None:
        bare = Backup(id="b0", region="DFW", name="", status="COMPLETED")

        answer: Drawn = copy_form.options([bare], NOW)

        (option,) = answer["option_groups"][0]["options"]
        assert option["text"]["text"] == "b0"
        assert option["description"]["text"] == "full · unknown datastore · size unknown · at an unknown time"

    def test_a_hostile_name_is_plain_text_and_an_id_that_cannot_come_back_is_left_out(self) -> None:
        hostile = replace(NIGHTLY, name=HOSTILE, datastore=Datastore("<b>" * 50, "&" * 50))

        answer: Drawn = copy_form.options([hostile, replace(NIGHTLY, id="x" * 200)], NOW)

        (option,) = answer["option_groups"][0]["options"]
        assert option["text"] == {"type": "plain_text", "text": HOSTILE, "emoji": False}
        assert len(option["description"]["text"]) <= 75


def test_while_nothing_is_known_the_modal_says_one_moment() -> None:
    view: Drawn = copy_form.draw_loading()

    assert_slack_takes_view(view)
    assert "One moment" in words_of(view)


def test_where_there_is_no_form_the_modal_says_why() -> None:
    view: Drawn = copy_form.draw_refused(
        [Problem(Reason.CREDENTIALS_REFUSED, fault=Fault(Reason.CREDENTIALS_REFUSED, 401))]
    )

    assert_slack_takes_view(view)
    assert "RACKSPACE_API_KEY" in words_of(view)
    assert "submit" not in view
