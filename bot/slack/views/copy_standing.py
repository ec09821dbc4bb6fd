"""How one copy stands, in words and buttons: what the message of its order is made of (see `copy_message`)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from slack_sdk.models.blocks import ButtonElement

from bot.domain.copies import Copy, CopyState
from bot.domain.events import EventKind, RecordedEvent
from bot.domain.learned import Learned
from bot.domain.lineage import Evidence
from bot.domain.reasons import Fault, Reason
from bot.slack.views import blocks
from bot.slack.views.plan_status import SURE, time_expected
from bot.slack.views.reasons import answer, explain, gist, problem_of, words
from bot.slack.views.text import code, duration, escape, person_name, slack_date


class Button(StrEnum):
    """The buttons of the message: the ``action_id`` of each. The value of `STOP` and `TRY_AGAIN` is the order's id,
    that of the others the copy's.
    """

    STOP = "stop_copy"
    IT_WAS_COPIED = "it_was_copied"
    SEND_AGAIN = "send_again"
    TRY_AGAIN = "try_again"


BUTTONS = tuple(Button)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a copy stands, in words.

    Attributes:
        sign: an emoji.
        gist: a few words without a full stop; ``mrkdwn`` without formatting.
        full: everything there is to say, in ``mrkdwn``.
        buttons: what a person can do about it.
        next: what else has to be known from the plain text alone; sentences in ``mrkdwn``.
    """

    sign: str
    gist: str
    full: str
    buttons: tuple[Button, ...] = ()
    next: str = ""


def standing_of(
    copy: Copy, *, now: datetime, story: Sequence[RecordedEvent] = (), learned: Learned | None = None
) -> Standing:
    """How a copy stands.

    Args:
        copy: as it stands.
        now: for lengths of time.
        story: the copy's events, oldest first, as far as they are at hand.
        learned: how long such copies take.
    """
    match copy.state:
        case CopyState.RUNNING:
            return _running(copy, learned)
        case CopyState.WAITING:
            return _waiting(copy, story)
        case CopyState.AWAITING_APPROVAL:
            return _AWAITING
        case CopyState.LOST:
            return Standing(":warning:", "not seen to end; the bot has stopped watching", explain(problem_of(copy)))
        case CopyState.STOPPED:
            return _stopped(copy)
        case _:
            return _STANDINGS[copy.state](copy, now)


_AWAITING = Standing(
    ":raised_hand:",
    "waits for the agreement of somebody else",
    "Somebody else has to agree before anything is sent. They were asked; it goes on by itself when they have.",
    (Button.STOP,),
)


def _requested(copy: Copy, now: datetime) -> Standing:
    if copy.reason is None:
        return Standing(":hourglass:", "about to be sent", "Nothing was sent yet.", (Button.STOP,))
    when = (
        f"It is sent again {slack_date(copy.next_attempt_at)}."
        if copy.next_attempt_at and copy.next_attempt_at > now
        else "It is sent again as soon as that is possible."
    )
    said = f"\n{answer(copy.fault)}" if copy.fault else ""
    return Standing(
        ":hourglass:",
        f"waits to be sent again ({gist(copy.reason)})",
        f"*{gist(copy.reason)}.* {when} Nothing was copied yet; you do not have to do anything.{said}",
        (Button.STOP,),
    )


_NAMES_THE_PARENT = MappingProxyType({EventKind.WAITING_FOR_PARENT: "parent", EventKind.COPY_REQUESTED: "waits_for"})
"""The events that name the parent that is waited for, and under which name."""


