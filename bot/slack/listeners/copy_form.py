"""The form: what is chosen, the search for backups, and its submission."""

import asyncio
import logging
from dataclasses import replace
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.domain.backup import Backup
from bot.domain.names import USUAL_TEMPLATE
from bot.domain.people import Person
from bot.domain.plan import OrderPlan, problems_of
from bot.domain.reasons import Problem, Reason
from bot.operations.find_backups import find_backups
from bot.operations.plan_order import plan_order
from bot.operations.recognition import show
from bot.slack.desk import BEFORE_ANSWERING, Desk
from bot.slack.listeners.opening import show_plan
from bot.slack.listeners.visits import telling_in_view, visit_of
from bot.slack.payloads import InView
from bot.slack.views import copy_form, notices
from bot.slack.views.backup_choice import ReadError
from bot.slack.views.copy_form import Action, ChosenBackup, CopyForm, Looking

logger = logging.getLogger(__name__)

ASK_AGAIN_SECONDS = 1.0
"""For which Slack may be asked about a channel before the form is answered: it waits for 3 s, and who it is may have
taken half of that.
"""


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the form."""

    async def changed(ack: AsyncAck, body: dict[str, Any]) -> None:
        _replace_check(desk, InView.model_validate(body))
        await ack()

    for action in copy_form.ACTIONS:
        app.action({"action_id": action.value, "type": "block_actions"})(changed)

    @app.options(copy_form.OPTIONS.value)
    async def backups(ack: AsyncAck, body: dict[str, Any]) -> None:
        visit = visit_of(InView.model_validate(body), "a search for backups")
        if await desk.refusal(visit, patience=BEFORE_ANSWERING):
            await ack(options=[])
            return
        try:
            search = copy_form.read_search(body)
        except ReadError as error:
            logger.warning("a search was not read: %s", error)
            await ack(options=[])
            return
        sight = desk.sight_of(visit.person)
        found = await find_backups(desk.ports, search.region, search.text, sight=sight)
        await ack(copy_form.options(found, desk.ports.clock.now()))

    @app.view(copy_form.CALLBACK_ID)
    async def submitted(ack: AsyncAck, body: dict[str, Any]) -> None:
        interaction = InView.model_validate(body)
        visit = visit_of(interaction, "the form")
        refused = await desk.refusal(visit, patience=BEFORE_ANSWERING)
        if refused and refused is not Reason.PERSON_UNKNOWN:
            await ack(response_action="update", view=copy_form.draw_refused([Problem(refused)]))
            return
        try:
            form = copy_form.read(interaction.view)
        except ReadError as error:
            logger.warning("a form was not read: %s", error)
            await ack(response_action="update", view=notices.draw_outdated(command=desk.command))
            return
        problems = [Problem(refused)] if refused else await _problems(desk, form)
        request = form.request
        if (said := copy_form.errors(form, problems)) or request is None or form.channel is None:
            await ack(response_action="errors", errors=said)
            return
        name = f"plan-{interaction.trigger_id}"
        await ack(response_action="push", view=notices.draw_looking(request.destinations) | {"external_id": name})
        show = partial(desk.show_next, name)
        work = show_plan(desk, show, request, form.channel, visit.person, pushed=True)
        desk.errands.start(work, "make a plan", telling_in_view(show))


async def _problems(desk: Desk, form: CopyForm) -> list[Problem]:
    """What is wrong with what was filled in, as far as that is known here."""
    problems = list(problems_of(form.request, desk.ports.cloud.regions)) if form.request else []
    if form.channel and (error := await _channel_error_still(desk, form.channel)):
        problems.append(Problem(Reason.CHANNEL_CLOSED, about=error))
    return problems


async def _channel_error_still(desk: Desk, channel: str) -> str | None:
    """Why the bot could not post in a channel, from memory. Where there is a reason Slack is asked once more, for a
    moment: whoever read it may have invited the bot since.
    """
    known = desk.known_channel_error(channel)
    if known is None:
        return None
    try:
        return await asyncio.wait_for(desk.channel_error(channel), ASK_AGAIN_SECONDS)
    except TimeoutError:
        return known


def _replace_check(desk: Desk, interaction: InView) -> None:
    """Check what is chosen now; the latest choice wins."""
    view_id = interaction.view_id
    earlier = desk.checks.get(view_id)
    if earlier:
        earlier.cancel()
    telling = telling_in_view(partial(desk.show, view_id))
    check = desk.errands.start(_check(desk, interaction), "check a choice", telling)
    desk.checks[view_id] = check
    check.add_done_callback(lambda done: desk.checks.pop(view_id) if desk.checks.get(view_id) is done else None)


async def _check(desk: Desk, interaction: InView) -> None:
    """Show what is chosen, and once the regions were looked at, what that means."""
    visit = visit_of(interaction, "a choice in the form")
    if refused := await desk.refusal(visit):
        if refused is not Reason.PERSON_UNKNOWN:
            await desk.show(interaction.view_id, copy_form.draw_refused([Problem(refused)]))
        return
    try:
        form = await _with_backups(desk, copy_form.read(interaction.view))
    except ReadError as error:
        logger.warning("a choice was not read: %s", error)
        await desk.show(interaction.view_id, notices.draw_outdated(command=desk.command))
        return
    wants_several = any(each.action_id == Action.SEVERAL.value for each in interaction.actions)
    form = form.taking_several() if wants_several else form
    await show_choice(desk, interaction.view_id, form, visit.person, seen_hash=interaction.view_hash)


async def show_choice(desk: Desk, view_id: str, form: CopyForm, person: Person, *, seen_hash: str) -> None:
    """Show what is chosen, and once the regions were looked at, what that means.

    Args:
        desk: the room's equipment.
        view_id: of the form.
        form: what is in it.
        person: whose it is.
        seen_hash: of the form as it was when that was chosen.
    """
    now = desk.ports.clock.now()
    panel = Looking(form.destinations) if form.request else None
    drawn = copy_form.draw(form, panel, await desk.context(form, person), now=now)
    shown_hash = await desk.show(view_id, drawn, seen_hash=seen_hash)
    if shown_hash is None:
        return
    plan, channel_error = await asyncio.gather(_plan(desk, form), _channel_error(desk, form))
    if form.request is None and channel_error is None:
        return
    context = replace(await desk.context(form, person), channel_error=channel_error)
    if isinstance(plan, OrderPlan) and form.channel:
        context = replace(context, judgement=await desk.judgement(plan, person.id, form.channel))
    if isinstance(plan, OrderPlan) and (running := plan.plans[0].under_way):
        context = replace(context, link_to_running=await desk.link_to(running.order_id))
    drawn = copy_form.draw(form, plan, context, now=desk.ports.clock.now())
    await desk.show(view_id, drawn, seen_hash=shown_hash, is_newest=False)


async def _plan(desk: Desk, form: CopyForm) -> OrderPlan | tuple[Problem, ...] | None:
    if form.request is None:
        return None
    return await plan_order(desk.ports, replace(form.request, name=form.request.name or USUAL_TEMPLATE))


async def _channel_error(desk: Desk, form: CopyForm) -> str | None:
    return await desk.channel_error(form.channel) if form.channel else None


async def _with_backups(desk: Desk, form: CopyForm) -> CopyForm:
    """The form with the backups that were chosen as they are now, and their name filled in."""
    found = await asyncio.gather(*(_backup(desk, chosen) for chosen in form.backups))
    backups = [backup for backup in found if backup]
    return form.choosing(backups, desk.ports.clock.now()) if backups and len(backups) == len(found) else form


async def _backup(desk: Desk, chosen: ChosenBackup) -> Backup | None:
    known = await desk.ports.catalogue.backup(chosen.region, chosen.id)
    if known is not None:
        return known
    seen = await show(desk.ports, chosen.region, chosen.id, urgent=True)
    return seen if isinstance(seen, Backup) else None
