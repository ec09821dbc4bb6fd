"""The story of an order, line by line, in the thread of its message.

Who asked is mentioned when all of it has ended: once, as the last line says it. The one other mention is the question
that only a person can answer: without an answer the copy would never end.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.domain.copies import Copy, CopyState
from bot.domain.events import Event, EventKind, RecordedEvent
from bot.domain.orders import OrderStanding
from bot.domain.reasons import Reason
from bot.slack.views import agreement, blocks
from bot.slack.views.blocks import Message
from bot.slack.views.copy_message import progress
from bot.slack.views.copy_standing import fault_of_facts, took_of
from bot.slack.views.plan_status import SURE
from bot.slack.views.reasons import answer, explain, gist, problem_of
from bot.slack.views.text import code, duration, escape, fit, mention, person_name

SILENT: Mapping[EventKind, str] = MappingProxyType(
    {
        EventKind.COPY_REQUESTED: "the message itself says it",
        EventKind.RELEASED: "the agreement to its order is told",
        EventKind.GLASS_SEEN: "the approvers are told",
        EventKind.SENDING: "what comes of it is told a moment later",
        EventKind.SEEN: "the message shows the status",
        EventKind.PLAN_CHANGED: "there is no copy yet; the person was told in the form",
        EventKind.REFUSED_PERSON: "who was refused was told; nobody else needs to know",
        EventKind.REFUSED_REQUEST: "it is about no copy",
        EventKind.KEEP_ORDERED: "it is about no copy yet",
        EventKind.KEEP_PAUSED: "it is about no copy; its channel is told",
        EventKind.KEEP_RESUMED: "it is about no copy",
        EventKind.KEEP_ENDED: "it is about no copy",
        EventKind.KEEP_FAILED: "its channel is told",
        EventKind.KEEP_RECOVERED: "its channel is told",
        EventKind.RULES_CHANGED: "it is about no copy",
        EventKind.RULES_REJECTED: "it is about no copy",
        EventKind.FOUND_OUTSIDE: "it is about no copy of this bot",
        EventKind.COPY_VANISHED: "its thread has ended; Home, coverage and history show it",
        EventKind.BOT_STARTED: "it is about no copy",
        EventKind.BOT_STOPPED: "it is about no copy",
        EventKind.WITNESS_POSTED: "it is about no copy",
        EventKind.ARCHIVED: "it is about no copy",
    }
)
"""Events that are not told in a thread, and why."""


def line(recorded: RecordedEvent, standing: OrderStanding, *, is_last: bool) -> Message | None:
    """What the thread says of an event; ``None`` for what it does not tell.

    Args:
        recorded: the event, from the order's story.
        standing: the order as it stands now, which may be later.
        is_last: whether the order has ended, and this is the last that is told of it.
    """
    event = recorded.event
    copy = next((each for each in standing.copies if each.id == event.copy_id), None)
    tell = LINES.get(event.kind)
    told = [tell(event, copy)] if tell and copy and (standing.is_single or event.kind not in _TOLD_OF_ONE_ONLY) else []
    if standing.is_single:
        told = [f"{mention(standing.order.requested_by.id)} {each}" for each in told] if is_last else told
    elif copy:
        told = [f"{code(copy.backup.title, 64)} → {escape(copy.destination, 20)}: {each}" for each in told]
        told += [_end(standing)] if is_last else []
    if not told:
        return None
    words = fit("\n".join(told), blocks.LONGEST_SECTION)
    return Message(text=words, blocks=[blocks.section(words)])


_TOLD_OF_ONE_ONLY = frozenset(
    {EventKind.ACCEPTED, EventKind.PARENT_ARRIVED, EventKind.WAITING_FOR_PARENT, EventKind.LEFT_UNDONE}
)
"""Of many copies this would be too much: the message shows it."""


def _end(standing: OrderStanding) -> str:
    """How all of it ended, for who asked."""
    is_left = bool(standing.in_state(CopyState.FAILED, CopyState.STOPPED))
    again = " *Try again* at the message above goes on with what is missing." if is_left else ""
    return f"{mention(standing.order.requested_by.id)} *It has ended:* {progress(standing)}.{again}"


def _joined(event: Event, _copy: Copy) -> str:
    return f"{person_name(event.who)} asked for the same copy. One is enough: it is for both."


def _stopped(event: Event, _copy: Copy) -> str:
    return f"{person_name(event.who)} *stopped* this copy. Nothing was copied."


def _reminded(_event: Event, _copy: Copy) -> str:
    return "Those who have to agree were reminded."


def _said_it_was_copied(event: Event, copy: Copy) -> str:
    return (
        f"{person_name(event.who)} says that it *was copied* to "
        f"{escape(copy.destination, 20)}. Nothing more is sent; see for yourself that it becomes COMPLETED there."
    )


def _said_send_again(event: Event, _copy: Copy) -> str:
    return f"{person_name(event.who)} says that it did not begin: it is sent again."


def _waiting(event: Event, copy: Copy) -> str:
    parent = code(str(event.facts.get("parent") or copy.backup.parent_id or "its parent"))
    other = event.facts.get("parent_copy")
    ours = f" (copy {code(str(other))} of this bot)" if other else ""
    return f"Waits for its parent {parent}, which is on its way to {escape(copy.destination, 20)}{ours}."


def _parent_arrived(_event: Event, copy: Copy) -> str:
    return f"Its parent has arrived in {escape(copy.destination, 20)}. This copy is sent now."


def _accepted(_event: Event, copy: Copy) -> str:
    return f"Cloud Databases took the request: {code(copy.backup.title)} is being copied."


def _will_send_again(event: Event, _copy: Copy) -> str:
    fault = fault_of_facts(event.reason, event.facts)
    said = f" {answer(fault)}" if fault else ""
    seconds = event.facts.get("seconds")
    when = f"in {duration(float(seconds))}" if isinstance(seconds, int | float) else "as soon as that is possible"
    return f"*{gist(event.reason or Reason.UNEXPECTED)}.*{said} It is sent again {when}."


def _outcome_unknown(event: Event, _copy: Copy) -> str:
    fault = fault_of_facts(event.reason, event.facts)
    said = f" {answer(fault)}" if fault else ""
    return (
        f"The request was sent, and no clear answer came back.{said} The bot looks in both regions whether the copy "
        "began, before it does anything else."
    )


def _found_begun(_event: Event, _copy: Copy) -> str:
    return "The bot has looked: the copy *did begin*. It is not sent a second time."


def _found_not_begun(_event: Event, _copy: Copy) -> str:
    return "The bot has looked: the copy *did not begin*. It is sent again."


def _asked_person(_event: Event, copy: Copy) -> str:
    return (
        f"{mention(copy.requested_by.id)} *Your help is needed:* it could not be found out whether this copy began. "
        "Look in the Rackspace control panel, then press *It was copied* or *Send it again* at the message above."
    )


def _found_there(_event: Event, copy: Copy) -> str:
    how = SURE[copy.copied_evidence] if copy.copied_evidence else None
    known = f" It was recognised because {how[0]} ({how[1]})." if how else ""
    return f"It is in {escape(copy.destination, 20)} already, and was not copied a second time.{known}"


def _left_undone(event: Event, copy: Copy) -> str:
    parent = code(str(event.facts.get("parent") or copy.backup.parent_id or "its parent"))
    return f"*Left undone:* its parent {parent} has not arrived in {escape(copy.destination, 20)}. Nothing was sent."


def _slow(event: Event, _copy: Copy) -> str:
    seconds = event.facts.get("seconds")
    so_far = f" It runs for {duration(float(seconds))} now." if isinstance(seconds, int | float) else ""
    slow = ":turtle: This copy is *slower than nearly all* before it between these regions."
    return f"{slow}{so_far} The bot goes on watching."


def _completed(event: Event, copy: Copy) -> str:
    seconds = event.facts.get("seconds")
    took = took_of(copy) or (duration(float(seconds)) if isinstance(seconds, int | float) else None)
    after = f" after {took}" if took else ""
    copied_id = event.facts.get("copied_id") or copy.copied_id or "unknown"
    return (
        f"*Done*{after}: {code(copy.name)} is in {escape(copy.destination, 20)}, "
        f"COMPLETED. Its id there is {code(str(copied_id))}."
    )


def _failed(event: Event, copy: Copy) -> str:
    problem = problem_of(copy, event.reason, fault_of_facts(event.reason, event.facts))
    return f"The copy *failed*.\n{explain(problem, copy=copy)}"


def _lost(event: Event, copy: Copy) -> str:
    problem = problem_of(copy, event.reason)
    return f"The bot has *stopped watching* this copy.\n{explain(problem, copy=copy)}"


LINES: Mapping[EventKind, Callable[[Event, Copy], str]] = MappingProxyType(
    {
        EventKind.COPY_JOINED: _joined,
        EventKind.STOPPED: _stopped,
        EventKind.APPROVED: agreement.approved,
        EventKind.DECLINED: agreement.declined,
        EventKind.APPROVAL_REMINDED: _reminded,
        EventKind.APPROVAL_EXPIRED: agreement.expired,
        EventKind.SAID_IT_WAS_COPIED: _said_it_was_copied,
        EventKind.SAID_SEND_AGAIN: _said_send_again,
        EventKind.WAITING_FOR_PARENT: _waiting,
        EventKind.PARENT_ARRIVED: _parent_arrived,
        EventKind.FOUND_THERE: _found_there,
        EventKind.LEFT_UNDONE: _left_undone,
        EventKind.SLOW: _slow,
        EventKind.ACCEPTED: _accepted,
        EventKind.REFUSED: _failed,
        EventKind.WILL_SEND_AGAIN: _will_send_again,
        EventKind.OUTCOME_UNKNOWN: _outcome_unknown,
        EventKind.FOUND_BEGUN: _found_begun,
        EventKind.FOUND_NOT_BEGUN: _found_not_begun,
        EventKind.ASKED_PERSON: _asked_person,
        EventKind.COMPLETED: _completed,
        EventKind.FAILED: _failed,
        EventKind.LOST: _lost,
    }
)
"""Events that are told in a thread, in ``mrkdwn``."""