def _waiting(copy: Copy, story: Sequence[RecordedEvent]) -> Standing:
    about = [recorded.event for recorded in reversed(story) if recorded.event.copy_id == copy.id]
    names = (event.facts.get(_NAMES_THE_PARENT[event.kind]) for event in about if event.kind in _NAMES_THE_PARENT)
    parent = code(str(next(filter(None, names), None) or copy.backup.parent_id or "its parent"))
    return Standing(
        ":hourglass:",
        f"waits for its parent to arrive in {escape(copy.destination, 20)}",
        f"This incremental needs its parent {parent} in {escape(copy.destination, 20)}, which is on its way there. "
        "It is sent as soon as the parent has arrived.",
        (Button.STOP,),
    )


def _sending(copy: Copy, _now: datetime) -> Standing:
    if copy.reason is None:
        return Standing(":outbox_tray:", "being sent", f"The request is being sent, {slack_date(copy.sent_at)}.")
    said = f" {answer(copy.fault)}" if copy.fault else ""
    return Standing(
        ":mag:",
        "looking whether it began",
        f"The request was sent {slack_date(copy.sent_at)}, and no clear answer came back.{said}\n"
        "The bot looks in both regions whether the copy began before it does anything else, so that it is not made "
        "twice. You do not have to do anything.",
    )


def _running(copy: Copy, learned: Learned | None) -> Standing:
    shown = f"Cloud Databases shows {code(copy.shown_status)}." if copy.shown_status else "No status was seen yet."
    expected = time_expected(learned, escape(copy.backup.region, 20), escape(copy.destination, 20))
    slow = "*It is slower than nearly all before it.* " if copy.is_slow else ""
    return Standing(
        ":arrows_counterclockwise:",
        "running, slower than nearly all before it" if copy.is_slow else "running",
        f"Running since {slack_date(copy.sent_at)}. {shown} It cannot be stopped any more.\n{slow}{expected}".strip(),
    )


def _undecided(copy: Copy, _now: datetime) -> Standing:
    said = f" {answer(copy.fault)}" if copy.fault else ""
    destination, source = escape(copy.destination, 20), escape(copy.backup.region, 20)
    return Standing(
        ":question:",
        "nobody knows whether it began: please say",
        f"The request was sent {slack_date(copy.sent_at)}, no clear answer came back, and it could not be found out "
        f"whether the copy began.{said}\n*What to do:* look in the Rackspace control panel, then choose:\n"
        f"• *It was copied*: {code(copy.name)} is in {destination}, or {code(copy.backup.title)} is COPYING in "
        f"{source}. Nothing is sent any more; see for yourself that the copy becomes COMPLETED.\n"
        f"• *Send it again*: neither is so. The request is sent once more; if the first one had worked after all, "
        "there would be two copies.\nUntil somebody chooses, the bot goes on looking.",
        (Button.IT_WAS_COPIED, Button.SEND_AGAIN),
        next="Look in the Rackspace control panel, then choose at this message: It was copied, or Send it again.",
    )


def _completed(copy: Copy, _now: datetime) -> Standing:
    destination = escape(copy.destination, 20)
    took = took_of(copy)
    if copy.copied_evidence is Evidence.SAID_BY_PERSON:
        who = person_name(copy.ended_by) if copy.ended_by else "somebody"
        return Standing(
            ":white_check_mark:",
            "copied, a person says",
            f"It was copied, says {who}. The bot has not seen the copy in {destination} itself: before you rely "
            "on it, see that it is there and COMPLETED.",
        )
    how = SURE[copy.copied_evidence] if copy.copied_evidence else None
    known = f" It was recognised because {how[0]} ({how[1]})." if how else ""
    if copy.sent_at is None:
        return Standing(
            ":white_check_mark:",
            "there already",
            f"It was in *{destination}* already when its turn came, id {code(copy.copied_id or 'unknown')}: it was not "
            f"copied a second time.{known}",
        )
    return Standing(
        ":white_check_mark:",
        f"done in {took}" if took else "done",
        f"The copy is in *{destination}*: {code(copy.name)}, id {code(copy.copied_id or 'unknown')}, COMPLETED "
        f"{slack_date(copy.ended_at)}{f', after {took}' if took else ''}.{known}",
        next=f"It is {code(copy.name)} there, id {code(copy.copied_id or 'unknown')}.",
    )


