"""The message shortcut, which opens the form with what the order of a message asked for."""

from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.domain.orders import OrderStanding
from bot.domain.plan import OrderPlan
from bot.domain.reasons import Problem, Reason
from bot.operations.plan_order import plan_order
from bot.operations.review import find_order, what_is_left
from bot.slack.desk import Desk, ShowView
from bot.slack.listeners.opening import Opening, is_refused, open_view
from bot.slack.listeners.visits import telling_in_view, visit_of
from bot.slack.payloads import AtMessage
from bot.slack.views import copy_again, copy_form, notices


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the shortcut."""

    @app.shortcut(copy_again.SHORTCUT_ID)
    async def again(ack: AsyncAck, body: dict[str, Any]) -> None:
        desk.run(_again(desk, AtMessage.model_validate(body)), "open the form for a message")
        await ack()


async def _again(desk: Desk, interaction: AtMessage) -> None:
    visit = visit_of(interaction, "the message shortcut")
    decision = desk.decide(visit)
    opening = Opening(visit, interaction.trigger_id, interaction.response_url, is_known=decision is None)
    if isinstance(decision, Reason):
        await open_view(desk, opening, copy_form.draw_refused([Problem(decision)]))
        return
    opened = await open_view(desk, opening, copy_form.draw_loading())
    if opened is None or (not opening.is_known and await is_refused(desk, opening, opened.id)):
        return
    show = partial(desk.show, opened.id)
    desk.errands.start(_fill_in(desk, interaction, opening, show), "fill in the form", telling_in_view(show))


async def _fill_in(desk: Desk, interaction: AtMessage, opening: Opening, show: ShowView) -> None:
    standing = await _order_of(desk, interaction, opening)
    if standing is None:
        await show(copy_again.draw_no_order(command=desk.command))
        return
    plan = await plan_order(desk.ports, what_is_left(standing))
    if not isinstance(plan, OrderPlan):
        await show(notices.draw_refused(plan))
        return
    person, now = opening.visit.person, desk.ports.clock.now()
    form = copy_form.filled_in(plan, standing.order.channel, now)
    await show(copy_form.draw(form, plan, await desk.context(form, person), now=now))


async def _order_of(desk: Desk, interaction: AtMessage, opening: Opening) -> OrderStanding | None:
    channel = interaction.channel.id if interaction.channel else ""
    order_id = await desk.order_told_in(channel, interaction.message)
    if order_id is None:
        return None
    return await find_order(desk.ports, order_id, sight=desk.sight_of(opening.visit.person))
