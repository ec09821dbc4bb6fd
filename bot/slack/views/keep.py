"""Standing orders: what a person confirms, the list of them, short answers, and what their channel is told."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.domain.backup import Origin
from bot.domain.events import Event, EventKind, RecordedEvent
from bot.domain.reasons import Problem, Reason
from bot.domain.standing_orders import KeepRequest, Preview, StandingOrder, StandingState, write_every
from bot.slack.views import blocks, judgement
from bot.slack.views.backup_choice import ReadError
from bot.slack.views.blocks import Block, Message, View
from bot.slack.views.reasons import explain, gist
from bot.slack.views.text import (
    DEFAULT_COMMAND,
    age,
    channel_mention,
    code,
    duration,
    escape,
    fit,
    mention,
    person_name,
    slack_date,
)

CALLBACK_ID = "keep_confirmation"

EVENT_TYPE = "standing_order_news"
"""Of the metadata of what channels are told."""

TITLE = "Keep it copied?"
SUBMIT = "Keep it copied"

LONGEST_TEXT = 2500
LONGEST_LINE = 300
MOST_LISTED = 20
"""Standing orders, with 300 characters at most each: with the words of them an answer stays under 10,000 characters
(``slack-platform.md``, Sizes).
"""

MOST_OFFERED = 3
"""Instances or standing orders that are offered where what was typed names none."""


class _Remembered(BaseModel):
    """What is confirmed, in the modal's ``private_metadata``."""

    model_config = ConfigDict(frozen=True)

    origin_type: str
    origin_id: str
    region: str
    hours: int
    channel: str


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    private_metadata: str


# What is confirmed


def draw(preview: Preview, *, now: datetime) -> View:
    """What a standing order will do, and what the rules say of it; with a button where it can be made.

    Args:
        preview: of what is wanted.
        now: for ages.
    """
    request = preview.request
    can_be = preview.can_be_ordered
    return blocks.modal(
        TITLE if can_be else "Not kept",
        _plan(preview, now) if can_be else _what_stands_in_the_way(preview),
        callback_id=CALLBACK_ID,
        submit=SUBMIT if can_be else None,
        close="Cancel" if can_be else "Close",
        metadata=_Remembered(
            origin_type=request.origin.type,
            origin_id=request.origin.id,
            region=request.region,
            hours=round(request.every.total_seconds() / 3600),
            channel=request.channel,
        ).model_dump_json(),
    )


def _what_stands_in_the_way(preview: Preview) -> list[Block]:
    if preview.existing:
        return [
            blocks.alert("info", "It is kept there already. One standing order is enough."),
            blocks.section(_line(preview.existing)),
        ]
    return [
        blocks.alert("error", "This cannot be kept. Nothing was changed."),
        *(blocks.section(explain(problem)) for problem in (*preview.problems, *preview.judgement.refusals)[:5]),
    ]


def _plan(preview: Preview, now: datetime) -> list[Block]:
    request, cell = preview.request, preview.cell
    region, every = escape(request.region, 10), duration(request.every.total_seconds())
    there = f"{code(cell.newest.title, 64)}, made {age(cell.made, now)}" if cell.newest else "nothing yet"
    first = (
        f"*Copied first:* {code(cell.cure.title, 64)} from {escape(cell.cure.region, 10)}"
        if cell.cure
        else "*Nothing has to be copied now.*"
    )
    return [
        blocks.section(f"*Instance:* {code(request.origin.id)}\n*In {region} now:* {there}\n{first}"),
        blocks.section(
            f"Whenever the newest backup that can be restored in {region} is older than {every}, the newest of the "
            "instance is copied there, with all that it needs beneath it. Each copy is asked for in your name, by the "
            f"rules of that time, and told in {channel_mention(request.channel)}.{_as_the_rules_are(preview)}"
        ),
        *judgement.draw(preview.judgement),
        blocks.context(
            "It goes on until somebody pauses or ends it. If you may not ask for copies any more, it pauses."
        ),
    ]


