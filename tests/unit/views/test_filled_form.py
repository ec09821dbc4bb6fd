"""What a person fills in is read back, and nothing typed is lost."""

from dataclasses import replace

import pytest

from bot.domain.backup import REGIONS_FOR_COPIES, Backup
from bot.domain.lineage import Evidence, ParentGone, ParentUnchecked, Recognised
from bot.domain.plan import ExistingCopy, OrderPlan
from bot.domain.reasons import Problem, Reason
from bot.slack.views import copy_form
from bot.slack.views.copy_form import CopyForm, FormContext, Panel, ReadError
from bot.slack.views.filled_form import Quiet
from tests.fakes.drawings import DOWN, NIGHTLY, NOW, WEEKLY, Drawn, Typist, absent, copy_of, field_of, plan_of

CONTEXT = FormContext(REGIONS_FOR_COPIES)
EMPTY = CopyForm(source="DFW", channel="C0OPS")


def drawn(form: CopyForm, panel: Panel = None) -> Drawn:
    return copy_form.draw(form, panel, CONTEXT, now=NOW)


def option(view: Drawn, action_id: str, value: str) -> Drawn:
    return next(each for each in field_of(view, action_id)["element"]["options"] if each["value"] == value)


def offered(*backups: Backup) -> list[Drawn]:
    answer: Drawn = copy_form.options(backups, NOW)
    return [each for group in answer["option_groups"] for each in group["options"]]


def test_an_untouched_form_comes_back_as_it_was_drawn() -> None:
    form = replace(EMPTY.choosing([NIGHTLY], NOW), destinations=("IAD",), description="before the migration")

    seen = copy_form.read(Typist(drawn(form)).sends())

    assert replace(seen, drawn=form.drawn) == form
    assert copy_form.read(Typist(drawn(seen)).sends()) == seen


def test_what_a_person_chooses_and_types_is_read() -> None:
    ana = Typist(drawn(EMPTY))
    ana.fills("backup", offered(NIGHTLY)[0]).fills("destination", option(ana.view, "destination", "HKG"))
    ana.fills("name", "  mine ").fills("description", "why").fills("channel", "C0DBA")

    form = copy_form.read(ana.sends())

    assert form.channel == "C0DBA"
    assert form.request is not None
    assert (form.request.backup_ids, form.request.source, form.request.destinations) == ((NIGHTLY.id,), "DFW", ("HKG",))
    assert (form.request.name, form.request.description) == ("mine", "why")
    assert form.name_was_typed


def test_choosing_a_backup_fills_in_the_name() -> None:
    ana = Typist(drawn(EMPTY)).fills("backup", offered(NIGHTLY)[0])

    ana.sees(drawn(copy_form.read(ana.sends()).choosing([NIGHTLY], NOW)))

    form = copy_form.read(ana.sends())
    assert form.name == "nightly-2026-11-22-copy"
    assert not form.name_was_typed


def test_another_backup_brings_another_name() -> None:
    ana = Typist(drawn(EMPTY.choosing([NIGHTLY], NOW))).fills("backup", offered(WEEKLY)[0])

    ana.sees(drawn(copy_form.read(ana.sends()).choosing([WEEKLY], NOW)))

    assert copy_form.read(ana.sends()).name == "weekly-2026-11-20-copy"


def test_a_name_that_was_typed_stays_when_another_backup_is_chosen() -> None:
    ana = Typist(drawn(EMPTY.choosing([NIGHTLY], NOW)))
    ana.fills("name", "before-migration").fills("backup", offered(WEEKLY)[0])

    ana.sees(drawn(copy_form.read(ana.sends()).choosing([WEEKLY], NOW)))

    assert copy_form.read(ana.sends()).name == "before-migration"


def test_a_name_that_was_emptied_is_filled_in_again() -> None:
    ana = Typist(drawn(EMPTY.choosing([NIGHTLY], NOW))).fills("name", None).fills("backup", offered(WEEKLY)[0])

    ana.sees(drawn(copy_form.read(ana.sends()).choosing([WEEKLY], NOW)))

    assert copy_form.read(ana.sends()).name == "weekly-2026-11-20-copy"


def test_the_backup_that_was_chosen_is_not_put_in_anew() -> None:
    ana = Typist(drawn(EMPTY)).fills("backup", offered(NIGHTLY)[0])
    before = field_of(ana.view, "backup")["block_id"]

    view = drawn(copy_form.read(ana.sends()).choosing([NIGHTLY], NOW))

    assert field_of(view, "backup")["block_id"] == before


def test_another_backup_can_be_put_in_its_place() -> None:
    ana = Typist(drawn(replace(EMPTY.choosing([NIGHTLY], NOW), destinations=("IAD",))))

    ana.sees(drawn(copy_form.read(ana.sends()).choosing([WEEKLY], NOW)))

    form = copy_form.read(ana.sends())
    assert [backup.id for backup in form.backups] == [WEEKLY.id]
    assert (form.name, form.destinations) == ("weekly-2026-11-20-copy", ("IAD",))


