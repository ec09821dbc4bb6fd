"""The message of an order in its channel: one for each order, kept true in place, whether it is about one copy or about
many.

It pings nobody: people are called by name. Who asked is mentioned in its thread, at the end (see `thread`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from slack_sdk.models.blocks import ButtonElement

from bot.domain.approval import Approval
from bot.domain.copies import Copy, CopyState
from bot.domain.events import RecordedEvent
from bot.domain.learned import Learned
from bot.domain.orders import OrderStanding
from bot.slack.views import blocks
from bot.slack.views.backup_choice import kind
from bot.slack.views.blocks import Block, Json, Message
from bot.slack.views.copy_standing import DRAWN, Button, Standing, standing_of
from bot.slack.views.plan_status import time_expected
from bot.slack.views.text import channel_mention, code, count, escape, fit, person_name, size, slack_date

EVENT_TYPE = "copy_backup"
"""Of the message's metadata, by which it is found again."""

MOST_LINES = 12
"""Copies that have a line of their own; others are counted."""

MOST_EXPLAINED = 3
"""Copies of which everything is said, where several failed or nobody knows."""

LONGEST_SUMMARY = 1500
LONGEST_HEAD = 900
LONGEST_LINE = 250
LONGEST_EXPLANATION = 850
LONGEST_OUTLOOK = 700
LONGEST_SMALL_PRINT = 700
"""Of the message of several copies: all of it stays under 10,000 characters (``slack-platform.md``, Sizes)."""

Likely = Mapping[str, Learned]
"""How long copies take, as far as it was learned, by the copy's id."""


def draw(
    standing: OrderStanding, *, now: datetime, story: Sequence[RecordedEvent] = (), likely: Likely | None = None
) -> Message:
    """The message as it should be now.

    Args:
        standing: the order and its copies as they stand.
        now: for lengths of time; the message itself shows moments, so that it stays true when nobody edits it.
        story: the order's events, oldest first, as far as they are at hand: they name what is waited for.
        likely: how long such copies take.
    """
    text = summary(standing, now=now, story=story)
    if standing.is_single:
        return Message(text, _of_one(standing, now, story, likely or {}))
    return Message(text, _of_several(standing, now, story, likely or {}))


def summary(standing: OrderStanding, *, now: datetime, story: Sequence[RecordedEvent] = ()) -> str:
    """The whole message in one line: what notifications and screen readers say."""
    order = standing.order
    asked = f"Asked for by {person_name(order.requested_by)}, id {code(order.id)}."
    if standing.is_single:
        copy = standing.main
        stands = standing_of(copy, now=now, story=story)
        said = f"Copy of {code(copy.backup.title)} {_from_to(standing)}: {stands.gist}. {stands.next} {asked}"
    else:
        current = _current(standing)
        then = (
            f" Now: {code(current.backup.title)}, {standing_of(current, now=now, story=story).gist}." if current else ""
        )
        said = f"{_what(standing)} {_from_to(standing)}: {progress(standing)}.{then} {asked}"
    return fit(said.replace("  ", " "), blocks.LONGEST_TEXT if standing.is_single else LONGEST_SUMMARY)


def metadata(standing: OrderStanding) -> Json:
    """What finds the message again: the order's id and state and nothing else, as anybody can read it."""
    state = standing.main.state.value if standing.is_single else "open" if standing.is_open else "ended"
    return {"event_type": EVENT_TYPE, "event_payload": {"order_id": standing.order.id, "state": state}}


def progress(standing: OrderStanding) -> str:
    """How far an order is, in a few words without a full stop."""
    done = len(standing.in_state(CopyState.COMPLETED))
    total = len(standing.copies)
    if done == total:
        return "both are there" if total == 2 else f"all {total:,} are there"
    told = [
        (len(standing.in_state(CopyState.FAILED)), "failed"),
        (len(standing.in_state(CopyState.LOST)), "not seen to end"),
        (len(standing.in_state(CopyState.STOPPED)), "not begun and left undone"),
    ]
    return ", ".join([f"{done:,} of {total:,} done", *(f"{number:,} {what}" for number, what in told if number)])


def _from_to(standing: OrderStanding) -> str:
    destinations = list(dict.fromkeys(escape(copy.destination, 20) for copy in standing.copies))
    return f"from {escape(standing.main.backup.region, 20)} to {', '.join(destinations)}"


def _what(standing: OrderStanding) -> str:
    """What an order of several copies is about."""
    wanted = list(dict.fromkeys(copy.backup.title for copy in standing.wanted))
    if len(wanted) == 1 and len(standing.wanted) == 1:
        return f"Copy of {code(wanted[0])} with its chain"
    return f"Copies of {', '.join(code(name) for name in wanted[:3])}{' and others' if len(wanted) > 3 else ''}"


