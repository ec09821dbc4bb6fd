"""Standing orders: what a person confirms, the list of them, short answers, and what their channel is told."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.domain.backup import Origin
from bot.domain.events import Event
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

TITLE = "Keep it copied?"

LONGEST_TEXT = 2500
LONGEST_LINE = 300
MOST_LISTED = 8
"""Standing orders, with a line of 300 characters at most each: they stay whole within `LONGEST_TEXT`."""


class _Remembered(BaseModel):
    """What is confirmed, in the modal's ``private_metadata``."""

    model_config = ConfigDict(frozen=True)

    origin_type: str
    origin_id: str
    source: str
    region: str
    hours: int
    channel: str


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    private_metadata: str


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
        [*_what_stands_in_the_way(preview), *(_plan(preview, now) if can_be else [])],
        callback_id=CALLBACK_ID,
        submit="Keep it copied" if can_be else None,
        close="Cancel" if can_be else "Close",
        metadata=_Remembered(
            origin_type=request.origin.type,
            origin_id=request.origin.id,
            source=request.source,
            region=request.region,
            hours=round(request.every.total_seconds() / 3600),
            channel=request.channel,
        ).model_dump_json(),
    )


def _what_stands_in_the_way(preview: Preview) -> list[Block]:
    drawn: list[Block] = []
    if preview.existing:
        drawn.append(blocks.alert("info", "It is kept there already. One standing order is enough."))
        drawn.append(blocks.section(_line(preview.existing)))
    if preview.problems:
        drawn.append(blocks.alert("error", "This cannot be kept. Nothing was changed."))
        drawn += [blocks.section(explain(problem)) for problem in preview.problems[:5]]
    return drawn


def _plan(preview: Preview, now: datetime) -> list[Block]:
    request, kept = preview.request, preview.kept
    every = duration(request.every.total_seconds())
    there = f"{code(kept.there.title, 64)}, made {age(kept.there.created, now)}" if kept.there else "nothing yet"
    first = f"*First to be copied:* {code(kept.newest.title, 64)}" if kept.newest else "*Nothing is to be copied now.*"
    agreement = (
        " Somebody else has to agree to each copy, as the rules are now: each is asked for by itself."
        if preview.judgement.needs
        else ""
    )
    return [
        blocks.section(
            f"*Instance:* {code(request.origin.id)}\n*From* {escape(request.source, 10)} *to* "
            f"{escape(request.region, 10)}\n*In {escape(request.region, 10)} now:* {there}\n{first}"
        ),
        blocks.section(
            f"Whenever the newest backup that can be restored in {escape(request.region, 10)} is older than {every}, "
            "the newest one is copied there, with all that it needs beneath it. Each copy is asked for in your name, "
            f"by the rules of that time, and told in {channel_mention(request.channel)}.{agreement}"
        ),
        *judgement.draw(preview.judgement),
        blocks.context(
            "It goes on until somebody pauses or ends it. If you may not ask for copies any more, it pauses."
        ),
    ]


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
        source=remembered.source,
        region=remembered.region,
        every=timedelta(hours=remembered.hours),
        channel=remembered.channel,
    )
    return seen.id, request


def draw_kept(standing: StandingOrder, *, command: str = DEFAULT_COMMAND) -> View:
    """The standing order was made."""
    return blocks.modal(
        "It is kept copied",
        [
            blocks.alert("success", "The bot takes it from here. You can close this."),
            blocks.section(_line(standing)),
            blocks.context(
                f"{code(f'{command} keep list')} shows it; {code(f'{command} keep end {standing.id}')} ends it."
            ),
        ],
        callback_id=CALLBACK_ID,
        closes_all=True,
    )


def no_such_instance(reference: str, *, command: str = DEFAULT_COMMAND) -> Message:
    """No backup of such an instance is known outside of the destination."""
    return _message(
        f"No backup of an instance {code(reference)} is known in another region. Give the id of an instance or HA "
        f"group, or a backup of it; the form finds both: {code(command)}."
    )


def listed(kept: Sequence[StandingOrder], *, command: str = DEFAULT_COMMAND) -> Message:
    """All that is kept."""
    if not kept:
        example = code(f"{command} keep INSTANCE in REGION every 24h")
        return _message(f"Nothing is kept. {example} makes a standing order.")
    lines = [f"• {_line(each)}" for each in kept[:MOST_LISTED]]
    more = f"\nand {len(kept) - MOST_LISTED:,} more" if len(kept) > MOST_LISTED else ""
    change = ", ".join(code(f"{command} keep {verb} ID") for verb in ("pause", "resume", "end"))
    return _message("*What is kept copied*", "\n".join(lines) + more, f"{change}. Only you see this.")


def changed(standing: StandingOrder, *, is_new: bool) -> Message:
    """A standing order stands as it was wanted."""
    so = "" if is_new else "Nothing was changed. "
    return _message(f"{so}{_line(standing)}")


def unknown(standing_id: str, *, command: str = DEFAULT_COMMAND) -> Message:
    """Nothing has this id."""
    return _message(
        f"There is no standing order with the id {code(standing_id, 40)}. {code(f'{command} keep list')} lists them."
    )


def failed(standing: StandingOrder, event: Event) -> Message:
    """What the channel is told when a run brought no copy, once."""
    problem = Problem(event.reason or Reason.UNEXPECTED)
    what = f"{code(standing.origin.id)} in {escape(standing.region, 10)}"
    if standing.state is StandingState.PAUSED and standing.paused_for:
        then = f"It is *paused*, and nothing is copied for it until `keep resume {escape(standing.id, 20)}`."
    elif standing.state is StandingState.ACTIVE:
        then = "It is tried again by itself; you are not told of the same again until it has worked."
    else:
        then = ""
    return _message(
        f"{mention(standing.ordered_by.id)} The standing order to keep {what} (id {code(standing.id, 20)}) brought no "
        f"copy: *{gist(problem)}.* {then}",
        explain(problem),
    )


_STATES = {
    StandingState.ACTIVE: "active",
    StandingState.PAUSED: "*paused*",
    StandingState.ENDED: "*ended*",
}


def _line(standing: StandingOrder) -> str:
    why = f" ({gist(standing.paused_for)})" if standing.paused_for else ""
    trouble = f" · last: {gist(standing.told)}" if standing.told and not standing.paused_for else ""
    running = f" · order {code(standing.order_id, 20)}" if standing.order_id else ""
    line = (
        f"{code(standing.origin.id)} {escape(standing.source, 10)} → {escape(standing.region, 10)}, every "
        f"{write_every(standing.every)}: {_STATES[standing.state]}{why}{trouble}{running}\n"
        f"{person_name(standing.ordered_by)} {slack_date(standing.made_at)} · "
        f"{channel_mention(standing.channel)} · id {code(standing.id, 20)}"
    )
    return fit(line, LONGEST_LINE)


def _message(*paragraphs: str) -> Message:
    said = [fit(paragraph, LONGEST_TEXT) for paragraph in paragraphs if paragraph]
    return Message(text=fit("\n".join(said), LONGEST_TEXT), blocks=[blocks.section(each) for each in said])
