"""The audit log as a person reads it in Slack: one line for each event."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType

from bot.domain.events import Event, EventFilter, EventKind, RecordedEvent
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.history_filter import nearest, write_filter
from bot.slack.views.misread import did_you_mean
from bot.slack.views.reasons import gist
from bot.slack.views.text import (
    DEFAULT_COMMAND,
    code,
    count,
    duration,
    escape,
    fit,
    person_name,
    slack_date,
)

PAGE = 15
"""Events on one page: with that many of the longest lines, the message as a whole stays under 10,000 characters."""

LONGEST_LINE = 400
LONGEST_TEXT = 2500


class Action(StrEnum):
    """The ``action_id`` of the buttons. The value of each is what a person would type for that page."""

    OLDER = "history_older"
    NEWER = "history_newer"


WORDS: Mapping[EventKind, str] = MappingProxyType(
    {
        EventKind.COPY_REQUESTED: "asked for a copy",
        EventKind.COPY_JOINED: "asked for a copy that was under way already",
        EventKind.PLAN_CHANGED: "confirmed a plan that had changed, and was asked again",
        EventKind.STOPPED: "stopped the copy",
        EventKind.SAID_IT_WAS_COPIED: "said that it was copied",
        EventKind.SAID_SEND_AGAIN: "said to send it again",
        EventKind.REFUSED_PERSON: "was not let in",
        EventKind.REFUSED_REQUEST: "refused requests that did not come from this workspace",
        EventKind.WAITING_FOR_PARENT: "waits for the parent to arrive",
        EventKind.PARENT_ARRIVED: "saw the parent arrive",
        EventKind.FOUND_THERE: "found it in the destination already",
        EventKind.LEFT_UNDONE: "left the copy undone: its parent has not arrived",
        EventKind.SENDING: "was about to send the request",
        EventKind.ACCEPTED: "had the request accepted",
        EventKind.REFUSED: "had the request refused",
        EventKind.WILL_SEND_AGAIN: "will send it again",
        EventKind.OUTCOME_UNKNOWN: "got no clear answer",
        EventKind.FOUND_BEGUN: "found that the copy began",
        EventKind.FOUND_NOT_BEGUN: "found that the copy did not begin",
        EventKind.ASKED_PERSON: "asked for help: it is not known whether it began",
        EventKind.SEEN: "saw a new status",
        EventKind.SLOW: "saw that the copy is slower than nearly all before it",
        EventKind.COMPLETED: "saw the copy COMPLETED",
        EventKind.FAILED: "saw the copy fail",
        EventKind.LOST: "stopped watching the copy",
        EventKind.APPROVED: "agreed to",
        EventKind.DECLINED: "declined",
        EventKind.GLASS_SEEN: "looked at what went on without agreement",
        EventKind.APPROVAL_REMINDED: "reminded those who have to agree to",
        EventKind.APPROVAL_EXPIRED: "dropped, as nobody agreed in time,",
        EventKind.RELEASED: "let go on, as it was agreed to,",
        EventKind.KEEP_ORDERED: "made a standing order to keep",
        EventKind.KEEP_PAUSED: "paused the standing order to keep",
        EventKind.KEEP_RESUMED: "resumed the standing order to keep",
        EventKind.KEEP_ENDED: "ended the standing order to keep",
        EventKind.KEEP_FAILED: "could not keep",
        EventKind.KEEP_RECOVERED: "keeps again",
        EventKind.RULES_CHANGED: "began to go by other rules",
        EventKind.RULES_REJECTED: "found mistakes in the file of rules, and goes on by those before",
        EventKind.FOUND_OUTSIDE: "found what was copied without it",
        EventKind.COPY_VANISHED: "saw that the copy is not there any more",
        EventKind.BOT_STARTED: "started",
        EventKind.BOT_STOPPED: "stopped",
        EventKind.WITNESS_POSTED: "posted a witness of the audit log",
        EventKind.ARCHIVED: "archived old events into a file",
    }
)
"""What somebody, or the bot, did: follows their name."""


def draw(
    events: Sequence[RecordedEvent],
    wanted: EventFilter,
    *,
    has_older: bool = False,
    has_newer: bool = False,
    command: str = DEFAULT_COMMAND,
) -> Message:
    """Events, newest first, with the buttons that lead to the pages before and behind.

    Args:
        events: of one page.
        wanted: what was asked for.
        has_older: whether there is a page behind.
        has_newer: whether there is a page before.
        command: the slash command's name.
    """
    if not events:
        return _draw_nothing(wanted, has_newer=has_newer, command=command)
    lines = [event_line(each) for each in events]
    heading = f"*What happened*{_of(wanted)}, newest first"
    small_print = "" if has_older else "That is all there is. "
    buttons = _buttons(
        replace(wanted, after=events[0].sequence, before=None) if has_newer else None,
        replace(wanted, before=events[-1].sequence, after=None) if has_older else None,
    )
    return Message(
        text=fit("\n".join([heading, *lines]), LONGEST_TEXT),
        blocks=[
            blocks.section(heading),
            *(blocks.section(part) for part in blocks.in_sections(lines)),
            *buttons,
            blocks.context(f"{small_print}Times in what is typed are UTC. Only you see this."),
        ],
    )


def _draw_nothing(wanted: EventFilter, *, has_newer: bool, command: str) -> Message:
    if not write_filter(wanted):
        said = "The audit log is empty."
    else:
        said = f"Nothing{_more(wanted)} in the audit log fits that.{did_you_mean(nearest(wanted), command)}"
    back = _buttons(replace(wanted, after=(wanted.before or 1) - 1, before=None) if has_newer else None, None)
    return Message(text=said, blocks=[blocks.section(said), *back])


def _more(wanted: EventFilter) -> str:
    return " more" if wanted.before is not None or wanted.after is not None else ""


def _buttons(newer: EventFilter | None, older: EventFilter | None) -> list[Block]:
    drawn = [
        blocks.button(words, action.value, value=escape(write_filter(wanted)))
        for words, action, wanted in (("Newer", Action.NEWER, newer), ("Older", Action.OLDER, older))
        if wanted is not None
    ]
    return [blocks.actions(drawn)] if drawn else []


def _of(wanted: EventFilter) -> str:
    text = write_filter(replace(wanted, before=None, after=None))
    return f" for {code(text, 150)}" if text else ""


def event_line(recorded: RecordedEvent) -> str:
    """One event in one line of ``mrkdwn``."""
    event = recorded.event
    parts = [
        f"`{recorded.sequence}` {slack_date(event.at)} {person_name(event.who)} {WORDS[event.kind]}",
        _about(event),
        _details(event),
    ]
    return fit(" ".join(filter(None, parts)), LONGEST_LINE)


def _about(event: Event) -> str:
    instance = event.facts.get("instance")
    name = event.backup_name or event.backup_id or (str(instance) if instance else None)
    if not name:
        return ""
    to = escape(event.destination or "?", 10)
    if standing_id := event.facts.get("keep"):
        return f"– {code(name, 64)} in {to} ({code(str(standing_id), 20)})"
    copy_id = f" ({code(event.copy_id, 20)})" if event.copy_id else ""
    return f"– {code(name, 64)} {escape(event.source or '?', 10)} → {to}{copy_id}"


def _details(event: Event) -> str:
    facts, said = event.facts, []
    if event.reason is not None:
        said.append(gist(event.reason))
    status = " ".join(str(facts[key]) for key in ("status", "fault") if facts.get(key))
    if status:
        said.append(code(status, 60))
    seconds = facts.get("seconds")
    if isinstance(seconds, int | float):
        said.append(("in " if event.kind is EventKind.WILL_SEND_AGAIN else "after ") + duration(float(seconds)))
    said += [f"{words} {code(str(facts[key]), 150)}" for key, words in _RULES.items() if facts.get(key)]
    number = facts.get("count")
    if isinstance(number, int):
        said.append(count(number, "request"))
    return f"({', '.join(said)})" if said else ""


_RULES = {"approval": "needs agreement by", "glass": "without agreement, because", "because": "because"}
"""What the rules had to do with it, by the name of the fact."""
