"""The message to those who have to agree to an order, or to look at one that went on without them.

It mentions them: that is what it is for. Its buttons carry the digest of the plan that it shows.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from slack_sdk.models.blocks import ButtonElement

from bot.domain.approval import Approval
from bot.domain.copies import CopyState
from bot.domain.events import Event, EventKind, RecordedEvent
from bot.domain.orders import OrderStanding
from bot.domain.reasons import Reason
from bot.slack.views import agreement, blocks
from bot.slack.views.backup_choice import kind
from bot.slack.views.blocks import Json, Message
from bot.slack.views.text import (
    channel_mention,
    code,
    count,
    escape,
    fit,
    person_name,
    size,
    slack_date,
    who,
)

EVENT_TYPE = "copy_backup_approval"
"""Of the message's metadata, by which it is found again."""

MOST_LISTED = 15
"""Backups that have a line of their own."""


class ApprovalButton(StrEnum):
    """The buttons of the message: the ``action_id`` of each. Their value is the order's id and the plan's digest."""

    APPROVE = "approve_order"
    DECLINE = "decline_order"
    SEEN = "glass_seen"


APPROVAL_BUTTONS = tuple(ApprovalButton)


def read_value(value: str) -> tuple[str, str]:
    """The order's id and the plan's digest, from the value of a button; empty where it has none."""
    order_id, _, digest = value.partition(":")
    return order_id, digest


def draw(standing: OrderStanding, *, story: Sequence[RecordedEvent], now: datetime) -> Message:
    """The message as it should be now.

    Args:
        standing: the order, which has an approval or a broken glass.
        story: its events, oldest first.
        now: for whether the time is over.
    """
    head = _head(standing, story)
    said = f"{head} {_what(standing)}, asked for by {person_name(standing.order.requested_by)}"
    drawn = [
        blocks.section(f"{head}\n{_what(standing)}", block_id=_block_id(standing, story, "head")),
        *(blocks.section(part) for part in blocks.in_sections(_list(standing))),
        blocks.section(_terms(standing, now), block_id=_block_id(standing, story, "terms")),
        blocks.context(_small_print(standing), block_id=_block_id(standing, story, "who")),
    ]
    if buttons := _buttons(standing, story):
        drawn.append(blocks.actions(buttons, block_id=_block_id(standing, story, "do")))
    return Message(fit(said, blocks.LONGEST_TEXT), drawn)


def metadata(standing: OrderStanding) -> Json:
    """What finds the message again: the order's id and nothing else, as anybody can read it."""
    state = "waiting" if standing.awaits_approval else "decided"
    return {"event_type": EVENT_TYPE, "event_payload": {"order_id": standing.order.id, "state": state}}


def is_seen(story: Sequence[RecordedEvent]) -> bool:
    """Whether an approver has looked at an order that went on without them."""
    return any(recorded.event.kind is EventKind.GLASS_SEEN for recorded in story)


def _head(standing: OrderStanding, story: Sequence[RecordedEvent]) -> str:
    order, gate = standing.order, standing.gate
    if order.glass:
        seen = "and has been looked at" if is_seen(story) else "please look at it"
        return f":rotating_light: *The glass was broken* by {person_name(order.requested_by)}: {seen}."
    if standing.awaits_approval:
        asked = _approvers(order.approval)
        return f":raised_hand: *Your agreement is asked for*, {asked}:"
    if gate.reason is Reason.DECLINED:
        who = person_name(gate.ended_by) if gate.ended_by else "somebody"
        return f":no_entry: *Declined* by {who}. Nothing was copied."
    if gate.reason is Reason.APPROVAL_EXPIRED:
        return ":hourglass: *Nobody agreed in time.* Nothing was copied."
    if gate.state is CopyState.STOPPED and gate.ready_at is None:
        who = person_name(gate.ended_by) if gate.ended_by else "somebody"
        return f":octagonal_sign: *Withdrawn* by {who}. Nothing was copied."
    return f":white_check_mark: *Approved* by {', '.join(person_name(each.person) for each in gate.agreements)}."


def _approvers(approval: Approval | None) -> str:
    """Those who may agree, each of them mentioned."""
    needs = approval.needs if approval else ()
    return ", ".join(dict.fromkeys(who(need.groups, need.people) for need in needs))


