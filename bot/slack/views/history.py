"""The audit log as a person reads it in Slack: one line for each event."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from bot.domain.events import Event, EventFilter, EventKind, RecordedEvent
from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.reasons import gist
from bot.slack.views.text import (
    DEFAULT_COMMAND,
    REGION_NAMES,
    code,
    count,
    duration,
    escape,
    fit,
    person_name,
    slack_date,
    unescape,
)

PAGE = 20
"""Events on one page: that many stay within the size of a message."""

LONGEST_LINE = 400
LONGEST_PAGE = 6500
"""Characters of all lines together: with its text, the message as a whole stays under 10,000."""
LONGEST_TEXT = 2500

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
        EventKind.RULES_CHANGED: "began to go by other rules",
        EventKind.RULES_REJECTED: "found mistakes in the file of rules, and goes on by those before",
        EventKind.BOT_STARTED: "started",
        EventKind.BOT_STOPPED: "stopped",
    }
)
"""What somebody, or the bot, did: follows their name."""


def draw(events: Sequence[RecordedEvent], wanted: EventFilter, *, command: str = DEFAULT_COMMAND) -> Message:
    """Events, newest first, and how to see the next page.

    Args:
        events: newest first; one more than `PAGE` where there is another page.
        wanted: what was asked for.
        command: the slash command's name.
    """
    if not events:
        nothing = "Nothing (more) in the audit log fits that." if write_filter(wanted) else "The audit log is empty."
        return Message(text=nothing, blocks=[blocks.section(nothing)])
    shown = _fitting(events[:PAGE])
    lines = [line for _, line in shown]
    last = shown[-1][0]
    more = len(shown) < len(events)
    next_page = write_filter(replace(wanted, before=last.sequence))
    small_print = f"Older ones: {code(f'{command} history {next_page}', 300)}" if more else "That is all there is."
    heading = f"*What happened*{_of(wanted)}, newest first"
    return Message(
        text=fit("\n".join([heading, *lines]), LONGEST_TEXT),
        blocks=[
            blocks.section(heading),
            *(blocks.section(part) for part in blocks.in_sections(lines)),
            blocks.context(f"{small_print} Only you see this."),
        ],
    )


def _fitting(events: Sequence[RecordedEvent]) -> list[tuple[RecordedEvent, str]]:
    """As many events, with their lines, as fit on a page."""
    shown: list[tuple[RecordedEvent, str]] = []
    room = LONGEST_PAGE
    for recorded in events:
        line = event_line(recorded)
        room -= len(line) + 1
        if shown and room < 0:
            break
        shown.append((recorded, line))
    return shown


def _of(wanted: EventFilter) -> str:
    text = write_filter(replace(wanted, before=None))
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
    way = f" {escape(event.source or '?', 10)} → {escape(event.destination or '?', 10)}"
    standing_id = event.facts.get("keep")
    known_by = event.copy_id or (str(standing_id) if standing_id else None)
    copy_id = f" ({code(known_by, 20)})" if known_by else ""
    return f"– {code(name, 64)}{way}{copy_id}"


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

_MENTION = re.compile(r"^<@([A-Z0-9]+)(?:\|[^>]*)?>$")
_BEFORE = re.compile(r"^before:(\d{1,15})$", re.IGNORECASE)


def read_filter(text: str) -> EventFilter:
    """Which events a person wants to see.

    A mention is a person, a region's name a region, ``before:123`` the page that begins below that number; whatever
    else there is has to be in the event.

    Args:
        text: as Slack sends it: a mention as ``<@U123|name>`` (the manifest's ``should_escape``).
    """
    person = region = before = None
    words: list[str] = []
    for word in text.split():
        if found := _MENTION.match(word):
            person = found[1]
        elif found := _BEFORE.match(word):
            before = int(found[1])
        elif word.upper() in REGION_NAMES and region is None:
            region = word.upper()
        else:
            words.append(unescape(word))
    return EventFilter(text=" ".join(words) or None, person=person, region=region, before=before)


def write_filter(wanted: EventFilter) -> str:
    """What a person has to type to see these events: what `read_filter` reads."""
    parts = [
        f"<@{wanted.person}>" if wanted.person else "",
        wanted.region or "",
        wanted.text or "",
        f"before:{wanted.before}" if wanted.before is not None else "",
    ]
    return " ".join(filter(None, parts))
