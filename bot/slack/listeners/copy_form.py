"""The form: what is chosen, the search for backups, and its submission."""

import asyncio
import logging
from dataclasses import replace
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.domain.backup import Backup
from bot.domain.plan import CopyPlan, CopyRequest, problems_of, suggested_name
from bot.domain.reasons import Problem, Reason
from bot.operations.find_backups import find_backups
from bot.operations.plan_copy import plan_copy
from bot.operations.recognition import show
from bot.slack.desk import BEFORE_ANSWERING, Desk
from bot.slack.listeners.opening import show_plan
from bot.slack.listeners.visits import telling_in_view, visit_of
from bot.slack.payloads import InView
from bot.slack.views import confirmation, copy_form
from bot.slack.views.backup_choice import ReadError
from bot.slack.views.copy_form import Action, CopyForm, Looking

logger = logging.getLogger(__name__)


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
        found = await find_backups(desk.ports, search.region, search.text)
        await ack(copy_form.options(found.backups, desk.ports.clock.now()))

    @app.view(copy_form.CALLBACK_ID)
    async def submitted(ack: AsyncAck, body: dict[str, Any]) -> None:
        interaction = InView.model_validate(body)
        refused = await desk.refusal(visit_of(interaction, "the form"), patience=BEFORE_ANSWERING)
        if refused and refused is not Reason.PERSON_UNKNOWN:
            await ack(response_action="update", view=copy_form.draw_refused([Problem(refused)]))
            return
        try:
            form = copy_form.read(interaction.view)
        except ReadError as error:
            logger.warning("a form was not read: %s", error)
            await ack(response_action="update", view=confirmation.draw_outdated(command=desk.command))
            return
        problems = [Problem(refused)] if refused else await _problems(desk, form)
        request = form.request
        if (said := copy_form.errors(form, problems)) or request is None or form.channel is None:
            await ack(response_action="errors", errors=said)
            return
        name = f"plan-{interaction.trigger_id}"
        await ack(response_action="push", view=confirmation.draw_looking(request.destination) | {"external_id": name})
        show = partial(desk.show_next, name)
        work = show_plan(desk, show, request, form.channel, pushed=True)
        desk.errands.start(work, "make a plan", telling_in_view(show))


async def _problems(desk: Desk, form: CopyForm) -> list[Problem]:
    """What is wrong with what was filled in, as far as that is known here."""
    problems = list(problems_of(form.request, desk.ports.cloud.regions)) if form.request else []
    if form.channel and (error := desk.known_channel_error(form.channel)):
        problems.append(Problem(Reason.CHANNEL_CLOSED, about=error))
    return problems


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
    """Show what is chosen, and once both regions were looked at, what that means."""
    if refused := await desk.refusal(visit_of(interaction, "a choice in the form")):
        if refused is not Reason.PERSON_UNKNOWN:
            await desk.show(interaction.view_id, copy_form.draw_refused([Problem(refused)]))
        return
    try:
        form = await _with_backup(desk, copy_form.read(interaction.view), interaction)
    except ReadError as error:
        logger.warning("a choice was not read: %s", error)
        await desk.show(interaction.view_id, confirmation.draw_outdated(command=desk.command))
        return
    await _show_choice(desk, interaction, form)


async def _show_choice(desk: Desk, interaction: InView, form: CopyForm) -> None:
    view_id = interaction.view_id
    now = desk.ports.clock.now()
    panel = Looking(form.destination) if form.request and form.destination else None
    drawn = copy_form.draw(form, panel, await desk.context(form), now=now)
    seen_hash = await desk.show(view_id, drawn, seen_hash=interaction.view_hash)
    if seen_hash is None:
        return
    plan, channel_error = await asyncio.gather(_plan(desk, form), _channel_error(desk, form))
    if form.request is None and channel_error is None:
        return
    context = replace(await desk.context(form), channel_error=channel_error)
    if isinstance(plan, CopyPlan) and plan.under_way:
        context = replace(context, link_to_running=await desk.link_to(plan.under_way))
    await desk.show(view_id, copy_form.draw(form, plan, context, now=desk.ports.clock.now()), seen_hash=seen_hash)


async def _plan(desk: Desk, form: CopyForm) -> CopyPlan | tuple[Problem, ...] | None:
    if form.request is None or form.backup is None:
        return None
    named: CopyRequest = replace(form.request, name=form.request.name or suggested_name(form.backup.label))
    return await plan_copy(desk.ports, named)


async def _channel_error(desk: Desk, form: CopyForm) -> str | None:
    return await desk.channel_error(form.channel) if form.channel else None


async def _with_backup(desk: Desk, form: CopyForm, interaction: InView) -> CopyForm:
    """The form with the backup that was chosen, or with the parent in its place, and its name filled in."""
    pressed = next((each for each in interaction.actions if each.action_id == Action.PARENT_FIRST.value), None)
    if pressed is not None and pressed.value:
        region, backup_id = copy_form.read_reference(pressed.value)
    elif form.backup is not None:
        region, backup_id = form.backup.region, form.backup.id
    else:
        return form
    backup = await desk.ports.catalogue.backup(region, backup_id)
    if backup is None:
        seen = await show(desk.ports, region, backup_id, urgent=True)
        backup = seen if isinstance(seen, Backup) else None
    return form.choosing(backup, desk.ports.clock.now()) if backup else form
