"""The buttons of the message to those who have to agree, and the form in which they say why they do not."""

from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.domain.policy import Member
from bot.domain.reasons import Reason
from bot.operations.approve_order import (
    Approved,
    Decision,
    Declined,
    LookedAt,
    NotDecided,
    approve_order,
    decline_order,
    look_at_broken_glass,
)
from bot.operations.review import find_order
from bot.slack.desk import BEFORE_ANSWERING, Desk
from bot.slack.guard import Visit
from bot.slack.listeners.buttons import on_press
from bot.slack.listeners.opening import Opening, open_view
from bot.slack.listeners.visits import visit_of
from bot.slack.payloads import InView, Press
from bot.slack.views import answers, approval_message, decisions, decline_form, notices
from bot.slack.views.approval_message import APPROVAL_BUTTONS, ApprovalButton
from bot.slack.views.blocks import Message


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the buttons and the form."""
    on_press(app, desk, APPROVAL_BUTTONS, partial(_press, desk), "carry out what an approver says")

    @app.view(decline_form.CALLBACK_ID)
    async def declined(ack: AsyncAck, body: dict[str, Any]) -> None:
        interaction = InView.model_validate(body)
        visit = visit_of(interaction, "declining an order", as_approver=True)
        if reason := await desk.refusal(visit, patience=BEFORE_ANSWERING):
            await ack(response_action="update", view=notices.draw_message(answers.not_allowed(reason)))
            return
        said = decline_form.read(interaction.view)
        await ack(response_action="update", view=notices.draw_message(await _decline(desk, visit, said)))


async def _press(desk: Desk, interaction: Press) -> None:
    action = interaction.actions[0]
    button, value = ApprovalButton(action.action_id), action.value or ""
    visit = visit_of(interaction, f"the button {button.value}", as_approver=True)
    if button is ApprovalButton.DECLINE:
        opening = Opening(visit, interaction.trigger_id, interaction.response_url, is_known=True)
        await open_view(desk, opening, decline_form.draw(value))
    elif reason := await desk.refusal(visit):
        await desk.answer(interaction.response_url, answers.not_allowed(reason))
    elif button is ApprovalButton.APPROVE:
        await desk.answer(interaction.response_url, await _approve(desk, visit, value))
    else:
        await desk.answer(interaction.response_url, await _look(desk, visit, value))


async def _approve(desk: Desk, visit: Visit, value: str) -> Message:
    decision = await _decision(desk, visit, value)
    if decision is None:
        return answers.not_allowed(Reason.PERSON_UNKNOWN)
    standing = await find_order(desk.ports, decision.order_id)
    requester: Member | None = None
    if standing is not None:
        requester = await desk.guard.member(standing.order.requested_by.id)
    return _told(await approve_order(desk.ports, decision, requester))


async def _decline(desk: Desk, visit: Visit, said: decline_form.Declining) -> Message:
    decision = await _decision(desk, visit, said.value)
    if decision is None:
        return answers.not_allowed(Reason.PERSON_UNKNOWN)
    return _told(await decline_order(desk.ports, decision, said.reason))


async def _look(desk: Desk, visit: Visit, value: str) -> Message:
    decision = await _decision(desk, visit, value)
    if decision is None:
        return answers.not_allowed(Reason.PERSON_UNKNOWN)
    return _told(await look_at_broken_glass(desk.ports, decision))


async def _decision(desk: Desk, visit: Visit, value: str) -> Decision | None:
    """What a button says; ``None`` where it cannot be found out who pressed it."""
    order_id, digest = approval_message.read_value(value)
    member = await desk.guard.member(visit.person.id)
    return Decision(order_id, digest, member, visit.channel) if member else None


def _told(outcome: Approved | Declined | LookedAt | NotDecided) -> Message:
    match outcome:
        case Approved(standing, missing):
            return decisions.approved(standing, missing)
        case Declined(standing):
            return decisions.declined(standing)
        case LookedAt(standing):
            return decisions.looked_at(standing)
        case NotDecided():
            return decisions.not_decided(outcome.reason.value, outcome.standing, outcome.problems)
