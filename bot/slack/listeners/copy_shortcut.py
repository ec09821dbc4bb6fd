"""The global shortcut, which opens the form."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.domain.reasons import Problem, Reason
from bot.slack.desk import Desk
from bot.slack.listeners.opening import Opening, open_form, open_view
from bot.slack.listeners.visits import visit_of
from bot.slack.payloads import Interaction
from bot.slack.views import copy_form


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the shortcut."""

    @app.shortcut(copy_form.SHORTCUT_ID)
    async def copy_shortcut(ack: AsyncAck, body: dict[str, Any]) -> None:
        interaction = Interaction.model_validate(body)
        visit = visit_of(interaction, "the shortcut")
        decision = desk.decide(visit)
        opening = Opening(visit, interaction.trigger_id, "", is_known=decision is None)
        if isinstance(decision, Reason):
            desk.run(_refuse(desk, opening, decision), "refuse a shortcut")
        else:
            desk.run(open_form(desk, opening), "open the form")
        await ack()


async def _refuse(desk: Desk, opening: Opening, reason: Reason) -> None:
    await open_view(desk, opening, copy_form.draw_refused([Problem(reason)]))