def _what(standing: OrderStanding) -> str:
    gigabytes = size(sum(copy.backup.size_gb or 0.0 for copy in standing.own) or None)
    copy = standing.main
    if len(standing.own) == 1:
        return f"{code(copy.backup.title)} → *{escape(copy.destination, 20)}*, {gigabytes}"
    return f"{count(len(standing.own), 'copy')}, {gigabytes}, for {code(copy.backup.title)}"


def _list(standing: OrderStanding) -> list[str]:
    """Every backup that is copied."""
    lines = [
        f"• {code(copy.backup.title, 64)} ({kind(copy.backup)}, {size(copy.backup.size_gb)}) "
        f"{escape(copy.backup.region, 20)} → {escape(copy.destination, 20)}, as {code(copy.name, 64)}"
        for copy in standing.own[:MOST_LISTED]
    ]
    left = len(standing.own) - len(lines)
    return [*lines, *([f"… and {count(left, 'copy')} more"] if left else [])]


def _terms(standing: OrderStanding, now: datetime) -> str:
    order = standing.order
    if order.glass:
        passed = (
            f"\n*Passed over:* {escape(', '.join(order.glass.passed_over), 300)}" if order.glass.passed_over else ""
        )
        return f"*Because:* {escape(order.glass.reason, 1000)}{passed}"
    if order.approval is None:
        return "No agreement is needed."
    said = [f"*Rule {escape(need.rule, 60)}:* {count(need.approvals, 'approval')}" for need in order.approval.needs]
    if agreed := standing.gate.agreements:
        said.append(f"*Agreed so far:* {', '.join(person_name(each.person) for each in agreed)}")
    if standing.awaits_approval and now < order.approval.expires_at:
        said.append(f"It can be decided until {slack_date(order.approval.expires_at)}; then it is dropped.")
    return "\n".join(said)


def _small_print(standing: OrderStanding) -> str:
    order = standing.order
    asked = f"Asked for by {person_name(order.requested_by)} {slack_date(order.requested_at)}"
    told = f"told in {channel_mention(order.channel)}"
    why = f" · {escape(standing.main.description, 150)}" if standing.main.description else ""
    return f"{asked} · {told} · id {code(order.id)}{why}"


def _buttons(standing: OrderStanding, story: Sequence[RecordedEvent]) -> list[ButtonElement]:
    value = f"{standing.order.id}:{standing.order.plan_digest}"
    if standing.order.glass:
        seen = blocks.button("I have looked at it", ApprovalButton.SEEN, value=value)
        return [] if is_seen(story) else [seen]
    if not standing.awaits_approval:
        return []
    return [
        blocks.button("Approve", ApprovalButton.APPROVE, value=value, style="primary"),
        blocks.button("Decline …", ApprovalButton.DECLINE, value=value, style="danger"),
    ]


def _block_id(standing: OrderStanding, story: Sequence[RecordedEvent], part: str) -> str:
    """A new one whenever it changes (``slack-platform.md``, Sizes: ``chat.update``)."""
    return f"approval-{part}-{standing.order.id}-{standing.gate.revision}-{int(is_seen(story))}"


def line(recorded: RecordedEvent, standing: OrderStanding) -> Message | None:
    """What the thread says of an event; ``None`` for what it does not tell."""
    tell = LINES.get(recorded.event.kind)
    if tell is None or recorded.event.copy_id != standing.gate.id:
        return None
    words = fit(tell(recorded.event, standing), blocks.LONGEST_SECTION)
    return Message(text=words, blocks=[blocks.section(words)])


def _withdrawn(event: Event, _standing: OrderStanding) -> str:
    return f"{person_name(event.who)} *stopped* it."


def _reminded(_event: Event, standing: OrderStanding) -> str:
    approval = standing.order.approval
    asked = _approvers(approval)
    until = f" It is dropped {slack_date(approval.expires_at)}." if approval else ""
    return f":bell: {asked} this still waits for your agreement.{until}"


def _seen(event: Event, _standing: OrderStanding) -> str:
    return f"{person_name(event.who)} has looked at it."


LINES: Mapping[EventKind, Callable[[Event, OrderStanding], str]] = MappingProxyType(
    {
        EventKind.APPROVED: agreement.approved,
        EventKind.DECLINED: agreement.declined,
        EventKind.APPROVAL_EXPIRED: agreement.expired,
        EventKind.APPROVAL_REMINDED: _reminded,
        EventKind.STOPPED: _withdrawn,
        EventKind.GLASS_SEEN: _seen,
    }
)
"""Events that are told in its thread, in ``mrkdwn``."""
