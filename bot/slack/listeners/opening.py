"""Opening the form or the confirmation, for whoever may."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bot.domain.backup import Backup
from bot.domain.plan import CopyPlan, CopyRequest, suggested_name
from bot.domain.reasons import Problem
from bot.operations.find_backups import find_by_reference, remembered_by_reference
from bot.operations.plan_copy import plan_copy
from bot.slack.answers import OpenView
from bot.slack.client import SlackTroubleError
from bot.slack.desk import Desk, ShowView
from bot.slack.guard import Visit
from bot.slack.views import answers, confirmation, copy_form
from bot.slack.views.blocks import View
from bot.slack.views.command import ShortForm
from bot.slack.views.copy_form import CopyForm

logger = logging.getLogger(__name__)

TOO_LATE = "expired_trigger_id"
OPENED_ALREADY = "exchanged_trigger_id"
"""The same click or command was delivered twice."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Somebody wants a view.

    Attributes:
        trigger_id: lives for 3 seconds.
        response_url: for a short answer instead; empty where there is none.
        is_known: whether memory knows that this person may come in.
    """

    visit: Visit
    trigger_id: str
    response_url: str
    is_known: bool


async def open_view(desk: Desk, opening: Opening, view: View) -> OpenView | None:
    """Open a view.

    Returns:
        ``None`` where Slack did not open it (in time): the person is told to ask again, and nothing was done.
    """
    try:
        return await desk.client.open_view(opening.trigger_id, view)
    except SlackTroubleError as trouble:
        if not trouble.is_passing and trouble.error not in {TOO_LATE, OPENED_ALREADY}:
            raise
        logger.warning("%s did not open a view: %s", opening.visit.attempted, trouble)
        if opening.response_url and trouble.error != OPENED_ALREADY:
            await desk.answer(opening.response_url, answers.not_opened(command=desk.command))
        return None


async def open_form(desk: Desk, opening: Opening, form: CopyForm | None = None) -> None:
    """Open the form: filled in at once for a known person, else after Slack was asked who it is."""
    if opening.is_known:
        form = form or await desk.first_form(opening.visit.person.id, opening.visit.channel)
        opened = await open_view(desk, opening, await _drawn(desk, form))
        seen_hash = opened.hash if opened else None
    else:
        opened = await open_view(desk, opening, copy_form.draw_loading())
        if opened is None or await _refused(desk, opening, opened.id):
            return
        form = form or await desk.first_form(opening.visit.person.id, opening.visit.channel)
        seen_hash = await desk.show(opened.id, await _drawn(desk, form))
    if opened and form.channel and seen_hash and await desk.channel_error(form.channel):
        await desk.client.update_view(opened.id, await _drawn(desk, form), seen_hash=seen_hash)


async def _drawn(desk: Desk, form: CopyForm) -> View:
    return copy_form.draw(form, None, await desk.context(form), now=desk.ports.clock.now())


async def _refused(desk: Desk, opening: Opening, view_id: str) -> bool:
    reason = await desk.refusal(opening.visit)
    if reason is None:
        return False
    await desk.show(view_id, copy_form.draw_refused([Problem(reason)]))
    return True


async def open_confirmation(desk: Desk, opening: Opening, request: CopyRequest, channel: str) -> None:
    """Open the confirmation, and fill it once both regions were looked at."""
    opened = await open_view(desk, opening, confirmation.draw_looking(request.destination))
    if opened is None or (not opening.is_known and await _refused(desk, opening, opened.id)):
        return
    await show_plan(desk, partial(desk.show, opened.id), request, channel, pushed=False)


async def show_plan(desk: Desk, show: ShowView, request: CopyRequest, channel: str, *, pushed: bool) -> None:
    """Make the plan and show it in a confirmation that is open."""
    plan = await plan_copy(desk.ports, request)
    error = await desk.channel_error(channel)
    if error is not None:
        view = confirmation.draw_channel_closed(channel, error)
    elif isinstance(plan, CopyPlan):
        view = confirmation.draw(plan, channel=channel, now=desk.ports.clock.now(), pushed=pushed)
    else:
        view = confirmation.draw_refused(plan)
    await show(view)


async def open_short_form(desk: Desk, opening: Opening, wish: ShortForm) -> None:
    """Jump to the confirmation of what was typed."""
    channel = opening.visit.channel or ""
    known = _sources(await remembered_by_reference(desk.ports, wish.backup), wish.region)
    if len(known) > 1 and opening.is_known:
        drawn = answers.ambiguous(
            wish.backup, known, region=wish.region, now=desk.ports.clock.now(), command=desk.command
        )
        await desk.answer(opening.response_url, drawn)
        return
    opened = await open_view(desk, opening, confirmation.draw_looking(wish.region))
    if opened is None or (not opening.is_known and await _refused(desk, opening, opened.id)):
        return
    found = known or _sources(await find_by_reference(desk.ports, wish.backup), wish.region)
    if len(found) != 1:
        message = (
            answers.ambiguous(wish.backup, found, region=wish.region, now=desk.ports.clock.now(), command=desk.command)
            if found
            else answers.backup_not_found(wish.backup, command=desk.command)
        )
        await desk.show(opened.id, confirmation.draw_message(message))
        return
    (backup,) = found
    name = wish.name or suggested_name(backup.title)
    request = CopyRequest(backup_id=backup.id, source=backup.region, destination=wish.region, name=name)
    await show_plan(desk, partial(desk.show, opened.id), request, channel, pushed=False)


def _sources(found: Sequence[Backup], destination: str) -> Sequence[Backup]:
    """Where a backup can be copied from: not from where the copy goes, unless it is nowhere else."""
    elsewhere = [backup for backup in found if backup.region != destination]
    return elsewhere or list(found)