def _current(standing: OrderStanding) -> Copy | None:
    """The copy that is worked on, the one that has come farthest first."""
    order = (
        CopyState.UNDECIDED,
        CopyState.RUNNING,
        CopyState.SENDING,
        CopyState.REQUESTED,
        CopyState.WAITING,
        CopyState.AWAITING_APPROVAL,
    )
    return next((copy for state in order for copy in standing.in_state(state)), None)


def _of_one(standing: OrderStanding, now: datetime, story: Sequence[RecordedEvent], likely: Likely) -> list[Block]:
    copy = standing.main
    stands = standing_of(copy, now=now, story=story, learned=likely.get(copy.id))
    source, destination = escape(copy.backup.region, 20), escape(copy.destination, 20)
    datastore = escape(str(copy.backup.datastore or "unknown datastore"), 40)
    what = f"{kind(copy.backup)}, {datastore}, {size(copy.backup.size_gb)}"
    drawn = [
        blocks.section(
            f"{stands.sign} *{stands.gist[:1].upper()}{stands.gist[1:]}*\n"
            f"{code(copy.backup.title)} ({what})\n{source} → {destination}, as {code(copy.name)}",
            block_id=_block_id(standing, "what"),
        ),
        blocks.section(stands.full, block_id=_block_id(standing, "how")),
        blocks.context(" · ".join(_small_print(standing)), block_id=_block_id(standing, "who")),
    ]
    if stands.buttons:
        buttons = [_button(each, copy, standing) for each in stands.buttons]
        drawn.append(blocks.actions(buttons, block_id=_block_id(standing, "do")))
    return drawn


def _of_several(standing: OrderStanding, now: datetime, story: Sequence[RecordedEvent], likely: Likely) -> list[Block]:
    gigabytes = size(sum(copy.backup.size_gb or 0.0 for copy in standing.copies))
    stands = {copy.id: standing_of(copy, now=now, story=story, learned=likely.get(copy.id)) for copy in standing.copies}
    head = (
        f"{sign_of(standing)} *{progress(standing)[:1].upper()}{progress(standing)[1:]}*\n"
        f"{_what(standing)} ({count(len(standing.copies), 'backup')}, {gigabytes}) {_from_to(standing)}"
    )
    drawn = [blocks.section(fit(head, LONGEST_HEAD), block_id=_block_id(standing, "what"))]
    lines = blocks.in_sections(_lines(standing, stands))
    drawn += [blocks.section(part, block_id=_block_id(standing, f"list{n}")) for n, part in enumerate(lines)]
    if expected := _expected(standing, likely):
        drawn.append(blocks.section(fit(expected, LONGEST_OUTLOOK), block_id=_block_id(standing, "time")))
    drawn += _explained(standing, stands)
    small_print = fit(" · ".join(_small_print(standing)), LONGEST_SMALL_PRINT)
    drawn.append(blocks.context(small_print, block_id=_block_id(standing, "who")))
    if buttons := _buttons_for_all(standing):
        drawn.append(blocks.actions(buttons, block_id=_block_id(standing, "do")))
    return drawn


def sign_of(standing: OrderStanding) -> str:
    """An emoji for how an order of several copies stands."""
    if standing.in_state(CopyState.UNDECIDED):
        return ":question:"
    if standing.is_open:
        return ":arrows_counterclockwise:"
    if standing.in_state(CopyState.FAILED, CopyState.LOST):
        return ":x:"
    return ":octagonal_sign:" if standing.in_state(CopyState.STOPPED) else ":white_check_mark:"


def _lines(standing: OrderStanding, stands: Mapping[str, Standing]) -> list[str]:
    """A line for each copy: of many, for those that matter now, with the others counted before and after them."""
    copies = standing.copies
    first = _first_shown(standing)
    shown = copies[first : first + MOST_LINES]
    lines = [_line(copy, stands[copy.id], standing) for copy in shown]
    if first:
        lines.insert(
            0, f":white_check_mark: {count(first, 'copy')} before these {'is' if first == 1 else 'are'} there."
        )
    if left := len(copies) - first - len(shown):
        lines.append(f":hourglass: and {count(left, 'copy')} after these.")
    return lines


def _first_shown(standing: OrderStanding) -> int:
    """Where the list begins: with all, if they are few; else a little before the first that is not there yet."""
    if len(standing.copies) <= MOST_LINES:
        return 0
    done = next((n for n, copy in enumerate(standing.copies) if copy.state is not CopyState.COMPLETED), 0)
    return max(0, min(done - 2, len(standing.copies) - MOST_LINES))


def _line(copy: Copy, stands: Standing, standing: OrderStanding) -> str:
    where = f" → {escape(copy.destination, 20)}" if len({each.destination for each in standing.copies}) > 1 else ""
    shared = "" if copy.order_id == standing.order.id else f", shared with {person_name(copy.requested_by)}"
    line = f"{stands.sign} {code(copy.backup.title, 64)}{where}, {size(copy.backup.size_gb)}: {stands.gist}{shared}"
    return fit(line, LONGEST_LINE)


