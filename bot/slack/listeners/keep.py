"""Standing orders: confirmed, listed, paused, resumed and ended."""

from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.domain.people import Person
from bot.domain.reasons import Problem, Reason
from bot.domain.standing_orders import KeepRequest, StandingOrder
from bot.operations.standing_orders import (
    end_keeping,
    find_origin,
    order_keeping,
    pause_keeping,
    preview,
    resume_keeping,
)
from bot.slack.desk import BEFORE_ANSWERING, Desk, ShowView
from bot.slack.listeners.opening import Opening, open_view
from bot.slack.listeners.visits import telling_in_view, visit_of
from bot.slack.payloads import InView
from bot.slack.views import channel_errors, keep, notices
from bot.slack.views.backup_choice import ReadError
from bot.slack.views.blocks import Message
from bot.slack.views.command import ChangeKeeping, Keep, KeepVerb

CHANGES = {KeepVerb.PAUSE: pause_keeping, KeepVerb.RESUME: resume_keeping, KeepVerb.END: end_keeping}


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
        await show(keep.draw_kept(outcome, command=desk.command))
    else:
        await show(keep.draw(outcome, now=desk.ports.clock.now()))


async def open_keeping(desk: Desk, opening: Opening, wish: Keep) -> None:
    """Open the confirmation of a standing order, and fill it. The person may come in."""
    opened = await open_view(desk, opening, notices.draw_looking([wish.region]))
    if opened is None:
        return
    channel = opening.visit.channel or ""
    member = await desk.guard.member(opening.visit.person.id)
    found = await find_origin(desk.ports, wish.instance, wish.region)
    if member is None:
        await desk.show(opened.id, notices.draw_refused([Problem(Reason.PERSON_UNKNOWN)]))
    elif wish.region not in desk.ports.cloud.regions:
        problem = Problem(Reason.REGION_NOT_ALLOWED, about=wish.region)
        await desk.show(opened.id, notices.draw_refused([problem]))
    elif found is None:
        missing = keep.no_such_instance(wish.instance, command=desk.command)
        await desk.show(opened.id, notices.draw_message(missing))
    elif (error := await desk.channel_error(channel)) is not None:
        await desk.show(opened.id, notices.draw_channel_closed(channel, error))
    else:
        origin, source = found
        request = KeepRequest(origin, source, wish.region, wish.every, channel)
        seen = await preview(desk.keeping, request, member)
        await desk.show(opened.id, keep.draw(seen, now=desk.ports.clock.now()))


async def change_keeping(desk: Desk, person: Person, channel: str, wish: ChangeKeeping) -> Message:
    """List, pause, resume or end standing orders; gives the answer."""
    change = CHANGES.get(wish.verb)
    if change is None:
        return keep.listed(await desk.standing_orders.kept(), command=desk.command)
    done = await change(desk.keeping, wish.standing_id, person, channel)
    if done is None:
        return keep.unknown(wish.standing_id, command=desk.command)
    return keep.changed(done.standing, is_new=done.is_new)