def test_another_source_region_empties_the_backup_and_its_name_but_nothing_that_was_typed() -> None:
    ana = Typist(drawn(replace(EMPTY.choosing([NIGHTLY], NOW), destinations=("IAD",))))
    ana.fills("description", "why").fills("source", option(ana.view, "source", "ORD"))

    ana.sees(drawn(copy_form.read(ana.sends())))

    form = copy_form.read(ana.sends())
    assert (form.source, form.backups, form.name) == ("ORD", (), "")
    assert (form.destinations, form.description) == (("IAD",), "why")


def test_a_source_that_was_the_destination_empties_to() -> None:
    ana = Typist(drawn(replace(EMPTY, destinations=("IAD",))))
    ana.fills("source", option(ana.view, "source", "IAD"))

    ana.sees(drawn(copy_form.read(ana.sends())))

    assert copy_form.read(ana.sends()).destinations == ()
    assert "IAD" not in [each["value"] for each in field_of(ana.view, "destination")["element"]["options"]]


def test_search_looks_in_the_region_that_is_chosen_now() -> None:
    ana = Typist(drawn(EMPTY))
    ana.fills("source", option(ana.view, "source", "SYD"))

    search = copy_form.read_search({"type": "block_suggestion", "value": "night", "view": ana.sends()})

    assert search == copy_form.Search(region="SYD", text="night")


def test_search_knows_the_region_without_the_state_of_the_fields() -> None:
    view = {**drawn(replace(EMPTY, source="HKG")), "id": "V0FORM"}

    assert copy_form.read_search({"value": "", "view": view}).region == "HKG"


class TestTicks:
    """A box that is ticked counts for what it was ticked for, and for nothing else."""

    EXISTING = ExistingCopy(Recognised(replace(NIGHTLY, id="c0", region="IAD"), Evidence.SAME_FILES))
    PLAN = plan_of(ParentUnchecked("IAD", DOWN), existing=EXISTING)
    FORM = replace(EMPTY.choosing([NIGHTLY], NOW), destinations=("IAD",))

    def ticked(self) -> Typist:
        ana = Typist(drawn(self.FORM, self.PLAN))
        for box in ("despite_existing_copy", "despite_unchecked_parent"):
            ana.fills(box, field_of(ana.view, box)["element"]["options"])
        return ana

    def test_a_box_is_read(self) -> None:
        form = copy_form.read(self.ticked().sends())

        assert form.boxes == {Quiet.COPY_AGAIN, Quiet.SEND_ANYWAY}
        assert form.request is not None
        assert form.request.despite_existing_copy

    def test_a_box_can_be_unticked(self) -> None:
        ana = self.ticked().fills("despite_existing_copy", [])

        assert Quiet.COPY_AGAIN not in copy_form.read(ana.sends()).boxes

    def test_a_tick_stays_while_the_region_is_looked_at_again(self) -> None:
        ana = self.ticked()
        ana.sees(drawn(copy_form.read(ana.sends()), copy_form.Looking(("IAD",))))
        assert Quiet.COPY_AGAIN in copy_form.read(ana.sends()).boxes

        ana.sees(drawn(copy_form.read(ana.sends()), self.PLAN))

        assert Quiet.COPY_AGAIN in copy_form.read(ana.sends()).boxes

    def test_a_tick_does_not_count_for_another_region(self) -> None:
        ana = self.ticked()
        ana.fills("destination", option(ana.view, "destination", "ORD"))
        form = copy_form.read(ana.sends())
        assert Quiet.COPY_AGAIN not in form.boxes

        ana.sees(drawn(form, copy_form.Looking(("ORD",))))

        assert Quiet.COPY_AGAIN not in copy_form.read(ana.sends()).boxes

    def test_a_tick_does_not_count_for_another_backup(self) -> None:
        ana = self.ticked().fills("backup", offered(WEEKLY)[0])

        assert Quiet.SEND_ANYWAY not in copy_form.read(ana.sends()).boxes