def _as_the_rules_are(preview: Preview) -> str:
    if preview.judgement.refusals:
        return " As the rules are now, a copy would be refused: nothing is copied until that is over."
    if preview.judgement.needs:
        return " As the rules are now, somebody else has to agree to each copy: each is asked for by itself."
    return ""


def read(view: Mapping[str, object]) -> tuple[str, KeepRequest]:
    """What was confirmed, and the id of the view it was confirmed in.

    Args:
        view: the ``view`` of a ``view_submission`` payload.

    Raises:
        ReadError: another version of the bot has drawn it.
    """
    try:
        seen = _View.model_validate(view)
        remembered = _Remembered.model_validate_json(seen.private_metadata)
    except ValidationError as error:
        raise ReadError(str(error)) from error
    request = KeepRequest(
        origin=Origin(remembered.origin_type, remembered.origin_id),
        region=remembered.region,
        every=timedelta(hours=remembered.hours),
        channel=remembered.channel,
    )
    return seen.id, request


def draw_kept(standing: StandingOrder, *, command: str = DEFAULT_COMMAND) -> View:
    """The standing order was made."""
    how_to_end = code(f"{command} keep end {standing.id}")
    return blocks.modal(
        "It is kept copied",
        [
            blocks.alert("success", "The bot takes it from here. You can close this."),
            blocks.section(_line(standing)),
            blocks.context(f"{code(f'{command} keep list')} shows it; {how_to_end} ends it."),
        ],
        callback_id=CALLBACK_ID,
        closes_all=True,
    )


# Short answers


def no_such_instance(reference: str, near: Sequence[str] = (), *, command: str = DEFAULT_COMMAND) -> Message:
    """No backup of such an instance is known.

    Args:
        reference: as it was typed.
        near: ids that are like it.
        command: the slash command's name.
    """
    return _message(
        f"No backup of an instance {code(reference)} is known. Give the id of an instance or HA group, the beginning "
        f"of its id, or a backup of it: {code(f'{command} list')} shows them.",
        _offered(near),
    )


def which_instance(reference: str, ids: Sequence[str]) -> Message:
    """Several instances are meant by what was typed."""
    return _message(f"{code(reference)} fits several instances. Nothing was done.", _offered(ids))


def _offered(ids: Sequence[str]) -> str:
    lines = [f"• {code(each)}" for each in ids[:MOST_OFFERED]]
    more = [f"and {len(ids) - MOST_OFFERED:,} more"] if len(ids) > MOST_OFFERED else []
    return "\n".join(["*Did you mean*", *lines, *more]) if lines else ""


def listed(kept: Sequence[StandingOrder], words: str = "", *, command: str = DEFAULT_COMMAND) -> Message:
    """All that is kept, as far as this person may see it.

    Args:
        kept: the standing orders, oldest first.
        words: by which they were chosen; empty: all of them.
        command: the slash command's name.
    """
    if not kept:
        example = code(f"{command} keep INSTANCE in REGION every 24h")
        fits = f" that fits {code(words)}" if words else ""
        return _message(f"Nothing{fits} is kept copied. {example} makes a standing order.")
    lines = [f"• {_line(each)}" for each in kept[:MOST_LISTED]]
    if len(kept) > MOST_LISTED:
        narrower = code(f"{command} keep list WORDS")
        lines.append(
            f"and {len(kept) - MOST_LISTED:,} more; {narrower} shows those of an instance, a region or a person"
        )
    change = ", ".join(code(f"{command} keep {verb} ID") for verb in ("pause", "resume", "end"))
    heading = "*What is kept copied*"
    return Message(
        text=fit("\n".join([heading, *lines]), LONGEST_TEXT),
        blocks=[
            blocks.section(heading),
            *(blocks.section(part) for part in blocks.in_sections(lines)),
            blocks.context(f"{change}. Only you see this."),
        ],
    )


