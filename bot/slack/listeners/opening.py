"""Opening the form or the confirmation, for whoever may."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.domain.backup import Backup
from bot.domain.names import suggested_name
from bot.domain.people import Person
from bot.domain.plan import OrderPlan, OrderRequest
from bot.domain.reasons import Problem
from bot.operations.find_backups import find_by_reference, remembered_by_reference
from bot.operations.plan_order import plan_order
from bot.slack.answers import OpenView
from bot.slack.desk import Desk, ShowView
from bot.slack.guard import Visit
from bot.slack.trouble import SlackTroubleError
from bot.slack.views import answers, confirmation, copy_form, notices
from bot.slack.views.blocks import Message, View
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


async def open_form(desk: Desk, opening: Opening, form: CopyForm | None = None) -> OpenView | None:
    """Open the form: filled in at once for a known person, else after Slack was asked who it is.

    Returns:
        The form as it is now; ``None`` where it was not opened, was closed, or the person may not use it.
    """
    person = opening.visit.person
    if opening.is_known:
        form = form or await desk.first_form(person.id, opening.visit.channel)
        opened = await open_view(desk, opening, await _drawn(desk, form, person))
        seen_hash = opened.hash if opened else None
    else:
        opened = await open_view(desk, opening, copy_form.draw_loading())
        if opened is None or await is_refused(desk, opening, opened.id):
            return None
        form = form or await desk.first_form(person.id, opening.visit.channel)
        seen_hash = await desk.show(opened.id, await _drawn(desk, form, person))
    if opened is None or seen_hash is None:
        return None
    if form.channel and await desk.channel_error(form.channel):
        shown = await desk.client.update_view(opened.id, await _drawn(desk, form, person), seen_hash=seen_hash)
        seen_hash = shown.hash if shown else seen_hash
    return OpenView(id=opened.id, hash=seen_hash)


async def _drawn(desk: Desk, form: CopyForm, person: Person) -> View:
    return copy_form.draw(form, None, await desk.context(form, person), now=desk.ports.clock.now())


async def is_refused(desk: Desk, opening: Opening, view_id: str) -> bool:
    """Whether somebody may not come in, by what Slack says of them: then a view that is open says why."""
    reason = await desk.refusal(opening.visit)
    if reason is None:
        return False
    await desk.show(view_id, copy_form.draw_refused([Problem(reason)]))
    return True


async def open_confirmation(desk: Desk, opening: Opening, request: OrderRequest, channel: str) -> None:
    """Open the confirmation, and fill it once both regions were looked at."""
    opened = await open_view(desk, opening, notices.draw_looking(request.destinations))
    if opened is None or (not opening.is_known and await is_refused(desk, opening, opened.id)):
        return
    await show_plan(desk, partial(desk.show, opened.id), request, channel, opening.visit.person, pushed=False)


async def show_plan(
    desk: Desk, show: ShowView, request: OrderRequest, channel: str, person: Person, *, pushed: bool
) -> None:
    """Make the plan and show it to a person in a confirmation that is open.

    Where there is no form behind it, and something has to be chosen first, the form is shown instead.
    """
    plan = await plan_order(desk.ports, request)
    now = desk.ports.clock.now()
    judged = await desk.judgement(plan, person.id, channel) if isinstance(plan, OrderPlan) else None
    if (error := await desk.channel_error(channel)) is not None:
        await show(notices.draw_channel_closed(channel, error))
    elif not isinstance(plan, OrderPlan):
        await show(notices.draw_refused(plan))
    elif not pushed and copy_form.has_a_way(plan):
        form = copy_form.filled_in(plan, channel, now)
        context = replace(await desk.context(form, person), judgement=judged)
        await show(copy_form.draw(form, plan, context, now=now))
    else:
        running = plan.plans[0].under_way
        link = await desk.link_to(running.order_id) if running else None
        await show(
            confirmation.draw(plan, channel=channel, now=now, judgement=judged, pushed=pushed, link_to_running=link)
        )


async def open_short_form(desk: Desk, opening: Opening, wish: ShortForm) -> None:
    """Jump to the confirmation of what was typed."""
    channel, person = opening.visit.channel or "", opening.visit.person
    remembered = await remembered_by_reference(desk.ports, wish.backup, sight=desk.sight_of(person))
    known = _sources(desk, remembered, wish.regions)
    if len(known) > 1 and opening.is_known:
        await desk.answer(opening.response_url, _ambiguous(desk, wish, known))
        return
    opened = await open_view(desk, opening, notices.draw_looking(wish.regions))
    if opened is None or (not opening.is_known and await is_refused(desk, opening, opened.id)):
        return
    sight = desk.sight_of(person)  # who was not known before, is by now
    found = known or _sources(desk, await find_by_reference(desk.ports, wish.backup, sight=sight), wish.regions)
    if len(found) != 1:
        nothing = answers.backup_not_found(wish.backup, near=wish.near, command=desk.command)
        await desk.show(opened.id, notices.draw_message(_ambiguous(desk, wish, found) if found else nothing))
        return
    (backup,) = found
    request = OrderRequest(
        source=backup.region,
        backup_ids=(backup.id,),
        destinations=wish.regions,
        name=wish.name or suggested_name(backup.title),
    )
    await show_plan(desk, partial(desk.show, opened.id), request, channel, person, pushed=False)


def _ambiguous(desk: Desk, wish: ShortForm, found: Sequence[Backup]) -> Message:
    return answers.ambiguous(wish.backup, found, region=wish.region, now=desk.ports.clock.now(), command=desk.command)


def _sources(desk: Desk, found: Sequence[Backup], destinations: Sequence[str]) -> Sequence[Backup]:
    """Where a backup can be copied from: not from where the copies go, unless it is nowhere else. Under one id it is
    one backup in several regions, and is copied from the first where it can be.
    """
    elsewhere = [backup for backup in found if backup.region not in destinations] or list(found)
    if len({backup.id for backup in elsewhere}) != 1:
        return elsewhere
    order = {region: place for place, region in enumerate(desk.ports.cloud.regions)}
    return [min(elsewhere, key=lambda backup: (not backup.is_copyable, order.get(backup.region, len(order))))]