class TestErrors:
    """What is wrong is told at its field."""

    FORM = replace(EMPTY.choosing([NIGHTLY], NOW), destinations=("IAD",))

    def at(self, problem: Problem) -> str:
        view = drawn(self.FORM)
        block_ids = {b["block_id"]: b["element"]["action_id"] for b in view["blocks"] if b["type"] == "input"}
        (block_id,) = copy_form.errors(self.FORM, [problem])
        return str(block_ids[block_id])

    @pytest.mark.parametrize(
        ("problem", "field"),
        [
            (Problem(Reason.REGION_NOT_ALLOWED, about="DFW"), "source"),
            (Problem(Reason.REGION_NOT_ALLOWED, about="IAD"), "destination"),
            (Problem(Reason.SAME_REGION, about="DFW"), "destination"),
            (Problem(Reason.BACKUP_NOT_FOUND, about="DFW"), "backup"),
            (Problem(Reason.BACKUP_NOT_COPYABLE, about="BUILDING"), "backup"),
            (Problem(Reason.PARENT_MISSING, about="weekly"), "backup"),
            (Problem(Reason.PARENT_GONE), "backup"),
            (Problem(Reason.NAME_TOO_LONG, about="65"), "name"),
            (Problem(Reason.NAME_MISSING), "name"),
            (Problem(Reason.DESCRIPTION_TOO_LONG, about="256"), "description"),
            (Problem(Reason.COPY_EXISTS, about="nightly-copy"), "destination"),
            (Problem(Reason.CHANNEL_CLOSED, about="is_archived"), "channel"),
            (Problem(Reason.SERVICE_UNAVAILABLE, about="IAD", fault=DOWN), "destination"),
            (Problem(Reason.SERVICE_UNAVAILABLE, about="DFW", fault=DOWN), "backup"),
        ],
    )
    def test_at_its_field(self, problem: Problem, field: str) -> None:
        assert self.at(problem) == field

    def test_every_reason_has_a_field_of_the_form(self) -> None:
        for reason in Reason:
            assert self.at(Problem(reason)), reason

    def test_two_problems_of_one_field_are_both_told(self) -> None:
        problems = [Problem(Reason.BACKUP_NOT_COPYABLE, about="FAILED"), Problem(Reason.PARENT_GONE)]

        (said,) = copy_form.errors(self.FORM, problems).values()

        assert "FAILED" in said
        assert "chain is broken" in said

    def test_what_is_not_filled_in_is_told(self) -> None:
        said = copy_form.errors(CopyForm(source="DFW"))

        assert sorted(said.values()) == [
            "Choose a backup of DFW.",
            "Choose the channel that is told how the copy goes.",
            "Choose where the copy goes.",
        ]

    def test_a_form_that_is_not_filled_in_asks_for_nothing_yet(self) -> None:
        assert CopyForm(source="DFW", destinations=("IAD",)).request is None

    def test_a_form_that_is_right_has_no_errors(self) -> None:
        assert copy_form.errors(self.FORM) == {}


def test_what_a_plan_was_made_for_is_filled_in() -> None:
    request = replace(plan_of().request, name="before-migration", description="before the migration")

    form = copy_form.filled_in(plan_of(request=request), "C0OPS", NOW)

    assert form.request == request
    assert (form.name_was_typed, form.channel) == (True, "C0OPS")


@pytest.mark.parametrize(
    ("plan", "has_a_way"),
    [
        (plan_of(), False),
        (plan_of(absent()), True),
        (plan_of(ParentUnchecked("IAD", DOWN)), True),
        (plan_of(existing=ExistingCopy(Recognised(NIGHTLY, Evidence.SAME_ID))), True),
        (plan_of(ParentGone(WEEKLY.id)), False),
        (plan_of(under_way=copy_of()), False),
        (plan_of(backup=replace(NIGHTLY, status="FAILED")), False),
    ],
)
def test_the_form_has_a_way_around_what_it_has_a_box_or_a_button_for(plan: OrderPlan, has_a_way: bool) -> None:
    assert copy_form.has_a_way(plan) is has_a_way


def test_several_backups_and_regions_can_be_chosen_and_what_was_chosen_stays() -> None:
    ana = Typist(drawn(replace(EMPTY.choosing([NIGHTLY], NOW), destinations=("IAD",))))
    form = copy_form.read(ana.sends()).taking_several()

    ana.sees(drawn(form))
    ana.fills("backup", offered(NIGHTLY, WEEKLY)).fills(
        "destination", [option(ana.view, "destination", each) for each in ("IAD", "SYD")]
    )
    ana.sees(drawn(copy_form.read(ana.sends()).choosing([NIGHTLY, WEEKLY], NOW)))

    request = copy_form.read(ana.sends()).request
    assert request is not None
    assert (request.backup_ids, request.destinations) == ((NIGHTLY.id, WEEKLY.id), ("IAD", "SYD"))
    assert request.name == "{name}-copy"
    assert [(each.backup_id, each.destination) for each in request.single] == [
        (NIGHTLY.id, "IAD"),
        (WEEKLY.id, "IAD"),
        (NIGHTLY.id, "SYD"),
        (WEEKLY.id, "SYD"),
    ]


@pytest.mark.parametrize(
    "view",
    [
        {},
        {"private_metadata": ""},
        {"private_metadata": "[]"},
        {"private_metadata": '{"source":"DFW"}', "state": {"values": {"backup-0": {"backup": 7}}}},
        {
            "private_metadata": '{"source":"DFW"}',
            "state": {"values": {"backup-0": {"backup": {"selected_option": {"value": "no slash"}}}}},
        },
    ],
)
def test_what_was_not_drawn_here_is_refused(view: dict[str, object]) -> None:
    with pytest.raises(ReadError):
        copy_form.read(view)


def test_a_broken_wish_for_backups_is_refused() -> None:
    with pytest.raises(ReadError):
        copy_form.read_search({"value": "night"})