def changed(standing: StandingOrder, *, is_new: bool) -> Message:
    """A standing order stands as it was wanted."""
    so = "" if is_new else "Nothing was changed. "
    return _message(f"{so}{_line(standing)}")


def unknown(
    standing_id: str, kept: Sequence[StandingOrder] = (), *, verb: str, command: str = DEFAULT_COMMAND
) -> Message:
    """Nothing has this id.

    Args:
        standing_id: as it was typed.
        kept: those that may have been meant.
        verb: what was wanted of it.
        command: the slash command's name.
    """
    near = [f"• {code(f'{command} keep {verb} {each.id}')} – {_what(each)}" for each in kept[:MOST_OFFERED]]
    return _message(
        f"There is no standing order with the id {code(standing_id, 40)}. {code(f'{command} keep list')} lists them.",
        "\n".join(["*Did you mean*", *near]) if near else "",
    )


# What the channel is told


def draw_news(standing: StandingOrder, event: Event, *, command: str = DEFAULT_COMMAND) -> Message:
    """What the channel is told: that a run brought no copy, that it is paused for it, or that all is well again. Only
    who ordered it is mentioned, and only where they may have to do something.

    Args:
        standing: as it stands now.
        event: what happened.
        command: the slash command's name.
    """
    which = f"the standing order to keep {_what(standing)} (id {code(standing.id, 20)})"
    if event.kind is EventKind.KEEP_RECOVERED:
        return _message(f"All is well again with {which}: the newest backup is there.")
    problem = Problem(event.reason or Reason.UNEXPECTED)
    then = ""
    if event.kind is EventKind.KEEP_PAUSED:
        then = f" It is *paused*: nothing is copied for it until {code(f'{command} keep resume {standing.id}')}."
    elif standing.state is StandingState.ACTIVE:
        then = " It is tried again by itself. You are not told of the same again before all is well."
    return _message(
        f"{mention(standing.ordered_by.id)} No copy came of {which}: *{gist(problem)}.*{then}", explain(problem)
    )


def metadata(recorded: RecordedEvent) -> dict[str, object]:
    """By which the bot finds the message of an event again."""
    return {"event_type": EVENT_TYPE, "event_payload": {"sequence": recorded.sequence}}


def tells(event_type: str, payload: Mapping[str, object], recorded: RecordedEvent) -> bool:
    """Whether a message tells of an event.

    Args:
        event_type: of the message's metadata.
        payload: of the message's metadata.
        recorded: the event.
    """
    return {"event_type": event_type, "event_payload": payload} == metadata(recorded)


_STATES = {
    StandingState.ACTIVE: "active",
    StandingState.PAUSED: "*paused*",
    StandingState.ENDED: "*ended*",
}


def _what(standing: StandingOrder) -> str:
    return f"{code(standing.origin.id)} in {escape(standing.region, 10)}"


def _line(standing: StandingOrder) -> str:
    why = f" ({gist(standing.paused_for)})" if standing.paused_for else ""
    trouble = f" · last: {gist(standing.told[-1])}" if standing.told and not standing.paused_for else ""
    running = f" · order {code(standing.order_id, 20)}" if standing.order_id else ""
    line = (
        f"{_what(standing)}, every {write_every(standing.every)}: {_STATES[standing.state]}{why}{trouble}{running}\n"
        f"{person_name(standing.ordered_by)} {slack_date(standing.made_at)} · "
        f"{channel_mention(standing.channel)} · id {code(standing.id, 20)}"
    )
    return fit(line, LONGEST_LINE)


def _message(*paragraphs: str) -> Message:
    said = [fit(paragraph, LONGEST_TEXT) for paragraph in paragraphs if paragraph]
    return Message(text=fit("\n".join(said), LONGEST_TEXT), blocks=[blocks.section(each) for each in said])