def _failed(copy: Copy, _now: datetime) -> Standing:
    problem = problem_of(copy)
    said = f" {answer(problem.fault)}" if problem.fault else ""
    return Standing(
        ":x:",
        f"failed ({gist(problem, copy=copy)})",
        explain(problem, copy=copy),
        (Button.TRY_AGAIN,),
        next=f"{words(problem, copy=copy).cure}{said}",
    )


def _stopped(copy: Copy) -> Standing:
    if copy.reason is Reason.PARENT_NOT_COPIED:
        return Standing(":heavy_minus_sign:", "left undone", explain(problem_of(copy), copy=copy), (Button.TRY_AGAIN,))
    if copy.reason in {Reason.DECLINED, Reason.APPROVAL_EXPIRED}:
        said = gist(copy.reason)
        by = f" by {person_name(copy.ended_by)}" if copy.ended_by else ""
        gone = f"{explain(problem_of(copy))}\n*Decided*{by} {slack_date(copy.ended_at)}."
        return Standing(":no_entry:", f"{said[:1].lower()}{said[1:]}", gone, (Button.TRY_AGAIN,))
    who = person_name(copy.ended_by) if copy.ended_by else "somebody"
    return Standing(
        ":octagonal_sign:",
        f"stopped by {who}".replace("*", ""),
        f"Stopped by {who} {slack_date(copy.ended_at)}, before it had begun. Nothing was copied.",
        (Button.TRY_AGAIN,),
    )


def took_of(copy: Copy) -> str | None:
    """How long the copy took, from the request to its end; ``None`` where that is not known."""
    if copy.ended_at is None:
        return None
    return duration((copy.ended_at - (copy.sent_at or copy.requested_at)).total_seconds())


_STANDINGS: Mapping[CopyState, Callable[[Copy, datetime], Standing]] = MappingProxyType(
    {
        CopyState.REQUESTED: _requested,
        CopyState.SENDING: _sending,
        CopyState.UNDECIDED: _undecided,
        CopyState.COMPLETED: _completed,
        CopyState.FAILED: _failed,
    }
)


def _it_was_copied(copy: Copy) -> ButtonElement:
    return blocks.button(
        "It was copied",
        Button.IT_WAS_COPIED.value,
        value=copy.id,
        confirm=blocks.question(
            "You have seen the copy?",
            f"You have seen in the control panel that {copy.backup.title} was copied to {copy.destination}, or is "
            "being copied. The bot ends this copy as done, on your word.",
            yes="It was copied",
            no="Not yet",
        ),
    )


def _send_again(copy: Copy) -> ButtonElement:
    return blocks.button(
        "Send it again",
        Button.SEND_AGAIN.value,
        value=copy.id,
        confirm=blocks.question(
            "Nothing began?",
            f"You have seen in the control panel that nothing of it is in {copy.destination}. The request is sent "
            "once more.",
            yes="Send it again",
            no="Not yet",
        ),
    )


DRAWN: Mapping[Button, Callable[[Copy], ButtonElement]] = MappingProxyType(
    {
        Button.IT_WAS_COPIED: _it_was_copied,
        Button.SEND_AGAIN: _send_again,
    }
)
"""How the buttons that are about one copy are drawn."""


def fault_of_facts(reason: Reason | None, facts: Mapping[str, str | int | float | None]) -> Fault | None:
    """The cloud's answer as an event of the audit log keeps it; ``None`` where there was none."""
    status, name, message = facts.get("status"), facts.get("fault"), facts.get("message")
    if not isinstance(status, int) and not message:
        return None
    return Fault(
        reason=reason or Reason.UNEXPECTED_ANSWER,
        status=status if isinstance(status, int) else None,
        name=str(name) if name else None,
        message=str(message) if message else None,
    )
