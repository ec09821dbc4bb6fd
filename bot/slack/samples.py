"""One of each view and message, with texts as long as they may be: what ``doctor`` has Slack check.

A test sees to it that every view and message of `bot.slack.views` is among them.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.backup import LONGEST_DESCRIPTION, LONGEST_NAME, REGIONS_FOR_COPIES, Backup, Datastore, Origin
from bot.domain.copies import Copy, CopyState
from bot.domain.events import Event, EventFilter, EventKind, RecordedEvent
from bot.domain.lineage import (
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
from bot.domain.people import Person
from bot.domain.plan import CopyPlan, CopyRequest, ExistingCopy
from bot.domain.reasons import Fault, Problem, Reason
from bot.slack.views import answers, confirmation, copy_form, copy_message, history, status, thread
from bot.slack.views import help as usage
from bot.slack.views.blocks import Message, View
from bot.slack.views.confirmation import Confirmed, Shown
from bot.slack.views.copy_form import CopyForm, FormContext, Looking, Panel

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
    events = [_event(kind, number, now) for number, kind in enumerate(EventKind, start=1)]
    messages = {
        "copy_message": (copy_message.draw(copy, now=now, story=events) for copy in copies),
        "thread": (line for event in events if (line := thread.line(event, copies[0]))),
        "status": [status.draw(copies, copies, now=now, command=command)],
        "history": [history.draw(events, EventFilter(text=NAME), command=command)],
        "help": [usage.draw("status", typed=NAME, command=command)],
        "answers": _answers(copies, now, command),
    }
    together = (Sample(name, message) for name, several in messages.items() for message in _together(several))
    return (*_forms(now), *_confirmations(copies[0], now), *together)


def _forms(now: datetime) -> Iterator[Sample]:
    form = replace(CopyForm(source="DFW", destination="IAD").choosing(BACKUP, now), description="d" * 255)
    context = FormContext(REGIONS_FOR_COPIES, not_copyable={"NEW": 1, "FAILED": 2}, channel_error=ERROR)
    panels: dict[str, Panel] = {"empty": None, "looking": Looking("IAD"), "refused": PROBLEMS, **_plans(now)}
    for name, panel in panels.items():
        yield Sample(f"copy_form, {name}", copy_form.draw(form, panel, context, now=now))
    yield Sample("copy_form, loading", copy_form.draw_loading())
    yield Sample("copy_form, not let in", copy_form.draw_refused(PROBLEMS))


def _confirmations(copy: Copy, now: datetime) -> Iterator[Sample]:
    plan = _plan(ParentReady(PARENT, _there(PARENT)), now)
    confirmed = Confirmed("V0", plan.request, plan.digest, CHANNEL, Shown(parent="not there"))
    drawn = {
        "plan": confirmation.draw(plan, channel=CHANNEL, now=now),
        "changed": confirmation.draw_changed(plan, confirmed, now=now),
        "looking": confirmation.draw_looking("IAD"),
        "sending": confirmation.draw_sending(),
        "started": confirmation.draw_started(copy),
        "already": confirmation.draw_already(copy, now=now),
        "refused": confirmation.draw_refused(PROBLEMS),
        "channel closed": confirmation.draw_channel_closed(CHANNEL, ERROR),
        "message": confirmation.draw_message(answers.not_told(copy, ERROR, now=now)),
        "unexpected": confirmation.draw_unexpected("0123abcd"),
        "outdated": confirmation.draw_outdated(command="/copy-backup"),
    }
    for name, view in drawn.items():
        yield Sample(f"confirmation, {name}", view)


def _answers(copies: list[Copy], now: datetime, command: str) -> Iterator[Message]:
    copy = copies[0]
    yield answers.not_allowed(Reason.PERSON_NOT_ALLOWED)
    yield answers.unexpected("0123abcd")
    yield answers.not_opened(command=command)
    yield answers.refused(PROBLEMS)
    yield answers.stopped(copy)
    yield answers.not_stopped(copy, now=now)
    yield answers.unknown_copy(NAME, copies, command=command)
    yield answers.settled(copy)
    yield answers.nothing_to_settle(copy, now=now)
    yield answers.ambiguous(NAME, [PARENT, BACKUP], region="IAD", now=now, command=command)
    yield answers.backup_not_found(NAME, command=command)
    yield answers.channel_closed(CHANNEL, ERROR)
    yield answers.not_told(copy, ERROR, now=now)


def _plans(now: datetime) -> dict[str, CopyPlan]:
    """A plan for each thing that can be known of the parent."""
    parents: dict[str, ParentStatus] = {
        "full backup": FullBackup(),
        "parent there": ParentReady(PARENT, _there(PARENT)),
        "parent on its way": ParentArriving(PARENT.id, NAME, "7f3a91c2", now, SOMEBODY.id),
        "parent not there": ParentAbsent(PARENT),
        "parent gone": ParentGone(PARENT.id),
        "parent not known": ParentUnchecked("IAD", FAULT),
    }
    plans = {name: _plan(parent, now) for name, parent in parents.items()}
    running = replace(plans["full backup"], under_way=_copy(CopyState.RUNNING, now))
    existing = replace(plans["full backup"], existing=ExistingCopy(_there(BACKUP), SOMEBODY.id, now))
    return plans | {"under way": running, "copied already": existing}


def _plan(parent: ParentStatus, now: datetime) -> CopyPlan:
    backup = PARENT if isinstance(parent, FullBackup) else BACKUP
    request = CopyRequest(backup.id, "DFW", "IAD", NAME, "d" * LONGEST_DESCRIPTION)
    return CopyPlan(request, backup, parent, None, now)


def _there(backup: Backup) -> Recognised:
    return Recognised(replace(backup, region="IAD"), Evidence.MATCHING_FACTS)


def _copy(state: CopyState, now: datetime) -> Copy:
    """A copy in a state. Its id is one of its own: ids of blocks are made of it."""
    return Copy(
        id=f"7f3a91c2-{state.value}",
        revision=1,
        confirmation_id="V0",
        backup=BACKUP,
        destination="IAD",
        name=NAME,
        description="d" * LONGEST_DESCRIPTION,
        requested_by=SOMEBODY,
        requested_at=now - timedelta(minutes=14),
        channel=CHANNEL,
        plan_digest="0" * 32,
        state=state,
        attempts=2,
        sent_at=now - timedelta(minutes=13),
        ended_at=now,
        reason=FAULT.reason,
        fault=FAULT,
        ended_by=SOMEBODY,
    )


def _event(kind: EventKind, sequence: int, now: datetime) -> RecordedEvent:
    facts = {"status": FAULT.status, "fault": FAULT.name, "message": FAULT.message, "seconds": 90.0}
    event = Event(kind, now, SOMEBODY, "7f3a91c2", BACKUP.id, NAME, "DFW", "IAD", CHANNEL, FAULT.reason, facts)
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