def _expected(standing: OrderStanding, likely: Likely) -> str:
    """How long the copy that runs is likely to take, and what comes next."""
    running = next(iter(standing.in_state(CopyState.RUNNING, CopyState.SENDING)), None)
    waiting = next(iter(standing.in_state(CopyState.REQUESTED, CopyState.WAITING)), None)
    said = []
    if running:
        said.append(f"{code(running.backup.title)} runs since {slack_date(running.sent_at)}.")
        way = (escape(running.backup.region, 20), escape(running.destination, 20))
        said.append(time_expected(likely.get(running.id), *way))
    if waiting:
        said.append(f"Next: {code(waiting.backup.title)}.")
    return " ".join(filter(None, said))


def _explained(standing: OrderStanding, stands: Mapping[str, Standing]) -> list[Block]:
    """Everything about the copies that failed, or of which a person has to say what became of them."""
    troubled = standing.in_state(CopyState.UNDECIDED, CopyState.FAILED, CopyState.LOST)[:MOST_EXPLAINED]
    drawn: list[Block] = []
    for copy in troubled:
        said = fit(f"{code(copy.backup.title)}: {stands[copy.id].full}", LONGEST_EXPLANATION)
        drawn.append(blocks.section(said, block_id=_block_id(standing, f"why-{copy.id}")))
        about_it = [DRAWN[each](copy) for each in stands[copy.id].buttons if each in DRAWN]
        if about_it:
            drawn.append(blocks.actions(about_it, block_id=_block_id(standing, f"say-{copy.id}")))
    return drawn


def _buttons_for_all(standing: OrderStanding) -> list[ButtonElement]:
    if standing.can_be_stopped:
        return [_stop(standing)]
    if not standing.is_open and standing.in_state(CopyState.FAILED, CopyState.STOPPED):
        return [_try_again(standing)]
    return []


def _button(button: Button, copy: Copy, standing: OrderStanding) -> ButtonElement:
    if button is Button.STOP:
        return _stop(standing)
    return _try_again(standing) if button is Button.TRY_AGAIN else DRAWN[button](copy)


def _stop(standing: OrderStanding) -> ButtonElement:
    word, title, first = "Stop", "Stop this copy?" if len(standing.can_be_stopped) == 1 else "Stop these copies?", ""
    if standing.awaits_approval:
        word, title, first = "Withdraw", "Withdraw this request?", "Nobody has to approve it any more. "
    return blocks.button(
        word,
        Button.STOP.value,
        value=standing.order.id,
        style="danger",
        confirm=blocks.question(title, first + _what_stopping_does(standing), yes=word, no="Leave it"),
    )


def _what_stopping_does(standing: OrderStanding) -> str:
    copies = standing.can_be_stopped
    if len(copies) == 1:
        return (
            f"{copies[0].backup.title} will not be copied to {copies[0].destination}. Nothing was sent for it yet, so "
            "nothing is left behind."
        )
    return (
        f"{count(len(copies), 'copy')} that have not begun will not be made. What runs goes on: Cloud Databases "
        "cannot stop it."
    )


def _try_again(standing: OrderStanding) -> ButtonElement:
    return blocks.button("Try again", Button.TRY_AGAIN.value, value=standing.order.id)


def _block_id(standing: OrderStanding, part: str) -> str:
    """A new one for each revision (``slack-platform.md``, Sizes: ``chat.update``)."""
    return f"{part}-{standing.order.id}-{standing.revision}"


def _waits_for(approval: Approval) -> str:
    """Whose agreement is waited for: by the rules' names, as a message here would ping the people themselves."""
    needs = [f"{count(need.approvals, 'approval')} by the rule “{escape(need.rule, 60)}”" for need in approval.needs]
    more = f" and {count(len(needs) - 3, 'other rule')}" if len(needs) > 3 else ""
    return f"needs {', '.join(needs[:3])}{more}, asked for in {channel_mention(approval.channel)}"


def _small_print(standing: OrderStanding) -> list[str]:
    order, copy = standing.order, standing.main
    said = [f"Asked for by {person_name(order.requested_by)} {slack_date(order.requested_at)}", f"id {code(order.id)}"]
    if standing.is_single and copy.attempts > 1:
        said.append(f"{count(copy.attempts, 'request')} sent")
    if order.approval:
        if agreed := ", ".join(person_name(each.person) for each in standing.gate.agreements):
            said.append(f"agreed to by {agreed}")
        if standing.awaits_approval:
            said.append(_waits_for(order.approval))
    if order.glass:
        said.append(f"went on without agreement: {escape(order.glass.reason, 150)}")
    if copy.description:
        said.append(escape(copy.description, 150))
    return said
