"""Whatever the cloud and people send: Slack takes every view, and nobody is pinged or misled by it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bot.domain.backup import REGIONS_FOR_COPIES, Backup, BackupStatus, Datastore, Origin
from bot.domain.copies import Copy, CopyState
from bot.domain.events import Event, EventFilter, EventKind, RecordedEvent
from bot.domain.lineage import (
    Evidence,
    FullBackup,
    ParentAbsent,
    ParentArriving,
    ParentGone,
    ParentReady,
    ParentUnchecked,
    Recognised,
)
from bot.domain.people import Person
from bot.domain.plan import CopyPlan, CopyRequest, ExistingCopy
from bot.domain.reasons import Fault, Problem, Reason
from bot.slack.views import answers, confirmation, copy_form, copy_message, help, history, status, thread  # noqa: A004
from bot.slack.views.blocks import Message, View
from bot.slack.views.confirmation import Confirmed, Shown
from bot.slack.views.copy_form import CopyForm, FormContext, Looking
from tests.fakes.drawings import HOSTILE, NOW, Freshness, assert_slack_takes_message, assert_slack_takes_view

PEOPLE = ("U0ANA", "U0BEN")

hostile = some.sampled_from(
    [
        HOSTILE,
        "<@U0EVIL>",
        "<!subteam^S1|all>",
        "<https://evil.example|your bank>",
        "<!date^1^{time}|x>",
        "&lt;!here&gt;",
        "`*_~>",
        "@channel",
        "{about}",
        "\n\n> quoted\x00\u202e",
        "<" * 64,
        "&" * 64,
        "x" * 64,
        "<b>&" * 16,
        "🛟" * 64,
        "",
        " ",
    ]
)
names = hostile | some.text(max_size=64)
long_texts = hostile | some.text(max_size=300) | some.sampled_from(["&" * 3000, "<!here> " * 400, "long " * 600])
ids = some.uuids().map(str) | hostile.map(lambda text: text or "id")
moments = some.none() | some.integers(86_400, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
some_moment = moments.map(lambda moment: moment or NOW)
regions = some.sampled_from(REGIONS_FOR_COPIES)
sizes = some.none() | some.floats(0, 1e9, allow_nan=False)
statuses = some.sampled_from(list(BackupStatus)).map(str) | names.map(lambda text: text or "?")
people = some.builds(Person, id=some.sampled_from(PEOPLE), name=names)
backups = some.builds(
    Backup,
    id=ids,
    region=regions,
    name=names,
    status=statuses,
    parent_id=some.none() | ids,
    description=some.none() | long_texts,
    size_gb=sizes,
    created=moments,
    datastore=some.none() | some.builds(Datastore, type=names, version=some.none() | names),
    origin=some.none() | some.builds(Origin, type=names, id=names),
    kind=some.none() | names,
)
faults = some.builds(
    Fault,
    reason=some.sampled_from(Reason),
    status=some.none() | some.integers(100, 599),
    name=some.none() | names,
    message=some.none() | long_texts,
    retry_after=some.none() | some.floats(0, 1e6, allow_nan=False),
)
problems = some.builds(
    Problem, reason=some.sampled_from(Reason), about=some.none() | long_texts, fault=some.none() | faults
)
found = some.builds(Recognised, backup=backups, evidence=some.sampled_from(Evidence))
parents = some.one_of(
    some.just(FullBackup()),
    some.builds(ParentReady, parent=some.none() | backups, found=found),
    some.builds(
        ParentArriving,
        parent_id=ids,
        parent_name=names,
        copy_id=some.none() | ids,
        since=moments,
        requested_by=some.none() | some.sampled_from(PEOPLE),
    ),
    some.builds(ParentAbsent, parent=backups),
    some.builds(ParentGone, parent_id=ids, parent=some.none() | backups),
    some.builds(ParentUnchecked, region=regions, fault=faults),
)
copies = some.builds(
    Copy,
    id=some.text("0123456789abcdef", min_size=12, max_size=12),
    revision=some.integers(0, 10**6),
    confirmation_id=ids,
    backup=backups,
    destination=regions,
    name=names,
    description=long_texts,
    requested_by=people,
    requested_at=some_moment,
    channel=some.just("C0OPS"),
    plan_digest=ids,
    state=some.sampled_from(CopyState),
    attempts=some.integers(0, 99),
    sent_at=moments,
    next_attempt_at=moments,
    parent_id=some.none() | ids,
    parent_evidence=some.none() | some.sampled_from(Evidence),
    copied_id=some.none() | ids,
    copied_evidence=some.none() | some.sampled_from(Evidence),
    shown_status=some.none() | statuses,
    ended_at=moments,
    reason=some.none() | some.sampled_from(Reason),
    fault=some.none() | faults,
    ended_by=some.none() | people,
)
requests = some.builds(
    CopyRequest,
    backup_id=some.uuids().map(str),
    source=regions,
    destination=regions,
    name=names,
    description=some.text(max_size=255) | hostile,
    despite_existing_copy=some.booleans(),
    despite_unchecked_parent=some.booleans(),
)
plans = some.builds(
    CopyPlan,
    request=requests,
    backup=backups,
    parent=parents,
    existing=some.none()
    | some.builds(
        ExistingCopy, found=found, requested_by=some.none() | some.sampled_from(PEOPLE), completed_at=moments
    ),
    looked_at=some_moment,
    under_way=some.none() | copies,
)
facts = some.dictionaries(
    some.sampled_from(["status", "fault", "message", "seconds", "parent", "parent_copy", "copied_id", "count"]),
    some.none() | long_texts | some.integers(0, 10**9) | some.floats(0, 1e6, allow_nan=False),
)
events = some.builds(
    Event,
    kind=some.sampled_from(EventKind),
    at=some_moment,
    who=people,
    copy_id=some.none() | ids,
    backup_id=some.none() | ids,
    backup_name=some.none() | names,
    source=some.none() | names,
    destination=some.none() | names,
    where=some.none() | ids,
    reason=some.none() | some.sampled_from(Reason),
    facts=facts,
)
recorded = some.builds(RecordedEvent, sequence=some.integers(1, 10**9), event=events, hash=some.just("0" * 64))
forms = some.builds(
    CopyForm,
    source=regions | some.just("LON"),
    channel=some.sampled_from([None, "C0OPS", "D0DIRECT"]),
    destination=some.none() | regions,
    name=names | long_texts,
    description=long_texts,
    despite_existing_copy=some.booleans(),
    despite_unchecked_parent=some.booleans(),
)
contexts = some.builds(
    FormContext,
    regions=some.sampled_from([REGIONS_FOR_COPIES, ("DFW", "IAD"), ("DFW", "LON", "SYD")]),
    freshness=some.none()
    | some.builds(
        Freshness,
        complete_at=moments,
        fault=some.none() | faults,
        running=some.none() | some.integers(0, 10**6),
        backups=some.integers(0, 10**6),
    ),
    not_copyable=some.dictionaries(statuses, some.integers(0, 10**6), max_size=30),
    channel_error=some.none() | names.map(lambda text: text or "error"),
)
panels = some.one_of(
    some.none(), some.builds(Looking, region=regions), some.lists(problems, min_size=1, max_size=7).map(tuple), plans
)


@settings(deadline=None, max_examples=150)
@given(forms, some.none() | backups, panels, contexts)
def test_the_form(form: CopyForm, backup: Backup | None, panel: copy_form.Panel, context: FormContext) -> None:
    filled = form if backup is None or len(backup.id) > 100 else form.choosing(backup, NOW)

    view = copy_form.draw(filled, panel, context, now=NOW)

    assert_slack_takes_view(view, mentions=PEOPLE)
    back = copy_form.read({**view, "id": "V0FORM"})
    assert back.drawn.filled_name == filled.drawn.filled_name


@settings(deadline=None, max_examples=150)
@given(plans)
def test_the_confirmation(plan: CopyPlan) -> None:
    view = confirmation.draw(plan, channel="C0OPS", now=NOW)

    assert_slack_takes_view(view, mentions=PEOPLE)
    assert confirmation.read({**view, "id": "V0CONFIRM"}).request == plan.request


@settings(deadline=None, max_examples=50)
@given(plans, requests, ids)
def test_the_changed_confirmation(plan: CopyPlan, request: CopyRequest, other: str) -> None:
    shown = Shown(parent=other, parent_there=other, existing=other, size_gb=1.0, status=other)

    view = confirmation.draw_changed(plan, Confirmed("V0", request, "digest", "C0OPS", shown), now=NOW)

    assert_slack_takes_view(view, mentions=PEOPLE)


@settings(deadline=None, max_examples=50)
@given(copies, some.lists(problems, max_size=12))
@pytest.mark.parametrize(
    "draw",
    [
        lambda copy, _: confirmation.draw_started(copy),
        lambda copy, _: confirmation.draw_already(copy, now=NOW),
        lambda _, problems: confirmation.draw_refused(problems),
        lambda _, problems: copy_form.draw_refused(problems),
        lambda copy, _: confirmation.draw_unexpected(copy.name),
    ],
)
def test_the_other_modals(draw: Callable[[Copy, list[Problem]], View], copy: Copy, problems: list[Problem]) -> None:
    assert_slack_takes_view(draw(copy, problems), mentions=PEOPLE)


@settings(deadline=None, max_examples=200)
@given(copies, some.lists(recorded, max_size=4))
def test_the_message(copy: Copy, story: list[RecordedEvent]) -> None:
    assert_slack_takes_message(copy_message.draw(copy, now=NOW, story=story))


@settings(deadline=None, max_examples=200)
@given(recorded, copies)
def test_the_thread(event: RecordedEvent, copy: Copy) -> None:
    message = thread.line(event, copy)

    if message is not None:
        assert_slack_takes_message(message, mentions=(copy.requested_by.id,))
        assert message.text.count("<@") <= 1


@settings(deadline=None, max_examples=50)
@given(some.lists(recorded, max_size=25), some.builds(EventFilter, text=some.none() | long_texts))
def test_the_history(events: list[RecordedEvent], wanted: EventFilter) -> None:
    assert_slack_takes_message(history.draw(events, wanted))


@settings(deadline=None, max_examples=50)
@given(some.lists(copies, max_size=25), some.lists(copies, max_size=25), some.booleans())
def test_the_status(running: list[Copy], mine: list[Copy], with_links: bool) -> None:
    address = "https://team.slack.com/archives/C0OPS/p1700000000000000"
    links = {copy.id: address for copy in (*running, *mine)} if with_links else None

    assert_slack_takes_message(status.draw(running, mine, now=NOW, links=links))


@settings(deadline=None, max_examples=100)
@given(copies, long_texts, some.lists(backups, max_size=8), some.lists(problems, max_size=5), some.sampled_from(Reason))
def test_the_answers(copy: Copy, typed: str, found: list[Backup], problems: list[Problem], reason: Reason) -> None:
    messages: list[Message] = [
        help.draw(typed, typed=typed),
        answers.not_allowed(reason),
        answers.unexpected(typed),
        answers.stopped(copy),
        answers.not_stopped(copy, now=NOW),
        answers.unknown_copy(typed, [copy] * 7),
        answers.settled(copy),
        answers.nothing_to_settle(copy, now=NOW),
        answers.ambiguous(typed, found, region="IAD", now=NOW),
        answers.backup_not_found(typed),
        answers.channel_closed("C0OPS", typed),
        answers.not_told(copy, typed, now=NOW),
    ]
    messages += [answers.refused(problems)] if problems else []

    for message in messages:
        assert_slack_takes_message(message)


@settings(deadline=None, max_examples=100)
@given(some.lists(backups, max_size=120), some.booleans())
def test_the_options(found: list[Backup], all_of_one: bool) -> None:
    asked = [replace(backup, origin=None) for backup in found] if all_of_one else found

    answer = copy_form.options(asked, NOW)

    groups = answer.get("option_groups", [])
    assert isinstance(groups, list)
    choices = [option for group in groups for option in group["options"]]
    assert len(choices) <= 100
    for group in groups:
        assert 0 < len(group["label"]["text"]) <= 75
    for option in choices:
        assert 0 < len(option["text"]["text"]) <= 75
        assert 0 < len(option["description"]["text"]) <= 75
        assert len(option["value"]) <= 150
        assert copy_form.read_reference(option["value"])


@settings(deadline=None, max_examples=100)
@given(forms, some.lists(problems, max_size=6))
def test_the_errors(form: CopyForm, problems: list[Problem]) -> None:
    view = copy_form.draw(form, None, FormContext(REGIONS_FOR_COPIES), now=NOW)
    blocks = view["blocks"]
    assert isinstance(blocks, list)

    said = copy_form.errors(form, problems)

    assert set(said) <= {block["block_id"] for block in blocks if block["type"] == "input"}
    assert all(said.values())
