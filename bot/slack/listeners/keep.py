"""Standing orders: confirmed, listed, paused, resumed and ended."""

from difflib import get_close_matches
from functools import partial
from types import MappingProxyType
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.domain.people import Person
from bot.domain.reasons import Problem, Reason
from bot.domain.standing_orders import KeepRequest, StandingOrder
from bot.operations.keep_copies import run_what_is_due
from bot.operations.standing_orders import (
    END,
    PAUSE,
    RESUME,
    change_keeping,
    find_kept,
    find_origins,
    kept_as_seen,
    may_change,
    order_keeping,
    preview,
)
from bot.slack.desk import BEFORE_ANSWERING, Desk, ShowView
from bot.slack.guard import Visit
from bot.slack.listeners.opening import Opening, is_refused, open_view
from bot.slack.listeners.visits import telling_in_view, visit_of
from bot.slack.payloads import InView
from bot.slack.views import answers, channel_errors, keep, notices
from bot.slack.views.backup_choice import ReadError
from bot.slack.views.blocks import Message, View
from bot.slack.views.command import ChangeKeeping, Keep, KeepVerb

CHANGES = MappingProxyType({KeepVerb.PAUSE: PAUSE, KeepVerb.RESUME: RESUME, KeepVerb.END: END})


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the confirmation."""

    @app.view(keep.CALLBACK_ID)
    async def confirmed(ack: AsyncAck, body: dict[str, Any]) -> None:
        interaction = InView.model_validate(body)
        visit = visit_of(interaction, "confirming a standing order")
        if reason := await desk.refusal(visit, patience=BEFORE_ANSWERING):
            await ack(response_action="update", view=notices.draw_refused([Problem(reason)]))
            return
        try:
            view_id, request = keep.read(interaction.view)
        except ReadError:
            await ack(response_action="update", view=notices.draw_outdated(command=desk.command))
            return
        if not desk.guard.may_tell(request.channel):
            closed = notices.draw_channel_closed(request.channel, channel_errors.NOT_ALLOWED)
            await ack(response_action="update", view=closed)
            return
        name = f"keep-{view_id}"
        looking = notices.draw_looking([request.region]) | {"external_id": name}
        await ack(response_action="update", view=looking)
        show = partial(desk.show_next, name)
        work = _order(desk, show, request, visit.person, view_id)
        desk.errands.start(work, "make a standing order", telling_in_view(show))


async def _order(desk: Desk, show: ShowView, request: KeepRequest, person: Person, view_id: str) -> None:
    member = await desk.guard.member(person.id)
    if member is None:
        await show(notices.draw_refused([Problem(Reason.PERSON_UNKNOWN)]))
        return
    outcome = await order_keeping(desk.keeping, request, member, view_id)
    if isinstance(outcome, StandingOrder):
        _run_soon(desk, outcome)
        await show(keep.draw_kept(outcome, command=desk.command))
    else:
        await show(keep.draw(outcome, now=desk.ports.clock.now()))


def _run_soon(desk: Desk, standing: StandingOrder) -> None:
    """The first copy does not wait for the schedule. Should this be cut off, that finds it."""
    desk.errands.start(run_what_is_due(desk.keeping, only=standing.id), "carry out a standing order")


async def open_keeping(desk: Desk, opening: Opening, wish: Keep) -> None:
    """Open the confirmation of a standing order, and fill it."""
    opened = await open_view(desk, opening, notices.draw_looking([wish.region]))
    if opened is None or (not opening.is_known and await is_refused(desk, opening, opened.id)):
        return
    await desk.show(opened.id, await _confirmation(desk, opening.visit, wish))


async def _confirmation(desk: Desk, visit: Visit, wish: Keep) -> View:
    """What a person confirms, or what stands in its way."""
    channel = visit.channel or ""
    member = await desk.guard.member(visit.person.id)
    if member is None:
        return notices.draw_refused([Problem(Reason.PERSON_UNKNOWN)])
    if (error := await desk.channel_error(channel)) is not None:
        return notices.draw_channel_closed(channel, error)
    meant = await find_origins(desk.keeping, wish.instance, sight=desk.sight_of(visit.person))
    if not meant.origins:
        return notices.draw_message(keep.no_such_instance(wish.instance, meant.near, command=desk.command))
    if len(meant.origins) > 1:
        return notices.draw_message(keep.which_instance(wish.instance, [each.id for each in meant.origins]))
    request = KeepRequest(meant.origins[0], wish.region, wish.every, channel)
    return keep.draw(await preview(desk.keeping, request, member), now=desk.ports.clock.now())


async def answer_keeping(desk: Desk, visit: Visit, wish: ChangeKeeping) -> Message:
    """List standing orders, or pause, resume or end one; gives the answer."""
    sight = desk.sight_of(visit.person)
    change = CHANGES.get(wish.verb)
    if change is None:
        kept = await kept_as_seen(desk.keeping, sight, wish.typed)
        return keep.listed(kept, wish.typed, command=desk.command)
    standing = await find_kept(desk.keeping, wish.typed, sight)
    if standing is None:
        ids = {each.id: each for each in await kept_as_seen(desk.keeping, sight)}
        near = [ids[each] for each in get_close_matches(wish.typed, ids, n=keep.MOST_OFFERED, cutoff=0.3)]
        return keep.unknown(wish.typed, near, verb=wish.verb, command=desk.command)
    member = await desk.guard.member(visit.person.id)
    if member is None or not await may_change(desk.keeping, standing, member):
        return answers.not_allowed(Reason.PERSON_UNKNOWN if member is None else Reason.NOT_IN_RULES)
    done = await change_keeping(desk.keeping, standing.id, change, visit.person, visit.channel or standing.channel)
    if change is RESUME:
        _run_soon(desk, standing)
    if done is None:
        return keep.unknown(wish.typed, verb=wish.verb, command=desk.command)
    return keep.changed(done.standing, is_new=done.is_new)
