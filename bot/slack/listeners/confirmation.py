"""The confirmation: **Start copy**."""

import logging
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.domain.people import Person
from bot.domain.reasons import Problem, Reason
from bot.operations.request_order import Changed, Confirmation, Joined, Refused, Requested, request_order
from bot.slack.desk import BEFORE_ANSWERING, Desk, ShowView
from bot.slack.listeners.visits import telling_in_view, visit_of
from bot.slack.payloads import InView
from bot.slack.views import channel_errors, confirmation, notices
from bot.slack.views.backup_choice import ReadError
from bot.slack.views.blocks import View
from bot.slack.views.confirmation import Confirmed

logger = logging.getLogger(__name__)


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the confirmation."""

    @app.view(confirmation.CALLBACK_ID)
    async def confirmed(ack: AsyncAck, body: dict[str, Any]) -> None:
        interaction = InView.model_validate(body)
        visit = visit_of(interaction, "a confirmation")
        if reason := await desk.refusal(visit, patience=BEFORE_ANSWERING):
            await ack(response_action="update", view=notices.draw_refused([Problem(reason)]))
            return
        try:
            seen = confirmation.read(interaction.view)
        except ReadError as error:
            logger.warning("a confirmation was not read: %s", error)
            await ack(response_action="update", view=notices.draw_outdated(command=desk.command))
            return
        if not desk.guard.may_tell(seen.channel):
            closed = notices.draw_channel_closed(seen.channel, channel_errors.NOT_ALLOWED)
            await ack(response_action="update", view=closed)
            return
        name = f"start-{seen.id}-{seen.plan_digest}"
        await ack(response_action="update", view=notices.draw_sending() | {"external_id": name})
        show = partial(desk.show_next, name)
        desk.errands.start(_start(desk, show, seen, visit.person), "request a copy", telling_in_view(show))


async def _start(desk: Desk, show: ShowView, seen: Confirmed, person: Person) -> None:
    """Request the copy and show what became of it. One confirmation is one plan shown in one view."""
    member = await desk.guard.member(person.id)
    if member is None:
        await show(notices.draw_refused([Problem(Reason.PERSON_UNKNOWN)]))
        return
    wanted = Confirmation(
        id=f"{seen.id}:{seen.plan_digest}",
        request=seen.request,
        plan_digest=seen.plan_digest,
        member=member,
        channel=seen.channel,
        asks_for_approval=seen.asks_for_approval,
        glass_reason=seen.glass_reason,
    )
    outcome = await request_order(desk.ports, wanted)
    if isinstance(outcome, Requested):
        desk.used(person.id, seen.request.source)
    await show(await _outcome(desk, seen, outcome))


async def _outcome(desk: Desk, seen: Confirmed, outcome: Requested | Joined | Changed | Refused) -> View:
    now = desk.ports.clock.now()
    match outcome:
        case Requested(standing, is_new=True):
            return notices.draw_started(standing)
        case Requested(standing):
            return notices.draw_started(standing, permalink=await desk.link_to(standing.order.id))
        case Joined(orders):
            link = await desk.link_to(orders[0].order.id) if orders else None
            return notices.draw_already(orders, now=now, permalink=link)
        case Changed(plan, judgement):
            return confirmation.draw_changed(plan, seen, now=now, judgement=judgement)
        case Refused(problems):
            return notices.draw_refused(problems)
