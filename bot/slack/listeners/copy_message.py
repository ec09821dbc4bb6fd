"""The buttons of a copy's message."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType

from slack_bolt.async_app import AsyncApp

from bot.domain.reasons import Reason
from bot.operations.review import find_order, what_is_left
from bot.operations.settle_copy import say_it_was_copied, say_send_again
from bot.operations.stop_order import Stopped, stop_order
from bot.slack.desk import BEFORE_ANSWERING, Desk
from bot.slack.guard import Undecided, Visit
from bot.slack.listeners.buttons import on_press
from bot.slack.listeners.opening import Opening, open_confirmation
from bot.slack.listeners.visits import visit_of
from bot.slack.payloads import Interaction, Press
from bot.slack.views import answers
from bot.slack.views.copy_standing import BUTTONS, Button


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the buttons."""
    on_press(app, desk, BUTTONS, partial(_press, desk), "carry out what a button says")


async def _press(desk: Desk, interaction: Press) -> None:
    action = interaction.actions[0]
    button, about = Button(action.action_id), action.value or ""
    visit = visit_of(interaction, f"the button {button.value}")
    if button is Button.TRY_AGAIN:
        await _try_again(desk, about, interaction, visit)
    elif reason := await desk.refusal(visit):
        await desk.answer(interaction.response_url, answers.not_allowed(reason))
    elif (standing := await find_order(desk.ports, about)) and not await desk.may_act_on(standing, visit.person.id):
        await desk.answer(interaction.response_url, answers.not_allowed(Reason.NOT_IN_RULES))
    else:
        await DO[button](desk, about, interaction, visit)


async def _stop(desk: Desk, order_id: str, interaction: Interaction, visit: Visit) -> None:
    outcome = await stop_order(desk.ports, order_id, visit.person, visit.channel)
    if isinstance(outcome, Stopped):
        answer = answers.stopped(outcome.standing, outcome.copies, outcome.shared)
    elif outcome.standing is not None:
        answer = answers.not_stopped(outcome.standing, outcome.shared, now=desk.ports.clock.now())
    else:
        answer = answers.unknown_order(order_id, command=desk.command)
    await desk.answer(interaction.response_url, answer)


async def _it_was_copied(desk: Desk, copy_id: str, interaction: Interaction, visit: Visit) -> None:
    settled = await say_it_was_copied(desk.ports, copy_id, visit.person, visit.channel)
    await _settled(desk, copy_id, interaction, is_settled=settled is not None)


async def _send_again(desk: Desk, copy_id: str, interaction: Interaction, visit: Visit) -> None:
    settled = await say_send_again(desk.ports, copy_id, visit.person, visit.channel)
    await _settled(desk, copy_id, interaction, is_settled=settled is not None)


async def _settled(desk: Desk, copy_id: str, interaction: Interaction, *, is_settled: bool) -> None:
    copy = await desk.ports.record.copy(copy_id)
    if copy is not None and is_settled:
        answer = answers.settled(copy)
    else:
        answer = answers.nothing_to_settle(copy, now=desk.ports.clock.now())
    await desk.answer(interaction.response_url, answer)


async def _try_again(desk: Desk, order_id: str, interaction: Interaction, visit: Visit) -> None:
    """The confirmation of what an order has not brought, with a plan made afresh."""
    decision = desk.decide(visit)
    if isinstance(decision, Undecided):
        await desk.guard.member(visit.person.id, patience=BEFORE_ANSWERING)  # what they may see depends on who it is
    standing = await find_order(desk.ports, order_id, sight=desk.sight_of(visit.person))
    if standing is None or isinstance(decision, Reason):
        reason = decision if isinstance(decision, Reason) else await desk.refusal(visit)
        answer = answers.not_allowed(reason) if reason else answers.unknown_order(order_id, command=desk.command)
        await desk.answer(interaction.response_url, answer)
        return
    opening = Opening(visit, interaction.trigger_id, interaction.response_url, is_known=decision is None)
    await open_confirmation(desk, opening, what_is_left(standing), standing.order.channel)


DO: Mapping[Button, Callable[[Desk, str, Interaction, Visit], Awaitable[None]]] = MappingProxyType(
    {Button.STOP: _stop, Button.IT_WAS_COPIED: _it_was_copied, Button.SEND_AGAIN: _send_again}
)
