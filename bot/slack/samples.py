"""One of each view and message, with texts as long as they may be: what ``doctor`` has Slack check.

A test sees to it that every view and message of `bot.slack.views` is among them.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.backup import (
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    REGIONS_FOR_COPIES,
    Backup,
    BackupStatus,
    Datastore,
    Origin,
)
from bot.domain.copies import Copy, CopyState
from bot.domain.coverage import Cell, Coverage, Report, Row, Standing
from bot.domain.events import Event, EventFilter, EventKind, RecordedEvent
from bot.domain.learned import Learned
from bot.domain.lineage import (
    Chain,
    Evidence,
    FullBackup,
    ParentAbsent,
    ParentArriving,
    ParentGone,
    ParentReady,
    ParentStatus,
    ParentUnchecked,
    Recognised,
)
from bot.domain.names import USUAL_TEMPLATE
from bot.domain.orders import Order, OrderStanding
from bot.domain.people import Person
from bot.domain.plan import CopyPlan, ExistingCopy, OrderPlan, OrderRequest
from bot.domain.radar import Orphan, Pillar, Radar
from bot.domain.reasons import Fault, Problem, Reason
from bot.domain.retention import Rotation
from bot.domain.survey import Held
from bot.domain.witness import Witness
from bot.slack.keep_samples import keeping_messages, keeping_views
from bot.slack.rule_samples import JUDGEMENTS, PERMISSIONS, OfApprovers
from bot.slack.views import (
    answers,
    backup_list,
    confirmation,
    copy_again,
    copy_form,
    copy_message,
    coverage,
    decline_form,
    history,
    home,
    misread,
    notices,
    order_status,
    status,
    thread,
    witness,
)
from bot.slack.views import help as usage
from bot.slack.views.blocks import Message, View
from bot.slack.views.confirmation import Confirmed, Shown
from bot.slack.views.copy_form import CopyForm, FormContext, Looking, Panel
from bot.slack.views.filled_form import MOST_BACKUPS
from bot.slack.views.misread import Misread

_NO_COVERAGE = Coverage(REGIONS_FOR_COPIES, ())
MOST_BLOCKS = 50
"""In one message (``slack-platform.md``, Sizes): as many short ones are checked together."""

LONGEST_TOGETHER = 10_000
"""Characters of blocks in one message, as JSON: Slack refuses more than about 13,200, though each block is legal."""

SOMEBODY = Person("U024BE7LH", "somebody")
CHANNEL = "C024BE91L"
ERROR = "channel_not_found"
NAME = "W" * LONGEST_NAME
PARENT = Backup(
    id="0c1b5616-fdc5-45ae-b2dc-6f1440d55d0e",
    region="DFW",
    name=NAME,
    status="COMPLETED",
    size_gb=12.8,
    datastore=Datastore("mysql", "5.6"),
    origin=Origin("instance", "130922a2-b9ab-4e95-86be-9c5d79171b5e"),
)
BACKUP = replace(PARENT, id="ff44da4e-91eb-40ba-aa5b-841e1c308f55", parent_id=PARENT.id)
FAULT = Fault(Reason.SERVICE_UNAVAILABLE, 503, "serviceUnavailable", "m" * 500, 90.0)
LEARNED = Learned(half=240.0, nine_tenths=540.0, copies=12)
PROBLEMS = (Problem(Reason.BAD_REQUEST, about=NAME, fault=FAULT), Problem(Reason.NAME_TOO_LONG, about="65"))


@dataclass(frozen=True, slots=True)
class Sample:
    """A view, or messages of one kind together.

    Attributes:
        name: of the module that draws it, and which of its views.
    """

    name: str
    drawn: View | Message


def samples(now: datetime, *, command: str) -> tuple[Sample, ...]:
    """One of each.

    Args:
        now: for ages.
        command: the slash command's name.
    """
    copies = [_copy(state, now) for state in CopyState]
    orders = [_order(copy) for copy in copies]
    events = [_event(kind, number, now) for number, kind in enumerate(EventKind, start=1)]
    many = [replace(copy, id=f"{copy.id}-{number}") for number in range(3) for copy in copies]
    of_approvers = OfApprovers(orders[0], events, now)
    likely = {copy.id: LEARNED for copy in copies}
    messages = {
        "copy_message": (copy_message.draw(each, now=now, story=events, likely=likely) for each in orders),
        "copy_message, several": [copy_message.draw(_order(*many), now=now, story=events, likely=likely)],
        "thread": _thread(events, orders[0], _order(*copies)),
        "status": [status.draw(orders, orders, now=now, command=command)],
        "order_status": [order_status.draw(orders[0], events, now=now, likely=likely)],
        "backup_list": _backup_lists(now, command),
        "history": [
            history.draw(part, EventFilter(text=NAME), has_older=True, has_newer=True, command=command)
            for part in (events[: history.PAGE], events[history.PAGE :])
        ],
        "coverage": [coverage.draw(each, now=now, command=command) for each in (_report(now), Report(_NO_COVERAGE))],
        "misread": [misread.draw(Misread(NAME, NAME), command=command)],
        "witness": [witness.draw(Witness(10**9, "f" * 64, now))],
        "help": [usage.draw("status", typed=NAME, command=command, permissions=PERMISSIONS)],
        "answers": _answers(orders, now, command),
        "approval_message": of_approvers.messages(),
        "decisions": of_approvers.answers(),
        "keep": keeping_messages(CHANNEL, now),
    }
    together = (Sample(name, message) for name, several in messages.items() for message in _together(several))
    again = Sample("copy_again", copy_again.draw_no_order(command=command))
    homes = _homes(orders, events, now)
    return (*_forms(now), *_confirmations(now), *_notices(orders, now), again, *homes, *together)


@dataclass(frozen=True, slots=True)
class _Listed:
    backup: Backup
    elsewhere: tuple[Recognised, ...]


@dataclass(frozen=True, slots=True)
class _Fresh:
    region: str
    complete_at: datetime | None
    fault: Fault | None = FAULT


def _backup_lists(now: datetime, command: str) -> Iterator[Message]:
    elsewhere = tuple(Recognised(replace(BACKUP, region=each), Evidence.MATCHING_FACTS) for each in REGIONS_FOR_COPIES)
    backups = [replace(BACKUP, origin=Origin("ha", f"{number:036}")) for number in range(backup_list.PAGE)]
    yield backup_list.draw(
        [_Listed(each, elsewhere) for each in backups],
        backup_list.Asked(text=NAME, page=2),
        [_Fresh(each, now) for each in REGIONS_FOR_COPIES],
        total=100,
        pages=12,
        now=now,
        command=command,
    )


def _homes(orders: Sequence[OrderStanding], events: Sequence[RecordedEvent], now: datetime) -> Iterator[Sample]:
    drawn = home.draw(_report(now, 60), orders, orders, events, now=now, awaiting=orders)
    yield Sample("home", drawn)
    yield Sample("home, not let in", home.draw_refused(Reason.PERSON_NOT_ALLOWED))


def _report(now: datetime, rows: int = 12) -> Report:
    """As many gaps as may be shown one by one, and everything the radar sees."""
    held = Held("DFW", BACKUP.id, NAME, BackupStatus.COMPLETED, PARENT.id, now)
    old = [
        Cell(region, Standing.TOO_OLD, held, now - timedelta(days=9), timedelta(hours=36), held)
        for region in REGIONS_FOR_COPIES[1:]
    ]
    missing = [Cell(region, Standing.MISSING, wanted=timedelta(hours=36)) for region in REGIONS_FOR_COPIES[1:]]
    here = Cell("DFW", Standing.FINE, held, now)
    alone = [Cell(region, Standing.NOT_WANTED, cure=held) for region in REGIONS_FOR_COPIES[1:]]
    cells = [(here, *others) for others in (old, missing, alone)]
    made = [Row(Origin("ha", f"{BACKUP.id[:-2]}{n:02}"), cells[n % len(cells)], held) for n in range(rows)]
    radar = Radar((Orphan(held, PARENT.id),) * 4, (Pillar(held, 6),) * 4)
    return Report(Coverage(REGIONS_FOR_COPIES, tuple(made), 3), radar, ("SYD",), ("HKG",))


def _thread(events: Sequence[RecordedEvent], *orders: OrderStanding) -> Iterator[Message]:
    for order in orders:
        drawn = (thread.line(event, order, is_last=event is events[-1]) for event in events)
        yield from (line for line in drawn if line)


def _forms(now: datetime) -> Iterator[Sample]:
    form = replace(CopyForm(source="DFW", destinations=("IAD",)).choosing([BACKUP], now), description="d" * 255)
    context = FormContext(REGIONS_FOR_COPIES, not_copyable={"NEW": 1, "FAILED": 2}, channel_error=ERROR)
    panels: dict[str, Panel] = {"empty": None, "looking": Looking(("IAD",)), "refused": PROBLEMS, **_plans(now)}
    for name, panel in panels.items():
        yield Sample(f"copy_form, {name}", copy_form.draw(form, panel, context, now=now))
    several = replace(form.choosing([BACKUP, PARENT], now), destinations=("IAD", "ORD")).taking_several()
    yield Sample("copy_form, several", copy_form.draw(several, _several(now), context, now=now))
    for name, judgement in JUDGEMENTS.items():
        judged = replace(context, judgement=judgement)
        yield Sample(f"copy_form, {name}", copy_form.draw(form, _plans(now)["full backup"], judged, now=now))
    yield Sample("copy_form, loading", copy_form.draw_loading())
    yield Sample("copy_form, not let in", copy_form.draw_refused(PROBLEMS))


def _confirmations(now: datetime) -> Iterator[Sample]:
    plan = _plan(ParentReady(PARENT, _there(PARENT)), now)
    confirmed = Confirmed("V0", plan.request, plan.digest, CHANNEL, Shown(parent="not there"))
    for name, each in {**_plans(now), "several": _several(now)}.items():
        yield Sample(f"confirmation, {name}", confirmation.draw(each, channel=CHANNEL, now=now))
    for name, judgement in JUDGEMENTS.items():
        drawn = confirmation.draw(plan, channel=CHANNEL, now=now, judgement=judgement)
        yield Sample(f"confirmation, {name}", drawn)
    yield Sample("confirmation, changed", confirmation.draw_changed(plan, confirmed, now=now))


def _notices(orders: Sequence[OrderStanding], now: datetime) -> Iterator[Sample]:
    drawn = {
        "looking": notices.draw_looking(REGIONS_FOR_COPIES),
        "sending": notices.draw_sending(),
        "started": notices.draw_started(orders[0]),
        "already": notices.draw_already(orders, now=now),
        "refused": notices.draw_refused(PROBLEMS),
        "channel closed": notices.draw_channel_closed(CHANNEL, ERROR),
        "message": notices.draw_message(answers.not_told(orders[0], ERROR, now=now)),
        "unexpected": notices.draw_unexpected("0123abcd"),
        "asked": notices.draw_asked(orders[0]),
        "outdated": notices.draw_outdated(command="/copy-backup"),
    }
    for name, view in drawn.items():
        yield Sample(f"notices, {name}", view)
    for name, view in keeping_views(BACKUP, CHANNEL, now).items():
        yield Sample(f"keep, {name}", view)
    yield Sample("decline_form", decline_form.draw("7f3a91c2:0123"))


def _answers(orders: Sequence[OrderStanding], now: datetime, command: str) -> Iterator[Message]:
    order = orders[0]
    yield answers.not_allowed(Reason.PERSON_NOT_ALLOWED)
    yield answers.unexpected("0123abcd")
    yield answers.not_opened(command=command)
    yield answers.stopped(order, order.copies, order.copies)
    yield answers.not_stopped(order, order.copies, now=now)
    yield answers.unknown_order(NAME, orders, command=command)
    yield answers.backup_gone(NAME, "DFW", command=command)
    yield answers.settled(order.main)
    yield answers.nothing_to_settle(order.main, now=now)
    yield answers.ambiguous(NAME, [PARENT, BACKUP], region="IAD", now=now, command=command)
    yield answers.backup_not_found(NAME, command=command)
    yield answers.not_told(order, ERROR, now=now)


def _plans(now: datetime) -> dict[str, OrderPlan]:
    """A plan for each thing that can be known of the parent."""
    parents: dict[str, ParentStatus] = {
        "full backup": FullBackup(),
        "parent there": ParentReady(PARENT, _there(PARENT)),
        "parent on its way": ParentArriving(PARENT.id, NAME, "7f3a91c2", now, SOMEBODY.id),
        "parent not there": ParentAbsent(PARENT, Chain((PARENT,))),
        "parent gone": ParentGone(PARENT.id),
        "parent not known": ParentUnchecked("IAD", FAULT),
    }
    plans = {name: _plan(parent, now) for name, parent in parents.items()}
    full = plans["full backup"]
    running = replace(full.plans[0], under_way=_copy(CopyState.RUNNING, now))
    existing = replace(full.plans[0], existing=ExistingCopy(_there(BACKUP), SOMEBODY.id, now))
    return plans | {
        "whole chain": _plan(parents["parent not there"], now, whole_chain=True),
        "under way": replace(full, plans=(running,)),
        "copied already": replace(full, plans=(existing,)),
    }


def _plan(parent: ParentStatus, now: datetime, *, whole_chain: bool = False) -> OrderPlan:
    backup = PARENT if isinstance(parent, FullBackup) else BACKUP
    description = "d" * LONGEST_DESCRIPTION
    request = OrderRequest("DFW", (backup.id,), ("IAD",), NAME, description, whole_chain=whole_chain)
    rotation = Rotation(PARENT, now)
    plan = CopyPlan(request.single[0], backup, parent, None, now, learned=LEARNED, rotation=rotation)
    return OrderPlan(request, (plan,))


def _several(now: datetime) -> OrderPlan:
    """As many backups and regions as can be chosen at once."""
    ids = tuple(f"{BACKUP.id[:-2]}{number:02}" for number in range(MOST_BACKUPS))
    request = OrderRequest("DFW", ids, REGIONS_FOR_COPIES[1:], USUAL_TEMPLATE, "d" * LONGEST_DESCRIPTION)
    parent = ParentAbsent(PARENT, Chain((PARENT,)))
    plans = [CopyPlan(each, replace(BACKUP, id=each.backup_id), parent, None, now) for each in request.single]
    return OrderPlan(request, tuple(plans))


def _there(backup: Backup) -> Recognised:
    return Recognised(replace(backup, region="IAD"), Evidence.MATCHING_FACTS)


def _copy(state: CopyState, now: datetime) -> Copy:
    """A copy in a state. Its id is one of its own: ids of blocks are made of it."""
    return Copy(
        id=f"7f3a91c2-{state.value}",
        revision=1,
        order_id="7f3a91c2",
        backup=BACKUP,
        destination="IAD",
        name=NAME,
        description="d" * LONGEST_DESCRIPTION,
        requested_by=SOMEBODY,
        requested_at=now - timedelta(minutes=14),
        channel=CHANNEL,
        state=state,
        attempts=2,
        sent_at=now - timedelta(minutes=13),
        ended_at=now,
        reason=FAULT.reason,
        fault=FAULT,
        ended_by=SOMEBODY,
    )


def _order(*copies: Copy) -> OrderStanding:
    """An order of these copies. Its id is one of its own, as theirs are."""
    ids = tuple(dict.fromkeys(copy.id for copy in copies))
    first = copies[0]
    order = Order(f"{len(copies)}-{first.id}", "V0", SOMEBODY, first.requested_at, CHANNEL, "0" * 32, ids, ids)
    return OrderStanding(order, copies)


def _event(kind: EventKind, sequence: int, now: datetime) -> RecordedEvent:
    facts = {"status": FAULT.status, "fault": FAULT.name, "message": FAULT.message, "seconds": 90.0}
    event = Event(
        kind,
        now,
        SOMEBODY,
        f"7f3a91c2-{CopyState.REQUESTED.value}",
        BACKUP.id,
        NAME,
        "DFW",
        "IAD",
        CHANNEL,
        FAULT.reason,
        facts,
    )
    return RecordedEvent(sequence, event, "0" * 64)


def _together(messages: Iterable[Message]) -> Iterator[Message]:
    """Messages one below the other, as few as that makes, within what one may hold."""
    held: list[Message] = []
    for message in messages:
        if held and not _fit([*held, message]):
            yield _joined(held)
            held = []
        held.append(message)
    if held:
        yield _joined(held)


def _fit(messages: list[Message]) -> bool:
    blocks = [block for each in messages for block in each.blocks]
    return len(blocks) <= MOST_BLOCKS and len(json.dumps(blocks)) <= LONGEST_TOGETHER


def _joined(messages: list[Message]) -> Message:
    return Message(messages[0].text, [block for each in messages for block in each.blocks])
